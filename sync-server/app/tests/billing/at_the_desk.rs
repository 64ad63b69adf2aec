//! The accounts at the desk: receipts, what bounces, what is forgiven, a bill that is withdrawn; and books that hold after any of it.

use super::issuing::{BY, bills, issued, october, on_the_third};
use super::{preau_server, stdout};
use crate::on_both;
use crate::place::Fresh;
use crate::world::Commune;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use server::app::App;
use server::billing::books;
use server::identity::audit::Act;
use server::ledger::{Cancel, Receipt, Void, WriteOff, cancel, receive, statement, void, write_off};
use server::store::entity::{audit, receipt, regie};
use server::store::{Territory, new_id};
use server::{Error, Result};
use shared::money::Cents;
use std::time::Duration;
use uuid::Uuid;

fn act() -> Act<'static> {
    Act::command("ledger").by(BY)
}

/// An issued bill of 1,80 € at a régie that takes money itself.
async fn a_bill(fresh: &Fresh) -> (App, Commune, Uuid) {
    let app = on_the_third(fresh);
    let here = october(&app, "A").await;
    issued(&app, &here, "2026-10").await.unwrap();
    let bill = bills(&app, &here).await.remove(0).bill.id;
    (app, here, bill)
}

async fn takes(app: &App, here: &Commune, bill: Uuid, means: &str, cents: i64) -> Result<receipt::Model> {
    let id = new_id(app.clock.now()).unwrap();
    let asked = Receipt { id, bill, means, amount: Cents(cents), on: app.clock.today(), reference: "n° 12" };
    let taken = receive(app, here.organisation, &asked, BY, act()).await;
    app.clock.advance(Duration::from_secs(60));
    taken
}

async fn voids(app: &App, here: &Commune, receipt: Uuid) -> Result<receipt::Model> {
    let voided = void(app, here.organisation, Void { receipt, reason: "chèque rejeté" }, BY, act()).await;
    app.clock.advance(Duration::from_secs(60));
    voided
}

async fn forgives(app: &App, here: &Commune, bill: Uuid, cents: i64) -> Result<()> {
    let id = new_id(app.clock.now()).unwrap();
    let asked = WriteOff { id, bill, kind: "remise_gracieuse", amount: Cents(cents), deliberation: "2026-112 du 2 novembre" };
    let forgiven = write_off(app, here.organisation, asked, BY, act()).await.map(|_| ());
    app.clock.advance(Duration::from_secs(60));
    forgiven
}

async fn withdraws(app: &App, here: &Commune, bill: Uuid) -> Result<server::store::entity::invoice::Model> {
    let withdrawn = cancel(app, here.organisation, Cancel { bill, reason: "mauvais payeur" }, BY, act()).await;
    app.clock.advance(Duration::from_secs(60));
    withdrawn
}

/// What is open of each bill, credit notes left out.
async fn open(app: &App, here: &Commune) -> Vec<i64> {
    bills(app, here).await.iter().filter(|b| !b.is_credit_note()).map(|b| b.open().0).collect()
}

/// The laws of the books, and the account line by line; gives its balance.
async fn account(app: &App, here: &Commune) -> (Vec<String>, i64) {
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
    assert_eq!(books::read(&tenant).await.unwrap().findings(), Vec::<String>::new());
    let bill = bills(app, here).await.remove(0).bill;
    let rows = statement::read(&tenant, bill.payer_id, bill.regie_id).await.unwrap();
    let balance = rows.last().map_or(0, |row| row.balance_cents.0);
    (rows.into_iter().map(|row| format!("{} {}", row.label, row.amount_cents.0)).collect(), balance)
}

on_both! {
    async fn money_at_the_desk_pays_the_bill_and_what_is_more_stays_the_family_s(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        let (app, here) = (&app, &here);
        let first = takes(app, here, bill, "cheque", 100).await.unwrap();
        assert_eq!((first.printed_number.as_str(), open(app, here).await), ("Q-2026-000001", vec![80]));
        let second = takes(app, here, bill, "especes", 200).await.unwrap();
        assert_eq!((second.number, open(app, here).await), (2, vec![0]));
        let (lines, balance) = account(app, here).await;
        assert_eq!(lines, [
            "Facture F-2026-000001 180",
            "Chèque, quittance Q-2026-000001 (n° 12) -100",
            "Espèces, quittance Q-2026-000002 (n° 12) -200",
        ]);
        assert_eq!(balance, -120);
        let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
        let told = tenant.find::<audit::Entity>().filter(audit::Column::SubjectKind.eq("receipt")).all(&tenant.on()).await.unwrap();
        assert_eq!(told.len(), 2, "each leaves its line");
    }
}

on_both! {
    async fn the_same_form_sent_twice_is_one_receipt(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        let id = new_id(app.clock.now()).unwrap();
        let asked = Receipt { id, bill, means: "carte", amount: Cents(180), on: app.clock.today(), reference: "" };
        let once = receive(&app, here.organisation, &asked, BY, act()).await.unwrap();
        let twice = receive(&app, here.organisation, &asked, BY, act()).await.unwrap();
        assert_eq!(once, twice);
        let changed = Receipt { amount: asked.amount + Cents(1), ..asked };
        let refused = receive(&app, here.organisation, &changed, BY, act()).await.unwrap_err();
        assert!(refused.to_string().contains(&once.printed_number), "{refused}");
        assert_eq!(account(&app, &here).await.1, 0);
    }
}

on_both! {
    async fn a_cheque_that_bounces_is_owed_again_and_its_number_stays(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        let (app, here) = (&app, &here);
        let cheque = takes(app, here, bill, "cheque", 180).await.unwrap();
        voids(app, here, cheque.id).await.unwrap();
        assert_eq!(open(app, here).await, [180]);
        assert!(matches!(voids(app, here, cheque.id).await, Err(Error::Conflict(_))), "once");
        assert_eq!(takes(app, here, bill, "especes", 180).await.unwrap().number, 2, "the first number stays given");
        let (lines, balance) = account(app, here).await;
        assert_eq!((lines[2].as_str(), balance), ("annulé : Chèque, quittance Q-2026-000001 (n° 12) 180", 0));
    }
}

on_both! {
    async fn what_the_council_forgives_is_at_most_what_is_open(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        let (app, here) = (&app, &here);
        takes(app, here, bill, "cheque", 50).await.unwrap();
        assert!(matches!(forgives(app, here, bill, 131).await, Err(Error::Input(_))));
        forgives(app, here, bill, 130).await.unwrap();
        assert!(matches!(forgives(app, here, bill, 1).await, Err(Error::Input(_))));
        let (lines, balance) = account(app, here).await;
        assert_eq!((lines[2].as_str(), balance), ("Remise gracieuse sur F-2026-000001, 2026-112 du 2 novembre -130", 0));
    }
}

on_both! {
    async fn a_withdrawn_bill_owes_nothing_what_was_paid_is_credit_and_the_next_run_bills_the_facts_again(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        let (app, here) = (&app, &here);
        takes(app, here, bill, "cheque", 100).await.unwrap();
        let note = withdraws(app, here, bill).await.unwrap();
        assert_eq!((note.printed_number.as_str(), note.total_cents, note.reason.as_deref()), ("A-2026-000001", -180, Some("mauvais payeur")));
        assert_eq!((open(app, here).await, account(app, here).await.1), (vec![0], -100));
        assert!(matches!(withdraws(app, here, bill).await, Err(Error::Conflict(_))), "once");
        assert!(matches!(withdraws(app, here, note.id).await, Err(Error::Conflict(_))), "a credit note isn't withdrawn");
        let again = issued(app, here, "2026-10").await.unwrap();
        assert_eq!((again.invoices, again.total.0), (1, 180));
        assert_eq!((open(app, here).await, account(app, here).await.1), (vec![0, 80], 80), "the credit pays the new bill");
        assert_eq!(issued(app, here, "2026-10").await.unwrap().run, None);
    }
}

on_both! {
    async fn two_agents_who_withdraw_one_bill_at_once_make_one_credit_note(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        let (one, other) = tokio::join!(withdraws(&app, &here, bill), withdraws(&app, &here, bill));
        assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
        assert_eq!(account(&app, &here).await.1, 0);
        let (a, b) = tokio::join!(takes(&app, &here, bill, "carte", 50), takes(&app, &here, bill, "cheque", 60));
        let numbers = [a.unwrap().number, b.unwrap().number];
        assert!(numbers == [1, 2] || numbers == [2, 1], "{numbers:?}");
        assert_eq!(account(&app, &here).await.1, -110);
    }
}

on_both! {
    async fn any_sequence_of_acts_leaves_books_that_hold(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        let (app, here) = (&app, &here);
        // Numbers drawn once from a seed: the same story each time.
        let mut drawn = 7_u64;
        let mut draw = |below: u64| {
            drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (drawn >> 33) % below
        };
        let mut receipts = Vec::new();
        for _ in 0..40 {
            let all = bills(app, here).await;
            let (which, cents) = (draw(all.len() as u64) as usize, 1 + draw(120) as i64);
            let target = all[which].bill.id;
            match draw(5) {
                0 | 1 => receipts.extend(takes(app, here, target, ["cheque", "especes", "cesu"][draw(3) as usize], cents).await.ok().map(|r| r.id)),
                2 if !receipts.is_empty() => drop(voids(app, here, receipts[draw(receipts.len() as u64) as usize]).await),
                3 => drop(forgives(app, here, target, cents).await),
                _ => {
                    drop(withdraws(app, here, target).await);
                    issued(app, here, "2026-10").await.unwrap();
                }
            }
            account(app, here).await;
        }
        assert!(receipts.len() > 5 && bills(app, here).await.len() > 3, "the story was one");
        _ = bill;
    }
}

on_both! {
    async fn what_fails_at_any_statement_leaves_the_accounts_as_they_were(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        for table in ["receipt", "ledger_posting", "allocation", "audit"] {
            let refuse = match app.db.engine() {
                server::store::Engine::Sqlite => vec![format!("CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END")],
                server::store::Engine::Postgres => vec![
                    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS 'BEGIN RAISE EXCEPTION ''full''; END' LANGUAGE plpgsql".to_owned(),
                    format!("CREATE TRIGGER no_{table} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"),
                ],
            };
            let transaction = app.db.begin().await.unwrap();
            for statement in refuse {
                transaction.execute_unprepared(&statement).await.unwrap();
            }
            transaction.commit().await.unwrap();
            assert!(takes(&app, &here, bill, "cheque", 100).await.is_err(), "{table}");
            let transaction = app.db.begin().await.unwrap();
            let drop = match app.db.engine() {
                server::store::Engine::Sqlite => format!("DROP TRIGGER no_{table}"),
                server::store::Engine::Postgres => format!("DROP TRIGGER no_{table} ON {table}"),
            };
            transaction.execute_unprepared(&drop).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!((open(&app, &here).await, account(&app, &here).await.0.len()), (vec![180], 1), "{table}");
        }
        assert_eq!(takes(&app, &here, bill, "cheque", 100).await.unwrap().number, 1, "no number was lost");
    }
}

on_both! {
    async fn a_regie_of_the_treasury_takes_no_money_and_another_organisation_s_bill_is_none(fresh: &Fresh) {
        let (app, here, bill) = a_bill(fresh).await;
        let there = october(&app, "B").await;
        assert!(matches!(takes(&app, &there, bill, "cheque", 100).await, Err(Error::NotFound(_))));
        assert!(matches!(withdraws(&app, &there, bill).await, Err(Error::NotFound(_))));
        let transaction = app.db.begin().await.unwrap();
        let titre = regie::Entity::update_many().col_expr(regie::Column::Mode, sea_orm::sea_query::Expr::value("titre"));
        titre.filter(regie::Column::OrganisationId.eq(here.organisation.0)).exec(&transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(matches!(takes(&app, &here, bill, "cheque", 100).await, Err(Error::Conflict(_))));
        assert!(matches!(withdraws(&app, &here, bill).await, Err(Error::Conflict(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_takes_money_prints_the_account_and_says_what_is_wrong() {
    let fresh = crate::place::on_sqlite().await;
    let (app, _, _) = a_bill(&fresh).await;
    // The program's own clock is today's.
    drop(app);
    let data = fresh.folder.path();
    let run = |arguments: &[&str]| {
        let output = preau_server(arguments, data);
        (output.status.code(), stdout(&output), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let wrong = run(&["ledger", "receive", "--bill", "F-2026-000009", "--means", "cheque", "--amount", "1"]);
    assert!(wrong.0 == Some(2) && wrong.2.contains("F-2026-000009"), "{wrong:?}");
    let wrong = run(&["ledger", "receive", "--bill", "F-2026-000001", "--means", "troc", "--amount", "1"]);
    assert!(wrong.0 == Some(2) && wrong.2.contains("cheque"), "{wrong:?}");
    let wrong = run(&["ledger", "receive", "--bill", "F-2026-000001", "--means", "especes", "--amount", "300,01"]);
    assert!(wrong.0 == Some(2) && wrong.2.contains("300"), "{wrong:?}");
    let took = run(&["ledger", "receive", "--bill", "F-2026-000001", "--means", "cheque", "--amount", "1,80", "--date", "2026-11-03"]);
    assert!(took.0 == Some(0) && took.1.contains("Quittance Q-"), "{took:?}");
    let account = run(&["ledger", "statement", "--payer", "R-A", "--regie", "R-A", "--format", "json"]);
    let account: serde_json::Value = serde_json::from_str(&account.1).unwrap();
    assert_eq!((account["balance_cents"].as_i64(), account["rows"].as_array().unwrap().len()), (Some(0), 2));
    assert!(run(&["ledger", "verify"]).1.contains("Les comptes tombent juste."));
}
