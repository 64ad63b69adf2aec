//! Issuing: numbers without holes, nothing double, all or nothing; what is learnt later is an adjustment of the next bill.

use super::draft::{an_evening, priced};
use super::preau_server;
use crate::on_both;
use crate::place::Fresh;
use crate::world::{Commune, day};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};
use server::Result;
use server::app::App;
use server::billing::issue::{Issued, Order, issue};
use server::billing::issued::{IssuedBill, with_lines};
use server::clock::Clock;
use server::identity::audit::Act;
use server::store::entity::{
    allocation, audit, billing_decision, billing_run, child_right, invoice, invoice_line, job, journal_payload, ledger_entry,
    ledger_posting, number_sequence,
};
use server::store::{Engine, Territory, insert_all, new_id};
use shared::calendar::instant;
use shared::id::EntryId;
use std::process::{Command, Stdio};
use std::time::Duration;

pub(super) const BY: &str = "Mme Roche";

/// The third of the next month: the month is over.
pub(super) fn on_the_third(fresh: &Fresh) -> App {
    App { clock: Clock::manual(instant(day("2026-11-03"), "10:00:00".parse().unwrap())), ..fresh.app.clone() }
}

/// Nobody waits for a signature in these months.
async fn without_signature(app: &App, here: &Commune, months: &[&str]) {
    let rows = months.iter().map(|month| billing_decision::Model {
        organisation_id: here.organisation.0,
        id: new_id(app.clock.now()).unwrap(),
        month: (*month).into(),
        problem: "journee_non_signee|PERI|||".into(),
        decision: "emettre_quand_meme".into(),
        reason: None,
        decided_by: BY.into(),
        decided_at_ms: 0,
    });
    let rows: Vec<_> = rows.collect();
    let transaction = app.db.begin().await.unwrap();
    insert_all(&transaction, rows).await.unwrap();
    transaction.commit().await.unwrap();
}

/// A priced commune with an evening of three half-hours in October: 1,80 €.
pub(super) async fn october(app: &App, code: &str) -> Commune {
    let here = priced(app, code).await;
    an_evening(app, &here, "2026-10-05", "17:45:00").await;
    without_signature(app, &here, &["2026-10", "2026-11"]).await;
    here
}

pub(super) async fn issued(app: &App, here: &Commune, month: &str) -> Result<Issued> {
    let order = Order { month: month.parse().unwrap(), regie: None, exercise: None, by: BY };
    let issued = issue(app, here.organisation, &order, Act::command("billing issue").by(BY)).await;
    app.clock.advance(Duration::from_secs(60));
    issued
}

pub(super) async fn bills(app: &App, here: &Commune) -> Vec<IssuedBill> {
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
    let rows = tenant.find::<invoice::Entity>().order_by_asc(invoice::Column::Kind).order_by_asc(invoice::Column::Number);
    with_lines(&tenant, rows.all(&tenant.on()).await.unwrap()).await.unwrap()
}

/// What must hold whatever happened: numbers 1, 2, 3… of each kind, sums of lines, an entry of the ledger for each bill, balanced.
async fn books_hold(app: &App, here: &Commune) {
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
    let on = tenant.on();
    let bills = bills(app, here).await;
    for kind in ["A", "F"] {
        let numbers: Vec<i64> = bills.iter().filter(|b| b.bill.kind == kind).map(|b| b.bill.number).collect();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>(), "no hole, no double");
        let sequence = tenant.find::<number_sequence::Entity>().filter(number_sequence::Column::Kind.eq(kind)).one(&on).await.unwrap();
        assert_eq!(sequence.map_or(0, |s| s.last_number), numbers.len() as i64);
    }
    for bill in &bills {
        assert_eq!(bill.lines.iter().map(|l| l.row.amount_cents).sum::<i64>(), bill.bill.total_cents);
        assert!(bill.open().0 >= 0);
    }
    let entries = tenant.find::<ledger_entry::Entity>().all(&on).await.unwrap();
    assert_eq!(entries.len(), bills.len());
    let postings = tenant.find::<ledger_posting::Entity>().all(&on).await.unwrap();
    for entry in &entries {
        assert_eq!(postings.iter().filter(|p| p.entry_id == entry.id).map(|p| p.amount_cents).sum::<i64>(), 0);
    }
    let owed: i64 = postings.iter().filter(|p| p.account == "famille").map(|p| p.amount_cents).sum();
    assert_eq!(owed, bills.iter().map(|b| b.bill.total_cents).sum::<i64>());
    let runs = tenant.find::<billing_run::Entity>().all(&on).await.unwrap();
    assert_eq!(runs.iter().map(|r| r.total_cents).sum::<i64>(), owed);
    let jobs = Territory::new(app.territoire(), app.db.read()).find::<job::Entity>().all(&on).await.unwrap();
    assert_eq!(jobs.iter().filter(|j| j.kind == "document" && j.organisation_id == Some(here.organisation.0)).count(), bills.len());
}

/// Takes one entry back, as an agent at the desk.
async fn take_back(app: &App, entry: EntryId, date: &str) {
    use server::attendance::{correct, desk};
    let args = desk::Args { centre: "PERI".into(), date: day(date), by: BY.into(), organisation: Some("A".into()) };
    let retract = correct::Retract { desk: args.clone(), entry: entry.0, motif: "saisie en double".into() };
    let sealed = desk::act_on(app, &args, "attendance retract", async |_, sheet, now| retract.decide(sheet, now).map(Some)).await;
    assert!(sealed.unwrap().is_some());
    app.clock.advance(Duration::from_secs(60));
}

async fn entries_of(app: &App, here: &Commune, date: &str) -> Vec<EntryId> {
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
    let of_day = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::Day.eq(day(date)));
    let rows = of_day.filter(journal_payload::Column::TargetId.is_null()).all(&tenant.on()).await.unwrap();
    rows.into_iter().map(|p| EntryId(p.entry_id)).collect()
}

on_both! {
    async fn a_month_is_billed_once_and_the_second_time_finds_nothing_new(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let (here, there) = (october(app, "A").await, october(app, "B").await);
        let first = issued(app, &here, "2026-10").await.unwrap();
        assert_eq!((first.invoices, first.credit_notes, first.total.0), (1, 0, 180));
        assert_eq!(issued(app, &here, "2026-10").await.unwrap().run, None);
        let bill = bills(app, &here).await.remove(0);
        assert_eq!((bill.bill.printed_number.as_str(), bill.bill.payment_reference.as_str()), ("F-2026-000001", "RAF2026000001"));
        assert_eq!(bill.bill.due_on, Some(day("2026-12-03")));
        assert!(bill.lines[0].row.explanation.contains("\"entry\""), "a bill keeps the entries that made it");
        books_hold(app, &here).await;
        assert!(bills(app, &there).await.is_empty(), "another organisation's month is its own");
        issued(app, &there, "2026-10").await.unwrap();
        assert_eq!(bills(app, &there).await[0].bill.printed_number, "F-2026-000001");
    }
}

on_both! {
    async fn two_agents_at_once_bill_a_month_once(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        let (one, other) = tokio::join!(issued(app, &here, "2026-10"), issued(app, &here, "2026-10"));
        let runs = [one.unwrap().run, other.unwrap().run];
        assert_eq!(runs.iter().flatten().count(), 1, "{runs:?}");
        books_hold(app, &here).await;
    }
}

on_both! {
    async fn a_problem_that_nobody_decided_stops_it_and_nothing_is_written(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = priced(app, "A").await;
        an_evening(app, &here, "2026-10-05", "17:45:00").await;
        let said = issued(app, &here, "2026-10").await.unwrap_err().to_string();
        assert!(said.contains("1 point(s) à décider") && said.contains("journee_non_signee"), "{said}");
        books_hold(app, &here).await;
        assert!(bills(app, &here).await.is_empty());
        without_signature(app, &here, &["2026-10"]).await;
        assert_eq!(issued(app, &here, "2026-10").await.unwrap().invoices, 1);
    }
}

on_both! {
    async fn what_fails_at_any_statement_gives_everything_back(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        let transaction = app.db.begin().await.unwrap();
        let refuse = |table: &str| match app.db.engine() {
            Engine::Sqlite => vec![format!("CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'refuse'); END")],
            Engine::Postgres => vec![
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refuse'; END $$".into(),
                format!("CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"),
            ],
        };
        transaction.commit().await.unwrap();
        for table in ["billing_run", "invoice", "invoice_line", "ledger_entry", "ledger_posting", "job", "billed_sheet", "audit"] {
            let change = app.db.begin().await.unwrap();
            for statement in refuse(table) {
                change.execute_unprepared(&statement).await.unwrap();
            }
            change.commit().await.unwrap();
            assert!(issued(app, &here, "2026-10").await.is_err(), "{table}");
            let change = app.db.begin().await.unwrap();
            let drop = match app.db.engine() {
                Engine::Sqlite => "DROP TRIGGER refuse".to_owned(),
                Engine::Postgres => format!("DROP TRIGGER refuse ON {table}"),
            };
            change.execute_unprepared(&drop).await.unwrap();
            change.commit().await.unwrap();
            books_hold(app, &here).await;
            assert!(bills(app, &here).await.is_empty(), "{table}");
        }
        assert_eq!(issued(app, &here, "2026-10").await.unwrap().invoices, 1);
        books_hold(app, &here).await;
    }
}

on_both! {
    async fn what_is_learnt_after_issue_is_an_adjustment_of_the_next_bill(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        issued(app, &here, "2026-10").await.unwrap();
        an_evening(app, &here, "2026-10-12", "17:30:00").await; // 2 half-hours that nobody knew of
        an_evening(app, &here, "2026-11-02", "17:00:00").await; // 1 half-hour of November
        app.clock.advance(Duration::from_secs(60));
        issued(app, &here, "2026-11").await.unwrap();
        let all = bills(app, &here).await;
        let lines: Vec<_> = all[1].lines.iter().map(|l| (l.row.month.as_str(), l.row.adjusts, l.row.quantity.as_str(), l.row.amount_cents)).collect();
        assert_eq!(lines, [("2026-11", false, "1", 60), ("2026-10", true, "2", 120)]);
        assert_eq!(all[1].lines[1].row.label, "Accueil du soir, ajustement d’octobre 2026");
        assert_eq!(all[0].bill.total_cents, 180, "what was issued doesn't change");
        assert_eq!(issued(app, &here, "2026-11").await.unwrap().run, None, "told once");
        books_hold(app, &here).await;
    }
}

on_both! {
    async fn an_evening_that_is_kept_after_the_issue_is_an_adjustment_and_what_was_issued_stays(fresh: &Fresh) {
        use server::attendance::server_device::ServerKeys;
        use server::sync::decisions::{About, Decision, Word, decide};
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        let (_, apart) = crate::world::apart::set_apart(app, &here, "Tablette perdue", &["2026-10-12"]).await;
        issued(app, &here, "2026-10").await.unwrap();
        let before = bills(app, &here).await.remove(0);
        assert_eq!(before.bill.total_cents, 180, "what waits for a person is in no bill");
        let transaction = app.db.begin().await.unwrap();
        let territory = Territory::new(app.territoire(), &transaction);
        let word = Word { decision: Decision::Keep, reason: "reconnue par l’équipe", by: shared::id::AccountId::NIL };
        let about = (apart[0], About::Lot { up_to_ms: i64::MAX });
        let (keys, now) = (ServerKeys::open(&app.data_dir).unwrap(), app.clock.now());
        assert_eq!(decide(&territory, &keys, &territory.tenant(here.organisation), about, word, now).await.unwrap().decided, 2);
        transaction.commit().await.unwrap();
        app.clock.advance(Duration::from_secs(60));
        issued(app, &here, "2026-11").await.unwrap();
        let all = bills(app, &here).await;
        let lines: Vec<_> = all[1].lines.iter().map(|l| (l.row.month.as_str(), l.row.adjusts, l.row.quantity.as_str(), l.row.amount_cents)).collect();
        assert_eq!(lines, [("2026-10", true, "3", 180)]);
        assert_eq!((all[0].bill.clone(), all[0].lines.len()), (before.bill, before.lines.len()), "an issued bill never changes");
        books_hold(app, &here).await;
    }
}

on_both! {
    async fn a_month_that_comes_to_less_gives_a_credit_note_that_pays_what_is_open(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        an_evening(app, &here, "2026-10-06", "17:00:00").await; // 1 half-hour
        issued(app, &here, "2026-10").await.unwrap();
        for entry in entries_of(app, &here, "2026-10-06").await {
            take_back(app, entry, "2026-10-06").await;
        }
        let less = issued(app, &here, "2026-10").await.unwrap();
        assert_eq!((less.invoices, less.credit_notes, less.total.0), (0, 1, -60));
        let all = bills(app, &here).await;
        assert_eq!((all[0].bill.printed_number.as_str(), all[0].bill.total_cents), ("A-2026-000001", -60));
        assert_eq!((all[1].total().0, all[1].open().0), (240, 180), "the credit note pays a part of the bill");
        books_hold(app, &here).await;
    }
}

on_both! {
    async fn correcting_to_and_fro_comes_to_nothing(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        issued(app, &here, "2026-10").await.unwrap();
        an_evening(app, &here, "2026-10-12", "17:30:00").await;
        app.clock.advance(Duration::from_secs(60));
        issued(app, &here, "2026-10").await.unwrap();
        for entry in entries_of(app, &here, "2026-10-12").await {
            take_back(app, entry, "2026-10-12").await;
        }
        issued(app, &here, "2026-10").await.unwrap();
        assert_eq!(issued(app, &here, "2026-10").await.unwrap().run, None, "what was taken back isn't taken back twice");
        assert_eq!(bills(app, &here).await.iter().map(|b| b.bill.total_cents).sum::<i64>(), 180);
        books_hold(app, &here).await;
    }
}

on_both! {
    async fn nothing_rewrites_what_was_issued(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        issued(app, &here, "2026-10").await.unwrap();
        for statement in [
            "UPDATE invoice SET total_cents = 1",
            "DELETE FROM invoice_line",
            "UPDATE ledger_posting SET amount_cents = 0",
            "DELETE FROM allocation",
            "UPDATE billing_run SET total_cents = 0",
        ] {
            let transaction = app.db.begin().await.unwrap();
            let done = transaction.execute_unprepared(statement).await;
            let empty = statement.contains("allocation");
            assert!(done.is_err() || empty, "{statement}");
            transaction.rollback().await.unwrap();
        }
        let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
        let told = tenant.find::<audit::Entity>().filter(audit::Column::Route.eq("billing issue")).all(&tenant.on()).await.unwrap();
        assert_eq!(told.len(), 1, "who issued is on record");
        assert_eq!(tenant.find::<invoice_line::Entity>().all(&tenant.on()).await.unwrap().len(), 1);
        assert_eq!(tenant.find::<allocation::Entity>().all(&tenant.on()).await.unwrap().len(), 0);
    }
}

on_both! {
    /// The real program, killed at ever later moments of its work.
    async fn a_killed_issue_leaves_all_or_nothing(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        // What one run takes here, so that deaths fall all along it.
        let command = |data: &std::path::Path| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_preau-server"));
            command.arg("--data").arg(data).env("PREAU_TODAY", "2026-11-03");
            if let Some(url) = &fresh.place.database {
                command.arg("--database").arg(url);
            }
            command.args(["billing", "issue", "--month", "2026-10", "--organisation", "A", "--sans-documents"]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        for step in 0..12_u64 {
            let mut child = command(fresh.folder.path()).spawn().unwrap();
            let deadline = Duration::from_millis(15 * step);
            tokio::time::sleep(deadline).await;
            let _ = child.kill();
            child.wait().unwrap();
            books_hold(app, &here).await;
        }
        assert!(command(fresh.folder.path()).status().unwrap().success());
        assert_eq!(bills(app, &here).await.len(), 1, "billed once, whenever the others died");
        books_hold(app, &here).await;
    }
}

on_both! {
    async fn paper_tells_times_and_places_only_to_who_has_the_rights_on_the_child(fresh: &Fresh) {
        let app = &on_the_third(fresh);
        let here = october(app, "A").await;
        issued(app, &here, "2026-10").await.unwrap();
        let bill = bills(app, &here).await.remove(0);
        let printed = async || {
            let territory = Territory::new(app.territoire(), app.db.read());
            let document = server::billing::paper::document(app, &territory, &territory.tenant(here.organisation), &bill).await.unwrap();
            serde_json::to_string(&document).unwrap()
        };
        // Nobody said anything of this payer and this child.
        let bare = printed().await;
        assert!(bare.contains("\"total_cents\":180") && !bare.contains("17:45") && !bare.contains("Accueil périscolaire"), "{bare}");
        let right = child_right::Model {
            territoire_id: app.territoire().0,
            id: new_id(app.clock.now()).unwrap(),
            child_id: here.child.0,
            person_id: bill.bill.payer_id,
            link: None,
            parental_authority: "oui".into(),
            may_take: true,
            sees_presence: true,
            sees_bills: true,
            may_book: true,
            valid_from: None,
            valid_to: None,
            by_default: false,
        };
        let transaction = app.db.begin().await.unwrap();
        insert_all(&transaction, vec![right]).await.unwrap();
        transaction.commit().await.unwrap();
        let whole = printed().await;
        assert!(whole.contains("17:45") && whole.contains("Accueil périscolaire"), "{whole}");
    }
}

#[tokio::test]
async fn an_exercise_that_is_closed_is_refused() {
    use server::billing::issue::exercise;
    assert_eq!(exercise(None, day("2026-11-03")).unwrap(), 2026);
    assert_eq!(exercise(Some(2025), day("2026-01-31")).unwrap(), 2025);
    assert!(exercise(Some(2025), day("2026-02-01")).is_err());
    assert!(exercise(Some(2027), day("2026-11-03")).is_err());
    let fresh = crate::place::on_sqlite().await;
    priced(&fresh.app, "A").await;
    let output = preau_server(&["billing", "issue", "--month", "2026-10", "--exercice", "2019"], fresh.folder.path());
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
