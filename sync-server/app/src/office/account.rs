//! The account of a payer at a régie, line by line: what a family asks about on the telephone, and what the Treasury is shown.

use super::{Frame, act_of, desk, id_of, snapshot, told};
use crate::identity::{Agent, Right};
use crate::ledger::statement;
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::{person, regie};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::french;
use shared::money::Cents;
use uuid::Uuid;

/// Opens an account.
pub(super) const READ: &str = "GET /bureau/{organisation}/comptes/{person}/{regie}";

#[derive(Template)]
#[template(path = "office/account.html")]
struct Page {
    frame: Frame,
    payer: String,
    household: Option<Uuid>,
    regie: String,
    balance: String,
    rows: Vec<Row>,
}

struct Row {
    date: String,
    label: String,
    owed: String,
    paid: String,
    balance: String,
}

impl Row {
    fn of(row: &statement::Row) -> Self {
        let shown = |amount: Cents| if amount > Cents::ZERO { amount.to_string() } else { String::new() };
        Self {
            date: french::long_day(row.date),
            label: row.label.clone(),
            owed: shown(row.amount_cents),
            paid: shown(-row.amount_cents),
            balance: row.balance_cents.to_string(),
        }
    }
}

/// What a sum on an account is to the family.
pub(super) fn said_balance(sum: Cents) -> String {
    match sum.0 {
        0 => "rien à payer".to_owned(),
        owed if owed > 0 => format!("{sum} à payer"),
        _ => format!("{} d’avance", -sum),
    }
}

/// `GET /bureau/{organisation}/comptes/{person}/{regie}`.
pub(super) async fn page(
    State(server): State<Server>,
    agent: Agent,
    Path((_, payer, code)): Path<(String, String, String)>,
) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    let id = id_of(&payer, "Ce payeur")?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let tenant = territory.tenant(agent.organisation_id());
    let known = tenant.about_households::<person::Entity>(person::Column::HouseholdId).filter(person::Column::Id.eq(id));
    let payer = known.one(&tenant.on()).await?.ok_or_else(|| Error::NotFound("Ce payeur".into()))?;
    let regie = tenant.find::<regie::Entity>().filter(regie::Column::Code.eq(&code)).one(&tenant.on()).await?;
    let regie = regie.ok_or_else(|| Error::NotFound("Cette régie".into()))?;
    let rows = statement::read(&tenant, id, regie.id).await?;
    let frame = desk(&territory, &agent, "billing", server.app.clock.today()).await?;
    drop(reading);
    told(&server.app, act_of(&agent, READ).about("person", id)).await?;
    html(&Page {
        frame,
        payer: format!("{} {}", payer.first_name, payer.last_name),
        household: Some(payer.household_id).filter(|_| agent.may(Right::SeeFamilies)),
        regie: regie.name,
        balance: said_balance(rows.last().map_or(Cents::ZERO, |row| row.balance_cents)),
        rows: rows.iter().map(Row::of).collect(),
    })
}
