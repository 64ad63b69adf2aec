//! The team and the visitors: who of the adults is in the building, over all its lieux, and how they say so.
//!
//! **A card of the staff, on any screen**: its first showing of the day says that its holder came to work, and each one names the
//! holder on gestures for a minute, as before. It never says that somebody goes: a card lies about, is shown to take an alert away or
//! to sign, and an adult who is noted as gone is asked for by nobody in a fire. Only on the screen of the team, opened for it, does a
//! card of somebody who is here say that they go; a name touched there does the same. Both can be taken back for ten seconds.
//!
//! A visitor's name is compared with those who must never take a child: whoever may not fetch one has no errand in the house either.

use super::drafts::{By, Said, Slot};
use super::{Door, Open, words};
use crate::clock::Now;
use crate::view::{TeamDialog, TeamMember, Tone, VisitorLine};
use shared::fold::{Mark, StaffDay};
use shared::id::{BadgeId, CentreId, ChildId, EntryId, SiteId, StaffId};
use shared::journal::{Detail, Kind, Moment};
use shared::name::{initials, one_line};
use shared::roster::Staff;

/// For how long a second touch of a name is taken for the same finger, in ms.
const ECHO_MS: u64 = 1_500;
/// Longest name of a visitor, in characters.
const VISITOR_CHARS_MAX: usize = 120;

/// A member of staff who is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaffHere {
    /// Who.
    pub staff: StaffId,
    /// Since when, ms since 1970 UTC.
    pub since_ms: i64,
}

/// A visitor who is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitorHere {
    /// The arrival's entry: what a departure points to.
    pub visit: EntryId,
    /// As it was typed; "Visiteur" where it was erased.
    pub name: String,
    /// Since when, ms since 1970 UTC.
    pub since_ms: i64,
}

impl Door {
    /// Who of the staff is on the site, of whatever lieu; those whom the roster doesn't know any more included, since an evacuation
    /// asks for them too.
    #[must_use]
    pub fn staff_here(&self) -> Vec<StaffHere> {
        let Some(site) = self.site() else { return Vec::new() };
        let here = self.attendance.team.here(site, self.day);
        here.map(|(staff, stay)| StaffHere { staff, since_ms: stay.arrived.at_ms }).collect()
    }

    /// The visitors on the site, in order of arrival.
    #[must_use]
    pub fn visitors_here(&self) -> Vec<VisitorHere> {
        let Some(site) = self.site() else { return Vec::new() };
        let visits = self.attendance.team.visitors(site, self.day).map(|visit| &visit.arrived);
        visits.map(|mark| VisitorHere { visit: mark.entry, name: self.visitor_name(mark.entry), since_ms: mark.at_ms }).collect()
    }

    fn site(&self) -> Option<SiteId> {
        self.identity.as_ref().map(|identity| identity.site)
    }

    pub(super) fn visitor_name(&self, visit: EntryId) -> String {
        let notes = self.store.journal.notes(visit).unwrap_or_else(|error| {
            tracing::error!(%error, "a visitor's name could not be read");
            Vec::new()
        });
        notes.into_iter().next().map_or_else(|| tr!("Visiteur"), |note| note.text)
    }

    /// "Équipe": who is here, and the reckoning behind the chip.
    pub(super) fn open_team(&mut self) {
        self.dialog = Some(Open::Team);
        self.team_echo = None;
    }

    pub(super) fn is_here(&self, staff: StaffId) -> bool {
        self.staff_here().iter().any(|here| here.staff == staff)
    }

    /// A name was touched on the screen of the team: comes, or goes.
    pub(super) fn team_touched(&mut self, now: Now, staff: StaffId) {
        let echo = self.team_echo.is_some_and(|(touched, until)| touched == staff && now.boottime_ms < until);
        if self.dialog != Some(Open::Team) || echo {
            return;
        }
        self.comes_or_goes(now, staff, None);
    }

    /// The same by a card.
    pub(super) fn comes_or_goes(&mut self, now: Now, staff: StaffId, badge: Option<BadgeId>) {
        self.team_echo = Some((staff, now.boottime_ms.saturating_add(ECHO_MS)));
        if self.is_here(staff) {
            self.of_team(now, Kind::StaffLeft, staff, badge);
        } else {
            self.of_team(now, Kind::StaffArrived, staff, badge);
        }
    }

    /// Somebody of the staff has shown who they are: the first time of the day, they have come. `false`: it could not be recorded, and
    /// the screen says why.
    pub(super) fn comes_to_work(&mut self, now: Now, staff: StaffId, badge: Option<BadgeId>) -> bool {
        self.is_here(staff) || self.of_team(now, Kind::StaffArrived, staff, badge)
    }

    fn of_team(&mut self, now: Now, kind: Kind, staff: StaffId, badge: Option<BadgeId>) -> bool {
        let Some(member) = self.roster.staff(staff) else { return false };
        let (name, centre) = (full_name(member), member.centre);
        let comes = kind == Kind::StaffArrived;
        let said = Said { child: None, slot: Some(at_lieu(centre)), ..Said::touch(kind, ChildId::NIL, Detail::Staff { staff }) };
        let done = self.record(now, vec![said.by(badge.map(By::Badge))]);
        if done {
            self.notice = None;
            let at = words::time(self.time);
            self.offer_undo(now, if comes { tr!("{}, arrivée {}", name, at) } else { tr!("{}, départ {}", name, at) });
        }
        done
    }

    /// "+ visiteur": the typed name is here from now on.
    pub(super) fn visitor_comes(&mut self, now: Now, typed: &str) {
        if self.dialog != Some(Open::Team) {
            return;
        }
        let name = one_line(typed, VISITOR_CHARS_MAX);
        if name.is_empty() {
            return self.say(Tone::Amber, tr!("Écrivez le nom du visiteur."));
        }
        let all: Vec<ChildId> = self.roster.order.clone();
        if self.alert_if_named(&all, &name) {
            return;
        }
        let said = Said { child: None, note: Some(name.clone()), ..Said::touch(Kind::VisitorArrived, ChildId::NIL, Detail::None) };
        if self.record(now, vec![said]) {
            self.notice = None;
            self.offer_undo(now, tr!("{}, arrivée {}", name, words::time(self.time)));
        }
    }

    /// A visitor's line was touched: they go.
    pub(super) fn visitor_goes(&mut self, now: Now, visit: EntryId) {
        let Some(visitor) = self.visitors_here().into_iter().find(|v| v.visit == visit).filter(|_| self.dialog == Some(Open::Team)) else {
            return;
        };
        let said = Said { child: None, target: Some(visit), ..Said::touch(Kind::VisitorLeft, ChildId::NIL, Detail::None) };
        if self.record(now, vec![said]) {
            self.notice = None;
            self.offer_undo(now, tr!("{}, départ {}", visitor.name, words::time(self.time)));
        }
    }

    pub(super) fn team_dialog(&self) -> TeamDialog {
        let here = self.activity().map(|a| a.centre);
        let several = self.roster.centres.len() > 1;
        let mut staff: Vec<&Staff> = self.roster.whole_team();
        // Places stay put: those of the lieu on the board, then the others of the site, each by first name.
        staff.sort_by_key(|member| Some(member.centre) != here);
        let visitors = self.visitors_here().into_iter().map(|visitor| VisitorLine {
            visit: visitor.visit,
            name: visitor.name,
            state: tr!("depuis {}", words::time_ms(visitor.since_ms)),
        });
        TeamDialog {
            subtitle: format!("{} · {}", self.place(), words::day(self.day)),
            ratio: self.ratio_card(),
            codes: !self.codes.is_empty(),
            members: staff.into_iter().map(|member| self.team_member(member, several)).collect(),
            visitors: visitors.collect(),
        }
    }

    fn team_member(&self, member: &Staff, several: bool) -> TeamMember {
        let of_day = self.attendance.team.staff.get(&(self.day, member.id));
        let since = self.site().and_then(|site| of_day?.open_stay(site)).map(|stay| stay.arrived.at_ms);
        let state = match (since, of_day.and_then(last_left)) {
            (Some(since), _) => tr!("depuis {}", words::time_ms(since)),
            (None, Some(left)) => tr!("départ {}", words::time_ms(left.at_ms)),
            (None, None) => tr!("pas encore là"),
        };
        let lieu = self.roster.centres.get(&member.centre).map(|c| c.name.clone()).filter(|_| several);
        let role = member.director.then(|| tr!("direction"));
        let apart = (!member.counted).then(|| tr!("hors encadrement"));
        TeamMember {
            staff: member.id,
            name: full_name(member),
            initials: initials(&member.first_name, &member.last_name),
            hue: super::board::hue(member.id.0),
            here: since.is_some(),
            state,
            detail: [role, apart, lieu].into_iter().flatten().collect::<Vec<_>>().join(" · "),
        }
    }
}

fn last_left(day: &StaffDay) -> Option<&Mark> {
    day.stays.iter().filter_map(|stay| stay.left.as_ref()).chain(&day.lone_departures).max_by_key(|mark| mark.at_ms)
}

/// "Nadia Roche".
pub(super) fn full_name(member: &Staff) -> String {
    format!("{} {}", member.first_name, member.last_name)
}

/// A presence of the staff belongs to the lieu that they work at, whatever moment the board shows.
fn at_lieu(centre: CentreId) -> Slot {
    Slot { centre: Some(centre), moment: Moment::default() }
}
