//! Who of the staff was there, and which visitors: beside the children, so that a ratio can be reckoned and an evacuation asks for all.
//!
//! The rules are those of children. *Staff arrived* opens a stay if none is open at the site, else it is a repeat; *staff left* closes
//! it, else it is a departure without arrival; a stay ends with its business day. A visitor is nobody whom the roster knows: each
//! arrival is a visit of its own, which the departure that points to it ends.

use super::day::Mark;
use super::{Read, time};
use crate::calendar::{business_day, instant_from_ms};
use crate::id::{EntryId, SiteId, StaffId};
use crate::journal::{Detail, Kind, Place};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// From an arrival to a departure of a member of staff, at one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stay {
    /// Came.
    pub arrived: Mark,
    /// Went; `None` while here, or where nobody said so by the end of the day.
    pub left: Option<Mark>,
}

/// One member of staff's business day, over all sites in the set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StaffDay {
    /// In order of arrival.
    pub stays: Vec<Stay>,
    /// Arrivals while a stay was open at the site.
    pub repeats: Vec<Mark>,
    /// Departures with no open stay at the site.
    pub lone_departures: Vec<Mark>,
}

impl StaffDay {
    /// The open stay at a site.
    #[must_use]
    pub fn open_stay(&self, site: SiteId) -> Option<&Stay> {
        self.stays.iter().rev().find(|stay| stay.left.is_none() && stay.arrived.site == site)
    }

    fn arrived(&mut self, mark: Mark) {
        match self.open_stay(mark.site) {
            None => self.stays.push(Stay { arrived: mark, left: None }),
            Some(_) => self.repeats.push(mark),
        }
    }

    fn left(&mut self, mark: Mark) {
        match self.stays.iter_mut().rev().find(|stay| stay.left.is_none() && stay.arrived.site == mark.site) {
            Some(open) => open.left = Some(mark),
            None => self.lone_departures.push(mark),
        }
    }
}

/// Somebody who is neither a child nor of the staff. The name is a note of the arrival's entry, which whoever holds the journal reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// Came. Its entry is the visit's name.
    pub arrived: Mark,
    /// Went; `None` while here, or where nobody said so.
    pub left: Option<Mark>,
}

/// What a set of entries says of the team and of visitors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Team {
    /// By business day and member of staff.
    pub staff: BTreeMap<(NaiveDate, StaffId), StaffDay>,
    /// By business day of the arrival, in order of arrival.
    pub visits: BTreeMap<NaiveDate, Vec<Visit>>,
}

impl Team {
    /// Who of the staff is at a site on a day, by the last word, and since when.
    pub fn here(&self, site: SiteId, day: NaiveDate) -> impl Iterator<Item = (StaffId, &Stay)> {
        let of_day = self.staff.range((day, StaffId::NIL)..).take_while(move |((on, _), _)| *on == day);
        of_day.filter_map(move |((_, staff), staff_day)| Some((*staff, staff_day.open_stay(site)?)))
    }

    /// The visitors who are at a site on a day.
    pub fn visitors(&self, site: SiteId, day: NaiveDate) -> impl Iterator<Item = &Visit> {
        let of_day = self.visits.get(&day).map(Vec::as_slice).unwrap_or_default();
        of_day.iter().filter(move |visit| visit.left.is_none() && visit.arrived.site == site)
    }
}

/// An entry about the team that counts.
pub(super) struct TeamTouch {
    mark: Mark,
    kind: TeamKind,
    order: (i64, Place, EntryId),
}

enum TeamKind {
    StaffArrived(StaffId),
    StaffLeft(StaffId),
    VisitorArrived,
    /// Of the visit of this arrival.
    VisitorLeft(EntryId),
}

impl TeamTouch {
    /// What an entry says of the team; `None` for entries that say nothing of it, and for a departure of a visitor of another site.
    pub(super) fn of(read: Read<'_>, target: Option<EntryId>) -> Option<Self> {
        let (fact, payload) = (read.fact, read.payload);
        let kind = match (&fact.envelope.kind, &payload.detail) {
            (Kind::StaffArrived, Detail::Staff { staff }) => TeamKind::StaffArrived(*staff),
            (Kind::StaffLeft, Detail::Staff { staff }) => TeamKind::StaffLeft(*staff),
            (Kind::VisitorArrived, _) => TeamKind::VisitorArrived,
            (Kind::VisitorLeft, _) => TeamKind::VisitorLeft(target?),
            _ => return None,
        };
        let at_ms = time::effective_time(&fact.envelope.kind, payload, read.sealed_ms);
        let mark = Mark::of(at_ms, fact, payload, None);
        Some(Self { mark, kind, order: (at_ms, fact.envelope.place, fact.envelope.entry_id) })
    }
}

/// Reads what counts of the team.
pub(super) fn team(mut touches: Vec<TeamTouch>) -> Team {
    touches.sort_by_key(|touch| touch.order);
    let mut out = Team::default();
    // Apart, by what they point to: a clock that was wrong may put a departure before its arrival.
    let mut departures: HashMap<EntryId, Mark> = HashMap::new();
    for TeamTouch { mark, kind, .. } in touches {
        let day = business_day(instant_from_ms(mark.at_ms));
        match kind {
            TeamKind::StaffArrived(staff) => out.staff.entry((day, staff)).or_default().arrived(mark),
            TeamKind::StaffLeft(staff) => out.staff.entry((day, staff)).or_default().left(mark),
            TeamKind::VisitorArrived => out.visits.entry(day).or_default().push(Visit { arrived: mark, left: None }),
            // Said twice, the first word holds.
            TeamKind::VisitorLeft(visit) => {
                departures.entry(visit).or_insert(mark);
            }
        }
    }
    for visit in out.visits.values_mut().flatten() {
        visit.left = departures.remove(&visit.arrived.entry);
    }
    out
}
