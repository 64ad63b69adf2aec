//! "Pourquoi ce montant ?", as it is read.

use crate::town::Town;
use rules::problem::Decision;
use rules::wording::{Reader, Why, why};
use shared::roster::Recording;

const TARIFF: &str = "code = \"soir\"\nlibelle = \"Accueil du soir\"\nmethode = \"tranches_qf\"\nunite = \"demi_heure\"\n[[tranches]]\nqf_max = 500\nprix = \"0.40\"\n[[tranches]]\nqf_min = 501\nprix = \"0.60\"\n";

fn evenings() -> Town {
    let mut town = Town::new("2026-10");
    town.tariff(TARIFF).activity("soir", Recording::Depart, "16:30-18:30");
    town.qf("2026-01-01", None, 820).leave("E1", "2026-10-01", "17:42", Some("soir")).stay("E1", "2026-10-02", "16:33", "17:28", "soir");
    town
}

/// The page as a person reads it aloud.
pub fn aloud(why: &Why) -> String {
    let mut out = vec![why.summary.clone()];
    for day in &why.days {
        let times = day.times.as_deref().unwrap_or("-");
        out.push(
            [&[day.date.as_str(), times, day.counted.as_str()], day.notes.iter().map(String::as_str).collect::<Vec<_>>().as_slice()]
                .concat()
                .join(" | "),
        );
    }
    out.extend(why.rule.iter().cloned());
    out.join("\n").replace('\u{a0}', " ")
}

#[test]
fn a_guardian_reads_days_times_rule_and_arithmetic() {
    insta::assert_snapshot!(aloud(&why(&evenings().line(), Reader::Guardian)), @"
    2 jours, 5 demi-heures à 0,60 €
    jeu. 1er | 16:30 – 17:42 | 3 × 0,60 € | début : horaire de l'activité
    ven. 2 | 16:33 – 17:28 | 2 × 0,60 €
    Tarif « Accueil du soir », en vigueur depuis le 1er septembre 2025. Chaque demi-heure commencée compte. La présence est facturée.
    Votre quotient familial est de 820 (attestation CAF, depuis le 1er janvier 2026).
    Pour un quotient à partir de 501, la grille prévoit 0,60 € la demi-heure.
    5 × 0,60 € = 3,00 €.
    ");
}

#[test]
fn what_every_day_says_alike_is_said_once() {
    let mut town = Town::new("2026-10");
    town.tariff(TARIFF).activity("soir", Recording::Depart, "16:30-18:30");
    town.qf("2026-01-01", None, 820).leave("E1", "2026-10-01", "17:42", Some("soir")).leave("E1", "2026-10-02", "17:28", Some("soir"));
    let read = why(&town.line(), Reader::Guardian);
    assert!(read.days.iter().all(|day| day.notes.is_empty()));
    assert_eq!(read.rule.last().unwrap(), "Chaque jour, début : horaire de l'activité.");
}

#[test]
fn who_only_pays_reads_no_time_and_nothing_of_the_household_s_means() {
    let read = aloud(&why(&evenings().line(), Reader::Payer));
    for hidden in ["16:3", "17:", "820", "quotient", "CAF"] {
        assert!(!read.contains(hidden), "« {hidden} » in:\n{read}");
    }
    assert!(read.contains("jeu. 1er") && read.contains("5 × 0,60"), "{read}");
}

#[test]
fn an_agent_reads_the_entries_at_the_door() {
    let line = evenings().line();
    assert!(why(&line, Reader::Guardian).days.iter().all(|day| day.entries.is_empty()));
    assert_eq!(why(&line, Reader::Agent).days.iter().map(|day| day.entries.len()).collect::<Vec<_>>(), [1, 2]);
}

/// One who came on the 5th and was never checked out.
fn forgotten() -> (Town, String) {
    let mut town = Town::new("2026-10");
    town.forfait("alsh", "heure", "2.00", "").activity("alsh", Recording::Heures, "08:00-18:00");
    town.enrol("E1", "alsh").arrive("E1", "2026-10-05", "08:00", Some("alsh")).stay("E1", "2026-10-06", "08:00", "10:00", "alsh");
    let draft = town.draft();
    let problem = draft.problems.iter().find(|p| p.kind.code() == "depart_manquant").unwrap().clone();
    assert!(problem.blocking);
    (town, problem.name())
}

#[test]
fn a_decision_holds_in_the_next_draft_and_changes_the_bill_alone() {
    let total = |decision: Option<Decision>| {
        let (mut town, name) = forgotten();
        town.input.decisions.extend(decision.map(|d| (name, d)));
        let draft = town.draft();
        (draft.total_cents.0, draft.problems.iter().filter(|p| p.blocking).count())
    };
    assert_eq!(total(None), (600, 1), "one hour, provisionally, and two");
    assert_eq!(total(Some(Decision::Facturer)), (600, 0));
    assert_eq!(total(Some(Decision::NePasFacturer)), (400, 0));
    assert_eq!(total(Some(Decision::DemanderAuLieu)), (600, 1), "asking is no answer");
    assert_eq!(total(Some(Decision::EmettreQuandMeme)), (600, 1), "not a decision about a departure");
}
