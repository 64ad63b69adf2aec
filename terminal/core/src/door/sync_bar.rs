//! The state of the line, in words that tell its causes apart. "Connected" is
//! the last whole round trip, never a socket.

use super::{Door, reader, words};
use crate::store::{LineState, LineStatus, Queue};
use crate::view::{Notice, SyncBar, Tone};

impl Door {
    pub(super) fn sync_bar(&self) -> SyncBar {
        if self.identity.is_none() {
            return SyncBar { text: tr!("Tablette à enrôler"), tone: Tone::Red, unsent: 0 };
        }
        let neighbours = Neighbours { agreeing: self.agreement.at(self.wall_ms), not_counted: self.not_counted };
        let line = neighbours.beside(&self.line, bar(&self.line, &self.queue, self.wall_ms));
        self.repaired.beside(reader::beside(self.reader, line))
    }
}

/// The site's other tablets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Neighbours {
    /// How many hold the same as this one.
    pub agreeing: u32,
    /// Entries that they brought and that count for nothing: of a revoked tablet.
    pub not_counted: u32,
}

impl Neighbours {
    /// That the tablets agree is news where the server can't say so; what counts for nothing is said for as long as its day is shown.
    fn beside(self, line: &LineStatus, said: SyncBar) -> SyncBar {
        let apart = of_revoked(self.not_counted);
        let cut = matches!(line.state, LineState::NoNetwork | LineState::ServerTrouble | LineState::NotPreau | LineState::Unknown);
        let agreeing = (cut && self.agreeing > 0).then(|| {
            // This one is one of them.
            tr!("{n} tablette d'accord" | "{n} tablettes d'accord" % self.agreeing.saturating_add(1))
        });
        let tone = if apart.is_some() && said.tone != Tone::Red { Tone::Amber } else { said.tone };
        // There is a network, as far as the other tablets.
        let first = if agreeing.is_some() { said.text.replacen(&tr!("Sans réseau"), &tr!("Sans Internet"), 1) } else { said.text };
        let text: Vec<String> = std::iter::once(first).chain(agreeing).chain(apart).collect();
        SyncBar { text: text.join(" · "), tone, unsent: said.unsent }
    }
}

/// What a revoked tablet handed to the others, and who is to be told; `None` where there is nothing.
pub(crate) fn of_revoked(not_counted: u32) -> Option<String> {
    (not_counted > 0).then(|| {
        tr!("{n} pointage d'une autre tablette mis à part : prévenez le bureau"
            | "{n} pointages d'une autre tablette mis à part : prévenez le bureau" % not_counted)
    })
}

/// What was damaged on this tablet, and made again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Repaired {
    /// Why the journal was salvaged; `None` once the server has given the tablet a new epoch.
    pub journal: Option<String>,
    /// Whether the list of children was lost and is still to come.
    pub roster_lost: bool,
}

impl Repaired {
    /// What a person reads when the door opens.
    pub fn notice(&self) -> Option<Notice> {
        let mut text = String::new();
        if self.journal.is_some() {
            text.push_str(&tr!(
                "Le journal de la tablette était abîmé. Ce qui a pu être lu a été repris, l'ancien fichier est gardé, et les pointages \
                 sont de nouveau enregistrés. Vérifiez qui est présent, et prévenez l'administration."
            ));
        }
        if self.roster_lost {
            let space = if text.is_empty() { "" } else { " " };
            text.push_str(space);
            text.push_str(&tr!("La liste des enfants était abîmée : elle revient au prochain échange avec le serveur."));
        }
        (!text.is_empty()).then_some(Notice { text, tone: Tone::Amber })
    }

    /// Stays in the corner for as long as it is so.
    fn beside(&self, said: SyncBar) -> SyncBar {
        let journal = self.journal.as_ref().map(|_| tr!("Journal réparé : prévenez l'administration"));
        let roster = self.roster_lost.then(|| tr!("Liste des enfants à recevoir"));
        let repaired: Vec<String> = journal.into_iter().chain(roster).collect();
        if repaired.is_empty() {
            return said;
        }
        let tone = if said.tone == Tone::Red { Tone::Red } else { Tone::Amber };
        SyncBar { text: format!("{} · {}", repaired.join(" · "), said.text), tone, unsent: said.unsent }
    }
}

/// For how long after its sealing an entry in quarantine is shown at the door, in ms: the office decides there, and the tablet isn't
/// told. `status` counts it for ever.
const QUARANTINE_SHOWN_MS: i64 = 7 * 24 * 3_600_000;

/// What the server did not take as it came, and who is to be told; `None` where there is nothing.
pub(crate) fn set_apart(refused: u32, quarantined: u32) -> Option<String> {
    let refused_words = tr!("{n} pointage refusé" | "{n} pointages refusés" % refused);
    let apart = tr!("{n} pointage mis de côté" | "{n} pointages mis de côté" % quarantined);
    match (refused, quarantined) {
        (0, 0) => None,
        (0, _) => Some(tr!("{apart} par le serveur : prévenez le bureau", apart)),
        (_, 0) => Some(tr!("{refused} par le serveur : appelez l'administration", refused = refused_words)),
        _ => Some(tr!("{refused} par le serveur : appelez l'administration", refused = words::list(&[refused_words, apart]))),
    }
}

fn bar(line: &LineStatus, queue: &Queue, now_ms: i64) -> SyncBar {
    let said = bar_of_line(line, queue, now_ms);
    let recent = queue.quarantined_ms.is_some_and(|at| now_ms.saturating_sub(at) < QUARANTINE_SHOWN_MS);
    let Some(apart) = set_apart(queue.refused, if recent { queue.quarantined } else { 0 }) else { return said };
    let tone = match (said.tone, queue.refused) {
        (Tone::Red, _) | (_, 1..) => Tone::Red,
        _ => Tone::Amber,
    };
    // What waits, and since when, is always visible; that all the rest is well is not news.
    let text = match line.state {
        LineState::Online if queue.unsent == 0 => apart,
        LineState::Online => format!("{} · {apart}", said.text),
        _ => format!("{} · {}", said.text, set_apart_in_short(queue)),
    };
    SyncBar { text, tone, unsent: queue.unsent }
}

/// The same words for a person at a terminal, beside an open window or without one.
pub(crate) fn line_in_words(line: &LineStatus, queue: &Queue, now_ms: i64) -> String {
    bar(line, queue, now_ms).text
}

/// Beside a sentence that says already that something is wrong.
fn set_apart_in_short(queue: &Queue) -> String {
    let refused = (queue.refused > 0).then(|| tr!("{n} refusé" | "{n} refusés" % queue.refused));
    let apart = (queue.quarantined > 0).then(|| tr!("{} mis de côté", queue.quarantined));
    words::list(&refused.into_iter().chain(apart).collect::<Vec<_>>())
}

fn bar_of_line(line: &LineStatus, queue: &Queue, now_ms: i64) -> SyncBar {
    let kept = tr!("{n} pointage gardé" | "{n} pointages gardés" % queue.unsent);
    let since = words::since(line.since_ms, now_ms);
    let (text, tone) = match line.state {
        LineState::Unknown if queue.unsent == 0 => (tr!("Pas encore de contact avec le serveur"), Tone::Calm),
        LineState::Unknown => (tr!("Pas encore de contact avec le serveur · {kept}", kept), Tone::Amber),
        LineState::Online if queue.unsent > 0 => (tr!("Envoi de {n} pointage" | "Envoi de {n} pointages" % queue.unsent), Tone::Calm),
        LineState::Online => match line.last_contact_ms {
            Some(at) => (tr!("À jour · dernier échange {}", words::time_ms(at)), Tone::Calm),
            None => (tr!("À jour"), Tone::Calm),
        },
        LineState::NoNetwork => (tr!("Sans réseau depuis {since} · {kept}", since, kept), Tone::Amber),
        LineState::ServerTrouble => (tr!("Le serveur ne répond pas bien depuis {since} · {kept}", since, kept), Tone::Amber),
        LineState::NotPreau => (tr!("Ce réseau n'est pas ouvert (page d'accueil ?) depuis {since} · {kept}", since, kept), Tone::Amber),
        LineState::Clock => (tr!("L'horloge de la tablette est fausse : appelez l'administration · {kept}", kept), Tone::Red),
        LineState::CertificateExpired => (tr!("Le certificat du serveur a expiré : appelez l'administration · {kept}", kept), Tone::Red),
        LineState::CertificateTooEarly => {
            let text = tr!("Le serveur et la tablette ne sont pas à la même heure : appelez l'administration · {kept}", kept);
            (text, Tone::Red)
        }
        LineState::WrongCertificate => {
            (tr!("Ce n'est pas le serveur de Préau qui répond : appelez l'administration · {kept}", kept), Tone::Red)
        }
        LineState::Revoked => (tr!("Le serveur refuse cette tablette : appelez l'administration · {kept}", kept), Tone::Red),
        LineState::ExistsTwice => (tr!("Cette tablette existe en double : réenrôlez-la · {kept}", kept), Tone::Red),
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
    fn what_the_server_set_apart_is_said_in_words_until_a_week_has_passed() {
        let now = at("2026-10-14T08:27:00+02:00");
        let apart =
            |quarantined, age_days: i64| Queue { quarantined, quarantined_ms: Some(now - age_days * 86_400_000), ..Queue::default() };
        let said = bar(&line(LineState::Online), &apart(3, 1), now);
        assert_eq!((said.text.as_str(), said.tone), ("3 pointages mis de côté par le serveur : prévenez le bureau", Tone::Amber));
        assert_eq!(bar(&line(LineState::Online), &apart(1, 0), now).text, "1 pointage mis de côté par le serveur : prévenez le bureau");
        assert_eq!(bar(&line(LineState::Online), &apart(3, 7), now).text, "À jour · dernier échange 8:26");

        let both = Queue { refused: 1, unsent: 2, ..apart(3, 1) };
        let said = bar(&line(LineState::NoNetwork), &both, now);
        assert_eq!(said.text, "Sans réseau depuis 8 h 10 · 2 pointages gardés · 1 refusé et 3 mis de côté");
        assert_eq!((said.tone, said.unsent), (Tone::Red, 2));
        let sending = Queue { unsent: 2, ..apart(3, 1) };
        let said = bar(&line(LineState::Online), &sending, now).text;
        assert_eq!(said, "Envoi de 2 pointages · 3 pointages mis de côté par le serveur : prévenez le bureau");
    }

    #[test]
    fn tablets_that_agree_are_said_where_the_server_is_out_of_reach_and_what_does_not_count_everywhere() {
        let now = at("2026-10-14T08:27:00+02:00");
        let beside = |state, agreeing, not_counted| {
            let said = bar(&line(state), &Queue { unsent: 14, ..Queue::default() }, now);
            Neighbours { agreeing, not_counted }.beside(&line(state), said)
        };
        let said = beside(LineState::NoNetwork, 1, 0);
        assert_eq!(said.text, "Sans Internet depuis 8 h 10 · 14 pointages gardés · 2 tablettes d'accord");
        assert_eq!(beside(LineState::Online, 1, 0).text, "Envoi de 14 pointages");
        let said = beside(LineState::Online, 1, 2);
        assert_eq!(said.text, "Envoi de 14 pointages · 2 pointages d'une autre tablette mis à part : prévenez le bureau");
        assert_eq!((said.tone, beside(LineState::Revoked, 0, 1).tone), (Tone::Amber, Tone::Red));
    }

    #[test]
    fn a_repaired_journal_is_said_beside_the_line_until_the_server_has_answered_it() {
        let now = at("2026-10-14T08:27:00+02:00");
        let repaired = Repaired { journal: Some("une page est illisible".into()), roster_lost: false };
        let said = repaired.beside(bar(&line(LineState::Online), &Queue::default(), now));
        assert_eq!(said.text, "Journal réparé : prévenez l'administration · À jour · dernier échange 8:26");
        assert_eq!(said.tone, Tone::Amber);
        assert!(repaired.notice().unwrap().text.contains("l'ancien fichier est gardé"));
        let red = repaired.beside(bar(&line(LineState::Revoked), &Queue::default(), now));
        assert_eq!(red.tone, Tone::Red, "what is graver stays so");
        let whole = Repaired::default();
        assert_eq!(whole.notice(), None);
        assert_eq!(whole.beside(bar(&line(LineState::Online), &Queue::default(), now)).tone, Tone::Calm);
    }

    #[test]
    fn each_cause_has_its_own_words() {
        let states = [
            LineState::NoNetwork,
            LineState::ServerTrouble,
            LineState::NotPreau,
            LineState::Clock,
            LineState::CertificateExpired,
            LineState::CertificateTooEarly,
            LineState::WrongCertificate,
            LineState::Revoked,
            LineState::ExistsTwice,
        ];
        let texts: std::collections::HashSet<String> = states.iter().map(|s| bar(&line(*s), &Queue::default(), 0).text).collect();
        assert_eq!(texts.len(), states.len());
    }
}
