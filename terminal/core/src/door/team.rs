//! The team and the visitors: who of the adults is in the building, over all its lieux.

use super::Door;
use shared::id::{EntryId, StaffId};

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
    /// Who of the staff is on the site, of whatever lieu, in the order of the roster; those whom the roster doesn't know any more
    /// included, since an evacuation asks for them too.
    #[must_use]
    pub fn staff_here(&self) -> Vec<StaffHere> {
        let Some(site) = self.identity.as_ref().map(|identity| identity.site) else { return Vec::new() };
        let here = self.attendance.team.here(site, self.day);
        here.map(|(staff, stay)| StaffHere { staff, since_ms: stay.arrived.at_ms }).collect()
    }

    /// The visitors on the site, in order of arrival.
    #[must_use]
    pub fn visitors_here(&self) -> Vec<VisitorHere> {
        let Some(site) = self.identity.as_ref().map(|identity| identity.site) else { return Vec::new() };
        let visits = self.attendance.team.visitors(site, self.day).map(|visit| &visit.arrived);
        visits.map(|mark| VisitorHere { visit: mark.entry, name: self.visitor_name(mark.entry), since_ms: mark.at_ms }).collect()
    }

    pub(super) fn visitor_name(&self, visit: EntryId) -> String {
        let notes = self.store.journal.notes(visit).unwrap_or_else(|error| {
            tracing::error!(%error, "a visitor's name could not be read");
            Vec::new()
        });
        notes.into_iter().next().map_or_else(|| "Visiteur".to_owned(), |note| note.text)
    }
}
