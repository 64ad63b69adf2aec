//! Who is on the site, over all its lieux and whatever moment the board shows: what an evacuation calls, and an outing chooses from.
//!
//! On the safe side: whoever may be in the building is named. **Here** are open presences, and those who were called in a moment that
//! is going on. **To check** are those who are awaited in such a moment and whom nobody has seen; those whose arrival was recorded in a
//! moment that asks for no departure and is over (morning care: most are in class); and those who were called in a moment that the board
//! still shows although it is over. Absent and gone, nobody is looked for.

use super::Door;
use super::board::hue;
use super::drafts::Slot;
use super::standing::Reading;
use super::words;
use crate::view::{PhotoHash, TileState};
use chrono::NaiveTime;
use shared::calendar::{instant_from_ms, local};
use shared::fold::{ChildDay, Mark};
use shared::id::{CentreId, ChildId, SiteId, StaffId};
use shared::journal::Someone;
use shared::name::initials;
use shared::roster::{Activity, Child, Recording};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whereabouts {
    Here,
    /// Perhaps here, and why: "dès 9:00".
    ToCheck(String),
    /// With an outing, of this label.
    Out(Uuid, String),
}

/// Somebody of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnSite {
    pub place: Whereabouts,
    /// Where what is said of them belongs.
    pub slot: Slot,
}

impl OnSite {
    /// The outing that they are away with.
    pub fn outing(&self) -> Option<Uuid> {
        match self.place {
            Whereabouts::Out(outing, _) => Some(outing),
            Whereabouts::Here | Whereabouts::ToCheck(_) => None,
        }
    }
}

/// What a list shows of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub short: String,
    pub full: String,
    pub initials: String,
    pub hue: u8,
    pub photo: Option<PhotoHash>,
    /// Key and name of the group or class.
    pub group: (String, String),
}

/// When it is looked at: now, whatever other clocks say, or an instant that is past.
#[derive(Clone, Copy)]
struct Look {
    at_ms: Option<i64>,
    time: NaiveTime,
    site: SiteId,
}

impl Look {
    fn is_past(&self, mark: &Mark) -> bool {
        mark.site == self.site && self.at_ms.is_none_or(|at| mark.at_ms <= at)
    }
}

impl Door {
    /// Who is on the site: now, or as it was at an instant of the board's day.
    pub(super) fn on_site(&self, at_ms: Option<i64>) -> BTreeMap<Someone, OnSite> {
        let Some(site) = self.identity.as_ref().map(|identity| identity.site) else { return BTreeMap::new() };
        let time = at_ms.map_or(self.time, |at| local(instant_from_ms(at)).time());
        let look = Look { at_ms, time, site };
        let moments = self.moments_at(time);
        let recorded = self.attendance.days.range((self.day, ChildId::NIL)..).take_while(|((day, _), _)| *day == self.day);
        let children: BTreeSet<ChildId> = recorded.map(|((_, child), _)| *child).chain(self.roster.order.iter().copied()).collect();
        let empty = ChildDay::default();
        let found = children.into_iter().filter_map(|child| {
            let day = self.attendance.days.get(&(self.day, child)).unwrap_or(&empty);
            Some((Someone::Child(child), self.child_on_site(look, child, day, &moments)?))
        });
        let mut found: BTreeMap<Someone, OnSite> = found.collect();
        found.extend(self.adults_on_site(look));
        found
    }

    /// The team and visitors, of whatever lieu.
    fn adults_on_site(&self, look: Look) -> Vec<(Someone, OnSite)> {
        let is_here = |arrived: &Mark, left: Option<&Mark>| {
            look.is_past(arrived) && left.is_none_or(|left| look.at_ms.is_some_and(|at| left.at_ms > at))
        };
        let team = &self.attendance.team;
        let of_day = team.staff.range((self.day, StaffId::NIL)..).take_while(|((day, _), _)| *day == self.day);
        let stays = of_day.filter_map(|((_, staff), of_staff)| {
            let stay = of_staff.stays.iter().rev().find(|stay| is_here(&stay.arrived, stay.left.as_ref()))?;
            Some((Someone::Staff(*staff), &stay.arrived))
        });
        let visits = team.visits.get(&self.day).into_iter().flatten().filter(|visit| is_here(&visit.arrived, visit.left.as_ref()));
        let people = stays.chain(visits.map(|visit| (Someone::Visitor(visit.arrived.entry), &visit.arrived)));
        let found = people.map(|(who, arrived)| {
            let away = self.away_with(look, who, arrived.at_ms);
            (
                who,
                OnSite {
                    place: away.map_or(Whereabouts::Here, |(outing, label)| Whereabouts::Out(outing, label)),
                    slot: Slot::of(arrived),
                },
            )
        });
        found.collect()
    }

    /// Activities that go on at a time of the day; the board's own, where it isn't over.
    fn moments_at(&self, time: NaiveTime) -> Vec<&Activity> {
        let goes_on = |a: &&Activity| a.starts.is_none_or(|starts| starts <= time) && !is_over(a, time);
        let mut moments: Vec<&Activity> = super::moment::of_day(&self.roster, self.day).into_iter().filter(goes_on).collect();
        let shown = self.activity().filter(|a| !is_over(a, time) && moments.iter().all(|m| m.id != a.id));
        moments.extend(shown);
        moments
    }

    fn child_on_site(&self, look: Look, child: ChildId, day: &ChildDay, moments: &[&Activity]) -> Option<OnSite> {
        let goes_on = |mark: &Mark| mark.activity.is_some_and(|a| moments.iter().any(|m| m.id == a));
        let open = day
            .presences
            .iter()
            .rev()
            .find(|p| look.is_past(&p.arrived) && p.left.as_ref().is_none_or(|left| look.at_ms.is_some_and(|at| left.mark.at_ms > at)));
        let called = last_call(look, day);
        let here = called.filter(|mark| goes_on(mark)).or(open.map(|p| &p.arrived));
        if let Some(mark) = here {
            let slot = Slot::of(mark);
            let since_ms = open.map_or(mark.at_ms, |p| p.arrived.at_ms);
            let place = match self.away_with(look, Someone::Child(child), since_ms) {
                Some((outing, label)) => Whereabouts::Out(outing, label),
                None if goes_on(mark) || !self.asked_no_departure(mark, look.time) => Whereabouts::Here,
                None => Whereabouts::ToCheck(tr!("arrivée {}, sans départ", words::time_ms(mark.at_ms))),
            };
            return Some(OnSite { place, slot });
        }
        if let Some(mark) = called.filter(|mark| mark.activity.is_some() && mark.activity == self.moment) {
            let place = Whereabouts::ToCheck(tr!("à l'appel de {}", words::time_ms(mark.at_ms)));
            return Some(OnSite { place, slot: Slot::of(mark) });
        }
        self.awaited(look, self.roster.children.get(&child)?, moments)
    }

    /// Booked in a moment that goes on, and seen by nobody.
    fn awaited(&self, look: Look, child: &Child, moments: &[&Activity]) -> Option<OnSite> {
        moments.iter().find_map(|activity| {
            self.roster.booking(child.id, activity.id).filter(|booking| booking.expected)?;
            let (roster, attendance) = (&self.roster, &self.attendance);
            let reading = Reading { roster, attendance, site: look.site, day: self.day, time: look.time, activity: Some(activity) };
            let standing = reading.standing(child);
            let awaited = matches!(standing.state, TileState::Expected | TileState::Late);
            awaited.then(|| OnSite { place: Whereabouts::ToCheck(standing.text), slot: Slot::in_activity(activity) })
        })
    }

    /// Whether a time was recorded in a moment that is over and asks for no departure.
    fn asked_no_departure(&self, mark: &Mark, time: NaiveTime) -> bool {
        let activity = mark.activity.and_then(|a| self.roster.activities.get(&a));
        activity.is_some_and(|a| !a.recording.needs_departure() && a.recording != Recording::Appel && is_over(a, time))
    }

    /// The outing that somebody, here since then, is away with, and its label.
    fn away_with(&self, look: Look, who: Someone, since_ms: i64) -> Option<(Uuid, String)> {
        let is_away = |outing: &&shared::fold::Outing| {
            let Some(away) = outing.people.get(&who).filter(|_| outing.site == look.site) else { return false };
            let left = look.is_past(&away.left) && away.left.at_ms >= since_ms;
            left && away.back.as_ref().is_none_or(|back| !look.is_past(back))
        };
        self.attendance.outings.iter().rev().find(is_away).map(|outing| (outing.id, outing.label.clone()))
    }

    /// The label of the outing that a child of the board is away with now.
    pub(super) fn outing_of(&self, child: ChildId) -> Option<String> {
        let site = self.identity.as_ref()?.site;
        let day = self.attendance.days.get(&(self.day, child))?;
        let look = Look { at_ms: None, time: self.time, site };
        let since_ms = day.open_presence(site).map(|p| p.arrived.at_ms).or_else(|| last_call(look, day).map(|mark| mark.at_ms))?;
        self.away_with(look, Someone::Child(child), since_ms).map(|(_, label)| label)
    }

    /// What a list shows of somebody, of the lieu where they are.
    pub(super) fn shown(&self, who: Someone, centre: Option<CentreId>) -> Shown {
        match who {
            Someone::Child(id) => {
                let child = self.roster.children.get(&id);
                let last = self.roster.last_names.get(&id).cloned().unwrap_or_default();
                Shown {
                    short: format!("{} {last}", self.roster.first_name(id)).trim_end().to_owned(),
                    full: self.roster.full_name(id),
                    initials: self.initials(id),
                    hue: hue(id.0),
                    photo: self.photo_of(id),
                    group: child.map(|child| self.group_in(child, centre)).unwrap_or_default(),
                }
            }
            Someone::Staff(id) => {
                let name = self.roster.staff(id).map(|s| (s.first_name.clone(), s.last_name.clone()));
                let (first, last) = name.unwrap_or_else(|| (tr!("Membre de l'équipe"), String::new()));
                let (full, initials) = (format!("{first} {last}").trim_end().to_owned(), initials(&first, &last));
                Shown { short: full.clone(), full, initials, hue: hue(id.0), photo: None, group: ("equipe".into(), tr!("Équipe")) }
            }
            Someone::Visitor(id) => {
                let (name, group) = (self.visitor_name(id), ("visiteurs".into(), tr!("Visiteurs")));
                let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
                let initials = initials(first, last);
                Shown { short: name.clone(), full: name, initials, hue: hue(id.0), photo: None, group }
            }
        }
    }

    /// The group in which a child spends the day in a lieu; else the class; else the lieu itself.
    fn group_in(&self, child: &Child, centre: Option<CentreId>) -> (String, String) {
        let group = centre.and_then(|centre| self.groups_today(child, centre).into_iter().next());
        let named = group.and_then(|group| Some((group.to_string(), self.roster.group_name(group)?.to_owned())));
        let lieu = || centre.and_then(|id| Some((id.to_string(), self.roster.centres.get(&id)?.name.clone())));
        named.or_else(lieu).unwrap_or_default()
    }
}

/// The last roll call that a child was there for, unless a departure or an absence was recorded after it.
fn last_call(look: Look, day: &ChildDay) -> Option<&Mark> {
    let call = day.roll_calls.iter().map(|call| &call.mark).rfind(|mark| look.is_past(mark))?;
    let departures = day.presences.iter().filter_map(|p| p.left.as_ref()).chain(&day.lone_departures).map(|d| &d.mark);
    let absences = day.absences.iter().filter(|a| a.noted && a.mark.activity == call.activity).map(|a| &a.mark);
    let later = |mark: &Mark| look.is_past(mark) && mark.at_ms > call.at_ms;
    (!departures.chain(absences).any(later)).then_some(call)
}

fn is_over(activity: &Activity, time: NaiveTime) -> bool {
    activity.ends.is_some_and(|ends| ends <= time)
}
