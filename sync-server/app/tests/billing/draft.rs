//! A month from the journal to a draft, through the store and through the real program.

use super::{preau_server, stdout};
use crate::on_both;
use crate::world::{Commune, commune, day};
use serde_json::Value;
use server::app::App;
use server::attendance::server_device::{ServerDevice, ServerKeys};
use server::billing::draft::draft;
use server::store::entity::{booking, booking_event, regie, tariff};
use server::store::{Territory, insert_all, new_id};
use shared::calendar::instant;
use shared::journal::{Channel, Detail, Evidence, Kind, LeftTo, Moment, Payload};

const TARIFF: &str = "code = \"soir\"\nlibelle = \"Accueil du soir\"\nvalable_du = 2026-09-01\nmethode = \"forfait\"\nunite = \"demi_heure\"\nprix = \"0.60\"\nfacture = \"le_plus_grand\"\n";

/// A commune with a régie and a price.
pub async fn priced(app: &App, code: &str) -> Commune {
    let here = commune(app, code).await;
    let (id, territoire_id, organisation_id) = (|| new_id(app.clock.now()).unwrap(), app.territoire().0, here.organisation.0);
    let transaction = app.db.begin().await.unwrap();
    let row = tariff::Model {
        organisation_id,
        id: id(),
        territoire_id,
        code: "soir".into(),
        label: "Accueil du soir".into(),
        method: "forfait".into(),
        valid_from: day("2026-09-01"),
        valid_to: None,
        version: 1,
        source_text: TARIFF.into(),
        source_hash: Vec::new(),
        file_name: "soir.toml".into(),
        created_at_ms: 0,
        replaced_at_ms: None,
    };
    let older = tariff::Model { id: id(), version: 0, source_text: TARIFF.replace("0.60", "9.99"), replaced_at_ms: Some(1), ..row.clone() };
    insert_all(&transaction, vec![row, older]).await.unwrap();
    let regie = regie::Model {
        organisation_id,
        id: id(),
        territoire_id,
        code: format!("R-{code}"),
        name: "Régie".into(),
        mode: "regie".into(),
        numcli: None,
        term: "echu".into(),
        means: None,
        cash_ceiling_cents: None,
        budget_code: None,
        collectivite_code: None,
        post_id: None,
    };
    insert_all(&transaction, vec![regie]).await.unwrap();
    transaction.commit().await.unwrap();
    here
}

/// A booking with its events, in order.
async fn book(app: &App, here: &Commune, date: &str, events: &[&str]) {
    let (booking_id, organisation_id) = (new_id(app.clock.now()).unwrap(), here.organisation.0);
    let transaction = app.db.begin().await.unwrap();
    let (child_id, activity_id) = (here.child.0, here.activity.0);
    let row = booking::Model {
        organisation_id,
        id: booking_id,
        territoire_id: app.territoire().0,
        child_id,
        activity_id,
        day: day(date),
        household_id: None,
    };
    insert_all(&transaction, vec![row]).await.unwrap();
    let event = |(number, kind): (i32, &&str)| booking_event::Model {
        organisation_id,
        booking_id,
        number,
        kind: (*kind).into(),
        at_ms: 0,
        starts_minute: Some(990),
        ends_minute: Some(1050),
        actor: "import".into(),
        on_behalf_of: None,
        capacity: "agent".into(),
        authority_ref: None,
        channel: "import".into(),
        deadline_rule: None,
    };
    insert_all(&transaction, (1..).zip(events).map(event).collect()).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Touches sealed by the server for one evening.
pub async fn an_evening(app: &App, here: &Commune, date: &str, left: &str) {
    let keys = ServerKeys::open(&app.data_dir).unwrap();
    let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
    let territory = Territory::new(app.territoire(), &transaction);
    let mut pen = ServerDevice::open(&territory, &keys, here.site, now).await.unwrap();
    let payload = |time: &str, detail: Detail| Payload {
        about_child: Some(here.child),
        centre: Some(here.centre),
        happened_at_ms: instant(day(date), time.parse().unwrap()).timestamp_millis(),
        moment: Moment { activity: Some(here.activity), label: "Accueil du soir".into() },
        channel: Channel::Import,
        evidence: Evidence::Paper,
        detail,
        ..ServerDevice::payload(now)
    };
    pen.seal(here.organisation, Kind::Arrived, payload("16:30:00", Detail::None), &[], now).unwrap();
    pen.seal(here.organisation, Kind::Left, payload(left, Detail::Left { to: LeftTo::Other, person: None }), &[], now).unwrap();
    pen.append(&territory, now).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn a_month_goes_from_the_journal_to_a_draft_of_its_own_organisation(fresh: &Fresh) {
        let app = &fresh.app;
        let (here, there) = (priced(app, "A").await, priced(app, "B").await);
        an_evening(app, &here, "2026-09-30", "17:00:00").await;
        an_evening(app, &here, "2026-10-05", "17:45:00").await; // 3 half-hours
        book(app, &here, "2026-10-06", &["requested", "accepted"]).await; // a no-show of an hour
        book(app, &here, "2026-10-08", &["requested", "accepted", "cancelled"]).await;
        an_evening(app, &there, "2026-10-05", "17:00:00").await;
        let snapshot = app.db.snapshot().await.unwrap();
        let tenant = Territory::new(app.territoire(), &snapshot).tenant(here.organisation);
        let draft = draft(&tenant, "2026-10".parse().unwrap(), None, false).await.unwrap();
        let read: Vec<_> = draft.invoices.iter().map(|i| (i.regie.as_str(), i.payer.as_str(), i.lines[0].quantity.as_str(), i.total_cents.0)).collect();
        assert_eq!(read, [("R-A", "R-A", "5", 300)]);
        assert_eq!(draft.problems.iter().map(|p| p.kind.code()).collect::<Vec<_>>(), ["journee_non_signee"]);
    }
}

#[tokio::test]
async fn the_program_prints_json_alone_the_same_bytes_each_time_and_a_text_to_read() {
    let fresh = crate::place::on_sqlite().await;
    let here = priced(&fresh.app, "A").await;
    an_evening(&fresh.app, &here, "2026-10-05", "17:45:00").await;
    let run = |more: &[&str]| preau_server(&[&["billing", "draft", "--month", "2026-10"], more].concat(), fresh.folder.path());
    let first = run(&["--format", "json"]);
    assert_eq!((first.status.code(), &first.stdout), (Some(0), &run(&["--format", "json"]).stdout));
    let json: Value = serde_json::from_slice(&first.stdout).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    let text = stdout(&first);
    assert!(text.starts_with("{\"month\":\"2026-10\",\"currency\":\"EUR\",\"total_cents\":180,\"invoices\":[{\"regie\":\"R-A\",\"household\":\"F-A\",\"payer\":\"R-A\""), "{text}");
    assert!(!text.contains("\"entry\""), "ids of entries are only told on demand");
    assert!(stdout(&run(&["--format", "json", "--preuves"])).contains("\"entry\":\""));
    assert!(stdout(&run(&[])).contains("Accueil du soir : 3 × 0,60\u{a0}€ = 1,80\u{a0}€"), "{}", stdout(&run(&[])));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_bad_usage() {
    let fresh = crate::place::on_sqlite().await;
    priced(&fresh.app, "A").await;
    for wrong in
        [&["--month", "2026-13"][..], &["--month", "2026-10", "--regie", "NULLE"], &["--month", "2026-10", "--organisation", "NULLE"], &[]]
    {
        let output = preau_server(&[&["billing", "draft"], wrong].concat(), fresh.folder.path());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{wrong:?}");
    }
}
