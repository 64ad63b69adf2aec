//! The state of the line, in words that tell its causes apart. "Connected" is
//! the last whole round trip, never a socket.

use super::{Door, words};
use crate::store::{LineState, LineStatus, Queue};
use crate::view::{SyncBar, Tone};

impl Door {
    pub(super) fn sync_bar(&self) -> SyncBar {
        if self.identity.is_none() {
            return SyncBar { text: "Tablette à enrôler".into(), tone: Tone::Red, unsent: 0 };
        }
        bar(&self.line, &self.queue, self.wall_ms)
    }
}

fn bar(line: &LineStatus, queue: &Queue, now_ms: i64) -> SyncBar {
    let kept = words::count(queue.unsent, "pointage gardé", "pointages gardés");
    let since = words::since(line.since_ms, now_ms);
    let (text, tone) = match line.state {
        LineState::Unknown if queue.unsent == 0 => ("Pas encore de contact avec le serveur".to_owned(), Tone::Calm),
        LineState::Unknown => (format!("Pas encore de contact avec le serveur · {kept}"), Tone::Amber),
        LineState::Online if queue.refused > 0 => {
            let refused = words::count(queue.refused, "pointage refusé", "pointages refusés");
            (format!("{refused} par le serveur : appelez l'administration"), Tone::Red)
        }
        LineState::Online if queue.unsent > 0 => (format!("Envoi de {}", words::count(queue.unsent, "pointage", "pointages")), Tone::Calm),
        LineState::Online => {
            let last = line.last_contact_ms.map_or_else(String::new, |at| format!(" · dernier échange {}", words::time_ms(at)));
            (format!("À jour{last}"), Tone::Calm)
        }
        LineState::NoNetwork => (format!("Sans réseau depuis {since} · {kept}"), Tone::Amber),
        LineState::ServerTrouble => (format!("Le serveur ne répond pas bien depuis {since} · {kept}"), Tone::Amber),
        LineState::NotPreau => (format!("Ce réseau n'est pas ouvert (page d'accueil ?) depuis {since} · {kept}"), Tone::Amber),
        LineState::Clock => (format!("L'horloge de la tablette est fausse : appelez l'administration · {kept}"), Tone::Red),
        LineState::WrongCertificate => {
            (format!("Ce n'est pas le serveur de Préau qui répond : appelez l'administration · {kept}"), Tone::Red)
        }
        LineState::Revoked => (format!("Le serveur refuse cette tablette : appelez l'administration · {kept}"), Tone::Red),
        LineState::ExistsTwice => (format!("Cette tablette existe en double : la réenrôler · {kept}"), Tone::Red),
    };
    SyncBar { text, tone, unsent: queue.unsent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<shared::calendar::Instant>().unwrap().timestamp_millis()
    }

    fn line(state: LineState) -> LineStatus {
        let since_ms = at("2026-10-14T08:10:00+02:00");
        LineStatus { state, since_ms, last_contact_ms: Some(at("2026-10-14T08:26:10+02:00")), detail: String::new() }
    }

    #[test]
    fn the_bar_says_since_when_there_is_no_network_and_how_many_entries_wait() {
        let now = at("2026-10-14T08:27:00+02:00");
        let said = bar(&line(LineState::NoNetwork), &Queue { unsent: 14, ..Queue::default() }, now);
        assert_eq!(said, SyncBar { text: "Sans réseau depuis 8 h 10 · 14 pointages gardés".into(), tone: Tone::Amber, unsent: 14 });
        assert_eq!(bar(&line(LineState::Online), &Queue::default(), now).text, "À jour · dernier échange 8:26");
        assert_eq!(bar(&line(LineState::Online), &Queue { unsent: 1, ..Queue::default() }, now).text, "Envoi de 1 pointage");
    }

    #[test]
    fn each_cause_has_its_own_words() {
        let states = [
            LineState::NoNetwork,
            LineState::ServerTrouble,
            LineState::NotPreau,
            LineState::Clock,
            LineState::WrongCertificate,
            LineState::Revoked,
            LineState::ExistsTwice,
        ];
        let texts: std::collections::HashSet<String> = states.iter().map(|s| bar(&line(*s), &Queue::default(), 0).text).collect();
        assert_eq!(texts.len(), states.len());
    }
}
