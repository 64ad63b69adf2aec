//! How a tablet is, in a person's words: what it said of itself, and what of that somebody should see to.

use super::today::seen;
use crate::store::entity::device;
use serde::Deserialize;
use shared::french;
use shared::wire::{TabletReport, key_storage, reader};

/// A queue that is older than this has another trouble than a slow line, in seconds.
const QUEUE_OLD_S: u64 = 3_600;
/// A clock that is further off is flagged by the fold, too.
const CLOCK_OFF_MS: i64 = 2 * 60_000;
/// Below it a tablet that isn't plugged in may not last the evening, in percent.
const BATTERY_LOW: u64 = 20;
/// A tablet that asks every ten seconds and wasn't heard for so long is off, or has no line, in ms.
const SILENT_MS: i64 = 24 * 3_600_000;

/// A tablet's health.
pub(super) struct Health {
    /// "vue à 8:27".
    pub seen: String,
    /// What somebody should see to: mark and words; empty where all is well.
    pub concerns: Vec<(&'static str, String)>,
    /// All that is known, as name and value.
    pub facts: Vec<(&'static str, String)>,
}

/// What a session showed (the column `last_status`).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    version: String,
    clock_offset_ms: Option<i64>,
}

/// Reads what is known of a tablet.
pub(super) fn health(row: &device::Model, report: Option<&(TabletReport, i64)>, now_ms: i64) -> Health {
    let status: Status = row.last_status.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let seen_words = row.last_contact_ms.map_or_else(|| "jamais vue".into(), |at| format!("vue {}", seen(at, now_ms)));
    let mut health = Health { seen: seen_words.clone(), concerns: Vec::new(), facts: vec![("Dernier contact", seen_words)] };
    if row.revoked_at_ms.is_none() && row.last_contact_ms.is_some_and(|at| now_ms - at > SILENT_MS) {
        health.concerns.push(("look", "pas vue depuis plus d’un jour".into()));
    }
    let version = report.map(|(report, _)| report.version.clone()).filter(|v| !v.is_empty()).unwrap_or(status.version);
    if !version.is_empty() {
        health.facts.push(("Version du logiciel", version));
    }
    clock(&mut health, status.clock_offset_ms);
    match report {
        None => health
            .facts
            .push(("État", "cette tablette ne le dit pas : son logiciel est plus ancien, ou elle n’a pas encore échangé".into())),
        Some((report, at_ms)) => {
            queue(&mut health, report);
            machine(&mut health, report);
            health.facts.push(("Dit par la tablette", seen(*at_ms, now_ms)));
        }
    }
    health
}

fn clock(health: &mut Health, offset_ms: Option<i64>) {
    let Some(offset_ms) = offset_ms else { return };
    let off = duration(offset_ms.unsigned_abs() / 1_000);
    let said = match offset_ms {
        -999..1_000 => "juste à la seconde".to_owned(),
        ahead if ahead > 0 => format!("en avance de {off}"),
        _ => format!("en retard de {off}"),
    };
    if offset_ms.saturating_abs() > CLOCK_OFF_MS {
        health.concerns.push(("look", format!("horloge {said}")));
    }
    health.facts.push(("Horloge", said));
}

fn queue(health: &mut Health, report: &TabletReport) {
    let count = |number: u64, one, many| french::count(u32::try_from(number).unwrap_or(u32::MAX), one, many);
    let said = match (report.waiting, report.oldest_waiting_s) {
        (0, _) => "rien n’attend d’être envoyé".to_owned(),
        (waiting, Some(age_s)) => {
            format!("{}, le plus ancien depuis {}", count(waiting, "pointage attend", "pointages attendent"), duration(age_s))
        }
        (waiting, None) => count(waiting, "pointage attend", "pointages attendent"),
    };
    if report.waiting > 0 && report.oldest_waiting_s.is_some_and(|age_s| age_s > QUEUE_OLD_S) {
        health.concerns.push(("look", said.clone()));
    }
    health.facts.push(("File d’envoi", said));
    if report.refused > 0 {
        let said = count(report.refused, "pointage refusé par le serveur", "pointages refusés par le serveur");
        health.concerns.push(("grave", said.clone()));
        health.facts.push(("Refusés", format!("{said} : gardé sur la tablette seule")));
    }
    if report.set_aside > 0 {
        let said = count(report.set_aside, "fichier abîmé mis de côté", "fichiers abîmés mis de côté");
        health.concerns.push(("grave", said.clone()));
        health.facts.push(("Journal", said));
    } else {
        health.facts.push(("Journal", "entier".into()));
    }
}

fn machine(health: &mut Health, report: &TabletReport) {
    let reader = match report.reader.as_deref() {
        Some(reader::PLUGGED_IN) => "branché",
        Some(reader::ABSENT) => "aucun n’est branché",
        _ => "inconnu",
    };
    health.facts.push(("Lecteur de badges", reader.into()));
    let mains = match report.plugged_in {
        Some(true) => ", sur secteur",
        Some(false) => ", sans secteur",
        None => "",
    };
    match report.battery_percent {
        Some(percent) => {
            let said = format!("{percent} %{mains}");
            if percent < BATTERY_LOW && report.plugged_in != Some(true) {
                health.concerns.push(("look", format!("batterie à {said}")));
            }
            health.facts.push(("Batterie", said));
        }
        None => health.facts.push(("Batterie", "aucune, ou inconnue".into())),
    }
    let key = match report.key_storage.as_str() {
        key_storage::FILE => "dans un fichier de la tablette : une copie de son disque la donne",
        key_storage::TPM => "scellée par la puce TPM 2.0 de la machine : une copie de son disque n’ouvre rien",
        _ => "inconnu",
    };
    health.facts.push(("Garde de la clé", key.into()));
}

/// "40 s", "12 min", "3 h", "5 jours".
fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} jours", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tablet(last_status: &str, last_contact_ms: Option<i64>) -> device::Model {
        device::Model {
            territoire_id: uuid::Uuid::nil(),
            id: uuid::Uuid::nil(),
            site_id: uuid::Uuid::nil(),
            kind: "tablet".into(),
            name: "Tablette".into(),
            public_key: Vec::new(),
            epoch: 1,
            enrolled_at_ms: 0,
            last_contact_ms,
            last_status: Some(last_status.into()),
            revoked_at_ms: None,
            succeeds: None,
        }
    }

    const NOW_MS: i64 = 1_793_688_120_000;

    #[test]
    fn a_tablet_that_is_well_asks_for_nothing() {
        let row = tablet(r#"{"version":"0.1.0","clock_offset_ms":-400}"#, Some(NOW_MS - 60_000));
        let report = TabletReport {
            version: "0.2.0".into(),
            key_storage: "fichier".into(),
            battery_percent: Some(9),
            plugged_in: Some(true),
            ..TabletReport::default()
        };
        let health = health(&row, Some(&(report, NOW_MS)), NOW_MS);
        assert_eq!(health.concerns, []);
        assert!(
            health.facts.contains(&("Version du logiciel", "0.2.0".into()))
                && health.facts.contains(&("Horloge", "juste à la seconde".into()))
        );
    }

    #[test]
    fn whatever_somebody_should_see_to_is_said() {
        let row = tablet(r#"{"clock_offset_ms":-9223372036854775808}"#, Some(0));
        let report = TabletReport {
            waiting: 12,
            oldest_waiting_s: Some(11_000),
            refused: 1,
            set_aside: 2,
            battery_percent: Some(12),
            ..TabletReport::default()
        };
        let said: Vec<String> = health(&row, Some(&(report, NOW_MS)), NOW_MS).concerns.into_iter().map(|(_, said)| said).collect();
        assert_eq!(said.len(), 6, "{said:?}");
        assert!(
            said.contains(&"12 pointages attendent, le plus ancien depuis 3 h".to_owned()) && said.contains(&"batterie à 12 %".to_owned()),
            "{said:?}"
        );
    }

    #[test]
    fn where_its_key_lies_is_said_in_plain_words() {
        let said = |place: &str| {
            let report = TabletReport { key_storage: place.into(), ..TabletReport::default() };
            let facts = health(&tablet("{}", Some(0)), Some(&(report, NOW_MS)), NOW_MS).facts;
            facts.into_iter().find(|(name, _)| *name == "Garde de la clé").unwrap().1
        };
        assert!(said(key_storage::TPM).contains("puce TPM 2.0") && said(key_storage::TPM).contains("n’ouvre rien"));
        assert!(said(key_storage::FILE).contains("une copie de son disque la donne"));
        assert_eq!(said("ailleurs"), "inconnu");
    }

    #[test]
    fn an_old_tablet_and_a_status_that_is_none_are_shown_without_what_they_dont_say() {
        let health = health(&tablet("pas du JSON", None), None, NOW_MS);
        assert_eq!((health.seen.as_str(), health.concerns.len()), ("jamais vue", 0));
        assert!(health.facts.iter().any(|(name, _)| *name == "État"));
    }
}
