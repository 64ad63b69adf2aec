//! What the roll call of an evacuation shows: who is missing first, and each in one place until the fingers rest.

use super::on_site::{OnSite, Shown, Whereabouts};
use super::{Door, words};
use crate::view::{EvacuationDialog, PeopleTab, PersonRow, PersonState};
use shared::fold::{Evacuation, Mark};
use shared::id::StaffId;
use shared::journal::{ActorKind, Someone};
use shared::name::folded;
use std::collections::BTreeMap;

/// Most names in the sentence of the missing.
const NAMES_SHOWN_MAX: usize = 6;

/// Somebody of the list, before it is cut by group.
struct Line {
    row: PersonRow,
    group_key: String,
    /// Where the row stands, which may still be among the missing.
    section: PersonState,
}

impl Door {
    /// The roll call in front of the board.
    pub(super) fn evacuation_dialog(&self) -> Option<EvacuationDialog> {
        let running = self.running().filter(|_| self.evacuating.front)?;
        let mut lines = self.evacuation_lines(running);
        let groups = self.evacuation_tabs(&lines);
        let (seen, total) = figures(lines.iter());
        let missing: Vec<String> = missing(&lines).map(|line| line.row.name.clone()).collect();
        let elapsed_ms = self.wall_ms.saturating_sub(running.started_ms()).max(0);
        let title = tr!("Évacuation depuis {} · {}", words::time_ms(running.started_ms()), duration(elapsed_ms));
        let acting = self.staff.map(|named| self.shown(Someone::Staff(named.staff), None).full).unwrap_or_default();
        let ending = self.evacuating.ending.then(|| missing_in_words(&missing, &lines));
        let group = &self.evacuating.group;
        lines.retain(|line| group.is_empty() || line.group_key == *group);
        lines.sort_by_cached_key(|line| (line.section, folded(&line.row.group), folded(&line.row.name), line.row.who));
        Some(EvacuationDialog {
            title,
            seen,
            total,
            missing: if missing.is_empty() { String::new() } else { missing_names(&missing) },
            acting,
            unrecorded: self.unrecorded(),
            groups,
            people: lines.into_iter().map(|line| line.row).collect(),
            ending,
        })
    }

    /// What the board says of an evacuation that goes on behind it: "32 vus sur 34".
    pub(super) fn evacuation_behind(&self) -> Option<String> {
        let running = self.running()?;
        let lines = self.evacuation_lines(running);
        let (seen, total) = figures(lines.iter());
        Some(tr!("Évacuation en cours · {n} vu sur {total}" | "Évacuation en cours · {n} vus sur {total}" % seen, total))
    }

    fn evacuation_lines(&self, running: &Evacuation) -> Vec<Line> {
        let mut people: BTreeMap<Someone, Option<OnSite>> = self.on_site(None).into_iter().map(|(who, at)| (who, Some(at))).collect();
        for who in running.seen.keys().filter(|who| !self.left_since(**who, running.started_ms())) {
            people.entry(*who).or_default();
        }
        people.into_iter().map(|(who, at)| self.line(running, who, at)).collect()
    }

    /// Whether a departure was recorded since the start: nobody looks for whom a parent took home.
    fn left_since(&self, who: Someone, start_ms: i64) -> bool {
        let Some(day) = who.child().and_then(|child| self.attendance.days.get(&(self.day, child))) else { return false };
        let departures = day.presences.iter().filter_map(|p| p.left.as_ref()).chain(&day.lone_departures);
        let last = departures.map(|d| d.mark.at_ms).max();
        let arrived = day.presences.iter().map(|p| p.arrived.at_ms).max();
        last.is_some_and(|left| left >= start_ms && arrived.is_none_or(|arrived| arrived <= left))
    }

    fn line(&self, running: &Evacuation, who: Someone, at: Option<OnSite>) -> Line {
        let Shown { short, initials, hue, photo, group, .. } = self.shown(who, at.as_ref().and_then(|at| at.slot.centre));
        let (unseen, text) = match at.map(|at| at.place) {
            Some(Whereabouts::Here) | None => (PersonState::Missing, tr!("manque")),
            Some(Whereabouts::ToCheck(why)) => (PersonState::ToCheck, tr!("à vérifier · {why}", why)),
            Some(Whereabouts::Out(_, label)) => (PersonState::Out, tr!("en sortie · {label}", label)),
        };
        let (state, text) = match running.first_seen(who) {
            Some(mark) => (PersonState::Seen, tr!("vu {}", self.by_whom(mark, " · "))),
            None => (unseen, text),
        };
        let settled = state != PersonState::Seen || self.evacuating.settled.contains(&who);
        let row = PersonRow { who, name: short, initials, hue, photo, group: group.1, state, text };
        Line { row, group_key: group.0, section: if settled { state } else { unseen } }
    }

    /// "11:02 · Nadia Roche"; the time alone where nobody was named.
    pub(super) fn by_whom(&self, mark: &Mark, between: &str) -> String {
        let time = words::time_ms(mark.at_ms);
        if mark.actor.kind != ActorKind::Staff || mark.actor.id.is_nil() {
            return time;
        }
        format!("{time}{between}{}", self.shown(Someone::Staff(StaffId(mark.actor.id)), None).full)
    }

    fn evacuation_tabs(&self, lines: &[Line]) -> Vec<PeopleTab> {
        let mut by_group: BTreeMap<(String, String), Vec<&Line>> = BTreeMap::new();
        for line in lines {
            by_group.entry((line.row.group.clone(), line.group_key.clone())).or_default().push(line);
        }
        let tab = |key: &str, name: &str, (seen, total): (u32, u32)| {
            let chosen = self.evacuating.group == key;
            PeopleTab { key: key.into(), name: name.into(), seen, total, chosen }
        };
        let all = tab("", &tr!("Tous"), figures(lines.iter()));
        let groups = by_group.iter().filter(|((name, _), _)| !name.is_empty());
        std::iter::once(all).chain(groups.map(|((name, key), of)| tab(key, name, figures(of.iter().copied())))).collect()
    }
}

/// How many were seen, of how many.
fn figures<'l>(lines: impl Iterator<Item = &'l Line>) -> (u32, u32) {
    lines.fold((0, 0), |(seen, total), line| match line.row.state {
        PersonState::Seen => (seen + 1, total + 1),
        PersonState::Missing => (seen, total + 1),
        PersonState::ToCheck | PersonState::Out | PersonState::Plain => (seen, total),
    })
}

fn missing(lines: &[Line]) -> impl Iterator<Item = &Line> {
    lines.iter().filter(|line| line.row.state == PersonState::Missing)
}

/// "Manquent : Léa M., Tom P. et 12 autres".
pub(super) fn missing_names(names: &[String]) -> String {
    let named = |names: &[String]| tr!("Manque : {list}" | "Manquent : {list}" % names.len(), list = words::list(names));
    match names.len().saturating_sub(NAMES_SHOWN_MAX) {
        0 => named(names),
        1 => named(&names[..=NAMES_SHOWN_MAX]),
        more => tr!("Manquent : {list} et {more} autres", list = names[..NAMES_SHOWN_MAX].join(", "), more),
    }
}

/// What is to be known before a roll call is ended.
fn missing_in_words(missing: &[String], lines: &[Line]) -> String {
    let to_check = lines.iter().filter(|line| line.row.state == PersonState::ToCheck).count();
    let checks = match to_check {
        0 => String::new(),
        some => tr!(" {n} personne reste à vérifier." | " {n} personnes restent à vérifier." % some),
    };
    match missing_names(missing) {
        _ if missing.is_empty() => tr!("Toutes les personnes présentes sont vues.") + &checks,
        // An initial has its point already.
        names => format!("{}.{checks}", names.trim_end_matches('.')),
    }
}

/// "2 min", "45 s".
pub(super) fn duration(ms: i64) -> String {
    match ms / 1_000 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds => format!("{} h {:02}", seconds / 3_600, seconds / 60 % 60),
    }
}
