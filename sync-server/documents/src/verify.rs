//! What a document must satisfy before a sheet of paper is spent on it.

use crate::data::{InvoiceDocument, Kind};
use crate::limits::{
    ADDRESS_LINES_MAX, AMOUNT_CENTS_MAX, BATCH_DAYS_MAX, BATCH_DOCUMENTS_MAX, DOCUMENT_DAYS_MAX, DOCUMENT_LINES_MAX, LINE_DAYS_MAX,
};
use shared::money::Cents;

/// A document that must not leave the house as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// The printed total is not the sum of what is printed above it.
    #[error("{number} : le total annoncé est de {total} centimes, mais ses lignes font {sum} centimes. Refaites le brouillon.")]
    TotalDiffers {
        /// Which document.
        number: String,
        /// What it says.
        total: i64,
        /// What its lines say.
        sum: i64,
    },
    /// A mention that the law or the reader wants.
    #[error("{number} : il manque {mention}. Complétez la fiche de la collectivité ou de la régie.")]
    MissingMention {
        /// Which document.
        number: String,
        /// What is missing.
        mention: &'static str,
    },
    /// A credit note that owes, or an invoice that gives back.
    #[error("{number} : un avoir ne peut pas augmenter ce qui est dû, ni une facture être négative.")]
    WrongSign {
        /// Which document.
        number: String,
    },
    /// Too much of something.
    #[error("{number} : trop de {what} ({found}, au plus {max}).")]
    TooMany {
        /// Which document.
        number: String,
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// At most.
        max: usize,
    },
    /// An amount that no bill of a family reaches.
    #[error("{number} : un montant dépasse {} €.", AMOUNT_CENTS_MAX / 100)]
    AmountTooLarge {
        /// Which document.
        number: String,
    },
    /// Nothing to print.
    #[error("Aucun document à imprimer.")]
    Empty,
}

impl InvoiceDocument {
    /// What is still to pay of it.
    #[must_use]
    pub fn due_cents(&self) -> Cents {
        self.total_cents - self.already_paid_cents.unwrap_or(Cents::ZERO)
    }

    /// Whether it may be printed: its total is its lines', nothing the law wants is missing, and it is within the limits.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self) -> Result<(), DataError> {
        self.verify_limits()?;
        let lines = self.children.iter().flat_map(|child| &child.lines).map(|line| line.amount_cents);
        let sum: Cents = lines.chain(self.adjustments.iter().map(|adjustment| adjustment.amount_cents)).sum();
        if sum != self.total_cents {
            return Err(DataError::TotalDiffers { number: self.number.clone(), total: self.total_cents.0, sum: sum.0 });
        }
        let sign_holds = match self.kind {
            Kind::Facture => self.total_cents >= Cents::ZERO,
            Kind::Avoir => self.total_cents <= Cents::ZERO,
        };
        if !sign_holds {
            return Err(DataError::WrongSign { number: self.number.clone() });
        }
        match self.missing_mention() {
            Some(mention) => Err(DataError::MissingMention { number: self.number.clone(), mention }),
            None => Ok(()),
        }
    }

    fn missing_mention(&self) -> Option<&'static str> {
        let is_blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        let titre = self.regie.mode.is_titre() && self.kind == Kind::Facture;
        let wanted = [
            (self.number.trim().is_empty(), "le numéro"),
            (self.payer.name.trim().is_empty(), "le nom du payeur"),
            (self.organisation.name.trim().is_empty(), "le nom de la collectivité"),
            (self.mentions.vat.trim().is_empty(), "la mention de TVA"),
            (self.mentions.contact.trim().is_empty(), "le contact"),
            (self.mentions.privacy.trim().is_empty(), "la mention sur les données personnelles"),
            (self.kind == Kind::Avoir && is_blank(&self.original_number), "le numéro de la facture corrigée"),
            (titre && self.organisation.issuer.is_none(), "le nom, le prénom et la qualité de l'ordonnateur"),
            (titre && is_blank(&self.organisation.siret), "le SIRET"),
            (titre && is_blank(&self.mentions.enforceable), "la formule exécutoire du titre"),
            (titre && is_blank(&self.mentions.recourse), "les voies et délais de recours"),
        ];
        wanted.into_iter().find_map(|(missing, what)| missing.then_some(what))
    }

    fn verify_limits(&self) -> Result<(), DataError> {
        let lines = self.children.iter().map(|child| child.lines.len()).sum::<usize>() + self.adjustments.len();
        let days_of_a_line = self.children.iter().flat_map(|child| &child.lines).map(|line| line.days.len()).max().unwrap_or(0);
        let address = self.payer.address.len().max(self.organisation.address.len());
        let counted = [
            ("lignes", lines, DOCUMENT_LINES_MAX),
            ("jours sur une ligne", days_of_a_line, LINE_DAYS_MAX),
            ("jours", self.days(), DOCUMENT_DAYS_MAX),
            ("lignes d'adresse", address, ADDRESS_LINES_MAX),
        ];
        for (what, found, max) in counted {
            within(&self.number, what, found, max)?;
        }
        if self.amounts().any(|Cents(cents)| cents.unsigned_abs() > AMOUNT_CENTS_MAX.unsigned_abs()) {
            return Err(DataError::AmountTooLarge { number: self.number.clone() });
        }
        Ok(())
    }

    fn days(&self) -> usize {
        self.children.iter().flat_map(|child| &child.lines).map(|line| line.days.len()).sum()
    }

    fn amounts(&self) -> impl Iterator<Item = Cents> + '_ {
        let lines = self.children.iter().flat_map(|child| &child.lines);
        let of_lines = lines.flat_map(|line| {
            let days = line.days.iter().filter_map(|day| day.amount_cents);
            [line.unit_price_cents, line.amount_cents].into_iter().chain(days)
        });
        let of_adjustments = self.adjustments.iter().map(|adjustment| adjustment.amount_cents);
        let of_document = [Some(self.total_cents), self.already_paid_cents, self.previous_balance_cents];
        of_lines.chain(of_adjustments).chain(of_document.into_iter().flatten())
    }
}

/// Whether these documents may be printed together.
///
/// # Errors
/// The first thing that is wrong with the batch or with one of them.
pub(crate) fn verify_batch(documents: &[InvoiceDocument]) -> Result<(), DataError> {
    if documents.is_empty() {
        return Err(DataError::Empty);
    }
    within("Ce lot", "documents", documents.len(), BATCH_DOCUMENTS_MAX)?;
    within("Ce lot", "jours", documents.iter().map(InvoiceDocument::days).sum(), BATCH_DAYS_MAX)?;
    documents.iter().try_for_each(InvoiceDocument::verify)
}

pub(crate) fn within(number: &str, what: &'static str, found: usize, max: usize) -> Result<(), DataError> {
    if found <= max { Ok(()) } else { Err(DataError::TooMany { number: number.to_owned(), what, found, max }) }
}
