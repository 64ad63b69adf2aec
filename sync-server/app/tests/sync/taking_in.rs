//! Pushes: a verdict an entry, and what the server holds afterwards.

use super::tablet::{Tablet, at_noon, monday, open, word};
use crate::on_both;
use crate::world::commune;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use server::app::App;
use server::attendance::journal::facts;
use server::store::Territory;
use server::store::entity::{alert, device, journal_entry, journal_payload, quarantine};
use server::sync::push::pass_holes;
use shared::calendar::{Instant, instant_from_ms};
use shared::fold::fold;
use shared::id::EntryId;
use shared::journal::{Detail, Kind, LeftTo, Payload, Sealed};
use shared::wire::limits::PUSH_ENTRIES_MAX;
use std::time::Duration;
use uuid::Uuid;

async fn alerts(app: &App) -> Vec<String> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let mut all: Vec<String> = territory.find::<alert::Entity>().all(&territory.on()).await.unwrap().into_iter().map(|a| a.kind).collect();
    all.sort();
    all
}

fn later(app: &App, s: i64) -> Instant {
    instant_from_ms(app.clock.now_ms() + s * 1000)
}

on_both! {
    async fn a_wrong_signature_among_200_keeps_the_other_199(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let mut entries: Vec<Sealed> = (0..PUSH_ENTRIES_MAX).map(|_| tablet.arrival(door.app.clock.now())).collect();
        let right = entries[199].clone();
        entries[199].signature[7] ^= 1;
        let answer = tablet.push(&door, &entries).await;
        let words: Vec<String> = answer.verdicts.iter().map(word).collect();
        assert_eq!(words.iter().filter(|w| *w == "accepted").count(), 199);
        assert_eq!(words[199], "refused(signature_fausse)");
        assert_eq!(answer.contiguous_seq, 199);
        assert_eq!(tablet.push(&door, &[right]).await.contiguous_seq, 200, "the right bytes still have their place");
        let too_many: Vec<Sealed> = (0..=PUSH_ENTRIES_MAX).map(|_| tablet.arrival(door.app.clock.now())).collect();
        assert_eq!(tablet.push_raw(&door, &too_many).await.refusal(), (413, "trop_d_entrees".into()));
    }
}

on_both! {
    async fn a_lost_reply_is_not_a_second_presence(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let entries = [tablet.arrival(door.app.clock.now())];
        assert_eq!(tablet.verdicts(&door, &entries).await, ["accepted"]);
        assert_eq!(tablet.verdicts(&door, &entries).await, ["duplicate"]);
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        let day = fold(&facts(&tenant, monday(), monday()).await.unwrap());
        assert_eq!(day.days[&(monday(), here.child)].presences.len(), 1);
        assert!(day.days[&(monday(), here.child)].repeats.is_empty());
    }
}

on_both! {
    async fn a_hole_is_waited_for_then_passed_and_said(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let first = tablet.arrival(door.app.clock.now());
        let missing = tablet.arrival(later(&door.app, 1));
        let third = tablet.arrival(later(&door.app, 2));
        let answer = tablet.push(&door, &[first, third.clone()]).await;
        assert_eq!(answer.verdicts.iter().map(word).collect::<Vec<_>>(), ["accepted", "held"]);
        assert_eq!(answer.contiguous_seq, 1);
        assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&third)).await, ["held"]);
        assert_eq!(tablet.push(&door, &[missing]).await.contiguous_seq, 3, "what fills the hole lets the rest in");
        assert_eq!(tablet.verdicts(&door, &[third]).await, ["duplicate"]);

        tablet.skip(2);
        let beyond = tablet.arrival(later(&door.app, 5));
        assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&beyond)).await, ["held"]);
        door.app.clock.advance(Duration::from_secs(60));
        let transaction = door.app.db.begin().await.unwrap();
        pass_holes(&Territory::new(door.app.territoire(), &transaction), here.site, door.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(tablet.push(&door, std::slice::from_ref(&beyond)).await.contiguous_seq, 3, "the hole is still a hole");
        assert_eq!(tablet.verdicts(&door, &[beyond]).await, ["duplicate"]);
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        let gaps = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::GapBefore.eq(true)).count(&tenant.on()).await;
        assert_eq!(gaps.unwrap(), 1);
    }
}

on_both! {
    async fn a_fork_is_kept_as_evidence_and_a_person_is_called(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let first = tablet.arrival(door.app.clock.now());
        let mut copy: Tablet = tablet.clone();
        let one = tablet.seal(tablet.touch(&Kind::Left, later(&door.app, 9), Detail::Left { to: LeftTo::Alone, person: None }));
        let other = copy.seal(copy.touch(&Kind::Left, later(&door.app, 99), Detail::Left { to: LeftTo::Alone, person: None }));
        let both = [first, one, other];
        assert_eq!(tablet.verdicts(&door, &both).await, ["accepted", "accepted", "accepted(fourche)"]);
        assert_eq!(tablet.verdicts(&door, &both).await, ["duplicate", "duplicate(fourche)", "duplicate(fourche)"], "told again");
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        let forked = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::Fork.eq(true)).count(&tenant.on()).await;
        assert_eq!(forked.unwrap(), 2);
        assert_eq!(alerts(&door.app).await, ["fourche"]);
        let day = fold(&facts(&tenant, monday(), monday()).await.unwrap());
        assert_eq!(day.days[&(monday(), here.child)].lone_departures.len(), 1, "both are folded");
    }
}

on_both! {
    async fn the_same_name_with_other_bytes_is_set_apart(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let draft = tablet.touch(&Kind::Arrived, door.app.clock.now(), Detail::None);
        let first = tablet.seal(draft.clone());
        let second = tablet.seal(draft);
        assert_eq!(tablet.verdicts(&door, &[first, second.clone()]).await, ["accepted", "quarantined(identifiant_repris)"]);
        assert_eq!(tablet.push(&door, &[second]).await.contiguous_seq, 2, "the quarantine holds its place");
        assert_eq!(alerts(&door.app).await, ["quarantaine"], "handed in twice, told once");
    }
}

on_both! {
    async fn a_tablet_writes_at_its_own_site_only_and_may_carry_a_neighbours_entries(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, there) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let (mut ours, mut neighbour, mut theirs) = (door.tablet(&here).await, door.tablet(&here).await, door.tablet(&there).await);
        let relayed = neighbour.arrival(door.app.clock.now());
        let foreign = theirs.arrival(door.app.clock.now());
        let mut elsewhere = ours.touch(&Kind::Arrived, door.app.clock.now(), Detail::None);
        elsewhere.site = there.site;
        let elsewhere = ours.seal(elsewhere);
        let mut other_tenant = ours.touch(&Kind::Arrived, door.app.clock.now(), Detail::None);
        other_tenant.organisation = there.organisation;
        let other_tenant = ours.seal(other_tenant);
        let clock = Detail::Clock { device: neighbour.device, boot: neighbour.boot, boottime_ms: 5, at_ms: 5 };
        let mut clock = ours.touch(&Kind::ClockObserved, door.app.clock.now(), clock);
        clock.payload = Payload { about_child: None, ..clock.payload };
        let clock = ours.seal(clock);
        let mut decided = ours.touch(&Kind::Decided, door.app.clock.now(), Detail::None);
        decided.payload.target = Some(EntryId(Uuid::from_u128(44)));
        let decided = ours.seal(decided);
        let mut altered = ours.arrival(door.app.clock.now());
        altered.private.as_mut().unwrap().payload[40] ^= 1;
        let verdicts = ours.verdicts(&door, &[relayed, foreign, elsewhere, other_tenant, clock, decided, altered]).await;
        assert_eq!(verdicts, [
            "accepted",
            "quarantined(auteur_inconnu)",
            "quarantined(autre_site)",
            "quarantined(collectivite_etrangere)",
            "quarantined(reserve_au_serveur)",
            "quarantined(reserve_au_serveur)",
            "quarantined(contenu_altere)",
        ]);
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(there.organisation);
        assert_eq!(tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::ChildId.is_not_null()).count(&tenant.on()).await.unwrap(), 0);
    }
}

on_both! {
    async fn what_a_revoked_tablet_hands_in_waits_for_a_person(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let before = tablet.arrival(door.app.clock.now());
        assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&before)).await, ["accepted"]);
        revoke(&door.app, &tablet).await;
        let after = tablet.arrival(later(&door.app, 5));
        assert_eq!(tablet.verdicts(&door, &[before, after]).await, ["duplicate", "quarantined(appareil_revoque)"]);
        assert_eq!(tablet.pull_raw(&door, 0, "").await.refusal(), (403, "appareil_revoque".into()));
        let territory = Territory::new(door.app.territoire(), door.app.db.read());
        assert_eq!(territory.find::<quarantine::Entity>().count(&territory.on()).await.unwrap(), 1);
    }
}

pub async fn revoke(app: &App, tablet: &Tablet) {
    use sea_orm::sea_query::Expr;
    let transaction = app.db.begin().await.unwrap();
    let territory = Territory::new(app.territoire(), &transaction);
    territory
        .update::<device::Entity>()
        .col_expr(device::Column::RevokedAtMs, Expr::value(app.clock.now_ms()))
        .filter(device::Column::Id.eq(tablet.device.0))
        .exec(&territory.on())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn bytes_that_are_no_entry_are_refused_and_stop_nobody(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let good = tablet.arrival(door.app.clock.now());
        let mut cut = tablet.arrival(door.app.clock.now());
        cut.envelope.truncate(20);
        assert_eq!(tablet.verdicts(&door, &[cut, good]).await, ["refused(pas_une_enveloppe)", "accepted"]);
        let short = r#"{"entries":[{"envelope":"AAAA","signature":"AAAA"}]}"#;
        let answer: shared::wire::PushAnswer = door.post("/sync/v1/push", Some(&tablet.token), short).await.read();
        assert_eq!(word(&answer.verdicts[0]), "refused(pas_une_entree)");
    }
}

on_both! {
    async fn a_touch_of_a_wrong_clock_is_found_on_the_day_it_really_was(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        // The session observed this boot at noon, 1,000 s after its start; the touch claims 2038 at the same tick.
        let entry = tablet.arrival("2038-01-19T03:00:00Z".parse().unwrap());
        assert_eq!(tablet.verdicts(&door, &[entry]).await, ["accepted"]);
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        let row = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::ChildId.eq(here.child.0));
        let row = row.one(&tenant.on()).await.unwrap().unwrap();
        assert_eq!((row.day, row.effective_at_ms), (Some(monday()), Some(door.app.clock.now_ms())));
        let day = fold(&facts(&tenant, monday(), monday()).await.unwrap());
        assert_eq!(day.days[&(monday(), here.child)].presences.len(), 1);
    }
}

on_both! {
    async fn a_clock_observed_later_moves_what_came_before(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        // Another start of the machine, whose clock nobody has seen yet.
        tablet.boot = shared::id::BootId(shared::id::uuid_v7(1, [9; 10]));
        let entry = tablet.arrival("2027-03-01T03:00:00Z".parse().unwrap());
        assert_eq!(tablet.verdicts(&door, &[entry]).await, ["accepted"]);
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        let day = async || {
            let row = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::ChildId.eq(here.child.0));
            row.one(&tenant.on()).await.unwrap().unwrap().day.unwrap().to_string()
        };
        assert_eq!(day().await, "2027-03-01");
        tablet.open_session(&door).await;
        assert_eq!(day().await, "2026-10-05");
    }
}

on_both! {
    async fn many_pushes_at_once_lose_and_double_nothing(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = std::sync::Arc::new(open(app).await);
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let mut tablet = door.tablet(&here).await;
            let entries: Vec<Sealed> = (0..20).map(|_| tablet.arrival(door.app.clock.now())).collect();
            for _ in 0..2 {
                let (door, tablet, entries) = (std::sync::Arc::clone(&door), tablet.clone(), entries.clone());
                tasks.push(tokio::spawn(async move { tablet.push(&door, &entries).await }));
            }
        }
        let mut accepted = 0;
        for task in tasks {
            let answer = task.await.unwrap();
            assert_eq!(answer.contiguous_seq, 20);
            accepted += answer.verdicts.iter().filter(|v| word(v) == "accepted").count();
        }
        assert_eq!(accepted, 80);
        let reader = door.tablet(&here).await;
        let told = reader.pull(&door).await.changes.iter().filter(|c| matches!(c.body, shared::wire::ChangeBody::Entry { .. })).count();
        // Every touch, and what the server observed of five clocks.
        assert_eq!(told, 80 + 5);
    }
}
