//! "Urgence": what to know of a child and whom to call, at once, without a PIN and without a network.
//!
//! That it was read is sealed (`care_opened`), since who looks at a child's health answers for it. The card opens whatever the disk
//! says: a child in danger doesn't wait for a full disk, and what could not be recorded is said in red behind it.

use super::board::hue;
use super::drafts::Said;
use super::{Door, Open};
use crate::clock::Now;
use crate::view::{CareDialog, ContactCard};
use chrono::{Datelike, NaiveDate};
use shared::id::ChildId;
use shared::journal::{Detail, Kind};
use shared::roster::{Adult, Care};

/// How long an open card stays without a touch, in ms.
const CARE_MS: u64 = 60_000;
/// From how many seconds before it closes the card says so.
const SAID_FROM_S: u64 = 10;

/// A card that is being read: the only place in memory where a child's health stands, and for no longer.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Reading {
    child: ChildId,
    /// `None` where the tablet hasn't been told.
    care: Option<Care>,
    /// CLOCK_BOOTTIME at which it closes.
    until_ms: u64,
}

/// Nothing of a child's health in a log.
impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("child", &self.child).finish_non_exhaustive()
    }
}

impl Door {
    /// Opens the card of a child, and seals that somebody did.
    pub(super) fn open_care(&mut self, now: Now, child: ChildId) {
        if !self.roster.children.contains_key(&child) {
            return;
        }
        let said = Said { reason: "urgence", ..Said::touch(Kind::CareOpened, child, Detail::None) };
        self.record(now, vec![said]);
        let care = self.store.roster.care(child).unwrap_or_else(|error| {
            tracing::error!(%error, "a care card could not be read");
            self.look_at(&error);
            None
        });
        self.dialog = Some(Open::Care(Reading { child, care, until_ms: now.boottime_ms.saturating_add(CARE_MS) }));
    }

    /// Whoever touches the card is still reading it.
    pub(super) fn keep_care_open(&mut self, now: Now) {
        if let Some(Open::Care(reading)) = &mut self.dialog {
            reading.until_ms = now.boottime_ms.saturating_add(CARE_MS);
        }
    }

    /// Closes a card that nobody touched for a minute: whoever comes by next is not who asked.
    pub(super) fn close_unread_care(&mut self) {
        if matches!(&self.dialog, Some(Open::Care(reading)) if reading.until_ms <= self.boottime_ms) {
            self.dialog = None;
        }
    }

    pub(super) fn care_dialog(&self, reading: &Reading) -> Option<CareDialog> {
        let child = self.roster.children.get(&reading.child)?;
        let left_s = reading.until_ms.saturating_sub(self.boottime_ms).div_ceil(1_000);
        let (known, care) = (reading.care.is_some(), reading.care.as_ref());
        Some(CareDialog {
            child: child.id,
            name: self.roster.full_name(child.id),
            initials: self.initials(child.id),
            hue: hue(child.id.0),
            photo: self.photo_of(child.id),
            birth_date: child.birth_date,
            age_years: years(child.birth_date, self.day),
            allergies: care.map(|c| c.allergies.clone()).unwrap_or_default(),
            plan: care.map(|c| c.plan.clone()).unwrap_or_default(),
            awaited: child.care && !known,
            contacts: self.contacts(child.id, care),
            closes_in_s: u32::try_from(left_s).ok().filter(|_| left_s <= SAID_FROM_S),
        })
    }

    /// Whom to call; those who may take the child, where a server of before knows no cards.
    fn contacts(&self, child: ChildId, care: Option<&Care>) -> Vec<ContactCard> {
        let contact = |name: String, link: &str, telephone: &str| ContactCard { name, link: link.into(), telephone: in_pairs(telephone) };
        let Some(care) = care else {
            let called = |adult: &&Adult| !adult.telephone.is_empty();
            let full_name = |a: &Adult| format!("{} {}", a.first_name, a.last_name);
            let allowed = self.roster.allowed(child, self.day).into_iter().filter(called);
            return allowed.map(|a| contact(full_name(a), &a.link, &a.telephone)).collect();
        };
        care.contacts.iter().map(|c| contact(c.name.clone(), &c.link, &c.telephone)).collect()
    }
}

/// Whole years on a day.
fn years(birth: NaiveDate, day: NaiveDate) -> u32 {
    let before = (day.month(), day.day()) < (birth.month(), birth.day());
    u32::try_from(day.year() - birth.year() - i32::from(before)).unwrap_or(0)
}

/// A French number as it is dictated, two figures at a time; any other as it was written.
fn in_pairs(telephone: &str) -> String {
    let digits: String = telephone.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-')).collect();
    let digits = digits.strip_prefix("+33").map_or(digits.clone(), |rest| format!("0{rest}"));
    if digits.len() != 10 || !digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return telephone.to_owned();
    }
    digits.as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\u{a0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_as_it_is_dictated() {
        for (written, shown) in [
            ("0612345678", "06 12 34 56 78"),
            ("06.12.34.56.78", "06 12 34 56 78"),
            ("+33 6 12 34 56 78", "06 12 34 56 78"),
            ("+32 2 123 45 67", "+32 2 123 45 67"),
            ("3114", "3114"),
            ("", ""),
        ] {
            assert_eq!(in_pairs(written).replace('\u{a0}', " "), shown);
        }
    }

    #[test]
    fn an_age_is_in_whole_years_on_the_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (birth, on, age) in [("2019-05-04", "2026-05-03", 6), ("2019-05-04", "2026-05-04", 7), ("2024-02-29", "2026-02-28", 1)] {
            assert_eq!(years(day(birth), day(on)), age);
        }
        assert_eq!(years(day("2027-01-01"), day("2026-10-14")), 0, "a wrong clock makes no age of four thousand million");
    }
}
