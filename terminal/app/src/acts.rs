//! From a touch to an [`Act`]: the one place that answers the adapters.
//!
//! A key that doesn't read as an id can only come from a previewer's values:
//! it is dropped.

mod adults;

use std::rc::Rc;
use std::str::FromStr;

use chrono::NaiveTime;
use slint::{ComponentHandle, SharedString};
use terminal_core::view::{Act, EvacuationReason, FamilyWord, Way};

use crate::paint::{HOUR, TIMES};
use crate::staff_pages;
use crate::ui::{
    self, AppWindow, ArrivalAdapter, BarredAdapter, BoardAdapter, CareAdapter, ChildAdapter, CorrectionAdapter, DepartureAdapter,
    EvacuationAdapter, LateAdapter, MealsAdapter, OutingAdapter, SignAdapter, WayOut,
};

/// Where acts go.
pub type Send = Rc<dyn Fn(Act)>;

/// Connects every callback of the window to `send`.
pub fn connect(window: &AppWindow, send: &Send) {
    connect_board(window, send);
    connect_departure(window, send);
    connect_late(window, send);
    connect_sheets(window, send);
    connect_correction(window, send);
    connect_signature(window, send);
    connect_care(window, send);
    adults::connect(window, send);
    staff_pages::connect(window, send);
    connect_evacuation(window, send);
    connect_outings(window, send);
}

fn connect_board(window: &AppWindow, send: &Send) {
    let board = window.global::<BoardAdapter>();
    let (to, weak) = (send.clone(), window.as_weak());
    board.on_touched(move |key| {
        // A roll call is by exception: a touch marks the one who is missing, or who came after all.
        let calling = weak.upgrade().is_some_and(|window| window.global::<BoardAdapter>().get_by_roll_call());
        by_id(&to, &key, if calling { Act::Tick } else { Act::Touch });
    });
    let to = send.clone();
    board.on_held(move |key| by_id(&to, &key, Act::Hold));
    let to = send.clone();
    board.on_group_chosen(move |key| {
        if key.is_empty() {
            to(Act::Group(None));
        } else {
            by_id(&to, &key, |group| Act::Group(Some(group)));
        }
    });
    let to = send.clone();
    board.on_moment_chosen(move |key| by_id(&to, &key, Act::Moment));
    let to = send.clone();
    board.on_searched(move |words| to(Act::Search(words.into())));
    let to = send.clone();
    board.on_undone(move || to(Act::Undo));
    let to = send.clone();
    board.on_notice_closed(move || to(Act::Close));
    let to = send.clone();
    board.on_meals_asked(move || to(Act::Meals));
    let meals = window.global::<MealsAdapter>();
    let to = send.clone();
    meals.on_touched(move |key| by_id(&to, &key, Act::Meal));
    let to = send.clone();
    meals.on_closed(move || to(Act::Close));
    let to = send.clone();
    board.on_several_asked(move || to(Act::Several));
    let to = send.clone();
    board.on_several_confirmed(move || to(Act::Confirm));
    let to = send.clone();
    board.on_class_validated(move || to(Act::ValidateRollCall));
}

fn connect_departure(window: &AppWindow, send: &Send) {
    let departure = window.global::<DepartureAdapter>();
    let to = send.clone();
    departure.on_adult_chosen_now(move |key| by_id(&to, &key, Act::Adult));
    let to = send.clone();
    departure.on_ticked(move |key| by_id(&to, &key, Act::Tick));
    let to = send.clone();
    departure.on_other_adult(move |name, word| {
        let word = match word {
            ui::FamilyWord::Called => FamilyWord::Called,
            ui::FamilyWord::WasCalled => FamilyWord::WasCalled,
            ui::FamilyWord::Wrote => FamilyWord::Wrote,
            ui::FamilyWord::None => return,
        };
        to(Act::OtherAdult(name.into(), word));
    });
    let to = send.clone();
    departure.on_identity_ticked(move || to(Act::IdentitySeen));
    let to = send.clone();
    departure.on_way(move |way, name| match way {
        WayOut::School => to(Act::Way(Way::School)),
        WayOut::Club => to(Act::Way(Way::Club(name.into()))),
        WayOut::OtherCentre => by_id(&to, &name, |centre| Act::Way(Way::OtherCentre(centre))),
        WayOut::Emergency => to(Act::Way(Way::Emergency)),
    });
    let to = send.clone();
    departure.on_left_alone(move || to(Act::LeaveAlone));
    let to = send.clone();
    departure.on_confirmed(move || to(Act::Confirm));
    let to = send.clone();
    departure.on_closed(move || to(Act::Close));
}

fn connect_late(window: &AppWindow, send: &Send) {
    let late = window.global::<LateAdapter>();
    let to = send.clone();
    late.on_hour_chosen(move |key| by_hour(&to, &key));
    let to = send.clone();
    late.on_earlier(move || to(Act::Earlier));
    let to = send.clone();
    late.on_later(move || to(Act::Later));
    let to = send.clone();
    late.on_witnessed(move |key| by_id(&to, &key, Act::Staff));
}

fn connect_correction(window: &AppWindow, send: &Send) {
    let correction = window.global::<CorrectionAdapter>();
    let to = send.clone();
    correction.on_hour_chosen(move |key| by_hour(&to, &key));
    let to = send.clone();
    correction.on_earlier(move || to(Act::Earlier));
    let to = send.clone();
    correction.on_later(move || to(Act::Later));
    let to = send.clone();
    correction.on_confirmed(move || to(Act::Confirm));
    let to = send.clone();
    correction.on_closed(move || to(Act::Close));
}

fn connect_signature(window: &AppWindow, send: &Send) {
    let to = send.clone();
    window.global::<BoardAdapter>().on_signature_asked(move || to(Act::SignDay));
    let sign = window.global::<SignAdapter>();
    let to = send.clone();
    sign.on_named(move |key| by_id(&to, &key, Act::Staff));
    let to = send.clone();
    sign.on_closed(move || to(Act::Close));
}

fn connect_care(window: &AppWindow, send: &Send) {
    let care = window.global::<CareAdapter>();
    let to = send.clone();
    care.on_asked(move |key| by_id(&to, &key, Act::Care));
    let to = send.clone();
    care.on_touched(move || to(Act::StillReading));
    let to = send.clone();
    care.on_closed(move || to(Act::Close));
}

fn connect_evacuation(window: &AppWindow, send: &Send) {
    let evacuation = window.global::<EvacuationAdapter>();
    let to = send.clone();
    evacuation.on_asked(move || to(Act::EvacuationAsked));
    let to = send.clone();
    evacuation.on_opened(move || to(Act::Evacuate));
    let to = send.clone();
    evacuation.on_touched(move |key| by_id(&to, &key, Act::Seen));
    let to = send.clone();
    evacuation.on_group_chosen(move |key| to(Act::EvacuationGroup(key.into())));
    let to = send.clone();
    evacuation.on_end_asked(move || to(Act::EndEvacuation));
    let to = send.clone();
    evacuation.on_ended_as_drill(move || to(Act::EvacuationOver(EvacuationReason::Drill)));
    let to = send.clone();
    evacuation.on_ended_as_alarm(move || to(Act::EvacuationOver(EvacuationReason::Alarm)));
    let to = send.clone();
    evacuation.on_ended_as_mistake(move || to(Act::EvacuationOver(EvacuationReason::Mistake)));
    let to = send.clone();
    evacuation.on_report_asked(move |key| by_id(&to, &key, Act::EvacuationReport));
    let to = send.clone();
    evacuation.on_left(move || to(Act::LeaveEvacuation));
    let to = send.clone();
    evacuation.on_closed(move || to(Act::Close));
}

fn connect_outings(window: &AppWindow, send: &Send) {
    let outing = window.global::<OutingAdapter>();
    let to = send.clone();
    outing.on_asked(move || to(Act::OutingAsked));
    let to = send.clone();
    outing.on_opened(move |key| by_id(&to, &key, Act::OutingOpened));
    let to = send.clone();
    outing.on_touched(move |key| by_id(&to, &key, Act::OutingPerson));
    let to = send.clone();
    outing.on_group_chosen(move |key| to(Act::OutingGroup(key.into())));
    let to = send.clone();
    outing.on_all_touched(move || to(Act::OutingAll));
    let to = send.clone();
    outing.on_left(move |label| to(Act::OutingLeaves(label.into())));
    let to = send.clone();
    outing.on_counted_now(move || to(Act::OutingCounted));
    let to = send.clone();
    outing.on_came_back(move || to(Act::OutingBack));
    let to = send.clone();
    outing.on_closed(move || to(Act::Close));
}

fn connect_sheets(window: &AppWindow, send: &Send) {
    let arrival = window.global::<ArrivalAdapter>();
    let to = send.clone();
    arrival.on_ticked(move |key| by_id(&to, &key, Act::Tick));
    let to = send.clone();
    arrival.on_confirmed(move || to(Act::Confirm));
    let to = send.clone();
    arrival.on_closed(move || to(Act::Close));

    let child = window.global::<ChildAdapter>();
    let to = send.clone();
    child.on_arrived(move |key| by_id(&to, &key, Act::Arrive));
    let to = send.clone();
    child.on_absent(move |key| by_id(&to, &key, Act::Absent));
    let to = send.clone();
    child.on_group_chosen(move |key, group| {
        if let (Ok(child), Ok(group)) = (key.parse(), group.parse()) {
            to(Act::MoveGroup(child, group));
        }
    });
    let to = send.clone();
    child.on_correction_asked(move |key, which| {
        let Some((_, what)) = TIMES.into_iter().find(|(key, _)| which == *key) else { return };
        by_id(&to, &key, |child| Act::Correct(child, what));
    });
    let to = send.clone();
    child.on_closed(move || to(Act::Close));

    let to = send.clone();
    window.global::<BarredAdapter>().on_acknowledged(move || to(Act::Confirm));
}

/// An hour crosses the border as text; an empty one is now.
fn by_hour(send: &Send, key: &SharedString) {
    match NaiveTime::parse_from_str(key, HOUR) {
        Ok(at) => send(Act::Hour(Some(at))),
        Err(_) if key.is_empty() => send(Act::Hour(None)),
        Err(_) => tracing::warn!("a touched hour is none"),
    }
}

fn by_id<Id: FromStr>(send: &Send, key: &SharedString, act: impl FnOnce(Id) -> Act) {
    match key.parse() {
        Ok(id) => send(act(id)),
        Err(_) => tracing::warn!("a touched row has no id"),
    }
}
