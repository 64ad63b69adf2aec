//! The life of an operation: created, its page opened within 15 minutes, a result or none; forgotten by the night job where the page
//! was never opened. A pure state machine: time comes in.

use crate::checks::{Anomaly, Asked, P1, P3, P4, P5};
use crate::switches::Switches;
use chrono::{DateTime, Days, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use std::collections::BTreeMap;

/// How long the page may be opened after the creation.
pub const PAGE_MINUTES_MAX: i64 = 15;
/// The hour, in Europe/Paris, at which operations that nobody opened are deleted.
pub const NIGHT_JOB_HOUR: u32 = 3;
/// How long an opened operation can be asked about.
pub const RECORD_DAYS_MAX: i64 = 365;
/// Most operations kept; the oldest go first.
pub const OPERATIONS_MAX: usize = 100_000;
/// Deliveries told of one operation.
const TOLD_MAX: usize = 20;
/// Ticks of 100 ns between 15 October 1582 and 1970 (RFC 9562, section 5.1).
const TICKS_TO_1970: i64 = 0x01B2_1DD2_1381_4000;

/// The five results that the page offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    P,
    V,
    R,
    Z,
    A,
}

impl Letter {
    /// The letter on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P => "P",
            Self::V => "V",
            Self::R => "R",
            Self::Z => "Z",
            Self::A => "A",
        }
    }

    /// Reads a letter.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        [Self::P, Self::V, Self::R, Self::Z, Self::A].into_iter().find(|letter| letter.as_str() == text)
    }

    fn succeeds(self) -> bool {
        matches!(self, Self::P | Self::V)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Conclusion {
    letter: Letter,
    at: DateTime<Utc>,
    numauto: Option<String>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    pub idop: String,
    pub asked: Asked,
    pub switches: Switches,
    pub created_at: DateTime<Utc>,
    opened_at: Option<DateTime<Utc>>,
    conclusion: Option<Conclusion>,
    /// What became of its notifications, in order.
    pub told: Vec<String>,
}

impl Operation {
    /// Where it stands, in the words of the admin page.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (&self.conclusion, self.opened_at) {
            (Some(conclusion), _) => conclusion.letter.as_str(),
            (None, Some(_)) => "en cours",
            (None, None) => "créée",
        }
    }

    fn young(&self, now: DateTime<Utc>) -> bool {
        now - self.created_at <= TimeDelta::minutes(PAGE_MINUTES_MAX)
    }

    fn forgotten(&self, now: DateTime<Utc>) -> bool {
        match self.opened_at {
            None => now >= night_after(self.created_at),
            Some(opened) => now - opened > TimeDelta::days(RECORD_DAYS_MAX),
        }
    }

    /// Whether a payer may still act on the page.
    fn awaits(&self, now: DateTime<Utc>) -> Result<(), Anomaly> {
        match &self.conclusion {
            None => Ok(()),
            Some(c) if c.letter == Letter::A && self.switches.abandon_reusable && self.young(now) => Ok(()),
            Some(_) => Err(P3),
        }
    }

    /// The record as the service gives it back, or with its switches' lies. A value that is absent is an absent element.
    fn record(&self, conclusion: &Conclusion) -> Vec<(&'static str, String)> {
        let Self { asked, switches, .. } = self;
        let local = conclusion.at.with_timezone(&Paris);
        let or = |lie: &Option<String>, truth: &str| lie.clone().unwrap_or_else(|| truth.to_owned());
        // Two digits were seen once, of a year 2019: "20".
        let exer = if switches.exer_two_digits { asked.exer.chars().take(2).collect() } else { asked.exer.clone() };
        let optional = |value: String| if switches.optional_absent { String::new() } else { value };
        let mut record = vec![
            ("dattrans", optional(local.format("%d%m%Y").to_string())),
            ("exer", optional(exer)),
            ("heurtrans", optional(local.format("%H%M").to_string())),
            ("idOp", self.idop.clone()),
            ("mel", optional(asked.mel.clone())),
            ("montant", or(&switches.montant, &asked.montant_cents.to_string())),
            ("numauto", optional(conclusion.numauto.clone().unwrap_or_default())),
            ("numcli", or(&switches.numcli, &asked.numcli)),
            ("objet", optional(asked.objet.clone())),
            ("refdet", or(&switches.refdet, &asked.refdet)),
            ("resultrans", or(&switches.letter, conclusion.letter.as_str())),
            ("saisie", or(&switches.saisie, &asked.saisie)),
        ];
        record.retain(|(_, value)| !value.is_empty());
        record
    }
}

/// The first night job after an instant.
fn night_after(at: DateTime<Utc>) -> DateTime<Utc> {
    let day = at.with_timezone(&Paris).date_naive();
    // 03:00 exists on every day, and once: March skips 02:00 to 03:00, October repeats 02:00 to 03:00.
    let night = |days| {
        let wall = day.checked_add_days(Days::new(days))?.and_hms_opt(NIGHT_JOB_HOUR, 0, 0)?;
        Paris.from_local_datetime(&wall).earliest().map(|night| night.with_timezone(&Utc))
    };
    [night(0), night(1)].into_iter().flatten().find(|night| *night > at).unwrap_or(at)
}

/// All operations.
#[derive(Debug)]
pub struct Operations {
    by_idop: BTreeMap<String, Operation>,
    node: [u8; 6],
    ticks: u64,
    payments: u64,
}

impl Operations {
    /// None yet. The node tells two sandboxes' operations apart.
    #[must_use]
    pub fn of_node(node: [u8; 6]) -> Self {
        Self { by_idop: BTreeMap::new(), node, ticks: 0, payments: 0 }
    }

    /// Creates an operation and gives its name.
    pub fn create(&mut self, asked: Asked, switches: Switches, now: DateTime<Utc>) -> String {
        self.forget(now);
        while self.by_idop.len() >= OPERATIONS_MAX {
            let oldest = self.by_idop.values().min_by_key(|operation| operation.created_at).map(|operation| operation.idop.clone());
            self.by_idop.remove(&oldest.unwrap_or_default());
        }
        let idop = self.name(now);
        let operation =
            Operation { idop: idop.clone(), asked, switches, created_at: now, opened_at: None, conclusion: None, told: Vec::new() };
        self.by_idop.insert(idop.clone(), operation);
        idop
    }

    /// A UUID version 1: never the same twice, even where the clock stands or goes back.
    fn name(&mut self, now: DateTime<Utc>) -> String {
        let real = now.timestamp_micros().saturating_mul(10).saturating_add(TICKS_TO_1970);
        self.ticks = u64::try_from(real).unwrap_or(0).max(self.ticks + 1);
        uuid::Builder::from_gregorian_timestamp(self.ticks, 0, &self.node).into_uuid().hyphenated().to_string()
    }

    /// What `recupererDetailPaiementSecurise` answers. Without side effect.
    ///
    /// # Errors
    /// P1, P5.
    pub fn record(&mut self, idop: &str, now: DateTime<Utc>) -> Result<Vec<(&'static str, String)>, Anomaly> {
        self.forget(now);
        let operation = self.by_idop.get(idop).ok_or(P1)?;
        operation.conclusion.as_ref().map(|conclusion| operation.record(conclusion)).ok_or(P5)
    }

    /// Opens the payment page.
    ///
    /// # Errors
    /// P1, P3, P4.
    pub fn open(&mut self, idop: &str, now: DateTime<Utc>) -> Result<&Operation, Anomaly> {
        self.forget(now);
        let operation = self.by_idop.get_mut(idop).ok_or(P1)?;
        operation.awaits(now)?;
        if operation.opened_at.is_some() && operation.switches.page_once {
            return Err(P3);
        }
        if !operation.young(now) {
            return Err(P4);
        }
        operation.opened_at.get_or_insert(now);
        Ok(operation)
    }

    /// A payer presses one of the five buttons of a page that was opened, however long ago.
    ///
    /// # Errors
    /// P1, P3; P4 where the page was never opened and can't be any more.
    pub fn conclude(&mut self, idop: &str, letter: Letter, now: DateTime<Utc>) -> Result<&Operation, Anomaly> {
        self.forget(now);
        let operation = self.by_idop.get_mut(idop).ok_or(P1)?;
        operation.awaits(now)?;
        if operation.opened_at.is_none() && !operation.young(now) {
            return Err(P4);
        }
        operation.opened_at.get_or_insert(now);
        self.payments += 1;
        let numauto = letter.succeeds().then(|| format!("{:012}-bac", self.payments));
        operation.conclusion = Some(Conclusion { letter, at: now, numauto });
        Ok(operation)
    }

    /// Notes what became of a notification.
    pub fn tell(&mut self, idop: &str, what: String) {
        if let Some(operation) = self.by_idop.get_mut(idop).filter(|operation| operation.told.len() < TOLD_MAX) {
            operation.told.push(what);
        }
    }

    /// Those that are not forgotten, latest first.
    pub fn latest_first(&mut self, now: DateTime<Utc>) -> Vec<&Operation> {
        self.forget(now);
        let mut all: Vec<_> = self.by_idop.values().collect();
        all.sort_by(|a, b| (b.created_at, &b.idop).cmp(&(a.created_at, &a.idop)));
        all
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        self.by_idop.retain(|_, operation| !operation.forgotten(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_job_comes_at_three_in_paris_in_summer_in_winter_and_on_the_days_between() {
        let night = |at: &str| night_after(at.parse().unwrap()).to_rfc3339();
        assert_eq!(night("2026-07-01T10:00:00Z"), "2026-07-02T01:00:00+00:00");
        assert_eq!(night("2026-12-01T10:00:00Z"), "2026-12-02T02:00:00+00:00");
        assert_eq!(night("2026-12-01T01:59:59Z"), "2026-12-01T02:00:00+00:00");
        assert_eq!(night("2026-12-01T02:00:00Z"), "2026-12-02T02:00:00+00:00", "created on the stroke: the night after");
        assert_eq!(night("2026-03-29T00:30:00Z"), "2026-03-29T01:00:00+00:00", "02:00 to 03:00 is skipped");
        assert_eq!(night("2026-10-25T00:30:00Z"), "2026-10-25T02:00:00+00:00", "02:00 to 03:00 comes twice");
    }

    #[test]
    fn two_operations_never_have_one_name_though_the_clock_stands_or_goes_back() {
        let mut operations = Operations::of_node(*b"\x02claim");
        let noon: DateTime<Utc> = "2026-11-26T12:00:00Z".parse().unwrap();
        let names = [noon, noon, noon - TimeDelta::hours(1), noon].map(|at| operations.name(at));
        for (at, name) in names.iter().enumerate() {
            assert_eq!(uuid::Uuid::parse_str(name).unwrap().get_version_num(), 1);
            assert!(!names[..at].contains(name));
        }
    }
}
