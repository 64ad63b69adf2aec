//! Every entry that ever was durable, and the promises held against it.
//!
//! | promise | what is checked | when |
//! |---|---|---|
//! | I1 | an entry that was durable once is on the server, or on the disk of a tablet that still has it to send; at the end, on the server: in the journal, or in quarantine with a person called | every step; the end |
//! | I2 | one row, one telling and one set of bytes an entry; a gesture seals at most one entry of a kind a child, whatever died meanwhile | every step |
//! | I3 | the server's facts fold alike in any order; what it has stored as effective is what the fold says; each tablet's days are the server's | the end, and now and then |
//! | I4 | whoever is present at two sites at once is said to be, and neither presence is shortened | as I3 |
//! | I5 | a bill, once issued, is the same in each of its words | every step that may touch bills |
//! | I6 | the books' laws hold (`rules::books`) | the same |
//! | I7 | a tile that says present or gone says what the disk alone would say | every gesture |
//! | I8 | the number of waiting entries on the screen covers all that the server lacks | every step |
//! | I9 | after its revocation nothing of a tablet enters the journal, and nothing is told to it | every step |
//!
//! What a run takes away itself counts for nothing: a tablet thrown into a pond, an older image put back over entries that were
//! never sent.

use crate::tablet::{OnDisk, Tablet};
use shared::fold::{Attendance, ChildDay, Fact, Flag, fold};
use shared::id::{DeviceId, EntryId, SiteId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use uuid::Uuid;

/// What the server holds, as its database says.
#[derive(Debug, Default, Clone)]
pub struct Held {
    /// Envelopes in the journal: one, where all is well.
    pub journal: BTreeMap<EntryId, Vec<Vec<u8>>>,
    pub of_device: HashMap<DeviceId, BTreeSet<EntryId>>,
    pub quarantine: HashSet<EntryId>,
    pub aside: HashSet<EntryId>,
    /// Entries that a person is called about.
    pub called: HashSet<EntryId>,
    pub told_twice: Vec<Uuid>,
    pub devices: HashSet<DeviceId>,
}

impl Held {
    fn has(&self, entry: EntryId) -> bool {
        self.journal.contains_key(&entry) || self.quarantine.contains(&entry) || self.aside.contains(&entry)
    }
}

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// `I1` to `I9`.
    pub promise: &'static str,
    /// What was seen.
    pub what: String,
}

impl Broken {
    /// The promise and the way in which it was broken, without this run's numbers.
    #[must_use]
    pub fn kind(&self) -> String {
        format!("{} {}", self.promise, self.what.replace(|c: char| c.is_ascii_digit(), ""))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} : {}", self.promise, self.what)
    }
}

pub(crate) fn broken<T>(promise: &'static str, what: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { promise, what: what.into() })
}

/// The oracle.
#[derive(Default)]
pub struct Oracle {
    entries: BTreeMap<EntryId, Vec<u8>>,
    /// In the order in which they appeared: how the trace names them.
    names: HashMap<EntryId, usize>,
    /// Taken away by the run itself.
    gone: HashSet<EntryId>,
    /// Held by a server that was lost, or by one of its lives.
    lost_by_server: HashSet<EntryId>,
    /// What stood in the journal of a tablet when it was revoked.
    before_revocation: HashMap<DeviceId, BTreeSet<EntryId>>,
    issued: BTreeMap<String, String>,
    pub held: Held,
}

impl Oracle {
    /// How many entries it has seen.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The number of an entry, as the trace names it.
    #[must_use]
    pub fn name(&self, entry: EntryId) -> usize {
        self.names.get(&entry).copied().unwrap_or(usize::MAX)
    }

    /// Looks at a tablet's disk: what is there is durable. `before`: what was there before the gesture that ends here.
    ///
    /// # Errors
    /// I2: bytes that changed.
    pub fn see(&mut self, disk: &[OnDisk]) -> Result<(), Broken> {
        for row in disk {
            let number = self.names.len();
            self.names.entry(row.entry).or_insert(number);
            match self.entries.get(&row.entry) {
                None => drop(self.entries.insert(row.entry, row.envelope.clone())),
                Some(bytes) if *bytes == row.envelope => {}
                Some(_) => return broken("I2", format!("entry {} has other bytes than when it was sealed", self.name(row.entry))),
            }
        }
        Ok(())
    }

    /// A server's new state.
    ///
    /// # Errors
    /// I2, I9.
    pub fn server(&mut self, held: Held) -> Result<(), Broken> {
        for (entry, rows) in &held.journal {
            if rows.len() > 1 {
                return broken("I2", format!("entry {} stands {} times in the journal", self.name(*entry), rows.len()));
            }
            if self.entries.get(entry).is_some_and(|sealed| *sealed != rows[0]) {
                return broken("I2", format!("entry {} stands in the journal with other bytes", self.name(*entry)));
            }
        }
        if !held.told_twice.is_empty() {
            return broken("I2", format!("{} entries are told twice to the tablets", held.told_twice.len()));
        }
        for (device, before) in &self.before_revocation {
            let now = held.of_device.get(device).cloned().unwrap_or_default();
            if let Some(new) = now.difference(before).next() {
                return broken("I9", format!("entry {} of a revoked tablet entered the journal", self.name(*new)));
            }
        }
        self.held = held;
        Ok(())
    }

    /// A tablet is revoked now.
    pub fn revoked(&mut self, device: DeviceId) {
        let held = self.held.of_device.get(&device).cloned().unwrap_or_default();
        self.before_revocation.entry(device).or_insert(held);
    }

    /// The server was lost and restored; `held` is what it has now.
    ///
    /// What nobody else holds is gone: its author and the server at once, before anybody heard of it.
    pub fn server_lost(&mut self, held: &Held, tablets: &[Tablet], disks: &[Vec<OnDisk>]) {
        let lost = self.entries.keys().filter(|e| self.held.has(**e) && !held.has(**e));
        self.lost_by_server.extend(lost);
        for (device, before) in &mut self.before_revocation {
            let now = held.of_device.get(device).cloned().unwrap_or_default();
            before.retain(|e| now.contains(e));
        }
        self.held = held.clone();
        self.taken_away(tablets, disks);
        // Bills since the backup are gone with it: their numbers aren't given again, and the run confirmed that.
        self.issued.clear();
    }

    /// The run made one entry unreadable; where nobody else holds it, it is taken away.
    pub fn unreadable(&mut self, entry: EntryId, tablets: &[Tablet], disks: &[Vec<OnDisk>]) {
        let is_on_disk = tablets.iter().zip(disks).any(|(t, disk)| !t.lost && disk.iter().any(|d| d.entry == entry));
        if !is_on_disk && !self.held.has(entry) {
            self.gone.insert(entry);
        }
    }

    /// A file was damaged: what the server had lost before, and one tablet held of another, is gone. A second copy is kept of its own
    /// entries alone.
    pub fn lost_twice(&mut self, tablets: &[Tablet], disks: &[Vec<OnDisk>]) {
        let on_disks: HashSet<EntryId> =
            tablets.iter().zip(disks).filter(|(t, _)| !t.lost).flat_map(|(_, disk)| disk.iter().map(|d| d.entry)).collect();
        let nowhere: Vec<EntryId> = self.lost_by_server.iter().filter(|e| !self.held.has(**e) && !on_disks.contains(e)).copied().collect();
        self.gone.extend(nowhere);
    }

    /// The run takes away what nobody holds now.
    pub fn taken_away(&mut self, tablets: &[Tablet], disks: &[Vec<OnDisk>]) {
        let on_disks: HashSet<EntryId> =
            tablets.iter().zip(disks).filter(|(t, _)| !t.lost).flat_map(|(_, disk)| disk.iter().map(|d| d.entry)).collect();
        let nowhere: Vec<EntryId> = self.entries.keys().filter(|e| !self.held.has(**e) && !on_disks.contains(e)).copied().collect();
        self.gone.extend(nowhere);
    }

    /// Whether an entry stands in the server's journal, or was held by one of the server's lives.
    #[must_use]
    pub fn was_in_journal(&self, entry: EntryId) -> bool {
        self.held.journal.contains_key(&entry) || self.lost_by_server.contains(&entry)
    }

    /// I1 as it stands between two steps.
    ///
    /// # Errors
    /// I1.
    pub fn nothing_is_lost(&self, tablets: &[Tablet], disks: &[Vec<OnDisk>]) -> Result<(), Broken> {
        let mut waiting: HashSet<EntryId> = HashSet::new();
        let mut somewhere: HashSet<EntryId> = HashSet::new();
        for (_, disk) in tablets.iter().zip(disks).filter(|(t, _)| !t.lost) {
            somewhere.extend(disk.iter().map(|d| d.entry));
            waiting.extend(disk.iter().filter(|d| d.waits()).map(|d| d.entry));
        }
        for entry in self.entries.keys().filter(|e| !self.held.has(**e) && !self.gone.contains(e) && !waiting.contains(e)) {
            if !somewhere.contains(entry) {
                return broken("I1", format!("entry {} is nowhere any more", self.name(*entry)));
            }
            // A tablet that hasn't heard of the restore yet still believes that it was accepted.
            if !self.lost_by_server.contains(entry) {
                return broken("I1", format!("entry {} is not on the server, and no tablet has it to send", self.name(*entry)));
            }
        }
        Ok(())
    }

    /// I1 once all could talk long enough.
    ///
    /// # Errors
    /// I1.
    pub fn all_has_arrived(&self) -> Result<(), Broken> {
        for entry in self.entries.keys().filter(|e| !self.gone.contains(e)) {
            let number = self.name(*entry);
            if self.held.journal.contains_key(entry) {
                continue;
            }
            if !self.held.quarantine.contains(entry) {
                let aside = if self.held.aside.contains(entry) { "is still set aside" } else { "never arrived" };
                return broken("I1", format!("entry {number} {aside}"));
            }
            if !self.held.called.contains(entry) {
                return broken("I1", format!("entry {number} is in quarantine and nobody is called"));
            }
        }
        Ok(())
    }

    /// I8: what the screen counts as waiting covers what the server lacks.
    ///
    /// # Errors
    /// I8.
    pub fn waiting_is_shown(&self, tablet: &Tablet, disk: &[OnDisk], unsent: u32, text: &str) -> Result<(), Broken> {
        let lacking = disk.iter().filter(|d| d.is_own() && d.state != "refused" && !self.held.has(d.entry));
        let lacking = lacking.filter(|d| !self.lost_by_server.contains(&d.entry));
        let lacking = lacking.count();
        if usize::try_from(unsent).unwrap_or(0) < lacking {
            return broken("I8", format!("tablet {} shows {unsent} waiting, {lacking} are not on the server", tablet.number));
        }
        if lacking > 0 && !text.contains(&unsent.to_string()) {
            return broken("I8", format!("tablet {} has {unsent} waiting and says « {text} »", tablet.number));
        }
        Ok(())
    }

    /// I5: bills that were there are there, word for word.
    ///
    /// # Errors
    /// I5.
    pub fn bills(&mut self, issued: BTreeMap<String, String>) -> Result<(), Broken> {
        for (id, before) in &self.issued {
            if issued.get(id) != Some(before) {
                return broken("I5", format!("bill {id} was « {before} » and is « {} »", issued.get(id).map_or("", String::as_str)));
            }
        }
        self.issued = issued;
        Ok(())
    }

    /// Entries of its own that a tablet's disk gained.
    #[must_use]
    pub fn gained<'d>(before: &[OnDisk], after: &'d [OnDisk]) -> Vec<&'d OnDisk> {
        let known: HashSet<EntryId> = before.iter().map(|d| d.entry).collect();
        after.iter().filter(|d| d.is_own() && !known.contains(&d.entry)).collect()
    }
}

/// I3 and I4 on a set of facts; gives the reading.
///
/// # Errors
/// I3, I4.
pub fn reads_alike(facts: &[Fact]) -> Result<Attendance, Broken> {
    let read = fold(facts);
    let mut turned: Vec<Fact> = facts.iter().rev().cloned().collect();
    let half = turned.len() / 2;
    turned.rotate_left(half);
    // Twice the same entry is once.
    turned.extend(facts.iter().step_by(3).cloned());
    if fold(&turned) != read {
        return broken("I3", "the same facts in another order read otherwise");
    }
    for ((day, _), child_day) in &read.days {
        if at_two_sites(child_day) && !child_day.flags.contains(&Flag::TwoSites) {
            return broken("I4", format!("on {day} a child is at two sites at once and nobody is told"));
        }
    }
    Ok(read)
}

/// Whether two presences at different sites overlap, by their marks alone.
fn at_two_sites(day: &ChildDay) -> bool {
    let spans: Vec<(SiteId, i64, i64)> =
        day.presences.iter().map(|p| (p.arrived.site, p.arrived.at_ms, p.left.as_ref().map_or(i64::MAX, |l| l.mark.at_ms))).collect();
    spans.iter().any(|a| spans.iter().any(|b| a.0 != b.0 && a.1 < b.2 && b.1 < a.2))
}

/// I2: however often the power went, one gesture is one entry of a kind a child.
///
/// # Errors
/// I2.
pub fn once_a_gesture(gained: &[&OnDisk], facts: &[Fact]) -> Result<(), Broken> {
    let mut seen = HashSet::new();
    for row in gained {
        let Some(fact) = facts.iter().find(|f| f.envelope.entry_id == row.entry) else { continue };
        let Some(payload) = &fact.payload else { continue };
        // Two entries of a child may be taken back at once; never one of them twice.
        if let Some(child) = payload.about_child
            && !seen.insert((child, payload.target, format!("{:?}", fact.envelope.kind)))
        {
            return broken("I2", format!("one gesture sealed « {:?} » twice for a child", fact.envelope.kind));
        }
    }
    Ok(())
}
