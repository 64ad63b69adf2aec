//! The roll call of an evacuation, and what stays of one.

use super::{child, creche, large, small};
use shared::journal::Someone;
use terminal_core::view::{
    Dialog, EvacuationDialog, EvacuationHelp, EvacuationReport, PeopleTab, PersonRow, PersonState, ReportLine, Screen, Tile, TileState,
};

/// The roll call of a board: who is here is missing until the first so many are seen.
fn called(board: Screen, seen: usize) -> Screen {
    let groups = ["Grands", "Moyens", "Petits"];
    let row = |(at, tile): (usize, &Tile)| -> Option<PersonRow> {
        let (state, text) = match tile.state {
            TileState::Present => (PersonState::Missing, "manque".to_owned()),
            TileState::Expected | TileState::Late => (PersonState::ToCheck, format!("à vérifier · {}", tile.state_text)),
            _ => return None,
        };
        Some(PersonRow {
            who: Someone::Child(tile.child),
            name: format!("{} {}", tile.first_name, tile.last_initial),
            initials: tile.initials.clone(),
            hue: tile.hue,
            photo: tile.photo,
            group: groups[at % 3].into(),
            state,
            text,
        })
    };
    let mut people: Vec<PersonRow> = board.tiles.iter().enumerate().filter_map(row).collect();
    let here = people.iter_mut().rev().filter(|row| row.state == PersonState::Missing);
    for (at, row) in here.take(seen).enumerate() {
        row.state = PersonState::Seen;
        row.text = if at % 3 == 0 { "vu 11:02".into() } else { "vu 11:01 · Nadia Roche".into() };
    }
    if let Some(out) = people.iter_mut().rfind(|row| row.state == PersonState::ToCheck) {
        (out.state, out.text) = (PersonState::Out, "en sortie · Piscine".into());
    }
    people.sort_by_key(|row| (row.state, row.group.clone()));
    let missing: Vec<String> = people.iter().filter(|row| row.state == PersonState::Missing).map(|row| row.name.clone()).collect();
    let seen = people.iter().filter(|row| row.state == PersonState::Seen).count();
    let total = seen + missing.len();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let names = match missing.len() {
        0 => String::new(),
        1..=7 => format!("Manquent : {}", shared::french::list(&missing)),
        more => format!("Manquent : {} et {} autres", missing[..6].join(", "), more - 6),
    };
    let tab = |(at, name): (usize, &&str)| PeopleTab {
        key: format!("{at}"),
        name: (*name).into(),
        seen: count(seen / 3),
        total: count(total / 3),
        chosen: false,
    };
    let all = PeopleTab { key: String::new(), name: "Tous".into(), seen: count(seen), total: count(total), chosen: true };
    let groups = std::iter::once(all).chain(groups.iter().chain(&["Équipe", "Visiteurs"]).enumerate().map(tab)).collect();
    let dialog = EvacuationDialog {
        title: "Évacuation depuis 11:00 · 2 min".into(),
        seen: count(seen),
        total: count(total),
        missing: names,
        acting: "Nadia Roche".into(),
        unrecorded: None,
        groups,
        people,
        ending: None,
    };
    Screen { dialog: Some(Dialog::Evacuation(dialog)), undo: None, notice: None, ..board }
}

fn changed(mut screen: Screen, change: impl FnOnce(&mut EvacuationDialog)) -> Screen {
    if let Some(Dialog::Evacuation(dialog)) = &mut screen.dialog {
        change(dialog);
    }
    screen
}

/// A crèche, two children missing.
pub fn evacuation() -> Screen {
    changed(called(creche(), 26), |dialog| dialog.acting.clear())
}

/// Five children.
pub fn evacuation_small() -> Screen {
    called(small(), 1)
}

/// Three hundred, most still to be seen.
pub fn evacuation_large() -> Screen {
    called(large(), 12)
}

/// All are seen.
pub fn evacuation_complete() -> Screen {
    called(creche(), 40)
}

/// A full disk.
pub fn evacuation_unrecorded() -> Screen {
    changed(called(creche(), 20), |dialog| {
        dialog.unrecorded = Some("Pas encore enregistré : 21 gestes gardés en mémoire, la tablette réessaie. Ne l’éteignez pas.".into());
    })
}

/// Why it ends.
pub fn evacuation_ending() -> Screen {
    changed(called(creche(), 26), |dialog| dialog.ending = Some("Manquent : Alba F. et Soan Q. 11 personnes restent à vérifier.".into()))
}

/// A board in front of one.
pub fn evacuation_behind() -> Screen {
    Screen { evacuation: Some("Évacuation en cours · 26 vus sur 28".into()), undo: None, ..creche() }
}

/// A short touch, after a drill.
pub fn evacuation_help() -> Screen {
    let past = vec![(child(1).0, "Exercice d’évacuation de 11:00".to_owned())];
    Screen { dialog: Some(Dialog::EvacuationHelp(EvacuationHelp { reports: past })), undo: None, ..creche() }
}

/// What stays of one.
pub fn evacuation_report() -> Screen {
    let line = |(at, tile): (usize, &Tile)| ReportLine {
        name: format!("{} {}", tile.first_name, tile.last_initial),
        text: if at == 0 { "non vu".into() } else { format!("11:0{}, par Nadia Roche", at % 7) },
        seen: at > 0,
    };
    let report = EvacuationReport {
        title: "Exercice d’évacuation".into(),
        subtitle: "14 octobre 2026 · ouvert à 11:00, terminé à 11:07, par Nadia Roche".into(),
        summary: "299 personnes vues sur 300.".into(),
        incomplete: true,
        unrecorded: None,
        lines: large().tiles.iter().enumerate().map(line).collect(),
    };
    Screen { dialog: Some(Dialog::EvacuationReport(report)), undo: None, ..creche() }
}
