//! What stays of an evacuation: who was ticked by whom and when, and how long it took.

use super::on_site::Whereabouts;
use super::{Door, words};
use crate::view::{EvacuationHelp, EvacuationReport, ReportLine};
use shared::fold::{Ended, Evacuation};
use shared::journal::{ALARM, MISTAKE, Someone};
use shared::name::folded;
use std::collections::BTreeSet;
use uuid::Uuid;

impl Door {
    pub(super) fn evacuation_help(&self) -> EvacuationHelp {
        let ended = self.evacuations().filter_map(|e| Some((e, e.ended.as_ref()?)));
        let said = |(e, ended): (&Evacuation, &Ended)| (e.calls[0], tr!("{} de {}", name(&ended.reason), words::time_ms(e.started_ms())));
        EvacuationHelp { reports: ended.map(said).collect() }
    }

    pub(super) fn open_evacuation_report(&mut self, call: Uuid) {
        if self.evacuations().any(|e| e.calls.contains(&call)) {
            self.dialog = Some(super::Open::EvacuationReport(call));
        }
    }

    pub(super) fn evacuation_report(&self, call: Uuid) -> Option<EvacuationReport> {
        let evacuation = self.evacuations().find(|e| e.calls.contains(&call))?;
        let ended = evacuation.ended.as_ref()?;
        let of_then = self.on_site(Some(ended.mark.at_ms));
        let here = of_then.iter().filter(|(_, at)| at.place == Whereabouts::Here).map(|(who, _)| *who);
        let people: BTreeSet<Someone> = here.chain(evacuation.seen.keys().copied()).collect();
        let mut lines: Vec<ReportLine> = people.iter().map(|who| self.report_line(evacuation, *who)).collect();
        lines.sort_by_cached_key(|line| (line.seen, folded(&line.name)));
        let seen = u32::try_from(lines.iter().filter(|line| line.seen).count()).unwrap_or(u32::MAX);
        let incomplete = lines.iter().any(|line| !line.seen);
        let last_ms = people.iter().filter_map(|who| evacuation.first_seen(*who)).map(|mark| mark.at_ms).max();
        let took = last_ms.map(|last| in_words(last - evacuation.started_ms())).filter(|_| !incomplete);
        let took = took.map_or_else(String::new, |took| tr!(", toutes en {took}", took));
        let (from, to) = (words::time_ms(evacuation.started_ms()), self.by_whom(&ended.mark, &by()));
        Some(EvacuationReport {
            title: name(&ended.reason),
            subtitle: tr!("{} · ouvert à {from}, terminé à {to}", words::long_day(self.day), from, to),
            summary: tr!("{n} personne vue sur {all}{took}." | "{n} personnes vues sur {all}{took}." % seen, all = lines.len(), took),
            incomplete,
            unrecorded: self.unrecorded(),
            lines,
        })
    }

    fn report_line(&self, evacuation: &Evacuation, who: Someone) -> ReportLine {
        let name = self.shown(who, None).full;
        let first = evacuation.first_seen(who);
        ReportLine { name, text: first.map_or_else(|| tr!("non vu"), |mark| self.by_whom(mark, &by())), seen: first.is_some() }
    }
}

/// Between an hour and who said so.
pub(super) fn by() -> String {
    tr!(", par ")
}

fn name(reason: &str) -> String {
    match reason {
        ALARM => tr!("Évacuation"),
        MISTAKE => tr!("Appel ouvert par erreur"),
        _ => tr!("Exercice d'évacuation"),
    }
}

/// "6 min 12 s".
fn in_words(ms: i64) -> String {
    match ms.max(0) / 1_000 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}
