//! Pulls: what a site's tablets are told, and what they are never told.

use super::tablet::{Door, Tablet, at_noon, open};
use crate::on_both;
use crate::world::{commune, day};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::app::App;
use server::attendance::journal::forget_child;
use server::store::entity::{child, child_right, clock_observation, enrolment, journal_entry, journal_payload};
use server::store::entity::{person, pickup_person, site_change};
use server::store::{Change as Mark, Territory, insert_all, new_id, record_changes};
use shared::id::SiteId;
use shared::journal::{Kind, Sealed, VerifyingKey, check_signature};
use shared::roster::{AdultStatus, Item};
use shared::wire::{Change, ChangeBody};
use std::time::Duration;

fn items(changes: &[Change]) -> Vec<&Item> {
    changes.iter().filter_map(|c| if let ChangeBody::Put(item) = &c.body { Some(item) } else { None }).collect()
}

/// Does something to the store as an import would, and leaves its mark.
async fn import(app: &App, site: SiteId, change: impl AsyncFnOnce(&Territory<'_>)) {
    let transaction = app.db.begin().await.unwrap();
    let territory = Territory::new(app.territoire(), &transaction);
    change(&territory).await;
    let mark = Mark { kind: "roster", organisation: None, subject: None };
    record_changes(&territory, site, vec![mark], app.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn a_tablet_knows_its_site_and_nothing_of_its_neighbours_and_of_an_illness_by_the_care_card_alone(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, there) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let answer = door.tablet(&here).await.pull(&door).await;
        let said = serde_json::to_string(&answer).unwrap();
        let known = items(&answer.changes);
        assert!(known.iter().any(|i| matches!(i, Item::Child(c) if c.id == here.child && c.care && c.first_name == "Zéphirine")));
        assert!(known.iter().any(|i| matches!(i, Item::Activity(a) if a.id == here.activity)));
        assert!(known.iter().any(|i| matches!(i, Item::Site(s) if s.id == here.site && !s.holidays.is_empty())));
        // What is about health stands apart, to be sealed apart.
        assert_eq!(said.matches("arachide").count(), known.iter().filter(|i| matches!(i, Item::Care(c) if c.child == here.child)).count());
        for private in ["Lilas", "samira@exemple.fr", "École B", &there.child.to_string(), &there.site.to_string()] {
            assert!(!said.contains(private), "{private}");
        }
    }
}

on_both! {
    async fn who_becomes_barred_is_told_first_and_an_unchanged_site_is_told_nothing(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let first = tablet.pull(&door).await;
        let nothing: shared::wire::PullAnswer = tablet.pull_raw(&door, first.cursor, &first.server_epoch).await.read();
        assert!(nothing.changes.is_empty() && nothing.cursor == first.cursor);
        import(&door.app, here.site, async |territory| {
            insert_all(&territory.on(), vec![barred(&door.app, here.child.0)]).await.unwrap();
            territory
                .update::<child::Entity>()
                .col_expr(child::Column::FirstName, Expr::value("Zoé"))
                .filter(child::Column::Id.eq(here.child.0))
                .exec(&territory.on())
                .await
                .unwrap();
        })
        .await;
        let next: shared::wire::PullAnswer = tablet.pull_raw(&door, first.cursor, &first.server_epoch).await.read();
        let known = items(&next.changes);
        assert_eq!(known.len(), 2, "only what changed");
        assert!(matches!(known[0], Item::Adult(a) if a.status == AdultStatus::Barred));
        assert!(matches!(known[1], Item::Child(c) if c.first_name == "Zoé"));
        let again = tablet.pull(&door).await;
        assert_eq!(items(&again.changes).iter().filter(|i| matches!(i, Item::Child(_))).count(), 1, "a new tablet gets the last word only");
    }
}

fn barred(app: &App, child_id: uuid::Uuid) -> pickup_person::Model {
    pickup_person::Model {
        territoire_id: app.territoire().0,
        id: new_id(app.clock.now()).unwrap(),
        child_id,
        code: None,
        last_name: "Durand".into(),
        first_name: "Paul".into(),
        link: None,
        phone: None,
        birth_date: None,
        status: "interdite".into(),
        nature: Some("decision_justice".into()),
        person_id: None,
        weekdays: None,
        from_minute: None,
        id_document: None,
        valid_from: None,
        valid_to: None,
        call_order: None,
        photo_hash: None,
        rank: 0,
    }
}

/// The mother, with all rights, and a row of `personnes.csv` that names her.
async fn named_as_the_mother(app: &App, territory: &Territory<'_>, child_id: uuid::Uuid, row: pickup_person::Model) -> uuid::Uuid {
    let mother = territory.find::<person::Entity>().one(&territory.on()).await.unwrap().unwrap();
    let right = child_right::Model {
        territoire_id: app.territoire().0,
        id: new_id(app.clock.now()).unwrap(),
        child_id,
        person_id: mother.id,
        link: None,
        parental_authority: "oui".into(),
        may_take: true,
        sees_presence: true,
        sees_bills: true,
        may_book: true,
        valid_from: None,
        valid_to: None,
        by_default: true,
    };
    insert_all(&territory.on(), vec![right]).await.unwrap();
    let row = pickup_person::Model { last_name: mother.last_name.to_uppercase(), first_name: mother.first_name.clone(), ..row };
    let allowed = pickup_person::Model { id: new_id(app.clock.now()).unwrap(), status: "autorisee".into(), rank: 1, ..row.clone() };
    insert_all(&territory.on(), vec![row, allowed]).await.unwrap();
    mother.id
}

on_both! {
    async fn a_guardian_barred_by_name_only_is_not_among_those_who_may_take(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let mut mother = uuid::Uuid::nil();
        import(&door.app, here.site, async |territory| {
            mother = named_as_the_mother(&door.app, territory, here.child.0, barred(&door.app, here.child.0)).await;
        })
        .await;
        let told = tablet.pull(&door).await;
        let adults: Vec<_> = items(&told.changes).into_iter().filter_map(|i| if let Item::Adult(a) = i { Some((a.person.0, a.status)) } else { None }).collect();
        assert_eq!(adults, [(mother, AdultStatus::Barred)], "her card raises the alert, and no row lets her in");
    }
}

on_both! {
    async fn a_child_who_leaves_the_site_is_forgotten_there(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let first = tablet.pull(&door).await;
        import(&door.app, here.site, async |territory| {
            let tenant = territory.tenant(here.organisation);
            tenant
                .update::<enrolment::Entity>()
                .col_expr(enrolment::Column::ValidTo, Expr::value(day("2021-07-07")))
                .exec(&tenant.on())
                .await
                .unwrap();
        })
        .await;
        let next: shared::wire::PullAnswer = tablet.pull_raw(&door, first.cursor, &first.server_epoch).await.read();
        assert!(next.changes.iter().any(|c| c.body == ChangeBody::Remove(format!("child:{}", here.child))));
    }
}

on_both! {
    async fn others_entries_arrive_with_the_key_that_signed_them_and_are_forgotten_on_demand(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut one, other) = (door.tablet(&here).await, door.tablet(&here).await);
        let entry = one.arrival(door.app.clock.now());
        one.push(&door, std::slice::from_ref(&entry)).await;
        let own = one.pull(&door).await.changes;
        let is = |body: &ChangeBody| matches!(body, ChangeBody::Entry { entry: e, .. } if e.envelope.0 == entry.envelope);
        assert!(!own.iter().any(|c| is(&c.body)), "its own it has");
        let told = other.pull(&door).await;
        let found = told.changes.iter().find(|c| is(&c.body)).unwrap();
        let ChangeBody::Entry { entry: wire, key } = &found.body else { panic!("an entry") };
        let sealed = wire.clone().into_sealed().unwrap();
        let key = VerifyingKey::from_bytes(&key.array().unwrap()).unwrap();
        assert!(check_signature(&sealed.envelope, &sealed.signature, &key));
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        forget_child(&territory, here.organisation, here.child.0, door.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        let next: shared::wire::PullAnswer = other.pull_raw(&door, told.cursor, &told.server_epoch).await.read();
        let id = sealed.decode_envelope().unwrap().entry_id;
        assert_eq!(next.changes.iter().map(|c| c.body.clone()).collect::<Vec<_>>(), [ChangeBody::Forget(id)]);
    }
}

/// What the server sealed about clocks, as a tablet is told of it.
async fn observations(tablet: &Tablet, door: &Door) -> Vec<Sealed> {
    let entries = tablet.pull(door).await.changes.into_iter().filter_map(|change| match change.body {
        ChangeBody::Entry { entry, .. } => entry.into_sealed(),
        _ => None,
    });
    entries.filter(|sealed| sealed.decode_envelope().unwrap().kind == Kind::ClockObserved).collect()
}

on_both! {
    async fn an_observation_of_a_clock_that_a_restore_lost_is_told_again_however_old(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let seen = observations(&tablet, &door).await;
        assert_eq!(seen.len(), 1);
        let entry = seen[0].decode_envelope().unwrap().entry_id.0;
        // The backup is older than what the server saw of the clock.
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        let tenant = territory.tenant(here.organisation);
        let on = tenant.on();
        territory.delete::<clock_observation::Entity>().filter(clock_observation::Column::EntryId.eq(entry)).exec(&on).await.unwrap();
        tenant.delete::<journal_payload::Entity>().filter(journal_payload::Column::EntryId.eq(entry)).exec(&on).await.unwrap();
        tenant.delete::<journal_entry::Entity>().filter(journal_entry::Column::EntryId.eq(entry)).exec(&on).await.unwrap();
        territory.delete::<site_change::Entity>().filter(site_change::Column::SubjectId.eq(entry)).exec(&on).await.unwrap();
        transaction.commit().await.unwrap();
        door.app.clock.advance(Duration::from_secs(20 * 24 * 3_600));
        tablet.open_session(&door).await;
        assert_eq!(tablet.verdicts(&door, &seen).await, ["accepted"], "the tablet brings it");
        let told = observations(&door.tablet(&here).await, &door).await;
        assert!(told.contains(&seen[0]), "and a new one needs it: the machine may run since then");
    }
}

on_both! {
    async fn a_cursor_of_another_life_or_beyond_the_head_reads_everything_again(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let told = tablet.pull(&door).await;
        let gone = (410, "refresh_required".to_owned());
        assert_eq!(tablet.pull_raw(&door, told.cursor + 1, &told.server_epoch).await.refusal(), gone);
        assert_eq!(tablet.pull_raw(&door, 1, "ffff").await.refusal(), gone);
        assert_eq!(tablet.pull_raw(&door, 1, "").await.refusal(), gone);
        assert_eq!(tablet.pull_raw(&door, told.cursor, &told.server_epoch).await.status, 200);
    }
}
