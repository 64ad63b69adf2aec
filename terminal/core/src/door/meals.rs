//! Meals, by menu letter: what was ordered, what is awaited now, what was served. The kitchen reads figures at nine; at the table, a
//! touch says who did not eat.
//!
//! A diet is a letter, here and everywhere: why a child eats what it eats is nobody's business at the door.

use super::board::hue;
use super::drafts::{Said, Slot};
use super::hours::NOON;
use super::standing::Reading;
use super::{Door, Open, moment, words};
use crate::clock::Now;
use crate::view::{Eating, MealRow, MealsDialog, MenuCount, TileState, Tone};
use shared::calendar::{instant_from_ms, local};
use shared::fold::ChildDay;
use shared::id::{ActivityId, ChildId};
use shared::journal::{Detail, Kind};
use shared::roster::{Activity, BookingRule, Child, Recording};
use std::collections::BTreeMap;

/// The kind of a lieu whose moments are meals.
const CANTEEN: &str = "cantine";
/// What is said of who has no letter.
const NO_LETTER: &str = "—";

impl Door {
    /// The meals of the day that the board shows.
    fn meal_moments(&self) -> Vec<&Activity> {
        let of_day = moment::of_day(&self.roster, self.day);
        let in_canteen = |a: &&Activity| self.roster.centres.get(&a.centre).is_some_and(|c| c.kind == CANTEEN);
        let canteens: Vec<&Activity> = of_day.iter().copied().filter(in_canteen).collect();
        // Where no canteen is on the site, a day that spans noon is a day with a meal.
        let spans_noon = |a: &&Activity| a.starts.is_some_and(|s| s < NOON) && a.ends.is_some_and(|e| e > NOON);
        if canteens.is_empty() { of_day.into_iter().filter(spans_noon).collect() } else { canteens }
    }

    pub(super) fn has_meals(&self) -> bool {
        !self.meal_moments().is_empty()
    }

    pub(super) fn open_meals(&mut self) {
        if self.has_meals() {
            self.dialog = Some(Open::Meals);
        }
    }

    /// Says that a child did not eat, or did after all.
    pub(super) fn meal_touched(&mut self, now: Now, child: ChildId) {
        let Some((row, activity)) = self.eaters().into_iter().find(|(row, _)| row.child == child) else { return };
        let served = match row.eating {
            Eating::Served => false,
            Eating::NotServed => true,
            Eating::Awaited => return self.say(Tone::Amber, tr!("L'appel n'est pas encore validé : un repas se dit servi après l'appel.")),
            Eating::Absent => return self.say(Tone::Amber, tr!("{} n'est pas là : aucun repas à servir.", row.name)),
        };
        let slot = self.roster.activities.get(&activity).map(Slot::in_activity);
        let menu = self.roster.children.get(&child).map(|c| c.menu.clone()).unwrap_or_default();
        let said = Said { slot, ..Said::touch(Kind::Meal, child, Detail::Meal { menu, served }) };
        if self.record(now, vec![said]) {
            self.notice = None;
            let name = self.roster.first_name(child);
            self.offer_undo(now, if served { tr!("{name} : repas servi", name) } else { tr!("{name} : repas non servi", name) });
        }
    }

    pub(super) fn meals_dialog(&self) -> MealsDialog {
        let rows: Vec<MealRow> = self.eaters().into_iter().map(|(row, _)| row).collect();
        let mut letters: BTreeMap<&str, MenuCount> = BTreeMap::new();
        for row in &rows {
            let count = letters.entry(&row.letter).or_insert_with(|| MenuCount { letter: row.letter.clone(), ..MenuCount::default() });
            count.ordered += u32::from(row.ordered);
            count.awaited += u32::from(row.eating != Eating::Absent);
            count.served += u32::from(row.eating == Eating::Served);
        }
        let awaited = || rows.iter().filter(|row| row.eating != Eating::Absent);
        let (meals, care) = (awaited().count(), awaited().filter(|row| row.care).count());
        let meals = tr!("{n} repas" | "{n} repas" % meals);
        let care = match care {
            0 => String::new(),
            care => tr!(", dont {care} avec des consignes de soin", care),
        };
        let letters = letters.into_values().collect();
        MealsDialog { subtitle: format!("{} · {meals}{care}", words::day(self.day)), letters, rows }
    }

    /// Those who eat, or should have, with their meal: by letter, then by name.
    fn eaters(&self) -> Vec<(MealRow, ActivityId)> {
        let mut rows = Vec::new();
        for activity in self.meal_moments() {
            let Some(reading) = self.reading() else { break };
            let reading = Reading { activity: Some(activity), ..reading };
            let children = self.roster.order.iter().filter_map(|id| self.roster.children.get(id));
            rows.extend(children.filter_map(|child| Some((self.meal_row(&reading, activity, child)?, activity.id))));
        }
        rows.sort_by(|(a, _), (b, _)| a.letter.cmp(&b.letter));
        rows
    }

    fn meal_row(&self, reading: &Reading<'_>, activity: &Activity, child: &Child) -> Option<MealRow> {
        let standing = reading.standing(child);
        let day = self.attendance.days.get(&(self.day, child.id));
        let said = day.and_then(|d| d.meals.iter().rev().find(|m| m.mark.activity == Some(activity.id)));
        let called = activity.recording == Recording::Appel;
        let eating = match (standing.state, said.map(|m| m.served)) {
            (TileState::Unexpected, _) => return None,
            (TileState::Absent, _) => Eating::Absent,
            (TileState::Gone, _) if !called && left_before_noon(day) => Eating::Absent,
            (TileState::Expected | TileState::Late, _) => Eating::Awaited,
            // Where nobody calls at the table, who is there at noon has eaten.
            (_, None) if !called && self.time < NOON => Eating::Awaited,
            (_, Some(false)) => Eating::NotServed,
            (_, _) => Eating::Served,
        };
        let by_booking = self.roster.booking(child.id, activity.id).is_some();
        let by_enrolment = activity.booking == BookingRule::Aucune && self.roster.is_enrolled(child, activity.id, self.day);
        Some(MealRow {
            child: child.id,
            name: format!("{} {}", child.first_name, self.roster.last_names.get(&child.id).map_or("", String::as_str))
                .trim_end()
                .to_owned(),
            hue: hue(child.id.0),
            letter: if child.menu.is_empty() { NO_LETTER.to_owned() } else { child.menu.clone() },
            care: child.care,
            ordered: by_booking || by_enrolment,
            eating,
        })
    }
}

fn left_before_noon(day: Option<&ChildDay>) -> bool {
    let left = day.and_then(|d| d.presences.last()).and_then(|p| p.left.as_ref());
    left.is_some_and(|left| local(instant_from_ms(left.mark.at_ms)).time() < NOON)
}
