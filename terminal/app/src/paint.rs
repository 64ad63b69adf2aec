//! From a [`Screen`] to what Slint shows: the one place that fills the adapters.
//!
//! Rows are compared and only changed ones are set, so that a tile under a
//! finger stays the same element, and 300 tiles cost little.

mod adults;
mod evacuation;
mod outing;

use std::rc::Rc;

use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use terminal_core::view::{
    BarredDialog, CareDialog, ChildDialog, Choice, Corrects, DepartureDialog, Dialog, Eating, ElsewhereChoice, GroupTab, HourChoice,
    LateDeparture, MealsDialog, NoteCard, Screen, SignDialog, StaffChoice, Tile, TileState, TimeDialog, Tone,
};

use crate::ui::{
    AdultRow, AppWindow, ArrivalAdapter, BarredAdapter, BoardAdapter, CareAdapter, CentreRow, ChildAdapter, ChoiceRow, ContactRow,
    CorrectionAdapter, CorrectionRow, CounterRow, DepartureAdapter, FaceAdapter, Front, GroupChoiceRow, GroupRow, HourRow, LateAdapter,
    MealLine, MealState, MealsAdapter, MenuRow, MomentRow, Mood, NoteRow, SignAdapter, StaffRow, TileLook, TileRow,
};
use crate::{faces, staff_pages};

/// How an hour crosses the border as text.
pub(crate) const HOUR: &str = "%H:%M";
/// Keys of the times that can be put right, or filled in.
pub(crate) const TIMES: [(&str, Corrects); 4] = [
    ("arrival", Corrects::Arrival),
    ("departure", Corrects::Departure),
    ("paper-arrival", Corrects::PaperArrival),
    ("paper-departure", Corrects::PaperDeparture),
];

/// Shows a whole screen. `search` is set by the caller to what the field already holds while a person is still typing.
pub fn show_screen(window: &AppWindow, screen: &Screen) {
    if screen.forgets {
        window.global::<FaceAdapter>().invoke_forget();
    }
    staff_pages::show_look(window, screen);
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
    board.set_families(screen.families.is_some());
    board.set_families_codes(screen.families.as_ref().is_some_and(|families| families.codes));
    board.set_families_done(screen.families.as_ref().and_then(|f| f.done.as_deref()).map(text).unwrap_or_default());
    board.set_has_meals(screen.has_meals);
    board.set_choosing(screen.several.is_some());
    board.set_chosen_count(screen.several.as_ref().map_or(0, |several| count(several.count)));
    board.set_chosen_text(screen.several.as_ref().map(|several| text(&several.text)).unwrap_or_default());
    board.set_may_sign(screen.may_sign);
    board.set_team_known(screen.team.known);
    board.set_team_text(sentence(&screen.team.text));
    board.set_team_figures(text(&screen.team.short));
    board.set_team_mood(mood(screen.team.tone));
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
    fill(&board.get_tiles(), screen.tiles.iter().map(|tile| tile_row(tile, calling, screen.several.is_some())), |model| {
        board.set_tiles(model)
    });
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

fn tile_row(tile: &Tile, by_roll_call: bool, choosing: bool) -> TileRow {
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
        spoken: text(&tile.spoken(to_call, choosing)),
        care: tile.care,
        note: tile.note,
        to_call,
        ticked: tile.ticked,
        chosen: choosing && tile.ticked,
    }
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
        Some(Dialog::Meals(meals)) => show_meals(window, meals),
        Some(Dialog::Team(team)) => adults::show_team(window, team),
        Some(Dialog::Pin(pin)) => adults::show_pin(window, pin),
        Some(Dialog::Tablet(dialog)) => staff_pages::show(window, dialog),
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
    empty_notes(window, front);
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
    fill(&departure.get_notes(), dialog.notes.iter().map(note_row), |model| departure.set_notes(model));
    departure.set_may_leave_alone(dialog.may_leave_alone);
    departure.set_confirm(text(&dialog.confirm));
    departure.set_may_confirm(dialog.may_confirm);
    departure.set_by_family(dialog.by_family);
    departure.set_several(dialog.several.is_some());
    departure.set_to_school(dialog.to_school);
    let centres = dialog.other_centres.iter().map(|other| CentreRow { key: key(&other.centre), name: text(&other.name) });
    fill(&departure.get_centres(), centres, |model| departure.set_centres(model));
    departure.set_alone(dialog.elsewhere == Some(ElsewhereChoice::Alone));
    departure.set_other_named(dialog.elsewhere == Some(ElsewhereChoice::OtherAdult));
    departure.set_way_chosen(dialog.elsewhere == Some(ElsewhereChoice::Way));
    departure.set_asks_identity(dialog.identity_seen.is_some());
    departure.set_identity_seen(dialog.identity_seen == Some(true));
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
    let late = window.global::<LateAdapter>();
    fill(&late.get_witnesses(), dialog.witnesses.iter().map(staff_row), |model| late.set_witnesses(model));
    Front::Departure
}

fn show_late(window: &AppWindow, asked: Option<&LateDeparture>) {
    let late = window.global::<LateAdapter>();
    late.set_asks_hour(asked.is_some());
    let Some(asked) = asked else { return };
    late.set_hour(asked.hours.chosen.as_deref().map(text).unwrap_or_default());
    late.set_may_be_earlier(asked.hours.may_be_earlier);
    late.set_may_be_later(asked.hours.may_be_later);
    fill(&late.get_hours(), asked.hours.choices.iter().map(hour_row), |model| late.set_hours(model));
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
        key: text(TIMES.into_iter().find(|(_, what)| *what == correction.what).map_or("", |(key, _)| key)),
        label: sentence(&correction.label),
    });
    let groups = dialog.groups.iter().map(|group| GroupChoiceRow { key: key(&group.group), name: text(&group.name), chosen: group.chosen });
    fill(&child.get_notes(), dialog.notes.iter().map(note_row), |model| child.set_notes(model));
    fill(&child.get_groups(), groups, |model| child.set_groups(model));
    fill(&child.get_corrections(), corrections, |model| child.set_corrections(model));
    Front::Child
}

fn show_meals(window: &AppWindow, dialog: &MealsDialog) -> Front {
    let meals = window.global::<MealsAdapter>();
    meals.set_subtitle(sentence(&dialog.subtitle));
    let letters = dialog.letters.iter().map(|menu| MenuRow {
        letter: text(&menu.letter),
        ordered: count(menu.ordered),
        awaited: count(menu.awaited),
        served: count(menu.served),
    });
    fill(&meals.get_letters(), letters, |model| meals.set_letters(model));
    let rows = dialog.rows.iter().map(|row| MealLine {
        key: key(&row.child),
        name: text(&row.name),
        letter: text(&row.letter),
        care: row.care,
        state: match row.eating {
            Eating::Absent => MealState::Absent,
            Eating::Awaited => MealState::Awaited,
            Eating::Served => MealState::Served,
            Eating::NotServed => MealState::NotServed,
        },
    });
    fill(&meals.get_rows(), rows, |model| meals.set_rows(model));
    Front::Meals
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

/// What a family wrote doesn't stay behind the board either.
fn empty_notes(window: &AppWindow, front: Front) {
    let (child, departure) = (window.global::<ChildAdapter>(), window.global::<DepartureAdapter>());
    if front != Front::Child {
        fill(&child.get_notes(), std::iter::empty(), |model| child.set_notes(model));
    }
    if front != Front::Departure {
        fill(&departure.get_notes(), std::iter::empty(), |model| departure.set_notes(model));
    }
}

/// As somebody wrote it: not a letter is changed.
fn note_row(note: &NoteCard) -> NoteRow {
    NoteRow { author: text(&note.author), text: text(&note.text) }
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

pub(crate) fn mood(tone: Tone) -> Mood {
    match tone {
        Tone::Calm => Mood::Calm,
        Tone::Amber => Mood::Amber,
        Tone::Red => Mood::Red,
    }
}

pub(crate) fn text(words: &str) -> SharedString {
    SharedString::from(words)
}

/// A sentence, as French is printed: its punctuation doesn't begin a line, its apostrophes are curved.
pub(crate) fn sentence(words: &str) -> SharedString {
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

pub(crate) fn count(figure: u32) -> i32 {
    i32::try_from(figure).unwrap_or(i32::MAX)
}

fn length(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(i32::MAX)
}

/// Makes `shown` hold `rows`, touching only what differs. A model that isn't ours yet (a previewer's values) is replaced.
pub(crate) fn fill<Row: Clone + PartialEq + 'static>(
    shown: &ModelRc<Row>,
    rows: impl Iterator<Item = Row>,
    replace: impl FnOnce(ModelRc<Row>),
) {
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
