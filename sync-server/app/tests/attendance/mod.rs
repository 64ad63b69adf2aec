//! The journal as stored: the server's own pen, the index of days, erasure.

use crate::on_both;
use crate::world::{Commune, commune, day};
use server::app::App;
use server::attendance::journal;
use server::attendance::server_device::{ServerDevice, ServerKeys};
use server::store::Territory;
use server::store::entity::{day_signature, journal_entry};
use shared::calendar::instant;
use shared::fold::fold;
use shared::journal::{Channel, Detail, Evidence, Kind, LeftTo, Moment, Payload, StoredEntry, VerifyingKey, verify};
use std::collections::HashMap;

/// An hour of a day in Paris, as ms.
fn at(date: &str, time: &str) -> i64 {
    instant(day(date), time.parse().unwrap()).timestamp_millis()
}

fn imported(at: &Commune, app: &App, happened_at_ms: i64) -> Payload {
    Payload {
        about_child: Some(at.child),
        centre: Some(at.centre),
        happened_at_ms,
        moment: Moment { activity: Some(at.activity), label: "Accueil du soir".into() },
        channel: Channel::Import,
        evidence: Evidence::Paper,
        ..ServerDevice::payload(app.clock.now())
    }
}

/// Seals an evening at the server, in a transaction of its own.
async fn an_evening(app: &App, commune: &Commune, date: &str) {
    let keys = ServerKeys::open(&app.data_dir).unwrap();
    let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
    let territory = Territory::new(app.territoire(), &transaction);
    let mut pen = ServerDevice::open(&territory, &keys, commune.site, now).await.unwrap();
    let arrived = imported(commune, app, at(date, "16:30:00"));
    pen.seal(commune.organisation, Kind::Arrived, arrived, &["feuille de Mme Roche"], now).unwrap();
    let left = Payload { detail: Detail::Left { to: LeftTo::Other, person: None }, ..imported(commune, app, at(date, "17:45:00")) };
    pen.seal(commune.organisation, Kind::Left, left, &[], now).unwrap();
    pen.append(&territory, now).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Everything that an organisation holds, verified with the server's public keys.
async fn verified(app: &App, commune: &Commune) -> shared::journal::Report {
    let territory = Territory::new(app.territoire(), app.db.read());
    let tenant = territory.tenant(commune.organisation);
    let rows = tenant.find::<journal_entry::Entity>().all(&tenant.on()).await.unwrap();
    let sealed = journal::sealed(&tenant, rows).await.unwrap();
    let devices = territory.find::<server::store::entity::device::Entity>().all(&territory.on()).await.unwrap();
    let keys: HashMap<_, _> = devices
        .iter()
        .map(|d| (shared::id::DeviceId(d.id), VerifyingKey::from_bytes(d.public_key.as_slice().try_into().unwrap()).unwrap()))
        .collect();
    let stored = sealed.iter().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    verify(stored, &keys)
}

on_both! {
    async fn what_the_server_seals_is_one_chain_and_is_found_by_its_day(fresh: &Fresh) {
        let app = &fresh.app;
        let here = commune(app, "A").await;
        for date in ["2026-10-05", "2026-10-06"] {
            an_evening(app, &here, date).await;
        }
        let report = verified(app, &here).await;
        assert_eq!((report.devices, report.entries, report.first_break), (1, 4, None));
        let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
        let facts = journal::facts(&tenant, day("2026-10-05"), day("2026-10-05")).await.unwrap();
        let attendance = fold(&facts);
        let of_day = &attendance.days[&(day("2026-10-05"), here.child)];
        assert_eq!(of_day.presences.len(), 1);
        assert_eq!(of_day.presences[0].left.as_ref().unwrap().mark.at_ms, at("2026-10-05", "17:45:00"));
        assert_eq!(attendance.days.len(), 1, "the day after is another day's business");
    }
}

on_both! {
    async fn a_forgotten_child_leaves_a_chain_that_still_verifies(fresh: &Fresh) {
        let app = &fresh.app;
        let here = commune(app, "A").await;
        an_evening(app, &here, "2026-10-05").await;
        let transaction = app.db.begin().await.unwrap();
        let territory = Territory::new(app.territoire(), &transaction);
        let erased = journal::forget_child(&territory, here.organisation, here.child.0, app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(erased, 2);
        let report = verified(app, &here).await;
        assert_eq!((report.entries, report.erased, report.first_break), (2, 2, None));
    }
}

on_both! {
    async fn a_signed_day_is_indexed_until_it_is_reopened(fresh: &Fresh) {
        let app = &fresh.app;
        let here = commune(app, "A").await;
        let keys = ServerKeys::open(&app.data_dir).unwrap();
        for (kind, detail) in [
            (Kind::DaySigned, Detail::DaySigned { day: day("2026-10-05"), activity: None, sheet: [7; 32], heads: vec![] }),
            (Kind::DayReopened, Detail::DayReopened { day: day("2026-10-05"), activity: None }),
        ] {
            let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
            let territory = Territory::new(app.territoire(), &transaction);
            let mut pen = ServerDevice::open(&territory, &keys, here.site, now).await.unwrap();
            let payload = Payload { centre: Some(here.centre), detail, ..ServerDevice::payload(now) };
            pen.seal(here.organisation, kind.clone(), payload, &[], now).unwrap();
            pen.append(&territory, now).await.unwrap();
            transaction.commit().await.unwrap();
            let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
            let rows = tenant.find::<day_signature::Entity>().all(&tenant.on()).await.unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].reopened_entry_id.is_some(), kind == Kind::DayReopened);
        }
    }
}

#[tokio::test]
async fn a_database_without_its_key_file_is_told_so() {
    let fresh = crate::place::on_sqlite().await;
    let here = commune(&fresh.app, "A").await;
    an_evening(&fresh.app, &here, "2026-10-05").await;
    std::fs::remove_file(fresh.folder.path().join(server::attendance::server_device::FILE)).unwrap();
    let keys = ServerKeys::open(&fresh.app.data_dir).unwrap();
    let transaction = fresh.app.db.begin().await.unwrap();
    let territory = Territory::new(fresh.app.territoire(), &transaction);
    let refused = ServerDevice::open(&territory, &keys, here.site, fresh.app.clock.now()).await;
    assert!(refused.is_err_and(|e| e.to_string().contains("restaurez-la")));
}

#[test]
fn the_secret_is_its_owners_alone_and_is_made_once() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    ServerKeys::open(folder.path()).unwrap();
    let path = folder.path().join(server::attendance::server_device::FILE);
    let first = std::fs::read(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    ServerKeys::open(folder.path()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    std::fs::write(&path, b"court").unwrap();
    assert!(ServerKeys::open(folder.path()).is_err());
}
