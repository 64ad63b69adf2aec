//! From a [`Screen`] to what Slint shows: the one place that fills the adapters.
//!
//! Rows are compared and only changed ones are set, so that a tile under a
//! finger stays the same element, and 300 tiles cost little.

mod evacuation;
mod outing;

use std::rc::Rc;

use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use terminal_core::view::{
    BarredDialog, CareDialog, ChildDialog, Choice, Corrects, DepartureDialog, Dialog, GroupTab, HourChoice, LateDeparture, Screen,
    SignDialog, StaffChoice, Tile, TileState, TimeDialog, Tone,
};

use crate::faces;
use crate::ui::{
    AdultRow, AppWindow, ArrivalAdapter, BarredAdapter, BoardAdapter, CareAdapter, ChildAdapter, ChoiceRow, ContactRow, CorrectionAdapter,
    CorrectionRow, CounterRow, DepartureAdapter, FaceAdapter, Front, GroupRow, HourRow, LateAdapter, MomentRow, Mood, SignAdapter,
    StaffRow, TileLook, TileRow,
};

/// How an hour crosses the border as text.
pub(crate) const HOUR: &str = "%H:%M";
/// The key of an arrival among the times that can be put right.
pub(crate) const ARRIVAL: &str = "arrival";
const DEPARTURE: &str = "departure";

/// Shows a whole screen. `search` is set by the caller to what the field already holds while a person is still typing.
pub fn show_screen(window: &AppWindow, screen: &Screen) {
    if screen.forgets {
        window.global::<FaceAdapter>().invoke_forget();
    }
    show_bars(window, screen);
    show_tiles(window, screen);
    show_front(window, screen.dialog.as_ref());
    outing::show_away(window, &screen.outings);
    evacuation::show_behind(window, screen.evacuation.as_deref());
}

fn show_bars(window: &AppWindow, screen: &Screen) {
    let board = window.global::<BoardAdapter>();
    board.set_place(text(&screen.place));
    board.set_moment(text(&screen.moment));
    board.set_clock(text(&screen.clock));
    board.set_sync_text(sentence(&screen.sync.text));
    board.set_sync_mood(mood(screen.sync.tone));
    board.set_search(text(&screen.search));
    board.set_counters(CounterRow {
        present: count(screen.counters.present),
        expected: count(screen.counters.expected),
        to_come: count(screen.counters.to_come),
        late: count(screen.counters.late),
        gone: count(screen.counters.gone),
        absent: count(screen.counters.absent),
    });
    board.set_undo_text(screen.undo.as_ref().map(|undo| text(&undo.text)).unwrap_or_default());
    board.set_undo_seconds(screen.undo.as_ref().map_or(0, |undo| count(undo.seconds_left)));
    board.set_notice_text(screen.notice.as_ref().map(|notice| sentence(&notice.text)).unwrap_or_default());
    board.set_may_sign(screen.may_sign);
    board.set_notice_stays(screen.notice_stays);
    board.set_notice_mood(screen.notice.as_ref().map_or(Mood::Calm, |notice| mood(notice.tone)));

    let moments =
        screen.moments.iter().map(|moment| MomentRow { key: key(&moment.activity), label: text(&moment.label), chosen: moment.chosen });
    fill(&board.get_moments(), moments, |model| board.set_moments(model));
    fill(&board.get_groups(), screen.groups.iter().map(group_row), |model| board.set_groups(model));
    let chosen = screen.groups.iter().find(|tab| tab.chosen).and_then(|tab| tab.group.as_ref());
    board.set_group_key(chosen.map(key).unwrap_or_default());
}

fn show_tiles(window: &AppWindow, screen: &Screen) {
    let board = window.global::<BoardAdapter>();
    let calling = screen.by_roll_call;
    board.set_by_roll_call(calling);
    let to_call = screen.tiles.iter().filter(|tile| is_to_call(tile, calling));
    let (here, missing): (Vec<_>, Vec<_>) = to_call.partition(|tile| tile.ticked);
    board.set_called_here(length(here.len()));
    board.set_called_missing(length(missing.len()));
    fill(&board.get_tiles(), screen.tiles.iter().map(|tile| tile_row(tile, calling)), |model| board.set_tiles(model));
}

/// Those whom validating a roll call would record: expected ones, and those whose tick says otherwise than what is recorded.
fn is_to_call(tile: &Tile, by_roll_call: bool) -> bool {
    by_roll_call
        && match tile.state {
            TileState::Expected | TileState::Late => true,
            TileState::Present | TileState::Gone => !tile.ticked,
            TileState::Absent | TileState::Unexpected => tile.ticked,
        }
}

fn group_row(tab: &GroupTab) -> GroupRow {
    GroupRow {
        key: tab.group.as_ref().map(key).unwrap_or_default(),
        name: text(&tab.name),
        present: count(tab.present),
        expected: count(tab.expected),
        chosen: tab.chosen,
    }
}

fn tile_row(tile: &Tile, by_roll_call: bool) -> TileRow {
    let to_call = is_to_call(tile, by_roll_call);
    TileRow {
        key: key(&tile.child),
        first_name: text(&tile.first_name),
        last_initial: text(&tile.last_initial),
        initials: text(&tile.initials),
        hue: i32::from(tile.hue),
        photo: faces::name(tile.photo.as_ref()),
        look: look(tile.state),
        state_text: text(&tile.state_text),
        spoken: SharedString::from(spoken(tile, to_call)),
        care: tile.care,
        to_call,
        ticked: tile.ticked,
    }
}

/// The state as a person would say it: a screen reader sees neither colour nor sign. Without gender.
fn spoken(tile: &Tile, to_call: bool) -> String {
    let state = match tile.state {
        _ if to_call => if tile.ticked { "là, à valider" } else { "manque, à valider" }.to_owned(),
        // A roll call says "présence", a touch says the time.
        TileState::Present if tile.state_text.starts_with(|c: char| c.is_ascii_digit()) => format!("arrivée {}", tile.state_text),
        TileState::Expected => format!("à venir, {}", tile.state_text),
        TileState::Unexpected => format!("non prévu aujourd’hui, {}", tile.state_text),
        TileState::Present | TileState::Late | TileState::Gone | TileState::Absent => tile.state_text.clone(),
    };
    let state = state.trim_end_matches([' ', ',']).to_owned();
    if tile.care { state + ", consignes de soin" } else { state }
}

fn show_front(window: &AppWindow, dialog: Option<&Dialog>) {
    let front = match dialog {
        None => Front::None,
        Some(Dialog::Arrival(choices)) => show_arrival(window, choices),
        Some(Dialog::Departure(departure)) => show_departure(window, departure),
        Some(Dialog::Child(child)) => show_child(window, child),
        Some(Dialog::Time(time)) => show_time(window, time),
        Some(Dialog::Sign(sign)) => show_sign(window, sign),
        Some(Dialog::Barred(barred)) => show_barred(window, barred),
        Some(Dialog::Care(care)) => show_care(window, care),
        Some(Dialog::Evacuation(evacuation)) => evacuation::show(window, evacuation),
        Some(Dialog::EvacuationHelp(help)) => evacuation::show_help(window, help),
        Some(Dialog::OutingChoice(choice)) => outing::show_choice(window, choice),
        Some(Dialog::Outing(away)) => outing::show(window, away),
        Some(Dialog::EvacuationReport(report)) => evacuation::show_report(window, report),
    };
    window.set_front(front);
    if front != Front::Care {
        empty_care(window);
    }
}

fn show_arrival(window: &AppWindow, choices: &[Choice]) -> Front {
    let arrival = window.global::<ArrivalAdapter>();
    arrival.set_ticked_count(length(choices.iter().filter(|choice| choice.ticked).count()));
    fill(&arrival.get_choices(), choices.iter().map(choice_row), |model| arrival.set_choices(model));
    Front::Arrival
}

fn show_departure(window: &AppWindow, dialog: &DepartureDialog) -> Front {
    let departure = window.global::<DepartureAdapter>();
    departure.set_child_key(key(&dialog.child));
    departure.set_name(text(&dialog.name));
    departure.set_initials(text(&dialog.initials));
    departure.set_hue(i32::from(dialog.hue));
    departure.set_photo(faces::name(dialog.photo.as_ref()));
    departure.set_subtitle(sentence(&dialog.subtitle));
    departure.set_alone_hint(dialog.alone_hint.as_deref().map(sentence).unwrap_or_default());
    departure.set_may_leave_alone(dialog.may_leave_alone);
    departure.set_confirm(text(&dialog.confirm));
    departure.set_may_confirm(dialog.may_confirm);
    fill(&departure.get_siblings(), dialog.siblings.iter().map(choice_row), |model| departure.set_siblings(model));
    let adults = dialog.adults.iter().map(|adult| AdultRow {
        key: key(&adult.person),
        name: text(&adult.name),
        initials: text(&adult.initials),
        hue: i32::from(adult.hue),
        photo: faces::name(adult.photo.as_ref()),
        link: text(&adult.link),
        condition: adult.condition.as_deref().map(sentence).unwrap_or_default(),
        chosen: adult.chosen,
    });
    fill(&departure.get_adults(), adults, |model| departure.set_adults(model));
    show_late(window, dialog.late.as_ref());
    Front::Departure
}

fn show_late(window: &AppWindow, asked: Option<&LateDeparture>) {
    let late = window.global::<LateAdapter>();
    late.set_asks_hour(asked.is_some());
    let Some(asked) = asked else { return late.set_alone(false) };
    late.set_hour(asked.hours.chosen.as_deref().map(text).unwrap_or_default());
    late.set_may_be_earlier(asked.hours.may_be_earlier);
    late.set_may_be_later(asked.hours.may_be_later);
    late.set_alone(asked.alone);
    fill(&late.get_hours(), asked.hours.choices.iter().map(hour_row), |model| late.set_hours(model));
    fill(&late.get_witnesses(), asked.witnesses.iter().map(staff_row), |model| late.set_witnesses(model));
}

fn show_time(window: &AppWindow, dialog: &TimeDialog) -> Front {
    let correction = window.global::<CorrectionAdapter>();
    correction.set_title(sentence(&dialog.title));
    correction.set_initials(text(&dialog.initials));
    correction.set_hue(i32::from(dialog.hue));
    correction.set_photo(faces::name(dialog.photo.as_ref()));
    correction.set_subtitle(sentence(&dialog.subtitle));
    correction.set_hour(dialog.hours.chosen.as_deref().map(text).unwrap_or_default());
    correction.set_may_be_earlier(dialog.hours.may_be_earlier);
    correction.set_may_be_later(dialog.hours.may_be_later);
    correction.set_confirm(text(&dialog.confirm));
    correction.set_may_confirm(dialog.may_confirm);
    fill(&correction.get_hours(), dialog.hours.choices.iter().map(hour_row), |model| correction.set_hours(model));
    Front::Correction
}

fn show_sign(window: &AppWindow, dialog: &SignDialog) -> Front {
    let sign = window.global::<SignAdapter>();
    sign.set_subtitle(sentence(&dialog.subtitle));
    fill(&sign.get_directors(), dialog.directors.iter().map(staff_row), |model| sign.set_directors(model));
    Front::Sign
}

fn hour_row(choice: &HourChoice) -> HourRow {
    let key = choice.at.map(|at| at.format(HOUR).to_string()).unwrap_or_default();
    HourRow { key: text(&key), label: text(&choice.label), chosen: choice.chosen }
}

fn staff_row(person: &StaffChoice) -> StaffRow {
    StaffRow { key: key(&person.staff), name: text(&person.name), initials: text(&person.initials), hue: i32::from(person.hue) }
}

fn show_child(window: &AppWindow, dialog: &ChildDialog) -> Front {
    let child = window.global::<ChildAdapter>();
    child.set_key(key(&dialog.child));
    child.set_name(text(&dialog.name));
    child.set_initials(text(&dialog.initials));
    child.set_hue(i32::from(dialog.hue));
    child.set_photo(faces::name(dialog.photo.as_ref()));
    child.set_subtitle(sentence(&dialog.subtitle));
    child.set_may_arrive(dialog.may_arrive);
    child.set_may_be_absent(dialog.may_be_absent);
    let corrections = dialog.corrections.iter().map(|correction| CorrectionRow {
        key: text(if correction.what == Corrects::Arrival { ARRIVAL } else { DEPARTURE }),
        label: sentence(&correction.label),
    });
    fill(&child.get_corrections(), corrections, |model| child.set_corrections(model));
    Front::Child
}

fn show_barred(window: &AppWindow, dialog: &BarredDialog) -> Front {
    let barred = window.global::<BarredAdapter>();
    barred.set_child_name(text(&dialog.child_name));
    // One order a line: read from across the room.
    barred.set_text(sentence(&dialog.text.replace(". ", ".\n")));
    Front::Barred
}

fn show_care(window: &AppWindow, dialog: &CareDialog) -> Front {
    let care = window.global::<CareAdapter>();
    care.set_name(text(&dialog.name));
    care.set_initials(text(&dialog.initials));
    care.set_hue(i32::from(dialog.hue));
    care.set_photo(faces::name(dialog.photo.as_ref()));
    care.set_birth(text(&dialog.birth_date.format("%d/%m/%Y").to_string()));
    care.set_age(count(dialog.age_years));
    // As somebody wrote them: not a letter is changed.
    care.set_allergies(text(&dialog.allergies));
    care.set_plan(text(&dialog.plan));
    care.set_awaited(dialog.awaited);
    care.set_closes_in(count(dialog.closes_in_s.unwrap_or(0)));
    let contacts = dialog.contacts.iter().map(|contact| ContactRow {
        name: text(&contact.name),
        link: text(&contact.link),
        telephone: text(&contact.telephone),
    });
    fill(&care.get_contacts(), contacts, |model| care.set_contacts(model));
    Front::Care
}

/// What a closed card said of a child's health doesn't stay behind the board.
fn empty_care(window: &AppWindow) {
    let care = window.global::<CareAdapter>();
    care.set_allergies(SharedString::default());
    care.set_plan(SharedString::default());
    fill(&care.get_contacts(), std::iter::empty(), |model| care.set_contacts(model));
}

fn choice_row(choice: &Choice) -> ChoiceRow {
    ChoiceRow {
        key: key(&choice.child),
        name: text(&choice.name),
        initials: text(&choice.initials),
        hue: i32::from(choice.hue),
        photo: faces::name(choice.photo.as_ref()),
        ticked: choice.ticked,
    }
}

fn look(state: TileState) -> TileLook {
    match state {
        TileState::Expected => TileLook::Expected,
        TileState::Late => TileLook::Late,
        TileState::Present => TileLook::Present,
        TileState::Gone => TileLook::Gone,
        TileState::Absent => TileLook::Absent,
        TileState::Unexpected => TileLook::Unexpected,
    }
}

fn mood(tone: Tone) -> Mood {
    match tone {
        Tone::Calm => Mood::Calm,
        Tone::Amber => Mood::Amber,
        Tone::Red => Mood::Red,
    }
}

fn text(words: &str) -> SharedString {
    SharedString::from(words)
}

/// A sentence, as French is printed: its punctuation doesn't begin a line, its apostrophes are curved.
fn sentence(words: &str) -> SharedString {
    let mut bound = words.replace('\'', "’").replace("« ", "«\u{a0}");
    for mark in ["?", "!", ":", ";", "»"] {
        bound = bound.replace(&format!(" {mark}"), &format!("\u{a0}{mark}"));
    }
    SharedString::from(bound)
}

/// An id crosses the border as text: the window gives it back with what was touched.
fn key(id: &impl std::fmt::Display) -> SharedString {
    SharedString::from(id.to_string())
}

fn count(figure: u32) -> i32 {
    i32::try_from(figure).unwrap_or(i32::MAX)
}

fn length(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(i32::MAX)
}

/// Makes `shown` hold `rows`, touching only what differs. A model that isn't ours yet (a previewer's values) is replaced.
fn fill<Row: Clone + PartialEq + 'static>(shown: &ModelRc<Row>, rows: impl Iterator<Item = Row>, replace: impl FnOnce(ModelRc<Row>)) {
    let Some(ours) = shown.as_any().downcast_ref::<VecModel<Row>>() else {
        return replace(ModelRc::from(Rc::new(rows.collect::<VecModel<Row>>())));
    };
    let mut length = 0;
    for (at, row) in rows.enumerate() {
        length = at + 1;
        match ours.row_data(at) {
            Some(same) if same == row => {}
            Some(_) => ours.set_row_data(at, row),
            None => ours.push(row),
        }
    }
    while ours.row_count() > length {
        ours.remove(ours.row_count() - 1);
    }
}
