//! The director answers for the day sheet as it stands. A signature never
//! refuses a later fact: what comes after is shown as changed since.

use super::drafts::{By, Said};
use super::late::staff_choice;
use super::standing::Reading;
use super::{Door, Open, moment, words};
use crate::clock::Now;
use crate::view::{SignDialog, TileState, Tone};
use shared::day_sheet::DaySheet;
use shared::id::{BadgeId, CentreId, ChildId, DeviceId, StaffId};
use shared::journal::{Detail, Head, Kind};
use shared::roster::Activity;
use std::collections::BTreeMap;

/// A canteen signs itself after two days: nobody there is asked.
const SIGNS_ITSELF: &str = "cantine";

impl Door {
    /// The lieu whose day its director may sign now: the last moment is over, every departure is known, and what stands on the sheet
    /// isn't signed as it stands.
    pub(super) fn to_sign(&self) -> Option<CentreId> {
        let centre = self.activity()?.centre;
        let signs_itself = self.roster.centres.get(&centre).is_none_or(|c| c.kind == SIGNS_ITSELF);
        if signs_itself || self.roster.directors(centre).is_empty() {
            return None;
        }
        let moments = moment::of_day(&self.roster, self.day);
        let moments: Vec<&Activity> = moments.into_iter().filter(|a| a.centre == centre).collect();
        let over = moments.iter().all(|a| a.ends.is_some_and(|ends| self.time > ends));
        if !over || moments.iter().filter(|a| a.recording.needs_departure()).any(|a| self.somebody_is_here(a)) {
            return None;
        }
        let sheet = DaySheet::of(&self.attendance, centre, self.day, None);
        let signed = self.attendance.signed(centre, self.day, None).is_some_and(|s| s.sheet == Some(sheet.hash()));
        (!sheet.rows.is_empty() && !signed).then_some(centre)
    }

    fn somebody_is_here(&self, activity: &Activity) -> bool {
        let Some(reading) = self.reading() else { return false };
        let reading = Reading { activity: Some(activity), ..reading };
        self.roster.children.values().any(|child| reading.standing(child).state == TileState::Present)
    }

    /// "Signer la journée": at once where a card has just named a director, else by name.
    pub(super) fn ask_signature(&mut self, now: Now) {
        let Some(centre) = self.to_sign() else {
            return self
                .say(Tone::Amber, tr!("La journée ne peut pas encore être signée : un départ manque, ou un moment n'est pas fini."));
        };
        match self.staff {
            Some(named) if self.is_director(named.staff, centre) => self.sign(now, centre, Said::day_signed),
            _ => self.dialog = Some(Open::Sign),
        }
    }

    /// A director was touched by name. One who has a card is asked for it: a name alone is anybody's finger.
    pub(super) fn sign_by_name(&mut self, now: Now, staff: StaffId) {
        let Some(centre) = self.to_sign().filter(|centre| self.is_director(staff, *centre)) else { return };
        if self.roster.has_card(staff) {
            let name = self.roster.staff(staff).map(|s| format!("{} {}", s.first_name, s.last_name)).unwrap_or_default();
            return self.say(Tone::Amber, tr!("{name} : présentez votre carte pour signer.", name));
        }
        self.sign(now, centre, |detail| Said { actor: Some(staff), ..Said::day_signed(detail) });
    }

    /// A card was shown while the screen asks who signs.
    pub(super) fn sign_by_card(&mut self, now: Now, badge: BadgeId, staff: StaffId) {
        match self.to_sign().filter(|centre| self.is_director(staff, *centre)) {
            Some(centre) => self.sign(now, centre, |detail| Said::day_signed(detail).by(Some(By::Badge(badge)))),
            None => self.say(Tone::Amber, tr!("Cette carte n'est pas celle de la direction de ce lieu : la journée n'est pas signée.")),
        }
    }

    fn is_director(&self, staff: StaffId, centre: CentreId) -> bool {
        self.roster.directors(centre).iter().any(|d| d.id == staff)
    }

    /// Signs the day of the lieu that the board shows. By whom: the member of staff who showed a card within the minute, else nobody
    /// by name.
    pub fn sign_day(&mut self, now: Now) {
        self.last_recorded.clear();
        self.refresh(now);
        match self.activity().map(|a| a.centre) {
            Some(centre) => self.sign(now, centre, Said::day_signed),
            None => self.say(Tone::Amber, tr!("Aucun lieu d'accueil n'est connu : rien à signer.")),
        }
    }

    fn sign(&mut self, now: Now, centre: CentreId, by: impl FnOnce(Detail) -> Said) {
        let sheet = DaySheet::of(&self.attendance, centre, self.day, None);
        let said = by(Detail::DaySigned { day: self.day, activity: None, sheet: sheet.hash(), heads: self.heads() });
        if self.record(now, vec![said]) {
            self.dialog = None;
            let lieu = self.lieu(centre);
            self.say(Tone::Calm, tr!("{lieu} : la journée est signée, {children} sur la feuille.", lieu, children = on_the_sheet(&sheet)));
        }
    }

    /// What the screen asks.
    pub(super) fn sign_dialog(&self) -> Option<SignDialog> {
        let centre = self.activity()?.centre;
        let sheet = DaySheet::of(&self.attendance, centre, self.day, None);
        let subtitle = tr!("{} · {} · {} sur la feuille", self.lieu(centre), words::day(self.day), on_the_sheet(&sheet));
        Some(SignDialog { subtitle, directors: self.roster.directors(centre).into_iter().map(staff_choice).collect() })
    }

    fn lieu(&self, centre: CentreId) -> String {
        self.roster.centres.get(&centre).map(|c| c.name.clone()).unwrap_or_default()
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

impl Said {
    fn day_signed(detail: Detail) -> Self {
        Self { child: None, ..Self::touch(Kind::DaySigned, ChildId::NIL, detail) }
    }
}

fn on_the_sheet(sheet: &DaySheet) -> String {
    tr!("{n} enfant" | "{n} enfants" % sheet.rows.len())
}

/// A site has a handful of devices; the layout's own limit is 256.
const HEADS_MAX: usize = 256;
