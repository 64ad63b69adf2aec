//! How the tablet is, in words, each with what to do where it isn't well.

use super::diagnosis::Diagnosis;
use crate::commands::status::Status;
use crate::door::{of_revoked, set_apart};
use crate::settings::Sound;
use crate::store::{KeyPlace, LineState};
use crate::sync::detail;
use crate::view::{Finding, Tone};

/// The oldest entry may wait so long before somebody should look, in ms.
const WAITS_LONG_MS: i64 = 10 * 60_000;
/// Clocks that differ by less are said to agree, in ms.
const CLOCKS_AGREE_MS: i64 = 60_000;

fn tell() -> String {
    tr!("Prévenez l'administration.")
}

fn go_on() -> String {
    tr!("Continuez à pointer : tout est gardé, et la tablette réessaie seule. Vérifiez le Wi-Fi ou le câble.")
}

impl Diagnosis {
    /// Each subject once, what is grave first, then what to look at, then what is well.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        // That it is to be enrolled is said below.
        let is_new = self.status.as_ref().is_some_and(|status| !status.enrolled);
        if let Some(why) = self.closed.as_ref().filter(|_| !is_new) {
            found.push(grave(tr!("Données"), why.clone(), tr!("Notez sur papier, et appelez l'administration.")));
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
            found.push(amber(tr!("Réglages"), why.clone(), tr!("Réglez la tablette par la page « Réglages ».")));
        }
        found.extend(self.failures());
        found.extend(enrolled.into_iter().flat_map(|status| self.of_the_data(status)));
        found.extend(self.status.as_ref().map(tablet));
        if let Some(server) = enrolled.and_then(|status| status.server.clone()) {
            found.push(self::found(tr!("Serveur"), server));
        }
        found.push(self::found(tr!("Version"), format!("Préau {}", self.version)));
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
            words.push_str(&format!(" ({})", detail_in_words(&self.line_detail).chars().take(120).collect::<String>()));
        }
        let mut found = vec![Finding { subject: tr!("Ligne"), words, advice, tone }, self.waiting(status)];
        if let Some(words) = set_apart(status.refused, status.quarantined) {
            found.push(amber(tr!("Côté serveur"), words, tr!("Le bureau les voit à la page « À décider ».")));
        }
        if let Some(words) = of_revoked(status.not_counted) {
            found.push(amber(tr!("Autres tablettes"), words, tell()));
        } else {
            let words = match status.agreeing {
                0 => tr!("Aucune autre entendue ces dernières minutes"),
                agreeing => tr!("{n} tablette d'accord avec celle-ci" | "{n} tablettes d'accord avec celle-ci" % agreeing),
            };
            found.push(self::found(tr!("Autres tablettes"), words));
        }
        found
    }

    fn waiting(&self, status: &Status) -> Finding {
        let Some(oldest_ms) = self.queue.oldest_ms.filter(|_| status.queue > 0) else {
            return found(tr!("En attente"), tr!("Rien"));
        };
        let waits_ms = self.wall_ms.saturating_sub(oldest_ms).max(0);
        let since = since(waits_ms);
        let words =
            tr!("{n} pointage, le plus ancien depuis {since}" | "{n} pointages, le plus ancien depuis {since}" % status.queue, since);
        if waits_ms < WAITS_LONG_MS {
            return found(tr!("En attente"), words);
        }
        let advice = tr!("Ils partent d'eux-mêmes quand le serveur répond. Sans aucune ligne : « preau-terminal export ».");
        amber(tr!("En attente"), words, advice)
    }

    fn disk(&self) -> Finding {
        let free = self.disk_free_bytes.map_or_else(|| tr!("place inconnue"), |free| tr!("{} libres", size(free)));
        if !self.reserve_is_whole {
            let advice = tr!("Appelez l'administration : les pointages sont encore enregistrés, pas pour longtemps.");
            return grave(tr!("Disque"), tr!("Presque plein : {free}", free), advice);
        }
        if self.room_is_short() {
            return amber(tr!("Disque"), tr!("Bientôt plein : {free}", free), tell());
        }
        found(tr!("Disque"), free)
    }

    fn of_the_data(&self, status: &Status) -> Vec<Finding> {
        let mut found = Vec::new();
        found.extend(self.copy_is_behind.map(|behind| match behind {
            true if self.copy_stays_behind => {
                let advice = tr!("Le disque est plein ou s'use : prévenez l'administration.");
                amber(tr!("Seconde copie"), tr!("En retard sur le journal"), advice)
            }
            true => self::found(tr!("Seconde copie"), tr!("S'écrit")),
            false => self::found(tr!("Seconde copie"), tr!("Complète")),
        }));
        found.push(journal(status));
        if !status.set_aside.is_empty() {
            let files = status.set_aside.join(", ");
            let advice = tr!("L'administration supprime ces fichiers quand tout est arrivé au serveur.");
            found.push(amber(tr!("Mis de côté"), files, advice));
        }
        found.push(self.list(status));
        let key = match status.key_storage {
            Some(KeyPlace::Tpm) => tr!("Scellée par la puce TPM 2.0"),
            Some(KeyPlace::File) => tr!("Dans un fichier de la tablette (pas de puce TPM 2.0)"),
            None => tr!("Aucune"),
        };
        found.push(self::found(tr!("Clé"), key));
        found
    }

    fn list(&self, status: &Status) -> Finding {
        if status.locked {
            let words = tr!("Effacée : le serveur n'a pas répondu depuis trop longtemps");
            return grave(tr!("Liste des enfants"), words, tr!("Reliez-la au réseau."));
        }
        let version = tr!("changement {}", status.roster_version);
        let list = match self.children {
            Some(children) => format!("{}, {version}", tr!("{n} enfant" | "{n} enfants" % children)),
            None => version,
        };
        match status.locks_in_days {
            Some(days @ 0..=3) => {
                let words = tr!(
                    "{list} ; effacée dans {n} jour sans réponse du serveur"
                        | "{list} ; effacée dans {n} jours sans réponse du serveur" % days,
                    list
                );
                amber(tr!("Liste des enfants"), words, tr!("Reliez-la au réseau."))
            }
            _ if status.roster_version == 0 => {
                amber(tr!("Liste des enfants"), tr!("Pas encore reçue"), tr!("Elle vient au premier échange."))
            }
            _ => found(tr!("Liste des enfants"), list),
        }
    }

    fn failures(&self) -> Option<Finding> {
        if self.failures.is_empty() {
            return None;
        }
        let lines: Vec<String> = self.failures.iter().map(|(at, words)| format!("{at} : {words}")).collect();
        Some(amber(tr!("Dernières erreurs"), lines.join("\n"), tell()))
    }
}

fn found(subject: String, words: String) -> Finding {
    Finding { subject, words, advice: String::new(), tone: Tone::Calm }
}

fn amber(subject: String, words: String, advice: String) -> Finding {
    Finding { subject, words, advice, tone: Tone::Amber }
}

fn grave(subject: String, words: String, advice: String) -> Finding {
    Finding { subject, words, advice, tone: Tone::Red }
}

fn tablet(status: &Status) -> Finding {
    if !status.enrolled {
        return grave(
            tr!("Tablette"),
            tr!("À enrôler"),
            tr!("Demandez un code à l'administration, puis : preau-terminal enrol --server ADRESSE --code CODE"),
        );
    }
    let (site, device) = (status.site_name.clone().unwrap_or_default(), status.device.clone().unwrap_or_default());
    found(tr!("Tablette"), tr!("{site} · {device} · époque {epoch}", site, device, epoch = status.epoch.unwrap_or(0)))
}

fn about_line(state: LineState) -> (Tone, String) {
    match state {
        LineState::Online => (Tone::Calm, String::new()),
        LineState::Unknown | LineState::NoNetwork => (Tone::Amber, go_on()),
        LineState::ServerTrouble => (Tone::Amber, tr!("Continuez à pointer : tout est gardé. Si cela dure, prévenez l'administration.")),
        LineState::NotPreau => (Tone::Amber, tr!("Ouvrez l'accès de ce réseau (page d'accueil), ou prenez-en un autre.")),
        LineState::Clock => (Tone::Red, tr!("Réglez l'heure de la tablette, et prévenez l'administration.")),
        LineState::CertificateExpired => (Tone::Red, tr!("Prévenez l'administration : le serveur est à vérifier et à redémarrer.")),
        LineState::CertificateTooEarly => (Tone::Red, tr!("Prévenez l'administration : l'heure du serveur ou de la tablette est fausse.")),
        LineState::WrongCertificate => {
            (Tone::Red, tr!("Prévenez l'administration : celui qui répond n'est pas le serveur de l'enrôlement."))
        }
        LineState::Revoked => (Tone::Red, tr!("Prévenez l'administration, qui peut la réenrôler : les pointages sont gardés.")),
        LineState::ExistsTwice => (Tone::Red, tr!("Prévenez l'administration, qui la réenrôle : les pointages sont gardés.")),
    }
}

fn clock(status: &Status) -> Finding {
    match status.clock.ahead_ms {
        None => amber(
            tr!("Horloge"),
            tr!("Douteuse : pas encore comparée à celle du serveur depuis le démarrage"),
            tr!("Elle le sera au prochain échange. Vérifiez l'heure affichée en haut de l'écran."),
        ),
        Some(ahead_ms) if ahead_ms.abs() < CLOCKS_AGREE_MS => found(tr!("Horloge"), tr!("À l'heure du serveur")),
        Some(ahead_ms) => {
            let by = since(ahead_ms.abs());
            let words = match ahead_ms > 0 {
                true => tr!("La machine avance de {by} : les heures pointées sont corrigées", by),
                false => tr!("La machine retarde de {by} : les heures pointées sont corrigées", by),
            };
            amber(tr!("Horloge"), words, tr!("Réglez l'heure de la machine."))
        }
    }
}

/// Calm whatever it is: the screen says all that a sound does.
fn sound(set: Sound, sounds: Option<bool>) -> Finding {
    let loud = match set {
        Sound::Off => return found(tr!("Son"), tr!("Coupé par les réglages")),
        Sound::Faint => tr!("Faible"),
        Sound::Normal => tr!("Normal"),
        Sound::Loud => tr!("Fort"),
    };
    let words = match sounds {
        Some(true) => loud,
        Some(false) => tr!("{loud}, mais rien pour l'entendre : cette machine n'a pas de sortie son, ou une autre la tient", loud),
        None => tr!("{loud}, pas encore essayé", loud),
    };
    found(tr!("Son"), words)
}

fn journal(status: &Status) -> Finding {
    let sealed = match status.last_seq {
        0 => tr!("Aucun pointage scellé dans cette époque"),
        last => tr!("{n} pointage scellé dans cette époque" | "{n} pointages scellés dans cette époque" % last),
    };
    match &status.salvaged {
        Some(why) => amber(tr!("Journal"), tr!("Réparé ({why}). {sealed}", why, sealed), tell()),
        None => found(tr!("Journal"), sealed),
    }
}

/// "12 min", "3 h", "2 jours".
fn since(ms: i64) -> String {
    let minutes = ms / 60_000;
    match minutes {
        0 => tr!("moins d'une minute"),
        1..60 => format!("{minutes} min"),
        60..2_880 => format!("{} h {:02}", minutes / 60, minutes % 60),
        _ => tr!("{n} jour" | "{n} jours" % minutes / 1_440),
    }
}

/// "12,3 Go", "640 Mo".
fn size(bytes: u64) -> String {
    let tenths = bytes / 100_000_000;
    if tenths >= 10 { tr!("{},{} Go", tenths / 10, tenths % 10) } else { tr!("{} Mo", bytes / 1_000_000) }
}

/// What the exchange noted beside the state of the line, for a technician: its own words, else a code or what the system said.
fn detail_in_words(detail: &str) -> String {
    match detail {
        detail::DISK_REFUSED => tr!("le disque a refusé"),
        detail::EPOCH_UNKNOWN => tr!("le serveur ne connaît plus l'époque de cette tablette"),
        detail::EPOCH_OUT_OF_ORDER => tr!("une époque qui ne suit pas"),
        detail::UNREADABLE => tr!("réponse illisible"),
        detail::ANOTHER_LIFE => tr!("le serveur a changé de vie pendant la lecture"),
        other => other.to_owned(),
    }
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
        assert_eq!(about_line(Online), (Tone::Calm, String::new()));
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
