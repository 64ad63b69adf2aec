//! Outings: who left the site together, who was counted on the way, who is back.
//!
//! Whoever is on an outing is still in the team's care: presences say nothing of it. A child whom a parent takes on the way leaves by an
//! ordinary departure, which ends the presence and with it the outing for this child; that is for the reader to see, who has the day.

use super::Mark;
use crate::id::SiteId;
use crate::journal::{Detail, Someone};
use std::collections::BTreeMap;
use uuid::Uuid;

/// People who left a site together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outing {
    /// Names it.
    pub id: Uuid,
    /// From where.
    pub site: SiteId,
    /// Where to: "Piscine".
    pub label: String,
    /// Who, with departure and return.
    pub people: BTreeMap<Someone, Away>,
    /// Counts on the way, in order.
    pub counts: Vec<OutingCount>,
}

/// One person's outing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// Left; of several words the first.
    pub left: Mark,
    /// Came back; `None` while away.
    pub back: Option<Mark>,
}

/// One count on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutingCount {
    /// Names it.
    pub id: Uuid,
    /// When, and who counted.
    pub mark: Mark,
    /// There, or missing.
    pub here: BTreeMap<Someone, bool>,
}

impl Outing {
    /// Effective time of the first departure, ms since 1970 UTC.
    #[must_use]
    pub fn left_ms(&self) -> i64 {
        self.people.values().map(|away| away.left.at_ms).min().unwrap_or(0)
    }

    /// Whether somebody is on it and not back.
    #[must_use]
    pub fn is_away(&self, who: Someone) -> bool {
        self.people.get(&who).is_some_and(|away| away.back.is_none())
    }
}

/// What entries say of outings, before it is put together.
#[derive(Default)]
pub(super) struct Heard(Vec<(Mark, Detail)>);

impl Heard {
    /// Takes up what an entry says, if it speaks of an outing.
    pub(super) fn take(&mut self, detail: &Detail, mark: impl FnOnce() -> Mark) {
        if matches!(detail, Detail::OutingLeft { .. } | Detail::OutingCounted { .. } | Detail::OutingBack { .. }) {
            self.0.push((mark(), detail.clone()));
        }
    }

    /// The outings of a set of entries, in order of their departure.
    pub(super) fn gather(mut self) -> Vec<Outing> {
        self.0.sort_by_key(|(mark, _)| (mark.at_ms, mark.entry));
        let mut found: BTreeMap<(SiteId, Uuid), Outing> = BTreeMap::new();
        for (mark, detail) in &self.0 {
            if let Detail::OutingLeft { outing, who, label } = detail {
                let (site, label) = (mark.site, label.clone());
                let entry = found.entry((site, *outing));
                let of = entry.or_insert_with(|| Outing { id: *outing, site, label, people: BTreeMap::new(), counts: Vec::new() });
                of.people.entry(*who).or_insert_with(|| Away { left: mark.clone(), back: None });
            }
        }
        // After all departures, so that clocks of two tablets that differ by a little lose no return.
        for (mark, detail) in self.0 {
            match detail {
                Detail::OutingBack { outing, who } => {
                    let away = found.get_mut(&(mark.site, outing)).and_then(|o| o.people.get_mut(&who));
                    if let Some(away) = away.filter(|away| away.back.is_none()) {
                        away.back = Some(mark);
                    }
                }
                Detail::OutingCounted { outing, count, who, here } => {
                    let Some(of) = found.get_mut(&(mark.site, outing)) else { continue };
                    let at = of.counts.iter().position(|c| c.id == count).unwrap_or_else(|| {
                        of.counts.push(OutingCount { id: count, mark, here: BTreeMap::new() });
                        of.counts.len() - 1
                    });
                    of.counts[at].here.insert(who, here);
                }
                _ => {}
            }
        }
        let mut outings: Vec<Outing> = found.into_values().collect();
        outings.sort_by_key(|outing| (outing.left_ms(), outing.id));
        outings
    }
}
