//! Announcing an absence: what a family says, sealed by the server at the site so that the tablet hears it by its normal pull.
//!
//! Bookings stay as they are: whether the days are billed is the tariff's to say, and is told before and after in its words.

use super::days::covers;
use crate::Result;
use crate::attendance::journal;
use crate::attendance::server_device::{ServerDevice, ServerKeys};
use crate::identity::Guardian;
use crate::identity::audit::{self, Act};
use crate::registry::booking::{Status, fold as fold_booking};
use crate::serve::Server;
use crate::store::entity::{activity, booking, booking_event, centre, contract, enrolment, organisation, tariff};
use crate::store::{Territory, lock_site};
use chrono::{Datelike, NaiveDate};
use rules::tariff::{Billed, Method, Tariff, parse};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::fold::fold;
use shared::id::{ActivityId, CentreId, ChildId, OrganisationId, SiteId};
use shared::journal::{Actor, ActorKind, Capacity, Channel, Detail, Evidence, Kind, Moment, Payload};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(super) const ROUTE: &str = "POST /famille/enfants/{id}/absence";

/// An activity that a child may be absent from.
pub(super) struct Offer {
    /// The activity.
    pub activity: activity::Model,
    /// Its lieu.
    pub centre: centre::Model,
    /// Whose it is.
    pub organisation: organisation::Model,
}

impl Offer {
    /// The minute from which today is too late: the activity's, else the lieu's; the night before where neither is known.
    pub(super) fn starts_minute(&self) -> i32 {
        self.activity.starts_minute.or(self.centre.opens_minute).unwrap_or(0)
    }

    /// Whether it takes place on a weekday.
    pub(super) fn is_on(&self, day: NaiveDate) -> bool {
        self.activity.weekdays >> day.weekday().num_days_from_monday() & 1 == 1
    }
}

/// What a child is enrolled in, under contract for, or booked in, from a day on; by lieu and name.
pub(super) async fn offers(territory: &Territory<'_>, child: ChildId, from: NaiveDate) -> Result<Vec<Offer>> {
    let on = territory.on();
    let mut ids: BTreeSet<Uuid> = BTreeSet::new();
    let enrolled = territory.across::<enrolment::Entity>(enrolment::Column::TerritoireId).filter(enrolment::Column::ChildId.eq(child.0));
    let enrolled = enrolled.all(&on).await?;
    ids.extend(enrolled.into_iter().filter(|e| e.valid_to.is_none_or(|to| to >= from)).map(|e| e.activity_id));
    let agreed = territory.across::<contract::Entity>(contract::Column::TerritoireId).filter(contract::Column::ChildId.eq(child.0));
    ids.extend(agreed.filter(contract::Column::ValidTo.gte(from)).all(&on).await?.into_iter().map(|c| c.activity_id));
    let booked = territory.across::<booking::Entity>(booking::Column::TerritoireId).filter(booking::Column::ChildId.eq(child.0));
    ids.extend(booked.filter(booking::Column::Day.gte(from)).all(&on).await?.into_iter().map(|b| b.activity_id));
    let of_ids = territory.across::<activity::Entity>(activity::Column::TerritoireId).filter(activity::Column::Id.is_in(ids));
    let activities = of_ids.all(&on).await?;
    let centres = territory.across::<centre::Entity>(centre::Column::TerritoireId);
    let centres = centres.filter(centre::Column::Id.is_in(activities.iter().map(|a| a.centre_id))).all(&on).await?;
    let organisations = territory.organisations().await?;
    let offer = |activity: activity::Model| {
        let centre = centres.iter().find(|c| c.id == activity.centre_id)?.clone();
        let organisation = organisations.iter().find(|o| o.id == activity.organisation_id)?.clone();
        Some(Offer { activity, centre, organisation })
    };
    let mut offers: Vec<Offer> = activities.into_iter().filter_map(offer).collect();
    offers
        .sort_by(|a, b| (&a.centre.name, a.starts_minute(), &a.activity.name).cmp(&(&b.centre.name, b.starts_minute(), &b.activity.name)));
    Ok(offers)
}

/// What a family says.
pub(super) struct Announced<'o> {
    pub child: ChildId,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// A billing code, or empty.
    pub code: &'static str,
    /// What it is about: some of the child's offers.
    pub of: Vec<&'o Offer>,
    /// Whether these are all of them: the lieux themselves are told then, so that what is booked there later is covered too.
    pub is_whole: bool,
}

/// Seals it at each site concerned. What was announced already is not said twice.
pub(super) async fn announce(server: &Server, guardian: &Guardian, said: &Announced<'_>) -> Result<()> {
    let (app, now) = (&server.app, server.app.clock.now());
    let keys = ServerKeys::open(&app.data_dir)?;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    // In the order of their ids: two announcements at once take the sites' locks one after the other.
    let mut by_site: BTreeMap<SiteId, Vec<&Offer>> = BTreeMap::new();
    for offer in &said.of {
        by_site.entry(SiteId(offer.centre.site_id)).or_default().push(offer);
    }
    let mut books: BTreeSet<OrganisationId> = BTreeSet::new();
    for (site, offers) in by_site {
        lock_site(&territory, site).await?;
        let mut pen = ServerDevice::open(&territory, &keys, site, now).await?;
        let mut told: BTreeSet<CentreId> = BTreeSet::new();
        for offer in offers {
            let organisation = OrganisationId(offer.organisation.id);
            if is_known(&territory, offer, said).await? || (said.is_whole && !told.insert(CentreId(offer.centre.id))) {
                continue;
            }
            pen.seal(organisation, Kind::AbsenceAnnounced, payload(guardian, offer, said, now), &[], now)?;
            books.insert(organisation);
        }
        pen.append(&territory, now).await?;
    }
    for organisation in books {
        let act = Act::account(guardian.account.0, "guardian", "portail", ROUTE).about("child", said.child.0).of(organisation);
        audit::write(&territory, now, act).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Whether each of the days is covered already.
async fn is_known(territory: &Territory<'_>, offer: &Offer, said: &Announced<'_>) -> Result<bool> {
    let tenant = territory.tenant(OrganisationId(offer.organisation.id));
    let attendance = fold(&journal::facts_about(&tenant, said.child, said.from, said.to).await?);
    let covered = |day: NaiveDate| {
        let absences = attendance.days.get(&(day, said.child)).map(|d| d.absences.as_slice()).unwrap_or_default();
        absences.iter().any(|absence| covers(&absence.mark, &offer.activity))
    };
    Ok(said.from.iter_days().take_while(|day| *day <= said.to).all(covered))
}

fn payload(guardian: &Guardian, offer: &Offer, said: &Announced<'_>, now: shared::calendar::Instant) -> Payload {
    let named = Moment { activity: Some(ActivityId(offer.activity.id)), label: offer.activity.name.clone() };
    Payload {
        about_child: Some(said.child),
        centre: Some(CentreId(offer.centre.id)),
        moment: if said.is_whole { Moment::default() } else { named },
        actor: Actor { kind: ActorKind::Guardian, id: guardian.person.0 },
        capacity: Capacity::Guardian,
        channel: Channel::Portal,
        evidence: Evidence::Declared,
        detail: Detail::Absence { from: said.from, to: said.to, code: said.code.to_owned() },
        ..ServerDevice::payload(now)
    }
}

/// What happens to the bill, a sentence an activity, by the tariff that holds on the first day.
pub(super) async fn on_the_bill(territory: &Territory<'_>, said: &Announced<'_>) -> Result<Vec<(String, String)>> {
    let mut sentences = Vec::new();
    for offer in &said.of {
        let tenant = territory.tenant(OrganisationId(offer.organisation.id));
        let of_code = tenant.find::<tariff::Entity>().filter(tariff::Column::Code.eq(&offer.activity.tariff_code));
        let rows = of_code.filter(tariff::Column::ReplacedAtMs.is_null()).all(&tenant.on()).await?;
        let tariff = rows.iter().filter_map(|row| parse(&row.source_text).ok()).find(|tariff| tariff.holds_on(said.from));
        let booked = days_booked(territory, offer, said).await?;
        sentences.push((offer.activity.name.clone(), sentence(tariff.as_ref(), booked, &offer.organisation.name)));
    }
    Ok(sentences)
}

async fn days_booked(territory: &Territory<'_>, offer: &Offer, said: &Announced<'_>) -> Result<usize> {
    let tenant = territory.tenant(OrganisationId(offer.organisation.id));
    let rows = tenant.find::<booking::Entity>().filter(booking::Column::ChildId.eq(said.child.0));
    let rows = rows.filter(booking::Column::ActivityId.eq(offer.activity.id)).filter(booking::Column::Day.between(said.from, said.to));
    let rows = rows.all(&tenant.on()).await?;
    let of_rows = booking_event::Column::BookingId.is_in(rows.iter().map(|row| row.id));
    let events = tenant.find::<booking_event::Entity>().filter(of_rows).all(&tenant.on()).await?;
    let stands = |row: &&booking::Model| {
        let state = fold_booking(events.iter().filter(|event| event.booking_id == row.id));
        state.is_some_and(|state| state.status == Status::Accepted)
    };
    Ok(rows.iter().filter(stands).count())
}

fn sentence(tariff: Option<&Tariff>, booked: usize, organisation: &str) -> String {
    let Some(tariff) = tariff else { return "le tarif de cette période n’est pas encore connu.".into() };
    if matches!(tariff.method, Method::Psu(_)) {
        return format!(
            "la mensualité du contrat ne change pas. Une déduction peut s’appliquer selon le règlement : {organisation} vous répondra."
        );
    }
    match (tariff.billed, booked) {
        (Billed::Presence, _) => "seules les présences sont facturées. Ces jours d’absence ne seront pas facturés.".into(),
        (_, 0) => "rien n’est réservé sur ces jours. Rien ne sera facturé.".into(),
        (_, _) => format!(
            "les jours réservés sont facturés, même sans présence. Ils le resteront, sauf si {organisation} en décide autrement, par exemple sur justificatif."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tariff(billed: &str) -> Tariff {
        let text = format!(
            "code = \"soir\"\nlibelle = \"Soir\"\nvalable_du = 2026-09-01\nmethode = \"forfait\"\nunite = \"acte\"\nprix = \"2.00\"\nfacture = \"{billed}\"\n"
        );
        parse(&text).unwrap()
    }

    #[test]
    fn a_family_is_never_promised_a_day_that_the_tariff_bills() {
        let said = |tariff: &Tariff, booked| sentence(Some(tariff), booked, "Commune A");
        assert!(said(&tariff("presence"), 3).contains("ne seront pas facturés"));
        for kept in ["reservation", "le_plus_grand"] {
            assert!(said(&tariff(kept), 1).contains("Ils le resteront, sauf si Commune A"), "{kept}");
            assert!(said(&tariff(kept), 0).contains("Rien ne sera facturé"), "{kept}");
        }
        assert!(sentence(None, 1, "Commune A").contains("pas encore connu"));
    }
}
