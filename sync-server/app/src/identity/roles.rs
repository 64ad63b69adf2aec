//! Roles of agents and what each may: one table, that a council can read.

use chrono::NaiveDate;
use shared::id::CentreId;

/// What a page or an act asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Sees who is expected and present.
    SeeDay,
    /// Signs a day.
    SignDay,
    /// Corrects a day, with a reason.
    CorrectDay,
    /// Reads households, children and their files.
    SeeFamilies,
    /// Changes them.
    EditFamilies,
    /// Reads drafts, bills and accounts.
    SeeBilling,
    /// Decides what a draft asks.
    Decide,
    /// Issues a month's bills; withdraws one, forgives a debt by deliberation: the ordonnateur's.
    Issue,
    /// Takes money in at the desk, and takes a receipt back: the régisseur's and nobody else's.
    Collect,
    /// Sees what people are called for, and notes it as seen.
    SeeAlerts,
    /// Gives the staff of a lieu its codes for the tablets.
    EditTeam,
    /// Enrols and revokes tablets.
    Fleet,
    /// Reads the audit.
    SeeAudit,
    /// Gives and takes roles, sets the organisation up.
    Manage,
}

/// What an account is in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Staff of a lieu.
    #[value(help = "équipe d'un lieu")]
    Equipe,
    /// Director of a lieu.
    #[value(help = "direction d'un lieu : signe et corrige ses journées")]
    Direction,
    /// Childcare office: files, families at the counter.
    #[value(help = "accueil enfance : dossiers et familles")]
    Agent,
    /// Finance office: prepares a month.
    #[value(help = "prépare la facturation d'un mois")]
    Finances,
    /// Issues it: apart from who prepares, where an organisation wants it; else one account has both.
    #[value(help = "émet les factures")]
    Emetteur,
    /// Holds a régie: takes money in, and says so by a receipt.
    #[value(help = "régisseur ou mandataire : encaisse au guichet")]
    Regisseur,
    /// Reads, and changes nothing.
    #[value(help = "lit tout, ne change rien")]
    Controle,
    /// Accounts, tablets, settings; no child's file.
    #[value(help = "comptes, tablettes, réglages ; aucun dossier d'enfant")]
    Administrateur,
}

use Right::{
    Collect, CorrectDay, Decide, EditFamilies, EditTeam, Fleet, Issue, Manage, SeeAlerts, SeeAudit, SeeBilling, SeeDay, SeeFamilies,
    SignDay,
};

/// The table.
const TABLE: [(Role, &str, &[Right]); 8] = [
    (Role::Equipe, "equipe", &[SeeDay]),
    (Role::Direction, "direction", &[SeeDay, SignDay, CorrectDay, SeeFamilies, EditTeam]),
    (Role::Agent, "agent", &[SeeDay, CorrectDay, SeeFamilies, EditFamilies, SeeBilling, SeeAlerts]),
    (Role::Finances, "finances", &[SeeDay, SeeFamilies, SeeBilling, Decide]),
    (Role::Emetteur, "emetteur", &[SeeBilling, Issue]),
    (Role::Regisseur, "regisseur", &[SeeFamilies, SeeBilling, Collect]),
    (Role::Controle, "controle", &[SeeDay, SeeFamilies, SeeBilling, SeeAudit]),
    (Role::Administrateur, "administrateur", &[SeeAlerts, EditTeam, Fleet, SeeAudit, Manage]),
];

impl Role {
    /// As stored and as typed in a command.
    #[must_use]
    pub fn code(self) -> &'static str {
        TABLE.iter().find(|(role, ..)| *role == self).map_or("", |(_, code, _)| code)
    }

    /// Of a stored code; a code that this release doesn't know gives no right.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        TABLE.iter().find(|(_, of, _)| *of == code).map(|(role, ..)| *role)
    }

    /// What it may.
    #[must_use]
    pub fn rights(self) -> &'static [Right] {
        TABLE.iter().find(|(role, ..)| *role == self).map_or(&[], |(.., rights)| rights)
    }
}

/// A role that was given: for a lieu, or for the whole organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Which role.
    pub role: Role,
    /// Where; everywhere if empty.
    pub centre: Option<CentreId>,
}

/// Whether a row holds on a day.
#[must_use]
pub fn holds(valid_from: NaiveDate, valid_to: Option<NaiveDate>, day: NaiveDate) -> bool {
    valid_from <= day && valid_to.is_none_or(|to| day <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_table_says_and_every_right_is_somebody_s() {
        let table: Vec<String> = TABLE.iter().map(|(role, code, rights)| format!("{role:?} {code}: {rights:?}")).collect();
        assert_eq!(
            table,
            [
                "Equipe equipe: [SeeDay]",
                "Direction direction: [SeeDay, SignDay, CorrectDay, SeeFamilies, EditTeam]",
                "Agent agent: [SeeDay, CorrectDay, SeeFamilies, EditFamilies, SeeBilling, SeeAlerts]",
                "Finances finances: [SeeDay, SeeFamilies, SeeBilling, Decide]",
                "Emetteur emetteur: [SeeBilling, Issue]",
                "Regisseur regisseur: [SeeFamilies, SeeBilling, Collect]",
                "Controle controle: [SeeDay, SeeFamilies, SeeBilling, SeeAudit]",
                "Administrateur administrateur: [SeeAlerts, EditTeam, Fleet, SeeAudit, Manage]",
            ]
        );
        for right in [
            SeeDay,
            SignDay,
            CorrectDay,
            SeeFamilies,
            EditFamilies,
            SeeBilling,
            Decide,
            Issue,
            Collect,
            SeeAlerts,
            EditTeam,
            Fleet,
            SeeAudit,
            Manage,
        ] {
            assert!(TABLE.iter().any(|(.., rights)| rights.contains(&right)), "{right:?} is nobody's");
        }
    }

    #[test]
    fn who_prepares_a_month_does_not_issue_it_and_who_controls_changes_nothing() {
        assert!(!Role::Finances.rights().contains(&Issue) && !Role::Emetteur.rights().contains(&Decide));
        let holds_money = |role: &Role| role.rights().contains(&Collect);
        assert!(
            TABLE.iter().filter(|(role, ..)| holds_money(role)).all(|(role, ..)| *role == Role::Regisseur),
            "who orders doesn't collect"
        );
        assert!(Role::Controle.rights().iter().all(|r| matches!(r, SeeDay | SeeFamilies | SeeBilling | SeeAudit)));
    }

    #[test]
    fn a_role_of_another_release_gives_no_right() {
        assert_eq!(Role::of("maire"), None);
        assert!(TABLE.iter().all(|(role, code, _)| Role::of(code) == Some(*role) && role.code() == *code));
    }
}
