//! What a person decides on entries that were set apart: it counts once, or not at all, and nothing is lost.

use super::tablet::{Door, Tablet, at_noon, monday, open};
use super::taking_in::revoke;
use crate::on_both;
use crate::world::{Commune, commune};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};
use server::attendance::journal::{facts, forget_child};
use server::attendance::server_device::ServerKeys;
use server::attendance::verify;
use server::store::Territory;
use server::store::entity::{alert, device, journal_entry, journal_note, quarantine};
use server::sync::decisions::{self, About, Decision, Done, Word};
use server::{Error, error};
use shared::calendar::instant_from_ms;
use shared::fold::{ChildDay, Flag, fold};
use shared::id::AccountId;
use shared::journal::{Detail, Kind, LeftTo, Sealed};
use shared::wire::ChangeBody;
use std::time::Duration;
use uuid::Uuid;

const AGENT: AccountId = AccountId(Uuid::from_u128(0xa6e));

async fn rows(door: &Door) -> Vec<quarantine::Model> {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let all =
        territory.find::<quarantine::Entity>().order_by_asc(quarantine::Column::ReceivedAtMs).order_by_asc(quarantine::Column::EntryId);
    all.all(&territory.on()).await.unwrap()
}

async fn says(door: &Door, here: &Commune, id: Uuid, about: About, decision: Decision) -> Result<Done, Error> {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let (tenant, keys) = (territory.tenant(here.organisation), ServerKeys::open(&door.app.data_dir).unwrap());
    let word = Word { decision, reason: "vu avec l’équipe", by: AGENT };
    let done = decisions::decide(&territory, &keys, &tenant, (id, about), word, door.app.clock.now()).await?;
    transaction.commit().await.unwrap();
    Ok(done)
}

async fn the_lot(door: &Door, here: &Commune, decision: Decision) -> Done {
    let last = rows(door).await.pop().unwrap();
    says(door, here, last.id, About::Lot { up_to_ms: last.received_at_ms }, decision).await.unwrap()
}

async fn day_of(door: &Door, here: &Commune) -> Option<ChildDay> {
    let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
    fold(&facts(&tenant, monday(), monday()).await.unwrap()).days.remove(&(monday(), here.child))
}

async fn of_kind(door: &Door, here: &Commune, kind: &str) -> u64 {
    let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
    tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::Kind.eq(kind)).count(&tenant.on()).await.unwrap()
}

/// A chain that an export of everything holds.
async fn journal_holds(door: &Door) {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let devices = territory.find::<device::Entity>().all(&territory.on()).await.unwrap();
    let report = verify::installation(&territory, &devices).await.unwrap();
    assert_eq!(report.first_break, None);
}

/// A tablet that was revoked, and the hour that it hands in afterwards.
async fn an_hour_of_a_revoked_tablet(door: &Door, here: &Commune) -> (Tablet, [Sealed; 2]) {
    let mut tablet = door.tablet(here).await;
    let now_ms = door.app.clock.now_ms();
    let arrived = tablet.arrival(instant_from_ms(now_ms - 3_600_000));
    let left = tablet.touch(&Kind::Left, door.app.clock.now(), Detail::Left { to: LeftTo::Other, person: None });
    let left = tablet.seal(left);
    revoke(&door.app, &tablet).await;
    let hour = [arrived, left];
    assert_eq!(tablet.verdicts(door, &hour).await, ["quarantined(appareil_revoque)"; 2]);
    (tablet, hour)
}

on_both! {
    async fn what_a_revoked_tablet_hands_in_counts_once_after_a_person_keeps_it(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let other = door.tablet(&here).await;
        let (tablet, hour) = an_hour_of_a_revoked_tablet(&door, &here).await;
        assert_eq!(day_of(&door, &here).await, None, "nothing takes effect until a person decides");
        let before = other.pull(&door).await;

        assert_eq!(the_lot(&door, &here, Decision::Keep).await, Done { decided: 2, ..Done::default() });
        let day = day_of(&door, &here).await.unwrap();
        assert_eq!((day.presences.len(), day.presences[0].left.is_some(), day.repeats.len()), (1, true, 0));
        assert_eq!(day.flags.iter().filter(|flag| matches!(flag, Flag::SetApart { .. })).count(), 2, "the sheet says how they came in");
        let next: shared::wire::PullAnswer = other.pull_raw(&door, before.cursor, &before.server_epoch).await.read();
        let told = |entry: &Sealed| next.changes.iter().filter(|c| matches!(&c.body, ChangeBody::Entry { entry: e, .. } if e.envelope.0 == entry.envelope)).count();
        assert_eq!(hour.iter().map(told).collect::<Vec<_>>(), [1, 1], "the site's tablets hear of both, once");
        assert_eq!(of_kind(&door, &here, "decided").await, 2, "the server signs each decision");

        // The folder hands in again, and so does another tablet of the site.
        assert_eq!(tablet.verdicts(&door, &hour).await, ["duplicate"; 2]);
        assert_eq!(other.verdicts(&door, &hour).await, ["duplicate"; 2]);
        assert_eq!(day_of(&door, &here).await.unwrap().presences.len(), 1);
        let territory = Territory::new(door.app.territoire(), door.app.db.read());
        let open = territory.find::<alert::Entity>().filter(alert::Column::Kind.eq("quarantaine")).filter(alert::Column::SeenAtMs.is_null());
        assert_eq!(open.count(&territory.on()).await.unwrap(), 0, "nobody is called for what was decided");
        journal_holds(&door).await;
    }
}

on_both! {
    async fn what_is_discarded_takes_no_effect_and_can_be_kept_later_but_not_the_reverse(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (tablet, hour) = an_hour_of_a_revoked_tablet(&door, &here).await;
        assert_eq!(the_lot(&door, &here, Decision::Discard).await.decided, 2);
        assert_eq!(day_of(&door, &here).await, None);
        assert_eq!(tablet.verdicts(&door, &hour).await, ["quarantined(ecarte)"; 2], "handed in again, it changes nothing");
        assert_eq!(rows(&door).await.len(), 2);
        let first = rows(&door).await.remove(0).id;
        let again = says(&door, &here, first, About::One, Decision::Discard).await.unwrap_err();
        assert_eq!((again.kind(), again.to_string().as_str()), (error::Kind::Conflict, "Ce pointage est déjà écarté."));

        assert_eq!(says(&door, &here, first, About::One, Decision::Keep).await.unwrap().decided, 1);
        assert_eq!(day_of(&door, &here).await.unwrap().presences.len(), 1);
        for decision in [Decision::Discard, Decision::Keep] {
            assert_eq!(says(&door, &here, first, About::One, decision).await.unwrap_err().kind(), error::Kind::Conflict);
        }
        assert_eq!(of_kind(&door, &here, "decided").await, 3, "each word stays");
    }
}

on_both! {
    async fn what_is_kept_after_what_was_discarded_leaves_no_hole_in_the_chain(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        an_hour_of_a_revoked_tablet(&door, &here).await;
        journal_holds(&door).await;
        let ids: Vec<Uuid> = rows(&door).await.iter().map(|row| row.id).collect();
        says(&door, &here, ids[0], About::One, Decision::Discard).await.unwrap();
        says(&door, &here, ids[1], About::One, Decision::Keep).await.unwrap();
        journal_holds(&door).await;
        assert_eq!(day_of(&door, &here).await.unwrap().lone_departures.len(), 1);
    }
}

on_both! {
    async fn of_two_agents_at_once_one_decides_and_the_entry_counts_once(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        an_hour_of_a_revoked_tablet(&door, &here).await;
        let first = rows(&door).await.remove(0).id;
        let keep = || says(&door, &here, first, About::One, Decision::Keep);
        let (one, other, against) = tokio::join!(keep(), keep(), says(&door, &here, first, About::One, Decision::Discard));
        let done = [&one, &other, &against].into_iter().filter(|said| said.is_ok()).count();
        // To discard first and keep afterwards are two words that both hold.
        assert_eq!(done, if against.is_ok() { 2 } else { 1 }, "{one:?} {other:?} {against:?}");
        assert_eq!(of_kind(&door, &here, "arrived").await, 1);
        assert_eq!(of_kind(&door, &here, "decided").await, done as u64);
    }
}

on_both! {
    async fn what_proves_nothing_cannot_be_kept_and_the_rest_of_the_lot_is(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, there) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let good = tablet.arrival(door.app.clock.now());
        let mut altered = tablet.arrival(door.app.clock.now());
        altered.private.as_mut().unwrap().payload[60] ^= 1;
        let foreign = tablet.touch(&Kind::Arrived, door.app.clock.now(), Detail::None);
        let foreign = tablet.seal(shared::journal::Draft { organisation: there.organisation, ..foreign });
        revoke(&door.app, &tablet).await;
        assert_eq!(tablet.verdicts(&door, &[good, altered, foreign]).await, ["quarantined(appareil_revoque)"; 3]);
        let done = the_lot(&door, &here, Decision::Keep).await;
        // What names another commune is that one's to decide on where it has a lieu here, else the building's.
        assert_eq!(done.decided, 1);
        let mut codes: Vec<&str> = done.impossible.iter().map(|(_, code)| *code).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["collectivite_etrangere", "contenu_altere"]);
        assert_eq!(rows(&door).await.iter().filter(|row| row.decision.is_none()).count(), 2, "they wait still");
        assert_eq!(of_kind(&door, &here, "arrived").await, 1);
        assert_eq!(the_lot(&door, &here, Decision::Discard).await.decided, 2, "they can be discarded");

        let mut stranger = Tablet::new(shared::id::DeviceId(Uuid::from_u128(7)), here, shared::journal::SigningKey::from_bytes(&[7; 32]));
        let invented = stranger.arrival(door.app.clock.now());
        let living = door.tablet(&here).await;
        assert_eq!(living.verdicts(&door, &[invented]).await, ["quarantined(auteur_inconnu)"]);
        let row = rows(&door).await.into_iter().find(|row| row.code == "auteur_inconnu").unwrap();
        let done = says(&door, &here, row.id, About::One, Decision::Keep).await.unwrap();
        assert_eq!((done.decided, done.impossible), (0, vec![(row.id, "auteur_inconnu")]));
    }
}

/// As a server that was restored, and then hears of the epoch again.
async fn set_epoch(door: &Door, tablet: &Tablet, epoch: i32) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let update = territory.update::<device::Entity>().col_expr(device::Column::Epoch, Expr::value(epoch));
    update.filter(device::Column::Id.eq(tablet.device.0)).exec(&territory.on()).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Two arrivals in an epoch that the server doesn't know, with the entry that opens it.
fn in_an_epoch_that_nobody_gave(door: &Door, tablet: &mut Tablet) -> [Sealed; 2] {
    tablet.head.place = shared::journal::Place { epoch: 2, seq: 0, ..tablet.head.place };
    let mut opened = tablet.touch(
        &Kind::EpochOpened,
        door.app.clock.now(),
        Detail::Epoch { previous: 1, last_hash: tablet.head.hash, cause: "restauration".into() },
    );
    (opened.payload.about_child, opened.payload.centre) = (None, None);
    [tablet.seal(opened), tablet.arrival(door.app.clock.now())]
}

on_both! {
    async fn what_came_in_by_itself_since_waits_for_nobody_and_counts_once(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut tablet, other) = (door.tablet(&here).await, door.tablet(&here).await);
        let entries = in_an_epoch_that_nobody_gave(&door, &mut tablet);
        assert_eq!(other.verdicts(&door, &entries).await, ["quarantined(epoque_inconnue)"; 2]);
        set_epoch(&door, &tablet, 2).await;
        assert_eq!(other.verdicts(&door, &entries).await, ["accepted"; 2]);
        assert!(rows(&door).await.iter().all(|row| row.decision.as_deref() == Some("admis") && row.decided_by.as_deref() == Some("preau")));
        let first = rows(&door).await.remove(0).id;
        assert_eq!(says(&door, &here, first, About::One, Decision::Keep).await.unwrap_err().kind(), error::Kind::Conflict);
        assert_eq!(day_of(&door, &here).await.unwrap().presences.len(), 1);
    }
}

on_both! {
    async fn a_word_that_discarded_holds_against_what_is_known_later(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut tablet, other) = (door.tablet(&here).await, door.tablet(&here).await);
        let entries = in_an_epoch_that_nobody_gave(&door, &mut tablet);
        other.push(&door, &entries).await;
        the_lot(&door, &here, Decision::Discard).await;
        set_epoch(&door, &tablet, 2).await;
        assert_eq!(other.verdicts(&door, &entries).await, ["quarantined(ecarte)"; 2]);
        assert_eq!(day_of(&door, &here).await, None);
        assert_eq!(the_kept(&door, &here).await, 2);
        assert_eq!(day_of(&door, &here).await.unwrap().presences.len(), 1);
        journal_holds(&door).await;
    }
}

/// Keeps each of those that were discarded.
async fn the_kept(door: &Door, here: &Commune) -> usize {
    let mut kept = 0;
    for row in rows(door).await {
        kept += says(door, here, row.id, About::One, Decision::Keep).await.unwrap().decided;
    }
    kept
}

on_both! {
    async fn what_came_after_the_page_was_read_is_decided_by_nobody_who_has_not_seen_it(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut tablet, _) = an_hour_of_a_revoked_tablet(&door, &here).await;
        let seen = rows(&door).await.pop().unwrap();
        door.app.clock.advance(Duration::from_secs(5));
        let late = tablet.arrival(door.app.clock.now());
        tablet.push(&door, &[late]).await;
        let about = About::Lot { up_to_ms: seen.received_at_ms };
        assert_eq!(says(&door, &here, seen.id, about, Decision::Keep).await.unwrap().decided, 2);
        assert_eq!(rows(&door).await.iter().filter(|row| row.decision.is_none()).count(), 1);
        let nothing = says(&door, &here, seen.id, about, Decision::Keep).await.unwrap_err();
        assert_eq!(nothing.kind(), error::Kind::Conflict);
    }
}

on_both! {
    async fn a_forgotten_child_leaves_neither_content_nor_reason_and_nothing_to_keep(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        an_hour_of_a_revoked_tablet(&door, &here).await;
        let ids: Vec<Uuid> = rows(&door).await.iter().map(|row| row.id).collect();
        says(&door, &here, ids[0], About::One, Decision::Discard).await.unwrap();
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        forget_child(&territory, here.organisation, here.child.0, door.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        assert_eq!(tenant.find::<journal_note::Entity>().count(&tenant.on()).await.unwrap(), 0, "the reason is about the child");
        for id in ids {
            let done = says(&door, &here, id, About::One, Decision::Keep).await.unwrap();
            assert_eq!((done.decided, done.impossible), (0, vec![(id, "contenu_efface")]));
        }
    }
}

on_both! {
    async fn another_organisation_decides_on_nothing_of_ours(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, there) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        an_hour_of_a_revoked_tablet(&door, &here).await;
        let first = rows(&door).await.remove(0);
        for about in [About::One, About::Lot { up_to_ms: i64::MAX }] {
            assert_eq!(says(&door, &there, first.id, about, Decision::Keep).await.unwrap_err().kind(), error::Kind::NotFound);
        }
        // A guest in the building decides on its own entries, the host on what names neither.
        crate::world::share_site(&door.app, &there, &here).await;
        let mut guest = door.tablet(&Commune { organisation: there.organisation, centre: there.centre, child: there.child, activity: there.activity, ..here }).await;
        let theirs = guest.arrival(door.app.clock.now());
        revoke(&door.app, &guest).await;
        guest.push(&door, &[theirs]).await;
        let row = rows(&door).await.into_iter().find(|row| row.device_id == Some(guest.device.0)).unwrap();
        assert_eq!(says(&door, &here, row.id, About::One, Decision::Keep).await.unwrap_err().kind(), error::Kind::NotFound);
        assert_eq!(says(&door, &there, row.id, About::One, Decision::Keep).await.unwrap().decided, 1);
        assert_eq!(of_kind(&door, &there, "arrived").await, 1);
    }
}
