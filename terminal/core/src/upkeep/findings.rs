//! How the tablet is, in words, each with what to do where it isn't well.

use super::diagnosis::Diagnosis;
use crate::commands::status::Status;
use crate::door::{of_revoked, set_apart};
use crate::settings::Sound;
use crate::store::{KeyPlace, LineState};
use crate::view::{Finding, Tone};
use shared::french as words;

/// The oldest entry may wait so long before somebody should look, in ms.
const WAITS_LONG_MS: i64 = 10 * 60_000;
/// Clocks that differ by less are said to agree, in ms.
const CLOCKS_AGREE_MS: i64 = 60_000;

const TELL: &str = "Prévenez l'administration.";
const GO_ON: &str = "Continuez à pointer : tout est gardé, et la tablette réessaie seule. Vérifiez le Wi-Fi ou le câble.";

impl Diagnosis {
    /// Each subject once, what is grave first, then what to look at, then what is well.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        // That it is to be enrolled is said below.
        let is_new = self.status.as_ref().is_some_and(|status| !status.enrolled);
        if let Some(why) = self.closed.as_ref().filter(|_| !is_new) {
            found.push(grave("Données", why.clone(), "Notez sur papier, et appelez l'administration."));
        }
        let enrolled = self.status.as_ref().filter(|status| status.enrolled);
        if let Some(status) = enrolled {
            found.extend(self.of_the_line(status));
            found.push(clock(status));
        }
        found.push(self.disk());
        found.push(self.reader.clone());
        found.push(sound(self.sound, self.sounds));
        if let Some(why) = &self.settings_trouble {
            found.push(amber("Réglages", why.clone(), "Réglez la tablette par la page « Réglages »."));
        }
        found.extend(self.failures());
        found.extend(enrolled.into_iter().flat_map(|status| self.of_the_data(status)));
        found.extend(self.status.as_ref().map(tablet));
        if let Some(server) = enrolled.and_then(|status| status.server.clone()) {
            found.push(self::found("Serveur", server));
        }
        found.push(self::found("Version", format!("Préau {}", self.version)));
        // A stable sort: what is alike stays in the order of the page.
        found.sort_by_key(|finding| match finding.tone {
            Tone::Red => 0,
            Tone::Amber => 1,
            Tone::Calm => 2,
        });
        found
    }

    fn of_the_line(&self, status: &Status) -> Vec<Finding> {
        let (tone, advice) = about_line(status.line);
        let mut words = status.line_text.clone().unwrap_or_default();
        if status.line != LineState::Online && !self.line_detail.is_empty() {
            words.push_str(&format!(" ({})", self.line_detail.chars().take(120).collect::<String>()));
        }
        let mut found = vec![Finding { subject: "Ligne".into(), words, advice: advice.into(), tone }, self.waiting(status)];
        if let Some(words) = set_apart(status.refused, status.quarantined) {
            found.push(amber("Côté serveur", words, "Le bureau les voit à la page « À décider »."));
        }
        if let Some(words) = of_revoked(status.not_counted) {
            found.push(amber("Autres tablettes", words, TELL));
        } else {
            let words = match status.agreeing {
                0 => "Aucune autre entendue ces dernières minutes".to_owned(),
                agreeing => format!("{} d'accord avec celle-ci", words::count(agreeing, "tablette", "tablettes")),
            };
            found.push(self::found("Autres tablettes", words));
        }
        found
    }

    fn waiting(&self, status: &Status) -> Finding {
        let Some(oldest_ms) = self.queue.oldest_ms.filter(|_| status.queue > 0) else { return found("En attente", "Rien".into()) };
        let waits_ms = self.wall_ms.saturating_sub(oldest_ms).max(0);
        let entries = words::count(status.queue, "pointage", "pointages");
        let words = format!("{entries}, le plus ancien depuis {}", since(waits_ms));
        let advice = "Ils partent d'eux-mêmes quand le serveur répond. Sans aucune ligne : « preau-terminal export ».";
        if waits_ms < WAITS_LONG_MS { found("En attente", words) } else { amber("En attente", words, advice) }
    }

    fn disk(&self) -> Finding {
        let free = self.disk_free_bytes.map_or_else(|| "place inconnue".to_owned(), |free| format!("{} libres", size(free)));
        if !self.reserve_is_whole {
            let advice = "Appelez l'administration : les pointages sont encore enregistrés, pas pour longtemps.";
            return grave("Disque", format!("Presque plein : {free}"), advice);
        }
        if self.room_is_short() {
            return amber("Disque", format!("Bientôt plein : {free}"), TELL);
        }
        found("Disque", free)
    }

    fn of_the_data(&self, status: &Status) -> Vec<Finding> {
        let mut found = Vec::new();
        let advice = "Le disque est plein ou s'use : prévenez l'administration.";
        found.extend(self.copy_is_behind.map(|behind| match behind {
            true if self.copy_stays_behind => amber("Seconde copie", "En retard sur le journal".into(), advice),
            true => self::found("Seconde copie", "S'écrit".into()),
            false => self::found("Seconde copie", "Complète".into()),
        }));
        found.push(journal(status));
        if !status.set_aside.is_empty() {
            let files = status.set_aside.join(", ");
            found.push(amber("Mis de côté", files, "L'administration supprime ces fichiers quand tout est arrivé au serveur."));
        }
        found.push(self.list(status));
        let key = match status.key_storage {
            Some(KeyPlace::Tpm) => "Scellée par la puce TPM 2.0",
            Some(KeyPlace::File) => "Dans un fichier de la tablette (pas de puce TPM 2.0)",
            None => "Aucune",
        };
        found.push(self::found("Clé", key.into()));
        found
    }

    fn list(&self, status: &Status) -> Finding {
        if status.locked {
            return grave("Liste des enfants", "Effacée : le serveur n'a pas répondu depuis trop longtemps".into(), "Reliez-la au réseau.");
        }
        let version = format!("changement {}", status.roster_version);
        let children = self.children.and_then(|children| u32::try_from(children).ok());
        let children = children.map_or_else(String::new, |children| format!("{}, ", words::count(children, "enfant", "enfants")));
        match status.locks_in_days {
            Some(days @ 0..=3) => {
                let words = format!("{children}{version} ; effacée dans {} sans réponse du serveur", words::count(days, "jour", "jours"));
                amber("Liste des enfants", words, "Reliez-la au réseau.")
            }
            _ if status.roster_version == 0 => amber("Liste des enfants", "Pas encore reçue".into(), "Elle vient au premier échange."),
            _ => found("Liste des enfants", format!("{children}{version}")),
        }
    }

    fn failures(&self) -> Option<Finding> {
        if self.failures.is_empty() {
            return None;
        }
        let lines: Vec<String> = self.failures.iter().map(|(at, words)| format!("{at} : {words}")).collect();
        Some(amber("Dernières erreurs", lines.join("\n"), TELL))
    }
}

fn found(subject: &str, words: String) -> Finding {
    Finding { subject: subject.into(), words, advice: String::new(), tone: Tone::Calm }
}

fn amber(subject: &str, words: String, advice: &str) -> Finding {
    Finding { subject: subject.into(), words, advice: advice.into(), tone: Tone::Amber }
}

fn grave(subject: &str, words: String, advice: &str) -> Finding {
    Finding { subject: subject.into(), words, advice: advice.into(), tone: Tone::Red }
}

fn tablet(status: &Status) -> Finding {
    if !status.enrolled {
        return grave(
            "Tablette",
            "À enrôler".into(),
            "Demandez un code à l'administration, puis : preau-terminal enrol --server ADRESSE --code CODE",
        );
    }
    let (site, device) = (status.site_name.clone().unwrap_or_default(), status.device.clone().unwrap_or_default());
    found("Tablette", format!("{site} · {device} · époque {}", status.epoch.unwrap_or(0)))
}

fn about_line(state: LineState) -> (Tone, &'static str) {
    match state {
        LineState::Online => (Tone::Calm, ""),
        LineState::Unknown => (Tone::Amber, GO_ON),
        LineState::NoNetwork => (Tone::Amber, GO_ON),
        LineState::ServerTrouble => (Tone::Amber, "Continuez à pointer : tout est gardé. Si cela dure, prévenez l'administration."),
        LineState::NotPreau => (Tone::Amber, "Ouvrez l'accès de ce réseau (page d'accueil), ou prenez-en un autre."),
        LineState::Clock => (Tone::Red, "Réglez l'heure de la tablette, et prévenez l'administration."),
        LineState::CertificateExpired => (Tone::Red, "Prévenez l'administration : le serveur est à vérifier et à redémarrer."),
        LineState::CertificateTooEarly => (Tone::Red, "Prévenez l'administration : l'heure du serveur ou de la tablette est fausse."),
        LineState::WrongCertificate => (Tone::Red, "Prévenez l'administration : celui qui répond n'est pas le serveur de l'enrôlement."),
        LineState::Revoked => (Tone::Red, "Prévenez l'administration, qui peut la réenrôler : les pointages sont gardés."),
        LineState::ExistsTwice => (Tone::Red, "Prévenez l'administration, qui la réenrôle : les pointages sont gardés."),
    }
}

fn clock(status: &Status) -> Finding {
    match status.clock.ahead_ms {
        None => amber(
            "Horloge",
            "Douteuse : pas encore comparée à celle du serveur depuis le démarrage".into(),
            "Elle le sera au prochain échange. Vérifiez l'heure affichée en haut de l'écran.",
        ),
        Some(ahead_ms) if ahead_ms.abs() < CLOCKS_AGREE_MS => found("Horloge", "À l'heure du serveur".into()),
        Some(ahead_ms) => {
            let way = if ahead_ms > 0 { "avance" } else { "retarde" };
            let words = format!("La machine {way} de {} : les heures pointées sont corrigées", since(ahead_ms.abs()));
            amber("Horloge", words, "Réglez l'heure de la machine.")
        }
    }
}

/// Calm whatever it is: the screen says all that a sound does.
fn sound(set: Sound, sounds: Option<bool>) -> Finding {
    let loud = match set {
        Sound::Off => return found("Son", "Coupé par les réglages".into()),
        Sound::Faint => "Faible",
        Sound::Normal => "Normal",
        Sound::Loud => "Fort",
    };
    let words = match sounds {
        Some(true) => loud.to_owned(),
        Some(false) => format!("{loud}, mais rien pour l'entendre : cette machine n'a pas de sortie son, ou une autre la tient"),
        None => format!("{loud}, pas encore essayé"),
    };
    found("Son", words)
}

fn journal(status: &Status) -> Finding {
    let sealed = match status.last_seq {
        0 => "Aucun pointage scellé dans cette époque".to_owned(),
        last => {
            format!("{} dans cette époque", words::count(u32::try_from(last).unwrap_or(u32::MAX), "pointage scellé", "pointages scellés"))
        }
    };
    match &status.salvaged {
        Some(why) => amber("Journal", format!("Réparé ({why}). {sealed}"), TELL),
        None => found("Journal", sealed),
    }
}

/// "12 min", "3 h", "2 jours".
fn since(ms: i64) -> String {
    let minutes = ms / 60_000;
    match minutes {
        0 => "moins d'une minute".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2_880 => format!("{} h {:02}", minutes / 60, minutes % 60),
        _ => format!("{} jours", minutes / 1_440),
    }
}

/// "12,3 Go", "640 Mo".
fn size(bytes: u64) -> String {
    let tenths = bytes / 100_000_000;
    if tenths >= 10 { format!("{},{} Go", tenths / 10, tenths % 10) } else { format!("{} Mo", bytes / 1_000_000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_waits_are_said_as_people_do() {
        assert_eq!([size(12_345_678_901), size(640_000_000), size(0)], ["12,3 Go", "640 Mo", "0 Mo"]);
        assert_eq!(
            [since(0), since(12 * 60_000), since(190 * 60_000), since(3 * 86_400_000)],
            ["moins d'une minute", "12 min", "3 h 10", "3 jours"]
        );
    }

    #[test]
    fn every_state_of_the_line_that_is_not_well_says_what_to_do() {
        use LineState::{
            CertificateExpired, CertificateTooEarly, Clock, ExistsTwice, NoNetwork, NotPreau, Online, Revoked, ServerTrouble, Unknown,
            WrongCertificate,
        };
        assert_eq!(about_line(Online), (Tone::Calm, ""));
        for state in [
            CertificateExpired,
            CertificateTooEarly,
            Clock,
            ExistsTwice,
            NoNetwork,
            NotPreau,
            Revoked,
            ServerTrouble,
            Unknown,
            WrongCertificate,
        ] {
            let (tone, advice) = about_line(state);
            assert!(tone != Tone::Calm && !advice.is_empty(), "{state:?}");
        }
    }
}
