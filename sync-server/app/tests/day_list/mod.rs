//! The list of the day on paper: what it says and never says, when it is made, for whom, and how long it stays. Read back from the PDF
//! by poppler, as a printer would.

mod kept;

use crate::identity::browser::{House, open_app};
use crate::on_both;
use crate::place::Fresh;
use crate::world::{Commune, day};
use documents::DayContent;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use server::app::App;
use server::attendance::day_list::{due, night, short_seal};
use server::clock::Clock;
use server::jobs;
use server::store::entity::{
    activity, audit as lines, booking, booking_event, child, child_right, day_list, household, job, person, pickup_person, staff,
};
use server::store::{Territory, insert_all, new_id};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A Monday, before four in Paris.
const BEFORE: &str = "2026-10-05T01:59:00Z";

/// Two communes with the same codes; A's family has whatever a list must keep to itself.
async fn open(fresh: &Fresh, at: &str) -> House {
    let house = open_app(App { clock: Clock::manual(at.parse().unwrap()), ..fresh.app.clone() }, |_| String::new()).await;
    for commune in [house.a, house.b] {
        furnish(&house, &commune).await;
    }
    house
}

async fn furnish(house: &House, commune: &Commune) {
    let app = &house.app;
    let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
    let territory = Territory::new(app.territoire(), &transaction);
    let (on, territoire_id, id) = (territory.on(), app.territoire().0, || new_id(now).unwrap());
    // Every day, without a booking: a Sunday of the clock's change has a list too.
    let daily = territory.tenant(commune.organisation).update::<activity::Entity>().col_expr(activity::Column::Weekdays, Expr::value(127));
    daily.col_expr(activity::Column::BookingRule, Expr::value("aucune")).exec(&on).await.unwrap();
    let of_id = territory.find::<child::Entity>().filter(child::Column::Id.eq(commune.child.0));
    let row = of_id.one(&on).await.unwrap().unwrap();
    let adults = territory.find::<person::Entity>().filter(person::Column::HouseholdId.eq(row.household_id)).all(&on).await.unwrap();
    let right = |person_id| child_right::Model {
        territoire_id,
        id: id(),
        child_id: row.id,
        person_id,
        link: Some("mère".into()),
        parental_authority: "oui".into(),
        may_take: true,
        sees_presence: true,
        sees_bills: true,
        may_book: true,
        valid_from: None,
        valid_to: None,
        by_default: true,
    };
    insert_all(&on, adults.iter().map(|adult| right(adult.id)).collect()).await.unwrap();
    let pickup = |last: &str, status: &str, from_minute, weekdays| pickup_person::Model {
        territoire_id,
        id: id(),
        child_id: row.id,
        code: None,
        last_name: last.into(),
        first_name: "Odette".into(),
        link: Some("grand-mère".into()),
        phone: Some("0699999999".into()),
        birth_date: None,
        status: status.into(),
        nature: None,
        person_id: None,
        weekdays,
        from_minute,
        id_document: None,
        valid_from: None,
        valid_to: None,
        call_order: Some(1),
        photo_hash: None,
        rank: 0,
    };
    let tuesdays = Some(2);
    let rows = vec![
        pickup("Morin", "restreinte", Some(990), None),
        pickup("Interdite-Nulle-Part", "interdite", None, None),
        // The same human being, typed a second time as somebody who may.
        pickup("Interdite-Nulle-Part", "autorisee", None, None),
        pickup("Demardi", "restreinte", None, tuesdays),
    ];
    insert_all(&on, rows).await.unwrap();
    let member = staff::Model {
        organisation_id: commune.organisation.0,
        id: id(),
        territoire_id,
        centre_id: commune.centre.0,
        code: "P001".into(),
        last_name: "Roche".into(),
        first_name: "Nadia".into(),
        role: "direction".into(),
        qualification: None,
        counts_in_ratio: true,
        pin_hash: None,
        pin_set_at_ms: None,
    };
    insert_all(&on, vec![member]).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn work(app: &App) {
    while jobs::run_due(app).await.unwrap() != jobs::Turn::default() {}
}

/// What a tick of the night does, and what follows from it.
async fn night_of(house: &House) {
    due(&house.app).await.unwrap();
    work(&house.app).await;
}

async fn kept(house: &House, commune: &Commune) -> Vec<day_list::Model> {
    let tenant = house.reading().tenant(commune.organisation);
    tenant.find::<day_list::Entity>().order_by_asc(day_list::Column::MadeAtMs).all(&tenant.on()).await.unwrap()
}

fn content(list: &day_list::Model) -> DayContent {
    serde_json::from_slice(&list.content).unwrap()
}

/// The words of the sheets, as poppler reads them.
fn words(pdf: &[u8]) -> String {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::with_suffix(".pdf").unwrap();
    file.write_all(pdf).unwrap();
    let output = std::process::Command::new("pdftotext").args(["-raw", file.path().to_str().unwrap(), "-"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

on_both! {
    async fn the_sheet_says_who_comes_and_never_who_is_barred_nor_what_a_child_suffers_from(fresh: &Fresh) {
        let house = open(fresh, "2026-10-05T02:00:00Z").await;
        night_of(&house).await;
        let lists = kept(&house, &house.a).await;
        let sheet = words(&lists[0].pdf);
        for said in [
            "Accueil périscolaire", "lundi 5 octobre 2026", "5 octobre 2026 à 4:00", "Commune A", "1 rue des Lilas", "Martin Zéphirine",
            "16:30 – 18:30", "consignes", "Samira Martin, mère", "06 12 34 56 78", "Odette Morin, grand-mère : pas avant 16:30",
            "Nadia Roche direction", "page 1/", &short_seal(&lists[0].seal),
        ] {
            assert!(sheet.contains(said), "{said}: {sheet}");
        }
        let kept_bytes = String::from_utf8(lists[0].content.clone()).unwrap();
        for never in ["Interdite", "Nulle", "arachide"] {
            assert!(!sheet.contains(never) && !kept_bytes.contains(never), "{never}: {sheet}");
        }
        let takers: Vec<String> = content(&lists[0]).children[0].takers.iter().map(|taker| taker.name.clone()).collect();
        assert_eq!(takers, ["Samira Martin", "Odette Morin"], "who takes the child on Tuesdays alone is no more than called on a Monday");
        assert_eq!(lists[0].seal, Sha256::digest(&lists[0].content).to_vec(), "anyone can seal the content again");
        assert_eq!(lists[0].sha256, Sha256::digest(&lists[0].pdf).to_vec());
    }
}

on_both! {
    async fn numbers_of_a_confidential_household_stay_with_it(fresh: &Fresh) {
        let house = open(fresh, "2026-10-05T02:00:00Z").await;
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        let hidden = territory.update::<household::Entity>().col_expr(household::Column::Confidential, Expr::value(true));
        hidden.filter(household::Column::Code.eq("F-A")).exec(&territory.on()).await.unwrap();
        transaction.commit().await.unwrap();
        night_of(&house).await;
        let list = kept(&house, &house.a).await.remove(0);
        let mother = content(&list).children[0].contacts.iter().find(|c| c.name == "Samira Martin").cloned().unwrap();
        assert_eq!(mother.telephone, "");
        let sheet = words(&list.pdf);
        assert!(!sheet.contains("06 12 34 56 78") && !sheet.contains("0612345678") && sheet.contains("numéro à demander"), "{sheet}");
    }
}

on_both! {
    async fn a_night_makes_each_list_once_from_four_on_and_a_second_run_makes_nothing(fresh: &Fresh) {
        let house = open(fresh, BEFORE).await;
        night_of(&house).await;
        assert!(kept(&house, &house.a).await.is_empty(), "it is not four yet");
        house.app.clock.advance(Duration::from_secs(60));
        night_of(&house).await;
        let first = kept(&house, &house.a).await;
        assert_eq!((first.len(), kept(&house, &house.b).await.len()), (1, 1));
        house.app.clock.advance(Duration::from_secs(3_600));
        tokio::try_join!(due(&house.app), due(&house.app)).unwrap();
        night_of(&house).await;
        assert_eq!(kept(&house, &house.a).await, first);
        let reading = house.reading();
        let all = reading.find::<job::Entity>().filter(job::Column::Kind.eq("liste")).all(&reading.on()).await.unwrap();
        assert_eq!(all.len(), 2, "one a lieu and day");
        let book = book(&house).await;
        assert_eq!(book.iter().filter(|line| line.route == night::ROUTE && line.subject_id == Some(first[0].id)).count(), 1, "{book:?}");
    }
}

on_both! {
    async fn both_days_on_which_the_clock_changes_have_their_list_at_four(fresh: &Fresh) {
        // Four in Paris is three in Greenwich after October's change, and two after March's.
        let house = open(fresh, "2026-10-25T02:59:59Z").await;
        for (date, before) in [("2026-10-25", "2026-10-25T02:59:59Z"), ("2027-03-28", "2027-03-28T01:59:59Z")] {
            let wait = before.parse::<shared::calendar::Instant>().unwrap() - house.app.clock.now();
            house.app.clock.advance(wait.to_std().unwrap());
            let of_day = |lists: Vec<day_list::Model>| lists.into_iter().filter(|list| list.day == day(date)).collect::<Vec<_>>();
            night_of(&house).await;
            assert!(of_day(kept(&house, &house.a).await).is_empty(), "{date}");
            house.app.clock.advance(Duration::from_secs(1));
            night_of(&house).await;
            let lists = of_day(kept(&house, &house.a).await);
            assert_eq!(lists.len(), 1, "{date}");
            assert_eq!(content(&lists[0]).moments[0].hours, "16:30 – 18:30", "{date}");
            assert!(words(&lists[0].pdf).contains("à 4:00"), "{date}");
        }
    }
}

on_both! {
    async fn a_booking_has_its_own_hours_and_who_needs_none_is_among_those_who_may_come(fresh: &Fresh) {
        let house = open(fresh, "2026-10-05T02:00:00Z").await;
        let (now, transaction) = (house.app.clock.now(), house.app.db.begin().await.unwrap());
        let territory = Territory::new(house.app.territoire(), &transaction);
        for commune in [house.a, house.b] {
            let tenant = territory.tenant(commune.organisation);
            let rule = tenant.update::<activity::Entity>().col_expr(activity::Column::BookingRule, Expr::value("facultative"));
            rule.exec(&tenant.on()).await.unwrap();
        }
        book_place(&territory, &house.a, now).await;
        transaction.commit().await.unwrap();
        night_of(&house).await;
        let moment = content(&kept(&house, &house.a).await[0]).moments.remove(0);
        assert!(moment.groups[0].rows[0].hours == "17:00 – 17:45" && moment.unbooked.is_empty(), "{moment:?}");
        let list = content(&kept(&house, &house.b).await[0]);
        assert!(list.moments[0].groups.is_empty() && list.moments[0].unbooked.len() == 1, "{list:?}");
        assert_eq!(list.children.len(), 1, "whoever may come has somebody to call");
    }
}

async fn book_place(territory: &Territory<'_>, commune: &Commune, now: shared::calendar::Instant) {
    let id = new_id(now).unwrap();
    let row = booking::Model {
        organisation_id: commune.organisation.0,
        id,
        territoire_id: territory.id().0,
        child_id: commune.child.0,
        activity_id: commune.activity.0,
        day: day("2026-10-05"),
        household_id: None,
    };
    insert_all(&territory.on(), vec![row]).await.unwrap();
    let event = |number, kind: &str| booking_event::Model {
        organisation_id: commune.organisation.0,
        booking_id: id,
        number,
        kind: kind.into(),
        at_ms: 0,
        starts_minute: Some(1_020),
        ends_minute: Some(1_065),
        actor: "import".into(),
        on_behalf_of: None,
        capacity: "agent".into(),
        authority_ref: None,
        channel: "import".into(),
        deadline_rule: None,
    };
    insert_all(&territory.on(), vec![event(1, "requested"), event(2, "accepted")]).await.unwrap();
}

async fn book(house: &House) -> Vec<lines::Model> {
    let tenant = house.reading().tenant(house.a.organisation);
    tenant.find::<lines::Entity>().all(&tenant.on()).await.unwrap()
}
