//! Evacuations: who was seen in a roll call of a whole site, by whom and when.
//!
//! Several tablets tick at once, without a network too: of several ticks of one person the first counts, and all are kept. Two tablets
//! that each start one within [`JOIN_MS`] mean the same alarm: it is one evacuation. **An end holds for the starts that its author knew
//! of**: it names each of them, and while one is left the roll call goes on. Who ended theirs without having heard of the other's has
//! not looked for the people on that list.

use super::Mark;
use crate::id::{EntryId, SiteId};
use crate::journal::{Detail, Kind, Someone};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Starts of one site within this time of the first are one evacuation, unless it was over by then, in ms.
pub const JOIN_MS: i64 = 15 * 60_000;

/// A roll call of everybody on a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evacuation {
    /// Where.
    pub site: SiteId,
    /// The roll calls that are this one, the first first.
    pub calls: Vec<Uuid>,
    /// Who started each.
    pub started: Vec<Mark>,
    /// Who was seen: the first tick counts, and all are kept in order.
    pub seen: BTreeMap<Someone, Vec<Mark>>,
    /// The end; `None` while a roll call is left that nobody ended.
    pub ended: Option<Ended>,
}

/// An evacuation's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When, and who said so.
    pub mark: Mark,
    /// [`DRILL`](crate::journal::DRILL), [`ALARM`](crate::journal::ALARM) or [`MISTAKE`](crate::journal::MISTAKE).
    pub reason: String,
}

impl Evacuation {
    /// Effective time of the first start, ms since 1970 UTC.
    #[must_use]
    pub fn started_ms(&self) -> i64 {
        self.started.first().map_or(0, |mark| mark.at_ms)
    }

    /// The tick that counts.
    #[must_use]
    pub fn first_seen(&self, who: Someone) -> Option<&Mark> {
        self.seen.get(&who).and_then(|marks| marks.first())
    }
}

/// What entries say of evacuations, before it is put together.
#[derive(Default)]
pub(super) struct Heard {
    starts: Vec<(Uuid, Mark)>,
    seen: Vec<(Uuid, Someone, Mark)>,
    ends: Vec<(Uuid, Ended)>,
}

impl Heard {
    /// Takes up what an entry says, if it speaks of an evacuation.
    pub(super) fn take(&mut self, kind: &Kind, detail: &Detail, reason: &str, mark: impl FnOnce() -> Mark) {
        match (kind, detail) {
            (Kind::EvacuationStarted, Detail::Evacuation { call }) => self.starts.push((*call, mark())),
            (Kind::EvacuationEnded, Detail::Evacuation { call }) => self.ends.push((*call, Ended { mark: mark(), reason: reason.into() })),
            (Kind::EvacuationSeen, Detail::EvacuationSeen { call, who }) => self.seen.push((*call, *who, mark())),
            _ => {}
        }
    }

    /// The evacuations of a set of entries, in order of their start.
    pub(super) fn gather(mut self) -> Vec<Evacuation> {
        let order = |mark: &Mark| (mark.at_ms, mark.entry);
        self.starts.sort_by_key(|(call, mark)| (order(mark), *call));
        self.seen.sort_by_key(|(_, _, mark)| order(mark));
        self.ends.sort_by_key(|(_, ended)| order(&ended.mark));
        let mut ends: HashMap<(SiteId, Uuid), Ended> = HashMap::new();
        for (call, ended) in self.ends {
            ends.entry((ended.mark.site, call)).or_insert(ended);
        }
        let mut found: Vec<Evacuation> = Vec::new();
        let mut place: HashMap<(SiteId, Uuid), usize> = HashMap::new();
        for (call, mark) in self.starts {
            let key = (mark.site, call);
            if place.contains_key(&key) {
                continue;
            }
            let over = |e: &Evacuation| e.calls.iter().all(|c| ends.get(&(e.site, *c)).is_some_and(|end| end.mark.at_ms <= mark.at_ms));
            let same = |e: &Evacuation| e.site == mark.site && mark.at_ms - e.started_ms() < JOIN_MS && !over(e);
            match found.iter().rposition(same) {
                Some(at) => {
                    found[at].calls.push(call);
                    found[at].started.push(mark);
                    place.insert(key, at);
                }
                None => {
                    place.insert(key, found.len());
                    let site = mark.site;
                    found.push(Evacuation { site, calls: vec![call], started: vec![mark], seen: BTreeMap::new(), ended: None });
                }
            }
        }
        for (call, who, mark) in self.seen {
            if let Some(at) = place.get(&(mark.site, call)) {
                found[*at].seen.entry(who).or_default().push(mark);
            }
        }
        for evacuation in &mut found {
            let all: Option<Vec<&Ended>> = evacuation.calls.iter().map(|call| ends.get(&(evacuation.site, *call))).collect();
            let last = |all: Vec<&Ended>| -> Option<Ended> {
                let key = |ended: &&Ended| -> (i64, EntryId) { (ended.mark.at_ms, ended.mark.entry) };
                all.into_iter().max_by_key(key).cloned()
            };
            evacuation.ended = all.and_then(last);
        }
        found
    }
}
