//! An issued bill as a document: what the template prints.

use crate::Result;
use crate::app::App;
use crate::billing::issue::Addressee;
use crate::billing::issued::{IssuedBill, IssuedLine};
use crate::identity::rights_on_child;
use crate::payments;
use crate::store::entity::{centre, commune, organisation, regie};
use crate::store::{Tenant, Territory};
use crate::{Error, settings::Settings};
use documents::{ChildLines, Day, InvoiceDocument, Issuer, Kind, Line, Mentions, Mode, Organisation, PayFip, Payer, Payment, Regie, Way};
use rules::quantity::Unit;
use rules::wording::{Reader, units};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::Month;
use shared::french;
use shared::id::{ChildId, PersonId};
use shared::money::Cents;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;

/// Fills in a document, as its payer may read it: times and places of a child only for who has the rights on it (security.md 1).
///
/// # Errors
/// The database's; rows that can't be read any more.
pub async fn document(app: &App, territory: &Territory<'_>, tenant: &Tenant<'_>, bill: &IssuedBill) -> Result<InvoiceDocument> {
    let on = tenant.on();
    let readers = readers(territory, bill).await?;
    let organisation = tenant.organisation().await?.ok_or_else(|| Error::NotFound("Collectivité".into()))?;
    let regie = tenant.find::<regie::Entity>().filter(regie::Column::Id.eq(bill.bill.regie_id)).one(&on).await?;
    let regie = regie.ok_or_else(|| Error::NotFound("Régie".into()))?;
    let centres = tenant.find::<centre::Entity>().all(&on).await?;
    let in_a_creche = bill.lines.iter().any(|l| centres.iter().any(|c| c.id == l.row.centre_id && c.kind == "eaje"));
    let town = match &organisation.commune_insee {
        Some(code) => tenant.communes().filter(commune::Column::CodeInsee.eq(code)).one(&on).await?.map(|c| c.name),
        None => None,
    };
    let addressee: Addressee = serde_json::from_str(&bill.bill.addressee)
        .map_err(|e| Error::Unavailable(format!("Le destinataire d’une facture ne se lit plus : {e}")))?;
    let month: Month = bill.bill.month.parse().map_err(|_| Error::Unavailable("Le mois d’une facture ne se lit plus.".into()))?;
    let mode = mode(&regie.mode);
    Ok(InvoiceDocument {
        kind: if bill.is_credit_note() { Kind::Avoir } else { Kind::Facture },
        number: bill.bill.printed_number.clone(),
        original_number: None,
        reason: bill.is_credit_note().then(|| "Ce qui a changé depuis une facture précédente.".to_owned()),
        issued_on: bill.bill.issued_on,
        due_on: bill.bill.due_on,
        exercise: bill.bill.exercise,
        period: french::month(month),
        organisation: Organisation {
            name: organisation.name.clone(),
            address: town.into_iter().collect(),
            siret: organisation.siret.clone(),
            issuer: issuer(&organisation),
        },
        regie: Regie { name: regie.name.clone(), mode, contact: vec![format!("Votre espace famille : {}", app.settings.adresse)] },
        payer: Payer { name: addressee.name, address: addressee.address, reference: None },
        children: children(bill, &readers),
        adjustments: Vec::new(),
        total_cents: bill.total(),
        already_paid_cents: (bill.paid() > Cents::ZERO && !bill.is_credit_note()).then(|| bill.paid()),
        previous_balance_cents: None,
        payment: if bill.is_credit_note() { Payment::default() } else { payment(&app.settings, bill, &regie) },
        mentions: mentions(&organisation, mode, in_a_creche),
    })
}

fn mode(code: &str) -> Mode {
    match code {
        "titre" => Mode::Titre,
        "ormc" => Mode::Ormc,
        _ => Mode::Regie,
    }
}

/// Name and capacity of who issues, on the notice itself (CRPA, article L. 212-1).
fn issuer(organisation: &organisation::Model) -> Option<Issuer> {
    let (name, capacity) = (organisation.issuer_name.clone()?, organisation.issuer_capacity.clone()?);
    Some(Issuer { name, capacity })
}

/// As whom the payer reads the lines of each child.
async fn readers(territory: &Territory<'_>, bill: &IssuedBill) -> Result<HashMap<Uuid, Reader>> {
    let mut readers = HashMap::new();
    for line in &bill.lines {
        if let Entry::Vacant(place) = readers.entry(line.row.child_id) {
            let (payer, child) = (PersonId(bill.bill.payer_id), ChildId(line.row.child_id));
            let rights = rights_on_child(territory, payer, child, bill.bill.issued_on).await?;
            place.insert(if rights.sees_presence { Reader::Guardian } else { Reader::Payer });
        }
    }
    Ok(readers)
}

/// Lines by child, in the order of the bill.
fn children(bill: &IssuedBill, readers: &HashMap<Uuid, Reader>) -> Vec<ChildLines> {
    let mut children: Vec<ChildLines> = Vec::new();
    for issued in &bill.lines {
        let name = &issued.row.child_name;
        let printed = line(issued, readers.get(&issued.row.child_id).copied().unwrap_or(Reader::Payer));
        match children.iter_mut().find(|c| c.name == *name) {
            Some(child) => child.lines.push(printed),
            None => children.push(ChildLines { name: name.clone(), lines: vec![printed] }),
        }
    }
    children
}

fn line(issued: &IssuedLine, reader: Reader) -> Line {
    let why = issued.why(reader);
    let day = |day: rules::wording::WhyDay| {
        let said: Vec<String> = day.times.into_iter().chain(day.notes).collect();
        Day { date: day.on, times: (!said.is_empty()).then(|| said.join(" ; ")), counted: day.counted, amount_cents: None }
    };
    let place = if reader == Reader::Payer { None } else { Some(issued.row.centre_name.clone()) };
    let unit = Unit::CODES.iter().find(|(code, _)| *code == issued.row.unit).map_or(Unit::Acte, |(_, unit)| *unit);
    let quantity: Decimal = issued.row.quantity.parse().unwrap_or_default();
    Line {
        label: issued.row.label.clone(),
        summary: place,
        quantity: units(quantity, unit),
        unit_price_cents: Cents(issued.row.unit_price_cents),
        amount_cents: Cents(issued.row.amount_cents),
        days: why.days.into_iter().map(day).collect(),
        rule: (!why.rule.is_empty()).then(|| why.rule.join(" ")),
        situation: None,
        share: None,
    }
}

fn payment(settings: &Settings, bill: &IssuedBill, regie: &regie::Model) -> Payment {
    // The same rule as for the button in the portal.
    let online = payments::offer(bill, regie, settings, None) == payments::Offer::Pay;
    let payfip = regie.numcli.clone().filter(|_| online).map(|client_number| PayFip {
        address: settings.adresse.clone(),
        client_number,
        reference: bill.bill.payment_reference.clone(),
    });
    // The régie's act of creation names its means; a way that isn't in it may not be offered.
    let means = regie.means.as_deref().unwrap_or_default();
    let ways = [
        ("cheque", "Par chèque", "À l’ordre du Trésor public, avec le numéro de cette facture au dos."),
        ("especes", "En espèces", "À l’accueil de la régie, contre reçu, jusqu’à 300 €."),
        ("cesu", "Par CESU", "Pour la garde, hors repas."),
        ("ancv", "Par chèques-vacances", "Pour les accueils de loisirs ; la monnaie n’est pas rendue."),
        ("virement", "Par virement", "Coordonnées à demander à la régie ; indiquez le numéro de cette facture."),
    ];
    let ways = ways.iter().filter(|(code, _, _)| means.contains(code));
    Payment { payfip, ways: ways.map(|(_, title, text)| Way { title: (*title).into(), text: (*text).into() }).collect() }
}

/// What the law wants said (domain rules, section 9).
fn mentions(organisation: &organisation::Model, mode: Mode, in_a_creche: bool) -> Mentions {
    let vat =
        if in_a_creche { "TVA non applicable : article 261, 4, 8° bis du code général des impôts." } else { "TVA non applicable." };
    let titre = mode.is_titre();
    let court = organisation.court.clone().unwrap_or_else(|| "le tribunal administratif".into());
    Mentions {
        vat: vat.into(),
        contact: format!("Une question, un jour qui vous semble faux, une difficulté pour payer : {}.", organisation.name),
        privacy: "Ces données servent à l’accueil de vos enfants et à sa facturation ; les factures sont conservées dix ans. \
                  Vos droits s’exercent auprès de la collectivité."
            .into(),
        enforceable: titre.then(|| {
            "Titre exécutoire en application de l’article L. 252 A du livre des procédures fiscales, pris, émis et rendu exécutoire \
             conformément aux dispositions de l’article L. 1617-5 du code général des collectivités territoriales."
                .into()
        }),
        recourse: titre.then(|| {
            format!(
                "Dans le délai de deux mois suivant la réception du présent titre (article L. 1617-5 du CGCT), vous pouvez en contester \
                 le bien-fondé devant {court}."
            )
        }),
        unpaid: (!titre).then(|| "Sans paiement à la date indiquée, la somme est recouvrée par le comptable public.".into()),
        others: Vec::new(),
    }
}
