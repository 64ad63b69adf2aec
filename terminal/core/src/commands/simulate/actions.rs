//! Actions of a file: one JSON object a line, checked before the first is
//! played, all errors at once.

use crate::store::SealPoint;
use chrono::{DateTime, FixedOffset, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most errors that are told at once.
const ERRORS_MAX: usize = 100;

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Do {
    /// A card is held to the reader.
    Badge,
    /// A child arrives.
    Arrive,
    /// A child leaves.
    Leave,
    /// The last gesture is taken back.
    Undo,
    /// An absence is noted.
    Absent,
    /// A time is put right.
    Correct,
    /// A class is called.
    RollCall,
    /// The day is signed.
    SignDay,
    /// A member of staff types a PIN.
    Pin,
    /// The line is cut.
    Offline,
    /// The line is back.
    Online,
    /// A round of sync, now.
    Sync,
    /// Time passes.
    Advance,
    /// The process is killed at the next sealing.
    Kill,
}

impl Do {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Badge => "badge",
            Self::Arrive => "arrive",
            Self::Leave => "leave",
            Self::Undo => "undo",
            Self::Absent => "absent",
            Self::Correct => "correct",
            Self::RollCall => "roll_call",
            Self::SignDay => "sign_day",
            Self::Pin => "pin",
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Sync => "sync",
            Self::Advance => "advance",
            Self::Kill => "kill",
        }
    }
}

/// One action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// When, with an offset; left out: one second after the action before.
    #[serde(default)]
    pub at: Option<String>,
    /// What.
    #[serde(rename = "do")]
    pub act: Do,
    /// Code of the activity that the board is set to first.
    #[serde(default)]
    pub moment: Option<String>,
    /// Number of a card.
    #[serde(default)]
    pub uid: Option<String>,
    /// Code of a child.
    #[serde(default)]
    pub child: Option<String>,
    /// With whom, or where.
    #[serde(default)]
    pub to: Option<Value>,
    /// Codes of brothers and sisters who leave too.
    #[serde(default)]
    pub with: Vec<String>,
    /// `arrival` or `departure`, for a correction.
    #[serde(default)]
    pub of: Option<String>,
    /// `HH:MM`: the time that is right, for a correction or a departure that was forgotten.
    #[serde(default)]
    pub time: Option<String>,
    /// Code of the activity of a roll call.
    #[serde(default)]
    pub activity: Option<String>,
    /// Name of a class.
    #[serde(default)]
    pub class: Option<String>,
    /// Name of a group.
    #[serde(default)]
    pub group: Option<String>,
    /// Codes of children who are missing.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Codes of children who are there without being awaited.
    #[serde(default)]
    pub extra: Vec<String>,
    /// Code of a member of staff.
    #[serde(default)]
    pub staff: Option<String>,
    /// What was typed. It goes to the tablet's process beside the action ([`super::Typed`]), and into no output.
    #[serde(default, skip_serializing)]
    pub pin: Option<String>,
    /// How long time passes, in seconds.
    #[serde(default)]
    pub seconds: Option<u32>,
    /// The point to die at; left out: drawn from the seed.
    #[serde(default)]
    pub at_point: Option<String>,
    /// Seed of the draw.
    #[serde(default)]
    pub seed: Option<u64>,
}

impl Action {
    /// The instant that the file gives, ms since 1970 UTC.
    #[must_use]
    pub fn at_ms(&self) -> Option<i64> {
        self.at.as_deref().and_then(instant).map(|at| at.timestamp_millis())
    }

    /// The time of day that a correction gives.
    #[must_use]
    pub fn time(&self) -> Option<NaiveTime> {
        self.time.as_deref().and_then(time_of_day)
    }

    fn check(&self) -> Result<(), String> {
        let needs = |present: bool, key: &str| if present { Ok(()) } else { Err(format!("il manque « {key} »")) };
        if let Some(at) = &self.at
            && instant(at).is_none()
        {
            return Err(format!("« at » : {at:?} n'est pas un instant, attendu par exemple 2026-09-01T07:42:10+02:00"));
        }
        if let Some(time) = &self.time
            && time_of_day(time).is_none()
        {
            return Err(format!("« time » : {time:?} n'est pas une heure, attendu HH:MM"));
        }
        if let Some(point) = &self.at_point
            && SealPoint::parse(point).is_none()
        {
            return Err(format!("« at_point » : {point:?} est inconnu, attendu before_sign, after_sign, inside_commit ou after_commit"));
        }
        match self.act {
            Do::Badge => needs(self.uid.is_some(), "uid"),
            Do::Arrive | Do::Leave | Do::Absent => needs(self.child.is_some(), "child"),
            Do::Correct => {
                needs(self.child.is_some(), "child")?;
                needs(self.time.is_some(), "time")?;
                match self.of.as_deref() {
                    Some("arrival" | "departure") => Ok(()),
                    _ => Err("« of » : attendu arrival ou departure".into()),
                }
            }
            Do::RollCall => needs(self.activity.is_some() || self.moment.is_some(), "activity"),
            Do::Pin => {
                needs(self.staff.is_some(), "staff")?;
                needs(self.pin.is_some(), "pin")
            }
            Do::Advance => needs(self.seconds.is_some(), "seconds"),
            Do::Undo | Do::SignDay | Do::Offline | Do::Online | Do::Sync | Do::Kill => Ok(()),
        }
    }
}

fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

/// Reads a whole file: each action with the number of its line. Empty lines are skipped.
///
/// # Errors
/// Every line that isn't an action, with what was expected.
pub fn read(text: &str) -> Result<Vec<(usize, Action)>, String> {
    let (mut actions, mut errors) = (Vec::new(), Vec::new());
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match parse(line) {
            Ok(action) => actions.push((index + 1, action)),
            Err(error) => errors.push(format!("ligne {} : {error}", index + 1)),
        }
    }
    if errors.is_empty() && actions.first().is_some_and(|(_, first)| first.at.is_none()) {
        errors.push("la première action doit dire quand : « at »".into());
    }
    if errors.is_empty() {
        return Ok(actions);
    }
    errors.truncate(ERRORS_MAX);
    Err(errors.join("\n"))
}

fn parse(line: &str) -> Result<Action, String> {
    let value: Value = serde_json::from_str(line).map_err(|e| format!("ce n'est pas un objet JSON ({e})"))?;
    let action: Action = serde_json::from_value(value).map_err(|e| format!("action non comprise ({e})"))?;
    action.check().map(|()| action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_every_wrong_line_is_named() {
        let good = r#"
            {"at":"2026-09-01T07:42:10+02:00","do":"badge","uid":"04A1B2C3D4E5F6"}
            {"do":"kill","at_point":"after_sign"}
            {"do":"correct","child":"E0001","of":"arrival","time":"07:35"}"#;
        assert_eq!(read(good).unwrap().len(), 3);
        let bad = "{\"do\":\"badge\"}\n{\"do\":\"danse\"}\nbonjour\n{\"at\":\"hier\",\"do\":\"sync\"}\n{\"do\":\"pin\",\"pin\":\"1234\"}\n{\"do\":\"undo\",\"chidl\":\"E1\"}";
        let errors = read(bad).unwrap_err();
        for (line, word) in [(1, "uid"), (2, "danse"), (3, "JSON"), (4, "hier"), (5, "staff"), (6, "chidl")] {
            let said = errors.lines().find(|l| l.starts_with(&format!("ligne {line} :"))).unwrap();
            assert!(said.contains(word), "{said}");
        }
        assert!(read(r#"{"do":"sync"}"#).unwrap_err().contains("at"));
    }
}
