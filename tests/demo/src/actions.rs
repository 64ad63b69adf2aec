//! A file of actions for `preau-terminal simulate`, and what came out of it.

use crate::programs::{Programs, run};
use anyhow::{Context, Result, bail};
use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;
use serde_json::Value;
use shared::calendar::instant;

/// Actions of one day, in order.
pub struct Actions {
    day: NaiveDate,
    lines: Vec<String>,
}

/// One line of output (docs/simulate.md).
#[derive(Debug, Clone, Deserialize)]
pub struct Played {
    #[serde(rename = "do")]
    pub act: String,
    pub ok: bool,
    pub entries: Vec<String>,
    pub notice: Option<String>,
    pub durable_ms: Option<serde_json::Number>,
    pub unsent: u64,
    pub killed: Option<Value>,
}

impl Played {
    /// What is on disk of the action: shown, or durable at the instant of a death, before any screen could show it.
    pub fn recorded(&self) -> Vec<String> {
        let unseen = self.killed.iter().flat_map(|k| k["unseen"].as_array().into_iter().flatten());
        self.entries.iter().cloned().chain(unseen.filter_map(|e| e.as_str()).map(str::to_owned)).collect()
    }
}

impl Actions {
    pub fn on(day: NaiveDate) -> Self {
        Self { day, lines: Vec::new() }
    }

    /// Adds an action at a time of the day, `HH:MM:SS` in Europe/Paris.
    pub fn at(&mut self, time: &str, mut action: Value) {
        let time: NaiveTime = time.parse().unwrap_or_default();
        action["at"] = Value::String(instant(self.day, time).to_rfc3339());
        self.lines.push(action.to_string());
    }

    /// Plays them on the tablet's real controllers and store.
    pub fn play(&self, programs: &Programs) -> Result<Vec<Played>> {
        let file = programs.data.join("actions.jsonl");
        std::fs::write(&file, self.lines.join("\n") + "\n").with_context(|| file.display().to_string())?;
        let (code, out, err) = run(&mut programs.terminal(&["simulate", "--actions", &file.to_string_lossy()]))?;
        if code != 0 {
            bail!("simulate a fini avec {code} :\n{err}{out}");
        }
        out.lines().map(|line| serde_json::from_str(line).with_context(|| format!("ligne inattendue : {line}"))).collect()
    }
}
