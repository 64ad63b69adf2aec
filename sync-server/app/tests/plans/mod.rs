//! What the server asks of its database, as SQLite would find it: by an index, and never by walking through a table that grows with
//! the years.

use crate::office::{all_roles, at_desk, call, csrf, ids, issued, open, send};
use crate::portal::family::{Who, family};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use server::app::App;
use server::jobs;
use server::office::table;
use server::payments::poll_due;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Tables that hold every day, every bill or every act since the beginning.
const GROWS: [&str; 17] = [
    "journal_entry",
    "journal_payload",
    "booking",
    "booking_event",
    "invoice",
    "invoice_line",
    "allocation",
    "ledger_entry",
    "ledger_posting",
    "payment",
    "question",
    "audit",
    "job",
    "account_session",
    "issued_document",
    "site_change",
    "billed_sheet",
];

/// Keeps every statement that sqlx tells of.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<BTreeSet<String>>>);

#[derive(Default)]
struct Told {
    summary: String,
    whole: String,
}

impl tracing::field::Visit for Told {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.to_owned(),
            "db.statement" => self.whole = value.trim().to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn Debug) {}
}

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut told = Told::default();
            event.record(&mut told);
            let statement = if told.whole.is_empty() { told.summary } else { told.whole };
            self.0.lock().unwrap().insert(statement);
        }
    }
}

/// The tables that grow which a statement would walk through, or of which it would read all of an organisation.
async fn walked(app: &App, statement: &str) -> Vec<String> {
    let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {statement}"));
    let plan = app.db.read().query_all_raw(explain).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    let steps: Vec<String> = plan.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect();
    // The first rows of an index in its own order are few, however long it is.
    if statement.contains(" LIMIT ") && !steps.iter().any(|step| step.contains("TEMP B-TREE")) {
        return steps.into_iter().filter(|step| step.starts_with("SCAN")).collect();
    }
    let grows = |table: &str| GROWS.contains(&table);
    let bad = |step: &String| {
        let words: Vec<&str> = step.split(' ').collect();
        let by_whose_alone = ["(organisation_id=?)", "(territoire_id=?)"].iter().any(|whose| step.ends_with(whose));
        words.get(1).is_some_and(|table| grows(table)) && (words[0] == "SCAN" || (words[0] == "SEARCH" && by_whose_alone))
    };
    steps.into_iter().filter(bad).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_and_no_watch_walks_through_a_table_that_grows() {
    let statements = Statements::default();
    tracing_subscriber::registry().with(statements.clone()).init();

    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    issued(&house, &house.a).await;
    let (browser, _) = at_desk(&house, "tout@exemple.fr", &house.a, &all_roles()).await;
    let token = csrf(&browser, "A").await;
    let ours = ids(&house, "A").await;
    statements.0.lock().unwrap().clear();
    for entry in table() {
        let (path, fields, _) = call(&entry, "A", &ours);
        send(&browser, &token, &entry, &path, &fields).await;
    }
    jobs::run_due(&house.app).await.unwrap();
    poll_due(&house.app).await.unwrap();

    let fresh = crate::place::on_sqlite().await;
    let f = family(&fresh).await;
    let (mother, _) = f.browser(Who::Mother).await;
    let child = format!("/famille/enfants/{}", f.house.a.child);
    let bill = format!("/famille/factures/{}", f.mothers_bill);
    for path in [
        "/famille",
        &child,
        &format!("{child}/absence"),
        &format!("{child}/mot"),
        "/famille/factures",
        &bill,
        &format!("{bill}/facture.pdf"),
        "/famille/compte",
    ] {
        assert_eq!(mother.get(path).await.status, 200, "{path}");
    }

    let told = statements.0.lock().unwrap().clone();
    assert!(told.len() > 100, "sqlx told of {} statements", told.len());
    let named = |statement: &&String| ["Quetzal", "Xochitl", "Martin", "exemple.fr"].iter().any(|name| statement.contains(name));
    assert_eq!(told.iter().find(named), None, "a statement that is told holds no value");
    let mut found = Vec::new();
    for statement in told.iter().filter(|statement| ["SELECT", "UPDATE", "DELETE"].iter().any(|verb| statement.starts_with(verb))) {
        let walked = walked(&house.app, statement).await;
        if !walked.is_empty() {
            found.push(format!("{walked:?}\n  {statement}"));
        }
    }
    assert!(found.is_empty(), "{} statements:\n{}", found.len(), found.join("\n"));
}
