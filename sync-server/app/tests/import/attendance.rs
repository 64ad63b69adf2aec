//! `pointages.csv`: sealed by the site's server device; a set replaces what earlier imports said, and nothing else.

use super::town::{Town, in_october};
use crate::on_both;
use crate::world::day;
use sea_orm::{ColumnTrait, QueryFilter};
use server::app::App;
use server::attendance::journal;
use server::attendance::server_device::{ServerDevice, ServerKeys};
use server::registry::import::{Count, Options, import};
use server::store::entity::{centre, child, journal_entry, site};
use server::store::{Tenant, Territory};
use shared::calendar::{instant, local};
use shared::fold::fold;
use shared::id::{CentreId, ChildId, OrganisationId, SiteId};
use shared::journal::{Channel, Detail, Evidence, Kind, Payload};

async fn tenant<'c>(territory: &Territory<'c>, code: &str) -> Tenant<'c> {
    territory.tenant(OrganisationId(territory.organisation(Some(code)).await.unwrap().id))
}

async fn the_child(app: &App, code: &str) -> ChildId {
    let territory = Territory::new(app.territoire(), app.db.read());
    ChildId(territory.find::<child::Entity>().filter(child::Column::Code.eq(code)).one(&territory.on()).await.unwrap().unwrap().id)
}

/// The presences of a child's day as the fold reads them, "08:20-12:00".
async fn presences(app: &App, organisation: &str, code: &str, date: &str) -> Vec<String> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let tenant = tenant(&territory, organisation).await;
    let attendance = fold(&journal::facts(&tenant, day(date), day(date)).await.unwrap());
    let Some(of_day) = attendance.days.get(&(day(date), the_child(app, code).await)) else { return Vec::new() };
    let time = |at_ms| local(shared::calendar::instant_from_ms(at_ms)).format("%H:%M").to_string();
    let whole = of_day
        .presences
        .iter()
        .map(|p| format!("{}-{}", time(p.arrived.at_ms), p.left.as_ref().map(|d| time(d.mark.at_ms)).unwrap_or_default()));
    let lone = of_day.lone_departures.iter().map(|d| format!("-{}", time(d.mark.at_ms)));
    whole.chain(lone).chain(of_day.roll_calls.iter().map(|_| "appel".to_owned())).collect()
}

async fn entries(app: &App, organisation: &str) -> Vec<String> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let tenant = tenant(&territory, organisation).await;
    let mut rows = tenant.find::<journal_entry::Entity>().all(&tenant.on()).await.unwrap();
    rows.sort_by_key(|r| r.seq);
    rows.into_iter().map(|r| r.kind).collect()
}

on_both! {
    async fn rows_become_sealed_entries_as_their_activity_is_recorded(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        Town::whole().import(&app).await;
        assert_eq!(presences(&app, "AGG", "E1", "2026-10-05").await, ["08:20-12:00", "13:40-17:10"]);
        assert_eq!(presences(&app, "MEN", "E2", "2026-10-05").await, ["-17:45"], "the evening's start is the activity's");
        assert_eq!(presences(&app, "MEN", "E2", "2026-10-06").await, ["appel"]);
    }
}

on_both! {
    async fn a_set_replaces_what_earlier_imports_said(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        town.replace("pointages.csv", "E1;JOUR;2026-10-05;13:40;17:10;papier\n", "").replace("pointages.csv", "08:20;12:00", "08:25;12:00");
        assert_eq!(town.import(&app).await.of("pointages.csv"), Count { changed: 1, same: 2, ..Count::default() });
        assert_eq!(presences(&app, "AGG", "E1", "2026-10-05").await, ["08:25-12:00"]);
        let kinds = entries(&app, "AGG").await;
        assert_eq!(kinds, ["arrived", "left", "arrived", "left", "retracted", "retracted", "retracted", "retracted", "arrived", "left"]);
        assert_eq!(town.import(&app).await.of("pointages.csv"), Count { same: 3, ..Count::default() });
        assert_eq!(entries(&app, "AGG").await.len(), kinds.len(), "the same again seals nothing");
    }
}

on_both! {
    async fn rows_that_share_minutes_are_one_presence(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.replace("pointages.csv", "13:40;17:10", "11:00;17:10");
        town.import(&app).await;
        assert_eq!(presences(&app, "AGG", "E1", "2026-10-05").await, ["08:20-17:10"]);
        assert_eq!(town.import(&app).await.of("pointages.csv"), Count { same: 4, ..Count::default() });
    }
}

/// Seals something at the town's site by another hand than the import's.
async fn seal(app: &App, organisation: &str, kind: Kind, payload: impl FnOnce(CentreId) -> Payload) {
    let now = app.clock.now();
    let transaction = app.db.begin().await.unwrap();
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = tenant(&territory, organisation).await;
    let centre = tenant.find::<centre::Entity>().filter(centre::Column::Code.ne("CANT")).one(&tenant.on()).await.unwrap().unwrap();
    let site = territory.find::<site::Entity>().one(&territory.on()).await.unwrap().unwrap();
    let keys = ServerKeys::open(&app.data_dir).unwrap();
    let mut pen = ServerDevice::open(&territory, &keys, SiteId(site.id), now).await.unwrap();
    pen.seal(tenant.id(), kind, payload(CentreId(centre.id)), &[], now).unwrap();
    pen.append(&territory, now).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn what_someone_else_recorded_is_never_retracted(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        let child = the_child(&app, "E1").await;
        let now = app.clock.now();
        seal(&app, "AGG", Kind::Arrived, |centre| Payload {
            about_child: Some(child),
            centre: Some(centre),
            happened_at_ms: instant(day("2026-10-05"), "17:30:00".parse().unwrap()).timestamp_millis(),
            channel: Channel::Office,
            evidence: Evidence::Paper,
            ..ServerDevice::payload(now)
        })
        .await;
        town.replace("pointages.csv", "08:20;12:00", "08:25;12:00");
        town.import(&app).await;
        assert_eq!(presences(&app, "AGG", "E1", "2026-10-05").await, ["08:25-12:00", "13:40-17:10", "17:30-"]);
    }
}

on_both! {
    async fn a_signed_day_refuses_unless_a_reason_is_given(fresh: &Fresh) {
        let app = in_october(&fresh.app);
        let town = Town::whole();
        town.import(&app).await;
        let now = app.clock.now();
        seal(&app, "AGG", Kind::DaySigned, |centre| Payload {
            centre: Some(centre),
            detail: Detail::DaySigned { day: day("2026-10-05"), activity: None, sheet: [7; 32], heads: vec![] },
            ..ServerDevice::payload(now)
        })
        .await;
        town.import(&app).await;
        town.replace("pointages.csv", "08:20;12:00", "08:25;12:00");
        let told = town.mistakes(&app).await;
        assert!(told.contains("pointages.csv, ligne 2, colonne date : la journée du 2026-10-05 est signée : rouvrez-la, ou dites pourquoi avec --motif"), "{told}");
        assert_eq!(presences(&app, "AGG", "E1", "2026-10-05").await, ["08:20-12:00", "13:40-17:10"]);
        let reason = Options { reason: Some("feuille retrouvée".into()), organisation: None };
        import(&app, town.path(), &reason).await.unwrap();
        assert_eq!(presences(&app, "AGG", "E1", "2026-10-05").await, ["08:25-12:00", "13:40-17:10"]);
        let territory = Territory::new(app.territoire(), app.db.read());
        let tenant = tenant(&territory, "AGG").await;
        let notes = tenant.find::<server::store::entity::journal_note::Entity>().all(&tenant.on()).await.unwrap();
        assert!(!notes.is_empty() && notes.iter().all(|n| n.content == "feuille retrouvée"), "the reason stays written");
    }
}
