//! The store: an installation is made once, handles see their own rows only, audit is never rewritten.

use crate::on_both;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use server::app::App;
use server::error::Kind;
use server::registry::init;
use server::store::entity::{account_role, audit, organisation, regie, site, site_change};
use server::store::{Change, Db, Territory, insert_all, new_id, record_changes};
use shared::id::{OrganisationId, SiteId};
use std::time::Duration;
use uuid::Uuid;

on_both! {
    async fn an_installation_is_made_once(fresh: &Fresh) {
        let (again, created) = init::initialise(&fresh.place, &init::Args { nom: "Autre nom".into(), demo: false }).await.unwrap();
        assert!(!created);
        assert_eq!(again.installation, fresh.app.installation);
        assert_eq!(App::open(&fresh.place).await.unwrap().installation, fresh.app.installation);
    }
}

async fn organisation(app: &App, code: &str) -> OrganisationId {
    let row = organisation::Model {
        territoire_id: app.territoire().0,
        id: new_id(app.clock.now()).unwrap(),
        code: code.into(),
        name: code.into(),
        kind: "commune".into(),
        siret: None,
        commune_insee: None,
        court: None,
        issuer_name: None,
        issuer_capacity: None,
    };
    let transaction = app.db.begin().await.unwrap();
    insert_all(&transaction, vec![row.clone()]).await.unwrap();
    transaction.commit().await.unwrap();
    OrganisationId(row.id)
}

fn a_regie(app: &App, organisation: OrganisationId, code: &str) -> regie::Model {
    regie::Model {
        organisation_id: organisation.0,
        id: new_id(app.clock.now()).unwrap(),
        territoire_id: app.territoire().0,
        code: code.into(),
        name: "Régie".into(),
        mode: "regie".into(),
        numcli: None,
        term: "echu".into(),
        means: None,
        cash_ceiling_cents: None,
        budget_code: None,
        collectivite_code: None,
        post_id: None,
    }
}

on_both! {
    async fn two_organisations_with_the_same_code_never_meet(fresh: &Fresh) {
        let app = &fresh.app;
        let (a, b) = (organisation(app, "A").await, organisation(app, "B").await);
        let transaction = app.db.begin().await.unwrap();
        insert_all(&transaction, vec![a_regie(app, a, "R1"), a_regie(app, b, "R1")]).await.unwrap();
        let territory = Territory::new(app.territoire(), &transaction);
        let (tenant_a, tenant_b) = (territory.tenant(a), territory.tenant(b));
        let of_b = tenant_b.find::<regie::Entity>().all(&tenant_b.on()).await.unwrap();
        assert_eq!(of_b.len(), 1);
        // A asks for B's row by its id, changes it, deletes it: it isn't there.
        let by_id = regie::Column::Id.eq(of_b[0].id);
        assert_eq!(tenant_a.find::<regie::Entity>().filter(by_id.clone()).one(&tenant_a.on()).await.unwrap(), None);
        assert_eq!(tenant_a.delete::<regie::Entity>().filter(by_id).exec(&tenant_a.on()).await.unwrap().rows_affected, 0);
        assert_eq!(tenant_b.find::<regie::Entity>().count(&tenant_b.on()).await.unwrap(), 1);
    }
}

on_both! {
    async fn a_row_cannot_point_into_another_organisation(fresh: &Fresh) {
        let app = &fresh.app;
        let (a, b) = (organisation(app, "A").await, organisation(app, "B").await);
        let transaction = app.db.begin().await.unwrap();
        let role = account_role::Model {
            organisation_id: a.0,
            account_id: Uuid::nil(),
            role: "agent".into(),
            valid_from: "2026-09-01".parse().unwrap(),
            territoire_id: app.territoire().0,
            centre_id: Some(b.0),
            valid_to: None,
        };
        assert!(insert_all(&transaction, vec![role]).await.is_err(), "a foreign key carries its organisation");
    }
}

on_both! {
    async fn an_audit_line_is_neither_rewritten_nor_erased(fresh: &Fresh) {
        let app = &fresh.app;
        let line = audit::Model {
            organisation_id: app.territoire().0,
            day: "2026-10-14".parse().unwrap(),
            number: 1,
            at_ms: 0,
            actor: "agent".into(),
            on_behalf_of: None,
            capacity: "agent".into(),
            authority_ref: None,
            channel: "guichet".into(),
            route: "GET /enfants".into(),
            subject_kind: None,
            subject_id: None,
            outcome: "ok".into(),
            prev_hash: vec![0; 32],
            hash: vec![1; 32],
        };
        let transaction = app.db.begin().await.unwrap();
        line.into_active_model().insert(&transaction).await.unwrap();
        transaction.commit().await.unwrap();
        for statement in ["UPDATE audit SET outcome = 'refus'", "DELETE FROM audit"] {
            let transaction = app.db.begin().await.unwrap();
            let refused = transaction.execute_unprepared(statement).await.unwrap_err();
            assert!(refused.to_string().contains("insert-only"), "{refused}");
        }
    }
}

on_both! {
    async fn changes_of_a_site_are_numbered_without_a_hole_whoever_commits_first(fresh: &Fresh) {
        let app = fresh.app.clone();
        let owner = organisation(&app, "A").await;
        let row = site::Model {
            territoire_id: app.territoire().0,
            id: new_id(app.clock.now()).unwrap(),
            organisation_id: owner.0,
            code: "S".into(),
            name: "École".into(),
            address: None,
            commune_insee: "27681".into(),
        };
        let site = SiteId(row.id);
        let transaction = app.db.begin().await.unwrap();
        insert_all(&transaction, vec![row]).await.unwrap();
        transaction.commit().await.unwrap();
        let writers: Vec<_> = (0..6)
            .map(|writer| {
                let app = app.clone();
                tokio::spawn(async move {
                    let transaction = app.db.begin().await.unwrap();
                    let change = Change { kind: "roster", organisation: Some(owner), subject: None };
                    let territory = Territory::new(app.territoire(), &transaction);
                    record_changes(&territory, site, vec![change.clone(), change], app.clock.now()).await.unwrap();
                    // One writer in three gives up: its numbers must not leave a hole.
                    if writer % 3 == 0 { transaction.rollback().await.unwrap() } else { transaction.commit().await.unwrap() }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let territory = Territory::new(app.territoire(), app.db.read());
        let mut numbers: Vec<i64> = territory.find::<site_change::Entity>().all(&territory.on()).await.unwrap().iter().map(|c| c.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=8).collect::<Vec<i64>>());
    }
}

/// What a tablet waits for an answer: a server that lost its database must have said so before.
const TABLET_WAITS: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_postgresql_that_is_not_there_is_told_while_somebody_still_listens() {
    // A port that was free a moment ago: the connection is refused, as by a PostgreSQL that is down.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let opened = tokio::time::timeout(TABLET_WAITS / 2, Db::open(&format!("postgres://preau@127.0.0.1:{port}/preau"))).await;
    let error = opened.expect("it is told in time").unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("ne s'ouvre pas"), "{error}");
}
