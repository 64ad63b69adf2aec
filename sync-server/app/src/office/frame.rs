//! What stands around every page of the desk: the entries that the role may open, who is logged in, the way out.

use super::Needs;
use crate::Result;
use crate::identity::roles::holds;
use crate::identity::{Agent, Csrf, Right};
use crate::page::html;
use crate::store::Territory;
use askama::Template;
use axum::response::Response;
use chrono::NaiveDate;
use shared::id::AccountId;
use std::collections::BTreeSet;

/// The column of a page.
pub(super) struct Frame {
    /// The organisation's name and code.
    pub name: String,
    pub code: String,
    /// Who is logged in.
    pub agent: String,
    pub csrf: Csrf,
    /// What the role may open.
    pub entries: Vec<Link>,
    /// The other desks that are open to this account: code and name.
    pub others: Vec<(String, String)>,
}

/// An entry of the column.
pub(super) struct Link {
    pub href: String,
    pub label: &'static str,
    /// Whether the page at hand belongs to it.
    pub here: bool,
}

/// Entries of the column, in the order of a day: key, end of the address, label, what opens it.
const ENTRIES: [(&str, &str, &str, Needs); 11] = [
    ("today", "", "Aujourd’hui", Needs::Somewhere(Right::SeeDay)),
    ("day_list", "/liste-de-secours", "Liste de secours", Needs::Somewhere(Right::CorrectDay)),
    ("apart", "/a-decider", "À décider", Needs::Whole(Right::CorrectDay)),
    ("alerts", "/signalements", "Signalements", Needs::Whole(Right::SeeAlerts)),
    ("families", "/familles", "Familles", Needs::Somewhere(Right::SeeFamilies)),
    ("team", "/equipe", "Équipe", Needs::Somewhere(Right::EditTeam)),
    ("billing", "/facturation", "Facturation", Needs::Whole(Right::SeeBilling)),
    ("payments", "/paiements", "Paiements", Needs::Whole(Right::SeeBilling)),
    ("questions", "/questions", "Questions", Needs::Whole(Right::SeeBilling)),
    ("fleet", "/tablettes", "Tablettes", Needs::Whole(Right::Fleet)),
    ("acts", "/actes", "Journal des actes", Needs::Whole(Right::SeeAudit)),
];

/// Whether a role opens what needs this.
fn opens(agent: &Agent, needs: Needs) -> bool {
    match needs {
        Needs::AnyRole => true,
        Needs::Whole(right) => agent.may(right),
        Needs::Somewhere(right) => agent.may_somewhere(right),
    }
}

/// The address of the first page that the role may open; `None` for a role of no page.
pub(super) fn first_page(agent: &Agent) -> Option<String> {
    let first = ENTRIES.iter().find(|(.., needs)| opens(agent, *needs));
    first.map(|(_, end, ..)| format!("/bureau/{}{end}", agent.organisation.code))
}

/// The frame of an agent's page; `here` is the key of its entry.
pub(super) async fn desk(territory: &Territory<'_>, agent: &Agent, here: &str, today: NaiveDate) -> Result<Frame> {
    let code = agent.organisation.code.clone();
    let opened = ENTRIES.into_iter().filter(|(.., needs)| opens(agent, *needs));
    let entries = opened.map(|(key, end, label, _)| Link { href: format!("/bureau/{code}{end}"), label, here: key == here }).collect();
    let mut others = desks_of(territory, agent.account, today).await?;
    others.retain(|(other, _)| *other != code);
    Ok(Frame { name: agent.organisation.name.clone(), agent: agent.name.clone(), csrf: agent.csrf.clone(), entries, others, code })
}

/// The organisations in which an account has a role on a day, by code: code and name.
pub(super) async fn desks_of(territory: &Territory<'_>, account: AccountId, day: NaiveDate) -> Result<Vec<(String, String)>> {
    let roles = territory.roles_of(account).all(&territory.on()).await?;
    let held: BTreeSet<_> = roles.into_iter().filter(|r| holds(r.valid_from, r.valid_to, day)).map(|r| r.organisation_id).collect();
    let all = territory.organisations().await?;
    Ok(all.into_iter().filter(|o| held.contains(&o.id)).map(|o| (o.code, o.name)).collect())
}

#[derive(Template)]
#[template(path = "office/choice.html")]
struct Choice {
    desks: Vec<(String, String)>,
    agent: String,
    csrf: Csrf,
}

/// The page on which somebody with several desks picks one.
pub(super) fn choice(desks: Vec<(String, String)>, agent: String, csrf: Csrf) -> Result<Response> {
    html(&Choice { desks, agent, csrf })
}
