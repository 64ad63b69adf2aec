//! The director answers for the day sheet as it stands. A signature never
//! refuses a later fact: what comes after is shown as changed since.

use super::Door;
use super::drafts::Said;
use crate::clock::Now;
use crate::view::Tone;
use shared::day_sheet::DaySheet;
use shared::id::{ChildId, DeviceId};
use shared::journal::{Detail, Head, Kind};
use std::collections::BTreeMap;

impl Door {
    /// Signs the day of the lieu that the board shows. By whom: the member of staff who showed a card within the minute, else nobody
    /// by name.
    pub fn sign_day(&mut self, now: Now) {
        self.last_recorded.clear();
        self.refresh(now);
        let Some(centre) = self.activity().map(|a| a.centre) else {
            return self.say(Tone::Amber, "Aucun lieu d'accueil n'est connu : rien à signer.");
        };
        let sheet = DaySheet::of(&self.attendance, centre, self.day, None);
        let detail = Detail::DaySigned { day: self.day, activity: None, sheet: sheet.hash(), heads: self.heads() };
        let said = Said { child: None, ..Said::touch(Kind::DaySigned, ChildId::NIL, detail) };
        if self.record(now, vec![said]) {
            let lieu = self.roster.centres.get(&centre).map(|c| c.name.clone()).unwrap_or_default();
            self.say(
                Tone::Calm,
                format!(
                    "{lieu} : la journée est signée, {} sur la feuille.",
                    super::words::count(u32::try_from(sheet.rows.len()).unwrap_or(u32::MAX), "enfant", "enfants")
                ),
            );
        }
    }

    /// The last entry of each device that this tablet has seen, in order of device and epoch.
    fn heads(&self) -> Vec<Head> {
        let mut heads: BTreeMap<(DeviceId, u32), Head> = BTreeMap::new();
        for fact in &self.facts {
            let (place, entry) = (fact.envelope.place, fact.envelope.entry_id);
            let head = Head { device: place.device, epoch: place.epoch, seq: place.seq, entry };
            let known = heads.entry((place.device, place.epoch)).or_insert(head);
            if (head.seq, head.entry) > (known.seq, known.entry) {
                *known = head;
            }
        }
        heads.into_values().take(HEADS_MAX).collect()
    }
}

/// A site has a handful of devices; the layout's own limit is 256.
const HEADS_MAX: usize = 256;
