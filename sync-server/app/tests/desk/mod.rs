//! The attendance desk: verifying and exporting the journal, signing and correcting a day.

use crate::on_both;
use crate::world::{Commune, commune, day, share_site};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use server::app::App;
use server::attendance::desk::{self, Said};
use server::attendance::export::{self, Export};
use server::attendance::server_device::{ServerDevice, ServerKeys};
use server::attendance::sheet::{self, Sheet};
use server::attendance::{correct, show, sign, verify};
use server::clock::Clock;
use server::identity::audit as audits;
use server::store::Territory;
use server::store::entity::{audit, device, journal_entry, site};
use shared::calendar::{Instant, instant};
use shared::id::{EntryId, SiteId};
use shared::journal::{BreakKind, Channel, Detail, Evidence, Kind, LeftTo, Moment, Payload, Report};

const DATE: &str = "2026-10-05";

fn at(date: &str, time: &str) -> Instant {
    instant(day(date), time.parse().unwrap())
}

/// The installation some days later, whatever the machine's clock says; the clock stands still between acts.
fn at_work(fresh: &crate::place::Fresh) -> App {
    App { clock: Clock::manual(at("2026-10-14", "10:00:00")), ..fresh.app.clone() }
}

/// One arrival and one departure, as a file would bring them.
async fn an_evening(app: &App, commune: &Commune, date: &str) {
    let keys = ServerKeys::open(&app.data_dir).unwrap();
    let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
    let territory = Territory::new(app.territoire(), &transaction);
    let mut pen = ServerDevice::open(&territory, &keys, commune.site, now).await.unwrap();
    let said = |time| Payload {
        about_child: Some(commune.child),
        centre: Some(commune.centre),
        happened_at_ms: at(date, time).timestamp_millis(),
        moment: Moment { activity: Some(commune.activity), label: "Accueil du soir".into() },
        channel: Channel::Import,
        evidence: Evidence::Paper,
        ..ServerDevice::payload(now)
    };
    pen.seal(commune.organisation, Kind::Arrived, said("16:30:00"), &["feuille de Mme Roche"], now).unwrap();
    let left = Payload { detail: Detail::Left { to: LeftTo::Other, person: None }, ..said("17:45:00") };
    pen.seal(commune.organisation, Kind::Left, left, &[], now).unwrap();
    pen.append(&territory, now).await.unwrap();
    transaction.commit().await.unwrap();
}

fn by(name: &str, date: &str) -> desk::Args {
    desk::Args { centre: "PERI".into(), date: day(date), by: name.into(), organisation: Some("A".into()) }
}

async fn read(app: &App, date: &str) -> Sheet {
    let territory = Territory::new(app.territoire(), app.db.read());
    let centre = sheet::find_centre(&territory, Some("A"), "PERI").await.unwrap();
    sheet::read(&territory, centre, day(date)).await.unwrap()
}

async fn signatures(app: &App, date: &str) -> Vec<sheet::Signed> {
    let territory = Territory::new(app.territoire(), app.db.read());
    read(app, date).await.signatures(&territory).await.unwrap()
}

async fn sign_as(app: &App, name: &str, date: &str) -> Option<EntryId> {
    app.clock.advance(std::time::Duration::from_secs(60));
    desk::act_on(app, &by(name, date), "attendance sign", sign::decide).await.unwrap()
}

async fn correct_to(app: &App, entry: EntryId, time: &str) -> server::Result<Option<EntryId>> {
    let args =
        correct::Correct { desk: by("Mme Roche", DATE), entry: entry.0, time: time.parse().unwrap(), motif: "montre arrêtée".into() };
    app.clock.advance(std::time::Duration::from_secs(60));
    desk::act_on(app, &args.desk, "attendance correct", async |_, sheet, now| args.decide(sheet, now).map(Some)).await
}

async fn whole(app: &App) -> Report {
    let territory = Territory::new(app.territoire(), app.db.read());
    let devices = territory.find::<device::Entity>().all(&territory.on()).await.unwrap();
    verify::installation(&territory, &devices).await.unwrap()
}

on_both! {
    async fn a_signed_day_says_who_and_whether_it_changed_since(fresh: &Fresh) {
        let app = &at_work(fresh);
        let here = commune(app, "A").await;
        an_evening(app, &here, DATE).await;
        assert!(sign_as(app, "Mme Roche", DATE).await.is_some());
        let signed = signatures(app, DATE).await;
        assert_eq!((signed.len(), signed[0].by.as_str(), signed[0].modified_since), (1, "Mme Roche", false));
        assert_eq!(sign_as(app, "Mme Roche", DATE).await, None, "signed and unchanged: nothing to seal");

        let arrived = read(app, DATE).await.sheet.rows[0].1.presences[0].arrived.entry;
        correct_to(app, arrived, "16:35:00").await.unwrap();
        assert!(signatures(app, DATE).await[0].modified_since, "a lock never refuses a fact, and the sheet says so");
        assert!(sign_as(app, "Mme Roche", DATE).await.is_some());
        assert!(!signatures(app, DATE).await[0].modified_since);
        assert_eq!(whole(app).await.first_break, None);
    }
}

on_both! {
    async fn a_correction_is_a_new_entry_and_the_fact_stays(fresh: &Fresh) {
        let app = &at_work(fresh);
        let here = commune(app, "A").await;
        an_evening(app, &here, DATE).await;
        let before = read(app, DATE).await.sheet.rows[0].1.presences[0].clone();
        let correction = correct_to(app, before.arrived.entry, "16:40:00").await.unwrap().unwrap();
        let after = read(app, DATE).await.sheet.rows[0].1.presences[0].clone();
        assert_eq!((after.arrived.entry, after.arrived.corrected_by), (before.arrived.entry, Some(correction)));
        assert_eq!(after.arrived.at_ms, at(DATE, "16:40:00").timestamp_millis());
        // The id of the correction names the fact, too.
        correct_to(app, correction, "16:41:00").await.unwrap();
        assert_eq!(read(app, DATE).await.sheet.rows[0].1.presences[0].arrived.at_ms, at(DATE, "16:41:00").timestamp_millis());
        let refused = correct_to(app, before.arrived.entry, "17:50:00").await.unwrap_err().to_string();
        assert!(refused.contains("après le départ de 17:45"), "{refused}");
        let unknown = correct_to(app, EntryId(uuid::Uuid::from_u128(7)), "17:00:00").await.unwrap_err().to_string();
        assert!(unknown.contains("introuvable"), "{unknown}");
    }
}

on_both! {
    async fn a_retracted_entry_counts_for_nothing_and_a_forgotten_departure_is_added(fresh: &Fresh) {
        let app = &at_work(fresh);
        let here = commune(app, "A").await;
        an_evening(app, &here, DATE).await;
        let left = read(app, DATE).await.sheet.rows[0].1.presences[0].left.clone().unwrap();
        let args = correct::Retract { desk: by("Mme Roche", DATE), entry: left.mark.entry.0, motif: "autre enfant".into() };
        desk::act_on(app, &args.desk, "attendance retract", async |_, sheet, now| args.decide(sheet, now).map(Some)).await.unwrap();
        assert!(read(app, DATE).await.sheet.rows[0].1.is_present());
        let args = correct::Add {
            desk: by("Mme Roche", DATE),
            child: "E-A".into(),
            fait: correct::Fact::Depart,
            time: "17:50:00".parse().unwrap(),
            activite: None,
            motif: "vu par l'équipe".into(),
        };
        let added = async |t: &Territory<'_>, sheet: &Sheet, now| -> server::Result<Option<Said>> { args.decide(t, sheet, now).await.map(Some) };
        desk::act_on(app, &args.desk, "attendance add", added).await.unwrap();
        let row = read(app, DATE).await.sheet.rows[0].1.clone();
        let left = row.presences[0].left.clone().unwrap();
        assert_eq!((left.mark.channel, left.mark.activity), (Channel::Office, Some(here.activity)), "the moment is that of the arrival");
    }
}

/// Seals a departure of a child at a site, in the name of a commune, as its tablet would.
async fn departs(app: &App, of: &Commune, at_site: SiteId, child: shared::id::ChildId, time: &str) {
    let keys = ServerKeys::open(&app.data_dir).unwrap();
    let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
    let territory = Territory::new(app.territoire(), &transaction);
    let mut pen = ServerDevice::open(&territory, &keys, at_site, now).await.unwrap();
    let payload = Payload {
        about_child: Some(child),
        centre: Some(of.centre),
        happened_at_ms: at(DATE, time).timestamp_millis(),
        moment: Moment { activity: Some(of.activity), label: "Accueil du soir".into() },
        channel: Channel::Import,
        evidence: Evidence::Paper,
        detail: Detail::Left { to: LeftTo::Other, person: None },
        ..ServerDevice::payload(now)
    };
    pen.seal(of.organisation, Kind::Left, payload, &[], now).unwrap();
    pen.append(&territory, now).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn a_fact_of_the_other_organisation_in_the_building_is_not_this_desks_to_correct(fresh: &Fresh) {
        let app = &at_work(fresh);
        let (here, guest) = (commune(app, "A").await, commune(app, "B").await);
        share_site(app, &guest, &here).await;
        // The child came to A's lieu and was handed over from B's: one presence, on both sheets.
        an_evening(app, &here, DATE).await;
        let left = read(app, DATE).await.sheet.rows[0].1.presences[0].left.clone().unwrap().mark.entry;
        let undo = correct::Retract { desk: by("Mme Roche", DATE), entry: left.0, motif: "parti de l'autre lieu".into() };
        desk::act_on(app, &undo.desk, "attendance retract", async |_, sheet, now| undo.decide(sheet, now).map(Some)).await.unwrap();
        departs(app, &guest, here.site, here.child, "17:40:00").await;
        let presence = read(app, DATE).await.sheet.rows[0].1.presences[0].clone();
        let theirs = presence.left.unwrap().mark.entry;

        let told = correct_to(app, theirs, "17:30:00").await.unwrap_err();
        assert_eq!(told.kind(), server::error::Kind::Conflict);
        assert_eq!(told.to_string(), "Ce pointage est de Commune B (B) : c'est à son bureau de le corriger, sur la feuille de son lieu.");
        let args = correct::Retract { desk: by("Mme Roche", DATE), entry: theirs.0, motif: "erreur".into() };
        let told = desk::act_on(app, &args.desk, "attendance retract", async |_, sheet, now| args.decide(sheet, now).map(Some)).await;
        assert_eq!(told.unwrap_err().kind(), server::error::Kind::Conflict);

        // Its own desk may, and both sheets and journals agree.
        let own = desk::Args { organisation: Some("B".into()), ..by("M. Petit", DATE) };
        let args = correct::Correct { desk: own, entry: theirs.0, time: "17:30:00".parse().unwrap(), motif: "montre".into() };
        let sealed = desk::act_on(app, &args.desk, "attendance correct", async |_, sheet, now| args.decide(sheet, now).map(Some)).await;
        let sealed = sealed.unwrap().unwrap();
        let tenant = Territory::new(app.territoire(), app.db.read()).tenant(guest.organisation);
        let row = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::EntryId.eq(sealed.0)).one(&tenant.on()).await.unwrap();
        assert!(row.is_some(), "beside the fact, in the journal of its organisation");
        let presence = read(app, DATE).await.sheet.rows[0].1.presences[0].clone();
        assert_eq!(presence.left.unwrap().mark.at_ms, at(DATE, "17:30:00").timestamp_millis());
        // What is A's stays A's to correct.
        correct_to(app, presence.arrived.entry, "16:35:00").await.unwrap();
        assert_eq!(whole(app).await.first_break, None);
    }
}

on_both! {
    async fn a_child_of_another_organisation_only_is_nobody_at_this_desk(fresh: &Fresh) {
        let app = &at_work(fresh);
        commune(app, "A").await;
        commune(app, "B").await;
        let arrival = async |code: &str| {
            let args = correct::Add {
                desk: by("Mme Roche", DATE),
                child: code.into(),
                fait: correct::Fact::Arrivee,
                time: "16:40:00".parse().unwrap(),
                activite: None,
                motif: "oubli".into(),
            };
            let decide = async |t: &Territory<'_>, sheet: &Sheet, now| -> server::Result<Option<Said>> { args.decide(t, sheet, now).await.map(Some) };
            desk::act_on(app, &args.desk, "attendance add", decide).await
        };
        assert_eq!(arrival("E-B").await.unwrap_err().to_string(), "Enfant « E-B » introuvable");
        assert!(arrival("E-A").await.unwrap().is_some());
    }
}

on_both! {
    async fn each_act_leaves_a_line_that_carries_the_one_before(fresh: &Fresh) {
        let app = &at_work(fresh);
        let here = commune(app, "A").await;
        an_evening(app, &here, DATE).await;
        sign_as(app, "Mme Roche", DATE).await;
        let arrived = read(app, DATE).await.sheet.rows[0].1.presences[0].arrived.entry;
        correct_to(app, arrived, "16:35:00").await.unwrap();
        let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
        let mut lines = tenant.find::<audit::Entity>().all(&tenant.on()).await.unwrap();
        lines.sort_by_key(|l| (l.day, l.number));
        let routes: Vec<_> = lines.iter().map(|l| (l.number, l.route.as_str(), l.actor.as_str())).collect();
        assert_eq!(routes, [(1, "attendance sign", "Mme Roche"), (2, "attendance correct", "Mme Roche")]);
        assert_eq!(lines[1].prev_hash, lines[0].hash);
        assert!(lines.iter().all(|l| l.hash == audits::hash(l)), "a line rewritten would not carry its own hash");
    }
}

on_both! {
    async fn one_byte_changed_in_the_database_is_found_and_named(fresh: &Fresh) {
        let app = &at_work(fresh);
        let here = commune(app, "A").await;
        an_evening(app, &here, DATE).await;
        assert_eq!((whole(app).await.entries, whole(app).await.first_break), (2, None));
        let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
        let second = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::Seq.eq(2)).one(&tenant.on()).await.unwrap().unwrap();
        let transaction = app.db.begin().await.unwrap();
        transaction.execute_unprepared("UPDATE journal_payload SET payload = (SELECT p.payload FROM journal_payload p WHERE p.entry_id <> journal_payload.entry_id)").await.unwrap();
        transaction.commit().await.unwrap();
        let found = whole(app).await.first_break.unwrap();
        assert_eq!((found.kind, found.place.unwrap().seq), (BreakKind::Payload, 1));
        let transaction = app.db.begin().await.unwrap();
        transaction.execute_unprepared("DELETE FROM journal_note").await.unwrap();
        transaction.execute_unprepared("DELETE FROM journal_payload").await.unwrap();
        transaction.execute_unprepared("DELETE FROM journal_entry WHERE seq = 1").await.unwrap();
        transaction.commit().await.unwrap();
        let found = whole(app).await.first_break.unwrap();
        assert_eq!((found.kind, found.entry), (BreakKind::Hole, Some(EntryId(second.entry_id))));
    }
}

async fn exported(app: &App, site: SiteId, from: &str, to: &str) -> Export {
    let territory = Territory::new(app.territoire(), app.db.read());
    let row = territory.find::<site::Entity>().filter(site::Column::Id.eq(site.0)).one(&territory.on()).await.unwrap().unwrap();
    export::of_site(&territory, &row, day(from), day(to)).await.unwrap()
}

on_both! {
    async fn an_export_verifies_elsewhere_and_tells_only_of_its_days(fresh: &Fresh) {
        let app = &at_work(fresh);
        let here = commune(app, "A").await;
        for date in ["2026-10-02", DATE, "2026-10-06"] {
            an_evening(app, &here, date).await;
        }
        let export = exported(app, here.site, DATE, DATE).await;
        assert_eq!(export.entries.len(), 6, "a chain verifies only from its first entry");
        assert_eq!(export.entries.iter().filter(|e| e.private.is_some()).count(), 2);
        let path = fresh.folder.path().join("export.json");
        std::fs::write(&path, serde_json::to_vec(&export).unwrap()).unwrap();
        let report = Export::read(&path).unwrap().verify().unwrap();
        assert_eq!((report.entries, report.erased, report.first_break), (6, 4, None));

        let verifier = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/system/verify_journal.py");
        let second = std::process::Command::new("python3").args([verifier, "--json"]).arg(&path).output();
        match second {
            Ok(out) => assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)),
            Err(_) => assert!(std::env::var("CI").as_deref() != Ok("true"), "python3 is required where CI=true"),
        }

        let mut cut = export;
        cut.entries.remove(3);
        assert_eq!(cut.verify().unwrap().first_break.unwrap().kind, BreakKind::Hole);
    }
}

on_both! {
    async fn the_sheet_as_json_names_children_times_and_origins(fresh: &Fresh) {
        let app = &at_work(fresh);
        let here = commune(app, "A").await;
        an_evening(app, &here, DATE).await;
        let territory = Territory::new(app.territoire(), app.db.read());
        let json: serde_json::Value = serde_json::from_str(&show::json(&territory, &read(app, DATE).await).await.unwrap()).unwrap();
        let child = &json["children"][0];
        assert_eq!((child["child"].as_str(), child["first_name"].as_str()), (Some("E-A"), Some("Zéphirine")));
        let presence = &child["presences"][0];
        assert_eq!((presence["arrived"]["time"].as_str(), presence["left"]["time"].as_str()), (Some("16:30"), Some("17:45")));
        assert_eq!((presence["arrived"]["origin"].as_str(), presence["left"]["to"].as_str()), (Some("import"), Some("other")));
    }
}
