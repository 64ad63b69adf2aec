//! One child's business day: presences, roll calls, absences, and what a
//! person should look at.

use super::time::CLOCK_FLAG_MS;
use super::{Fact, Payload};
use crate::id::{ActivityId, CentreId, ChildId, DeviceId, EntryId, GroupId, PersonId, SiteId};
use crate::journal::{Actor, Channel, Detail, Evidence, Kind, LeftTo};
use chrono::NaiveDate;
use serde::Serialize;

/// One recorded instant, with all that an explanation needs to name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The entry as sealed; where it was corrected, still the first one.
    pub entry: EntryId,
    /// The correction that holds, if any.
    pub corrected_by: Option<EntryId>,
    /// Effective time, ms since 1970 UTC.
    pub at_ms: i64,
    /// Time that the device claimed.
    pub claimed_ms: i64,
    /// Who sealed it.
    pub device: DeviceId,
    /// Where.
    pub site: SiteId,
    /// Lieu, where the moment named one.
    pub centre: Option<CentreId>,
    /// Activity, where the moment named one.
    pub activity: Option<ActivityId>,
    /// "Accueil du matin", as the person saw it.
    pub moment: String,
    /// Who acted.
    #[serde(skip)]
    pub actor: Actor,
    /// Through what: [`Channel::Tablet`] is "à la porte".
    pub channel: Channel,
    /// On what it rests.
    pub evidence: Evidence,
}

impl Mark {
    /// What an entry marks at its effective time, told as the correction that holds tells it.
    pub(super) fn of(at_ms: i64, fact: &Fact, payload: &Payload, correction: Option<&Correction<'_>>) -> Self {
        let told = correction.map_or(payload, |c| c.payload);
        Self {
            entry: fact.envelope.entry_id,
            corrected_by: correction.map(|c| c.entry),
            at_ms,
            // A corrected time is somebody's word, not a clock's: nothing to compare it with.
            claimed_ms: if correction.is_some() { at_ms } else { payload.happened_at_ms },
            device: fact.envelope.place.device,
            site: fact.envelope.site,
            centre: told.centre,
            activity: told.moment.activity,
            moment: told.moment.label.clone(),
            actor: told.actor,
            channel: told.channel,
            evidence: told.evidence,
        }
    }
}

/// A departure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Departure {
    /// When and by whom recorded.
    pub mark: Mark,
    /// With whom or where.
    pub to: Option<LeftTo>,
    /// The adult, where known.
    pub person: Option<PersonId>,
    /// The lieu that a transfer goes to, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound_for: Option<CentreId>,
}

/// From an arrival to a departure, at one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// Came in.
    pub arrived: Mark,
    /// Went out; `None` while here, and at the day's end a thing to look at where a departure is needed.
    pub left: Option<Departure>,
}

/// Present at a roll call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RollCallMark {
    /// When validated; no time of presence is claimed.
    pub mark: Mark,
    /// Class or group called.
    pub group: Option<GroupId>,
}

/// Not there, said before or seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absence {
    /// The entry.
    pub mark: Mark,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Billing code; may be empty.
    pub code: String,
    /// Seen by the staff, rather than announced.
    pub noted: bool,
}

/// A meal, served or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MealMark {
    /// The entry.
    pub mark: Mark,
    /// Menu letter.
    pub menu: String,
    /// Served or not.
    pub served: bool,
}

/// What a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "flag")]
pub enum Flag {
    /// Present at two sites at once: blocking. Said of every open presence, too; [`ChildDay::at_two_sites`] judges with the hours of activities.
    TwoSites,
    /// The claimed time is more than two minutes from the effective one.
    ClockOff {
        /// Which entry.
        entry: EntryId,
        /// How far, in whole minutes.
        minutes: u64,
    },
    /// The entry had been set apart, and a person decided that it counts.
    SetApart {
        /// Which entry.
        entry: EntryId,
    },
    /// Different persons corrected one entry differently.
    CorrectionConflict {
        /// Which entry.
        entry: EntryId,
    },
}

/// One child's business day, over all sites in the set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ChildDay {
    /// In order of arrival.
    pub presences: Vec<Presence>,
    /// Arrivals while a presence was open at the site. One whose moment names another activity still tells when that activity began.
    pub repeats: Vec<Mark>,
    /// Departures with no open presence at the site: normal for an activity recorded by departures only.
    pub lone_departures: Vec<Departure>,
    /// Roll calls, in order.
    pub roll_calls: Vec<RollCallMark>,
    /// Absences that cover the day.
    pub absences: Vec<Absence>,
    /// Meals, in order.
    pub meals: Vec<MealMark>,
    /// The group of the day, where it was changed.
    pub group: Option<GroupId>,
    /// What a person should look at.
    pub flags: Vec<Flag>,
}

impl ChildDay {
    /// Whether the child is in now, by the last word of each site.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.presences.iter().any(|p| p.left.is_none())
    }

    /// The open presence at a site.
    #[must_use]
    pub fn open_presence(&self, site: SiteId) -> Option<&Presence> {
        self.presences.iter().rev().find(|p| p.left.is_none() && p.arrived.site == site)
    }

    /// The departure by which the child is on its way to another lieu: nothing was recorded of it since, at any site.
    #[must_use]
    pub fn en_route(&self) -> Option<&Departure> {
        let left = self.presences.iter().filter_map(|p| p.left.as_ref()).chain(&self.lone_departures).max_by_key(|d| d.mark.at_ms)?;
        let seen_since = self.presences.iter().map(|p| &p.arrived).chain(self.roll_calls.iter().map(|r| &r.mark));
        let seen_since = seen_since.chain(&self.repeats).any(|mark| mark.at_ms >= left.mark.at_ms);
        Some(left).filter(|left| left.bound_for.is_some() && !seen_since)
    }

    /// Whether anything says that the child came, or was there.
    #[must_use]
    pub fn attended(&self) -> bool {
        !self.presences.is_empty() || !self.roll_calls.is_empty() || !self.lone_departures.is_empty()
    }

    pub(super) fn apply(&mut self, touch: Touch) {
        let Touch { mark, kind, conflict, set_apart, .. } = touch;
        let minutes = mark.at_ms.abs_diff(mark.claimed_ms);
        if minutes > CLOCK_FLAG_MS {
            self.flags.push(Flag::ClockOff { entry: mark.entry, minutes: minutes / 60_000 });
        }
        if conflict {
            self.flags.push(Flag::CorrectionConflict { entry: mark.entry });
        }
        if set_apart {
            self.flags.push(Flag::SetApart { entry: mark.entry });
        }
        match kind {
            TouchKind::Arrived => match self.open_presence(mark.site) {
                None => self.presences.push(Presence { arrived: mark, left: None }),
                Some(_) => self.repeats.push(mark),
            },
            TouchKind::Left { to, person, bound_for } => {
                let departure = Departure { to, person, bound_for, mark };
                let site = departure.mark.site;
                match self.presences.iter_mut().rev().find(|p| p.left.is_none() && p.arrived.site == site) {
                    Some(open) => open.left = Some(departure),
                    None => self.lone_departures.push(departure),
                }
            }
            TouchKind::Present { group } => self.roll_calls.push(RollCallMark { mark, group }),
            TouchKind::Meal { menu, served } => self.meals.push(MealMark { mark, menu, served }),
            TouchKind::MovedGroup { group } => self.group = Some(group),
            TouchKind::Absence { .. } => unreachable!("an absence is placed on each of its days"),
        }
    }

    /// Whether presences at two sites overlap, if an open one ends when `ends_at` says (in ms): an activity that is recorded by
    /// arrivals only ends with its window, which the fold doesn't know. `None`: never.
    #[must_use]
    pub fn at_two_sites(&self, ends_at: impl Fn(&Presence) -> Option<i64>) -> bool {
        let end = |p: &Presence| p.left.as_ref().map(|d| d.mark.at_ms).or_else(|| ends_at(p)).unwrap_or(i64::MAX);
        let overlap = |a: &Presence, b: &Presence| a.arrived.site != b.arrived.site && a.arrived.at_ms < end(b) && b.arrived.at_ms < end(a);
        self.presences.iter().enumerate().any(|(i, a)| self.presences[i + 1..].iter().any(|b| overlap(a, b)))
    }

    /// Said once the day is whole: presences at two sites that overlap.
    pub(super) fn finish(&mut self) {
        if self.at_two_sites(|_| None) {
            self.flags.push(Flag::TwoSites);
        }
    }
}

/// The correction that holds for an entry.
pub(super) struct Correction<'a> {
    pub(super) entry: EntryId,
    pub(super) payload: &'a Payload,
    pub(super) conflict: bool,
}

/// An entry that counts, after corrections.
pub(super) struct Touch {
    pub(super) child: Option<ChildId>,
    pub(super) mark: Mark,
    pub(super) kind: TouchKind,
    pub(super) noted: bool,
    conflict: bool,
    set_apart: bool,
    order: (i64, crate::journal::Place, EntryId),
}

pub(super) enum TouchKind {
    Arrived,
    Left { to: Option<LeftTo>, person: Option<PersonId>, bound_for: Option<CentreId> },
    Present { group: Option<GroupId> },
    Absence { from: NaiveDate, to: NaiveDate, code: String },
    Meal { menu: String, served: bool },
    MovedGroup { group: GroupId },
}

impl Touch {
    pub(super) fn order(&self) -> (i64, crate::journal::Place, EntryId) {
        self.order
    }

    /// What an entry says of a child, once corrected; `None` for entries that say nothing of one.
    pub(super) fn of(at_ms: i64, fact: &Fact, payload: &Payload, correction: Option<&Correction<'_>>, set_apart: bool) -> Option<Self> {
        let kind = touch_kind(&fact.envelope.kind, payload, correction)?;
        let at_ms = correction.map_or(at_ms, |c| c.payload.happened_at_ms);
        let mark = Mark::of(at_ms, fact, payload, correction);
        let order = (at_ms, fact.envelope.place, fact.envelope.entry_id);
        let noted = fact.envelope.kind == Kind::AbsenceNoted;
        Some(Self { child: payload.about_child, mark, kind, noted, conflict: correction.is_some_and(|c| c.conflict), set_apart, order })
    }
}

fn touch_kind(kind: &Kind, payload: &Payload, correction: Option<&Correction<'_>>) -> Option<TouchKind> {
    // Only what tells of a child can be told otherwise: a corrected correction must not become an arrival of its own.
    let sealed = sealed_kind(kind, payload)?;
    let Some(Detail::Corrected { kind: becomes, to, person }) = correction.map(|c| &c.payload.detail) else { return Some(sealed) };
    Some(match (becomes, sealed) {
        // Another hour of the same transfer goes to the same lieu.
        (Kind::Left, _) => {
            TouchKind::Left { to: *to, person: *person, bound_for: payload.bound_for.filter(|_| *to == Some(LeftTo::Transfer)) }
        }
        (Kind::Present, TouchKind::Present { group }) => TouchKind::Present { group },
        (Kind::Present, _) => TouchKind::Present { group: None },
        _ => TouchKind::Arrived,
    })
}

/// What an entry says of a child as it was sealed; `None` for entries that say nothing of one.
fn sealed_kind(kind: &Kind, payload: &Payload) -> Option<TouchKind> {
    match (kind, &payload.detail) {
        (Kind::Arrived, _) => Some(TouchKind::Arrived),
        (Kind::Left, Detail::Left { to, person }) => Some(TouchKind::Left { to: Some(*to), person: *person, bound_for: payload.bound_for }),
        (Kind::Present, Detail::RollCall { group, .. }) => Some(TouchKind::Present { group: *group }),
        (Kind::AbsenceAnnounced | Kind::AbsenceNoted, Detail::Absence { from, to, code }) => {
            Some(TouchKind::Absence { from: *from, to: *to, code: code.clone() })
        }
        (Kind::Meal, Detail::Meal { menu, served }) => Some(TouchKind::Meal { menu: menu.clone(), served: *served }),
        (Kind::MovedGroup, Detail::MovedGroup { group }) => Some(TouchKind::MovedGroup { group: *group }),
        _ => None,
    }
}
