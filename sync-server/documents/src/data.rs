//! What is printed, filled in by the server. Every word comes from here or from the template.
//!
//! Templates read these names (docs/documents.md): fields are only added. Amounts are integer cents, dates ISO 8601; the template
//! writes both in French. A text is printed as it is, never read as markup.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::money::Cents;

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What is owed.
    Facture,
    /// What is given back of an issued invoice. Its amounts are negative.
    Avoir,
}

/// How the régie collects. It rules which mentions are due (décret 2012-1246, article 24; CGCT, article L. 1617-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By its régisseur, before any titre.
    Regie,
    /// By the comptable public, on a titre de recettes.
    Titre,
    /// By the comptable public, on a rôle.
    Ormc,
}

impl Mode {
    /// Whether the document is a titre exécutoire, which is void or open to dispute without its issuer and its recourse.
    #[must_use]
    pub fn is_titre(self) -> bool {
        matches!(self, Self::Titre | Self::Ormc)
    }
}

/// One invoice or credit note, for one payer and one régie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceDocument {
    /// Invoice or credit note.
    pub kind: Kind,
    /// `F-2026-004512`.
    pub number: String,
    /// Of a credit note: the invoice that it corrects.
    pub original_number: Option<String>,
    /// Of a credit note: why. No name of a child, no health.
    pub reason: Option<String>,
    /// Day of issue.
    pub issued_on: NaiveDate,
    /// Last day to pay.
    pub due_on: Option<NaiveDate>,
    /// Budget year.
    pub exercise: i32,
    /// What it is for, as after "Facture de": `octobre 2026`.
    pub period: String,
    /// Who issues it.
    pub organisation: Organisation,
    /// Who collects.
    pub regie: Regie,
    /// Who pays.
    pub payer: Payer,
    /// Lines by child.
    pub children: Vec<ChildLines>,
    /// Aids, shares, regularisations, previous balances taken in.
    pub adjustments: Vec<Adjustment>,
    /// Sum of all lines and adjustments.
    pub total_cents: Cents,
    /// What was already paid of it.
    pub already_paid_cents: Option<Cents>,
    /// For information: what the family account still owed before this document, not part of the total.
    pub previous_balance_cents: Option<Cents>,
    /// How to pay; of a credit note, how it comes back.
    pub payment: Payment,
    /// What the law wants said.
    pub mentions: Mentions,
}

/// The collectivité.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// Its address, line by line.
    pub address: Vec<String>,
    /// 14 digits; spaces are let be.
    pub siret: Option<String>,
    /// Who issues, on the notice itself (CRPA, article L. 212-1; CE, 17 March 2016, n° 389069).
    pub issuer: Option<Issuer>,
}

/// The ordonnateur or who signs by delegation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// First names and name.
    pub name: String,
    /// Capacity: `Présidente de la communauté d'agglomération`.
    pub capacity: String,
}

/// The régie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regie {
    /// Its name.
    pub name: String,
    /// How it collects.
    pub mode: Mode,
    /// Place, hours, telephone, e-mail: line by line.
    pub contact: Vec<String>,
}

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    /// As on the envelope.
    pub name: String,
    /// Address, line by line; empty where it is confidential.
    pub address: Vec<String>,
    /// Account at the régie.
    pub reference: Option<String>,
}

/// All that one child was billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildLines {
    /// As printed.
    pub name: String,
    /// At least one.
    pub lines: Vec<Line>,
}

/// One activity at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `Accueil du soir`.
    pub label: String,
    /// In short: `10 soirs`.
    pub summary: Option<String>,
    /// With its unit: `24 demi-heures`.
    pub quantity: String,
    /// Price of one.
    pub unit_price_cents: Cents,
    /// Amount of the line, rounded once by the rules; of a shared line, this payer's part.
    pub amount_cents: Cents,
    /// Day by day.
    pub days: Vec<Day>,
    /// The rule in plain French, and where it comes from.
    pub rule: Option<String>,
    /// The situation used, with its date and source. Only what the reader may see (security.md, 1).
    pub situation: Option<String>,
    /// A part, where the bill is shared: `Votre part : 60 %, soit …`.
    pub share: Option<String>,
}

/// One day of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The day.
    pub date: NaiveDate,
    /// `16:30 – 17:42`; none where there are no times, or where the reader may not see them.
    pub times: Option<String>,
    /// `3 × 0,60 €`, `1 journée`.
    pub counted: String,
    /// Its own amount, where that is exact.
    pub amount_cents: Option<Cents>,
}

/// What changes the total and belongs to no child's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// `Aide aux temps libres, CAF`.
    pub label: String,
    /// `2 jours à 1,50 €`.
    pub detail: Option<String>,
    /// Negative where it lowers the total.
    pub amount_cents: Cents,
}

/// How to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Payment {
    /// Online, by the DGFiP.
    pub payfip: Option<PayFip>,
    /// Everything else.
    pub ways: Vec<Way>,
}

/// What one types on PayFiP's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayFip {
    /// `https://www.payfip.gouv.fr`, or the family portal.
    pub address: String,
    /// Identifiant collectivité: 6 digits.
    pub client_number: String,
    /// The debt's reference.
    pub reference: String,
}

/// One way to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// `Par chèque`.
    pub title: String,
    /// To whom, where, up to which amount.
    pub text: String,
}

/// What the law wants said (domain: mentions of an invoice).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentions {
    /// `TVA non applicable` with its article.
    pub vat: String,
    /// Whom to ask, and that one can speak about a difficulty.
    pub contact: String,
    /// Why these data are kept, how long, and whom to write to.
    pub privacy: String,
    /// That it is a titre exécutoire, with its articles. Due in mode titre and ormc.
    pub enforceable: Option<String>,
    /// Delay and competent court: the delay binds nobody without both (CJA, article R. 421-5). Due in mode titre and ormc.
    pub recourse: Option<String>,
    /// What becomes of what stays unpaid.
    pub unpaid: Option<String>,
    /// Others, in order.
    pub others: Vec<String>,
}
