//! The table of the office's routes: what each asks for, and what it leaves behind. Tests walk it.

use super::{
    account, activation_code, acts, alerts, apart, bill, bill_acts, day, day_acts, day_list, decide, door_code, draft, families, fleet,
    household, issue, paper, payments, questions, run, site_watch, tablet, team, today,
};
use crate::identity::Right;
use crate::serve::Server;
use axum::routing::{MethodRouter, get, post};

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Any role in the organisation.
    AnyRole,
    /// A right in the whole organisation.
    Whole(Right),
    /// A right, be it at one lieu only: the page shows the lieux, or the families, where the role gives it.
    Somewhere(Right),
}

/// A route.
pub struct Entry {
    /// Method and path, as the audit names it.
    pub name: &'static str,
    /// Who may.
    pub needs: Needs,
    /// Where each call that changes or opens something leaves a line in the organisation's book: what it does, as the journal says it.
    pub told: Option<&'static str>,
    pub(super) handler: MethodRouter<Server>,
}

impl Entry {
    /// `GET` or `POST`.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.name.split_once(' ').map_or("", |(method, _)| method)
    }

    /// The path, as the router knows it.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.name.split_once(' ').map_or("", |(_, path)| path)
    }
}

fn reads(name: &'static str, needs: Needs, handler: MethodRouter<Server>) -> Entry {
    Entry { name, needs, told: None, handler }
}

fn told(name: &'static str, said: &'static str, needs: Needs, handler: MethodRouter<Server>) -> Entry {
    Entry { name, needs, told: Some(said), handler }
}

/// Every route of an organisation's desk. Whatever changes something, or opens a family's file, is `told`.
#[must_use]
pub fn table() -> Vec<Entry> {
    use Needs::{AnyRole, Somewhere, Whole};
    use Right::{
        Collect, CorrectDay, Decide, EditFamilies, EditTeam, Fleet, Issue, SeeAlerts, SeeAudit, SeeBilling, SeeDay, SeeFamilies, SignDay,
    };
    vec![
        reads("GET /bureau/{organisation}", AnyRole, get(today::page)),
        // A lieu's day.
        reads("GET /bureau/{organisation}/journee/{centre}", Somewhere(SeeDay), get(day::page)),
        told(day_acts::SIGN, "Journée signée", Somewhere(SignDay), post(day_acts::sign)),
        told(day_acts::CORRECT, "Heure corrigée", Somewhere(CorrectDay), post(day_acts::correct)),
        told(day_acts::RETRACT, "Pointage retiré", Somewhere(CorrectDay), post(day_acts::retract)),
        told(day_acts::ADD, "Présence ajoutée", Somewhere(CorrectDay), post(day_acts::add)),
        // The day on paper.
        reads("GET /bureau/{organisation}/liste-de-secours", Somewhere(CorrectDay), get(day_list::page)),
        told(day_list::MAKE, "Liste de secours faite", Somewhere(CorrectDay), post(day_list::make_anew)),
        told(day_list::PDF, "Liste de secours ouverte", Somewhere(CorrectDay), get(day_list::pdf)),
        // Families.
        reads("GET /bureau/{organisation}/familles", Somewhere(SeeFamilies), get(families::page)),
        told(household::READ, "Dossier de famille lu", Somewhere(SeeFamilies), get(household::page)),
        told(activation_code::ROUTE, "Code d’activation donné", Whole(EditFamilies), post(activation_code::give)),
        told(door_code::ROUTE, "Code d’une personne à la borne changé", Whole(EditFamilies), post(door_code::set_code)),
        // Who works in the lieux.
        reads("GET /bureau/{organisation}/equipe", Somewhere(EditTeam), get(team::page)),
        told(team::CODE, "Code d’un membre de l’équipe changé", Somewhere(EditTeam), post(team::set_code)),
        // A month, from its draft to its bills.
        reads("GET /bureau/{organisation}/facturation", Whole(SeeBilling), get(draft::page)),
        told(draft::READ, "Brouillon de facture lu", Whole(SeeBilling), get(draft::bill)),
        told(decide::ROUTE, "Décision de facturation", Whole(Decide), post(decide::decide)),
        reads("GET /bureau/{organisation}/emission/{month}", Whole(Issue), get(issue::page)),
        told(issue::ROUTE, "Factures émises", Whole(Issue), post(issue::issue)),
        reads("GET /bureau/{organisation}/campagnes/{run}", Whole(SeeBilling), get(run::page)),
        told(paper::ROUTE, "Factures papier imprimées", Whole(Decide), post(paper::print)),
        told(bill::READ, "Facture lue", Whole(SeeBilling), get(bill::page)),
        told(bill::PDF, "Facture ouverte en PDF", Whole(SeeBilling), get(bill::pdf)),
        told(account::READ, "Compte lu", Whole(SeeBilling), get(account::page)),
        reads("GET /bureau/{organisation}/paiements", Whole(SeeBilling), get(payments::page)),
        told(payments::DECIDE, "Paiement décidé", Whole(Decide), post(payments::decided)),
        told(bill_acts::RECEIVE, "Encaissement au guichet", Whole(Collect), post(bill_acts::received)),
        told(bill_acts::VOID, "Quittance annulée", Whole(Collect), post(bill_acts::voided)),
        told(bill_acts::WRITE_OFF, "Remise sur une facture", Whole(Issue), post(bill_acts::written_off)),
        told(bill_acts::CANCEL, "Facture annulée", Whole(Issue), post(bill_acts::cancelled)),
        reads("GET /bureau/{organisation}/questions", Whole(SeeBilling), get(questions::page)),
        told(questions::ANSWER, "Réponse à une famille", Whole(Decide), post(questions::answer)),
        // What was set apart, and what somebody is called for.
        reads("GET /bureau/{organisation}/a-decider", Whole(CorrectDay), get(apart::page)),
        reads("GET /bureau/{organisation}/a-decider/{apart}", Whole(CorrectDay), get(apart::lot_page)),
        told(apart::ONE, "Décision sur un pointage mis de côté", Whole(CorrectDay), post(apart::one)),
        told(apart::LOT, "Décision sur un lot de pointages mis de côté", Whole(CorrectDay), post(apart::lot_decided)),
        reads("GET /bureau/{organisation}/signalements", Whole(SeeAlerts), get(alerts::page)),
        told(alerts::SEEN, "Signalement noté comme vu", Whole(SeeAlerts), post(alerts::seen)),
        // Tablets.
        reads("GET /bureau/{organisation}/tablettes", Whole(Fleet), get(fleet::page)),
        told(fleet::CODE, "Code d’enrôlement donné", Whole(Fleet), post(fleet::code)),
        told(site_watch::ROUTE, "Heure de veille d’un site", Whole(Fleet), post(site_watch::set)),
        reads("GET /bureau/{organisation}/tablettes/{device}", Whole(Fleet), get(tablet::page)),
        told(tablet::RENAME, "Tablette renommée", Whole(Fleet), post(tablet::rename)),
        told(tablet::MOVE, "Code donné pour changer de bâtiment", Whole(Fleet), post(tablet::move_to)),
        reads("GET /bureau/{organisation}/tablettes/{device}/revocation", Whole(Fleet), get(fleet::confirm)),
        told(fleet::REVOKE, "Tablette révoquée", Whole(Fleet), post(fleet::revoke)),
        // What was done, by whom.
        reads("GET /bureau/{organisation}/actes", Whole(SeeAudit), get(acts::page)),
    ]
}
