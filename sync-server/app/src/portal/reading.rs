//! What a person may read: themselves, a child, the bills. Every page of the portal asks here first.

use crate::billing::issued::{self, IssuedBill, IssuedLine};
use crate::identity::child_rights::OfChild;
use crate::identity::{Guardian, Rights, children_of};
use crate::payments::{self, UnderWay};
use crate::store::Territory;
use crate::store::entity::{invoice, organisation, person, regie};
use crate::{Error, Result};
use rules::wording::Reader;
use sea_orm::sea_query::UnionType;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect, QueryTrait};
use shared::calendar::{Instant, business_day};
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Who reads, and what they may know of each child today.
pub(crate) struct Me {
    /// The person.
    pub person: person::Model,
    /// The children that they are linked to.
    pub children: Vec<OfChild>,
    now_ms: i64,
}

impl Me {
    /// Reads the person and their children.
    pub(crate) async fn read(territory: &Territory<'_>, guardian: &Guardian, now: Instant) -> Result<Self> {
        let of_id = territory.find::<person::Entity>().filter(person::Column::Id.eq(guardian.person.0));
        let person = of_id.one(&territory.on()).await?.ok_or_else(|| Error::NotFound("Cette personne".into()))?;
        let children = children_of(territory, guardian.person, business_day(now)).await?;
        Ok(Self { person, children, now_ms: now.timestamp_millis() })
    }

    /// A child by the id of an address. One whom this person has nothing to do with doesn't exist.
    pub(crate) fn child(&self, id: &str) -> Result<&OfChild> {
        let id: Option<Uuid> = id.parse().ok();
        let found = self.children.iter().find(|of| Some(of.child.0) == id);
        found.ok_or_else(|| Error::NotFound("Cet enfant".into()))
    }

    /// What they may know of a child, by its id.
    pub(crate) fn rights(&self, child: Uuid) -> Rights {
        self.children.iter().find(|of| of.child.0 == child).map(|of| of.rights).unwrap_or_default()
    }

    /// Whether an issued bill is theirs to open: its payer's; or another adult's of the same household, who sees the bills of all the
    /// children on it. Never across households.
    fn may_open(&self, bill: &IssuedBill) -> bool {
        let sees = |line: &IssuedLine| {
            let rights = self.rights(line.row.child_id);
            rights.sees_bills && !rights.barred
        };
        self.pays(&bill.bill) || (self.person.household_id == bill.bill.household_id && bill.lines.iter().all(sees))
    }

    fn pays(&self, bill: &invoice::Model) -> bool {
        bill.payer_id == self.person.id
    }

    /// As whom they read a line. Times and places need the rights on that child; the situation that priced it is its household's own.
    fn reader(&self, bill: &invoice::Model, child: Uuid) -> Reader {
        let all = self.rights(child).sees_presence && self.person.household_id == bill.household_id;
        if all { Reader::Guardian } else { Reader::Payer }
    }
}

/// A bill that a person may open.
pub(crate) struct Bill {
    /// The bill with its lines.
    pub issued: IssuedBill,
    /// Whether the person who reads is its payer.
    pub is_mine: bool,
    /// As whom each child's lines are read.
    readers: HashMap<Uuid, Reader>,
    /// Who collects.
    pub regie: regie::Model,
    /// Who bills.
    pub organisation: organisation::Model,
    /// A payment of it that may still come.
    pub under_way: Option<UnderWay>,
}

impl Bill {
    /// As whom a line is read.
    pub(crate) fn reader(&self, line: &IssuedLine) -> Reader {
        self.readers.get(&line.row.child_id).copied().unwrap_or(Reader::Payer)
    }

    /// Whether every line may be read with its times and its place.
    pub(crate) fn is_read_whole(&self) -> bool {
        self.issued.lines.iter().all(|line| self.reader(line) == Reader::Guardian)
    }

    /// What is still to pay.
    pub(crate) fn open(&self) -> Cents {
        self.issued.open()
    }

    /// The name in an address.
    pub(crate) fn href(&self) -> String {
        format!("/famille/factures/{}", self.issued.bill.id)
    }

    /// Which organisation's books it stands in.
    pub(crate) fn organisation_id(&self) -> OrganisationId {
        OrganisationId(self.organisation.id)
    }

    /// In what capacity somebody reads it or asks about it.
    pub(crate) fn capacity(&self) -> &'static str {
        if self.is_mine { "self" } else { "guardian" }
    }
}

/// The bills that a person may open, newest first.
pub(crate) async fn bills(territory: &Territory<'_>, me: &Me) -> Result<Vec<Bill>> {
    // Two questions in one: asked as an "or", neither index would be used.
    let all = || territory.across::<invoice::Entity>(invoice::Column::TerritoireId).select_only().column(invoice::Column::Id);
    let mut theirs = all().filter(invoice::Column::PayerId.eq(me.person.id)).into_query();
    theirs.union(UnionType::Distinct, all().filter(invoice::Column::HouseholdId.eq(me.person.household_id)).into_query());
    bills_where(territory, me, Condition::all().add(invoice::Column::Id.in_subquery(theirs))).await
}

/// One of them, by the id of an address.
pub(crate) async fn bill(territory: &Territory<'_>, me: &Me, id: &str) -> Result<Bill> {
    let nothing = || Error::NotFound("Cette facture".into());
    let id: Uuid = id.parse().map_err(|_| nothing())?;
    let found = bills_where(territory, me, Condition::all().add(invoice::Column::Id.eq(id))).await?;
    found.into_iter().next().ok_or_else(nothing)
}

async fn bills_where(territory: &Territory<'_>, me: &Me, which: Condition) -> Result<Vec<Bill>> {
    let on = territory.on();
    let rows = territory.across::<invoice::Entity>(invoice::Column::TerritoireId).filter(which).all(&on).await?;
    let mut by_organisation: BTreeMap<Uuid, Vec<invoice::Model>> = BTreeMap::new();
    for row in rows {
        by_organisation.entry(row.organisation_id).or_default().push(row);
    }
    let organisations = territory.organisations().await?;
    let mut bills = Vec::new();
    for (id, rows) in by_organisation {
        let tenant = territory.tenant(OrganisationId(id));
        let Some(organisation) = organisations.iter().find(|o| o.id == id) else { continue };
        let regies = tenant.find::<regie::Entity>().all(&on).await?;
        let opened: Vec<IssuedBill> = issued::with_lines(&tenant, rows).await?.into_iter().filter(|bill| me.may_open(bill)).collect();
        let ids: Vec<Uuid> = opened.iter().map(|b| b.bill.id).collect();
        let mut under_way = payments::under_way(&tenant, &ids, me.now_ms).await?;
        for issued in opened {
            let Some(regie) = regies.iter().find(|r| r.id == issued.bill.regie_id).cloned() else { continue };
            let children = issued.lines.iter().map(|line| line.row.child_id);
            bills.push(Bill {
                is_mine: me.pays(&issued.bill),
                readers: children.map(|child| (child, me.reader(&issued.bill, child))).collect(),
                regie,
                organisation: organisation.clone(),
                under_way: under_way.remove(&issued.bill.id),
                issued,
            });
        }
    }
    bills.sort_by(|a, b| {
        (b.issued.bill.issued_on, &b.issued.bill.printed_number).cmp(&(a.issued.bill.issued_on, &a.issued.bill.printed_number))
    });
    Ok(bills)
}
