//! The pages about the tablet itself, and its rest.

use super::{creche, large, small};
use terminal_core::settings::{Settings, Theme};
use terminal_core::view::{DiagnosisPage, Dialog, Finding, Look, ReaderPage, Screen, SettingsPage, TabletDialog, TabletPage, Tone};

fn page(page: TabletPage) -> Screen {
    Screen { dialog: Some(Dialog::Tablet(TabletDialog { page, closes_in_s: None })), undo: None, ..creche() }
}

fn found(subject: &str, words: &str, advice: &str, tone: Tone) -> Finding {
    Finding { subject: subject.into(), words: words.into(), advice: advice.into(), tone }
}

pub fn menu() -> Screen {
    page(TabletPage::Menu)
}

/// Eight seconds before it closes.
pub fn menu_closing() -> Screen {
    let dialog = TabletDialog { page: TabletPage::Menu, closes_in_s: Some(8) };
    Screen { dialog: Some(Dialog::Tablet(dialog)), ..menu() }
}

pub fn card_asked() -> Screen {
    page(TabletPage::Card)
}

pub fn settings() -> Screen {
    let settings = Settings { large_type: true, theme: Theme::DarkInTheEvening, rest_minutes: 5, ..Settings::default() };
    page(TabletPage::Settings(SettingsPage { settings, trouble: None }))
}

pub fn settings_not_kept() -> Screen {
    let trouble = "Ces réglages valent jusqu'au prochain démarrage : ils n'ont pas pu être écrits. Le disque est plein.";
    page(TabletPage::Settings(SettingsPage { settings: Settings::default(), trouble: Some(trouble.into()) }))
}

fn reader(said: Option<(Tone, &str)>, state: Finding) -> Screen {
    let held = u32::from(said.is_some());
    let said = said.map(|(tone, words)| (tone, words.to_owned()));
    page(TabletPage::Reader(ReaderPage { state, form: "hexadécimal".into(), said, held }))
}

pub fn reader_waiting() -> Screen {
    reader(None, found("Lecteur de badges", "Entendu : ACS ACR122U", "", Tone::Calm))
}

pub fn reader_learnt() -> Screen {
    let said = "Carte lue : numéro finissant par E5F6, 7 octets. La tablette la connaît. Le lecteur tape en décimal, octets à l'envers : \
                c'est appris, et gardé.";
    reader(
        Some((Tone::Calm, said)),
        found("Lecteur de badges", "Un lecteur qui tape comme un clavier, ou un clavier, est branché", "", Tone::Calm),
    )
}

pub fn reader_unknown() -> Screen {
    let said = "Carte lue : numéro finissant par BEEF, 4 octets. La tablette ne la connaît pas. Présentez une carte qu'elle connaît : elle \
                en apprend comment le lecteur tape.";
    let lost = "Le tableau suffit d'ici là : touchez les noms.";
    reader(Some((Tone::Amber, said)), found("Lecteur de badges", "Lecteur débranché : rebranchez son câble", lost, Tone::Amber))
}

pub fn diagnosis() -> Screen {
    let go_on = "Continuez à pointer : tout est gardé, et la tablette réessaie seule. Vérifiez le Wi-Fi ou le câble.";
    let findings = vec![
        found(
            "Disque",
            "Presque plein : 3 Mo libres",
            "Appelez l'administration : les pointages sont encore enregistrés, pas pour longtemps.",
            Tone::Red,
        ),
        found("Ligne", "Sans réseau depuis 8 h 10 · 14 pointages gardés (connection refused)", go_on, Tone::Amber),
        found("En attente", "14 pointages, le plus ancien depuis 17 min", "Ils partent d'eux-mêmes quand le serveur répond.", Tone::Amber),
        found("Horloge", "La machine avance de 5 min : les heures pointées sont corrigées", "Réglez l'heure de la machine.", Tone::Amber),
        found("Dernières erreurs", "8:12 : Le disque est plein.\n8:14 : Le journal est occupé.", "Prévenez l'administration.", Tone::Amber),
        found("Version", "Préau 0.1.0", "", Tone::Calm),
        found("Tablette", "École Vauban · 0192a3b4-0000-7000-8000-000000000001 · époque 1", "", Tone::Calm),
        found("Serveur", "https://preau.agglo-exemple.fr:8443", "", Tone::Calm),
        found("Autres tablettes", "2 tablettes d'accord avec celle-ci", "", Tone::Calm),
        found("Seconde copie", "Complète", "", Tone::Calm),
        found("Journal", "1234 pointages scellés dans cette époque", "", Tone::Calm),
        found("Liste des enfants", "312 enfants, changement 8120", "", Tone::Calm),
        found("Clé", "Scellée par la puce TPM 2.0", "", Tone::Calm),
        found("Lecteur de badges", "Entendu : ACS ACR122U", "", Tone::Calm),
    ];
    let exported = "Écrit : /media/preau/CLE/preau-diagnostic-2026-10-14T082712.txt. Ce fichier ne contient aucun nom d'enfant.";
    page(TabletPage::Diagnosis(DiagnosisPage { findings, exported: Some((Tone::Calm, exported.into())) }))
}

pub fn leaving() -> Screen {
    page(TabletPage::Leave("14 pointages attendent : ils sont gardés, et partiront quand le programme sera relancé.".into()))
}

fn resting(screen: Screen) -> Screen {
    Screen { rests: true, tiles: Vec::new(), undo: None, ..screen }
}

pub fn rest() -> Screen {
    resting(creche())
}

pub fn rest_small() -> Screen {
    resting(small())
}

pub fn rest_large() -> Screen {
    resting(large())
}

/// The same screen as another hand, another eye would have it.
#[allow(dead_code, reason = "for pictures")]
pub fn looking(look: Look, screen: Screen) -> Screen {
    Screen { look, ..screen }
}
