//! The fields of an operation, each with the constraint that PayFiP applies to it: what could be refused is refused here,
//! with words that say what to do.

use shared::money::Cents;
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use url::Url;

/// Digits of a client number.
pub const NUMCLI_DIGITS: usize = 6;
/// Shortest debt reference: the service answers R3 to four characters.
pub const REFDET_CHARS_MIN: usize = 6;
/// Longest debt reference.
pub const REFDET_CHARS_MAX: usize = 30;
/// Longest label shown to the payer.
pub const OBJET_CHARS_MAX: usize = 100;
/// Smallest amount: 1 €.
pub const MONTANT_CENTS_MIN: i64 = 100;
/// Largest amount: 99 999,99 €.
pub const MONTANT_CENTS_MAX: i64 = 9_999_999;
/// Shortest e-mail address.
pub const MEL_CHARS_MIN: usize = 6;
/// Longest e-mail address.
pub const MEL_CHARS_MAX: usize = 80;
/// Longest callback address.
pub const URL_CHARS_MAX: usize = 250;
/// Characters of an operation's name, which is a UUID.
pub const IDOP_CHARS: usize = 36;

/// What is wrong with a field, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Not six digits.
    #[error("Numéro client PayFiP « {0} » : saisissez les 6 chiffres donnés par la DGFiP, zéros de tête compris (par exemple 006270).")]
    NumCli(String),
    /// Not 6 to 30 letters and digits.
    #[error("Référence de dette « {0} » : il faut de 6 à 30 lettres sans accent ou chiffres, sans espace ni tiret.")]
    RefDet(String),
    /// Below 1 €.
    #[error(
        "Montant de {0} centimes : PayFiP n'accepte pas moins de 1,00 €. Réglez cette somme par un autre moyen ou avec la facture suivante."
    )]
    MontantTooSmall(i64),
    /// Above 99 999,99 €.
    #[error("Montant de {0} centimes : PayFiP n'accepte pas plus de 99 999,99 €. Proposez un virement.")]
    MontantTooLarge(i64),
    /// No plausible e-mail address of 6 to 80 characters.
    #[error(
        "Adresse électronique du payeur : PayFiP en demande une de 6 à 80 caractères, avec un « @ » et sans espace. Complétez-la ou corrigez-la."
    )]
    Mel,
    /// Not a year of four digits.
    #[error("Exercice « {0} » : indiquez une année sur 4 chiffres, par exemple 2026.")]
    Exer(i32),
    /// Not T, X or W.
    #[error("Mode de saisie « {0} » : choisissez T (test), X (activation) ou W (production).")]
    Saisie(String),
    /// No http(s) address of at most 250 characters.
    #[error("Adresse de retour « {0} » : il faut une adresse http ou https complète, sans mot de passe, d'au plus 250 caractères.")]
    CallbackUrl(String),
    /// Not a UUID.
    #[error("« {0} » n'est pas un identifiant d'opération PayFiP (36 caractères, comme cc0cb210-1cd4-11ea-8cca-0213ad91a103).")]
    IdOp(String),
}

/// What an error repeats of a wrong value.
const SHOWN_CHARS_MAX: usize = 60;

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect()
}

/// A field that is a checked text.
macro_rules! text_field {
    ($name:ident) => {
        impl $name {
            /// The field as it goes over the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = FieldError;
            fn from_str(text: &str) -> Result<Self, FieldError> {
                Self::new(text)
            }
        }
    };
}

/// The number of a régie or product, given by the DGFiP: six digits, a text because of its leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumCli(String);
text_field!(NumCli);

impl NumCli {
    /// # Errors
    /// Where it isn't exactly six digits.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let fits = text.len() == NUMCLI_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(FieldError::NumCli(shown(text))) }
    }
}

/// The debt's reference: by it the treasury's list and ours are held together, so a person must find the bill with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefDet(String);
text_field!(RefDet);

impl RefDet {
    /// # Errors
    /// Where it isn't 6 to 30 ASCII letters and digits.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let fits = (REFDET_CHARS_MIN..=REFDET_CHARS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(FieldError::RefDet(shown(text))) }
    }
}

/// The label shown to the payer: ASCII letters, digits and single spaces, at most 100 characters, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Objet(String);

impl Objet {
    /// Makes a label of any text: accents fall, apostrophes, dashes, slashes and white space become one space, the rest goes.
    /// Nothing left: no label, and the element is left out.
    #[must_use]
    pub fn normalised(text: &str) -> Option<Self> {
        let mut label = String::with_capacity(OBJET_CHARS_MAX);
        for c in text.nfkd() {
            let (letters, separates) = match c {
                'œ' => ("oe", false),
                'Œ' => ("OE", false),
                'æ' => ("ae", false),
                'Æ' => ("AE", false),
                '\'' | '’' | '‘' | '-' | '‐'..='―' | '/' => ("", true),
                c if c.is_whitespace() => ("", true),
                _ => ("", false),
            };
            if separates && !label.is_empty() && !label.ends_with(' ') {
                label.push(' ');
            }
            label.push_str(letters);
            if c.is_ascii_alphanumeric() {
                label.push(c);
            }
        }
        label.truncate(OBJET_CHARS_MAX);
        let label = label.trim_end();
        (!label.is_empty()).then(|| Self(label.to_owned()))
    }

    /// The label as it goes over the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Objet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An amount that PayFiP takes: 1,00 € to 99 999,99 €.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Montant(Cents);

impl Montant {
    /// # Errors
    /// Below 1,00 € or above 99 999,99 €.
    pub fn new(amount: Cents) -> Result<Self, FieldError> {
        match amount.0 {
            cents if cents < MONTANT_CENTS_MIN => Err(FieldError::MontantTooSmall(cents)),
            cents if cents > MONTANT_CENTS_MAX => Err(FieldError::MontantTooLarge(cents)),
            _ => Ok(Self(amount)),
        }
    }

    /// The amount.
    #[must_use]
    pub fn cents(self) -> Cents {
        self.0
    }
}

impl fmt::Display for Montant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.0)
    }
}

/// The payer's e-mail address, to which PayFiP sends its receipt.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Mel(String);
text_field!(Mel);

impl Mel {
    /// # Errors
    /// Where it isn't 6 to 80 characters with one `@` between two parts, without white space.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let parts = text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty() && !host.contains('@'));
        let length = (MEL_CHARS_MIN..=MEL_CHARS_MAX).contains(&text.chars().count());
        let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if parts && length && plain { Ok(Self(text.to_owned())) } else { Err(FieldError::Mel) }
    }
}

// An address is a person's: it goes over the wire, not into a log by way of `{:?}`.
impl fmt::Debug for Mel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mel(…)")
    }
}

/// The budget year. The service gave it back on two digits once: nothing is ever matched on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exer(i32);

impl Exer {
    /// # Errors
    /// Where it isn't a year of four digits.
    pub fn new(year: i32) -> Result<Self, FieldError> {
        if (1000..=9999).contains(&year) { Ok(Self(year)) } else { Err(FieldError::Exer(year)) }
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Exer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// The mode of an operation, as the web service names it. (The simple protocol has other letters.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Saisie {
    /// `T`: no debit.
    Test,
    /// `X`: one payment of each means, before the régie is opened.
    Activation,
    /// `W`: money moves. Only this mode settles a bill.
    Production,
}

impl Saisie {
    /// The letter on the wire.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::Test => "T",
            Self::Activation => "X",
            Self::Production => "W",
        }
    }
}

impl fmt::Display for Saisie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letter())
    }
}

impl std::str::FromStr for Saisie {
    type Err = FieldError;
    fn from_str(text: &str) -> Result<Self, FieldError> {
        match text {
            "T" => Ok(Self::Test),
            "X" => Ok(Self::Activation),
            "W" => Ok(Self::Production),
            _ => Err(FieldError::Saisie(shown(text))),
        }
    }
}

/// An address that PayFiP calls (`urlnotif`) or sends the browser to (`urlredirect`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallbackUrl(String);
text_field!(CallbackUrl);

impl CallbackUrl {
    /// # Errors
    /// Where it isn't a whole http or https address without a password, of at most 250 characters.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let wrong = || FieldError::CallbackUrl(shown(text));
        let url = Url::parse(text).map_err(|_| wrong())?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        let whole = url.host_str().is_some_and(|host| !host.is_empty()) && url.fragment().is_none();
        if !plain || !whole || url.as_str().len() > URL_CHARS_MAX {
            return Err(wrong());
        }
        Ok(Self(url.into()))
    }
}

/// The name of an operation, given by PayFiP. Kept as it came: the service is asked with the same letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdOp(String);
text_field!(IdOp);

impl IdOp {
    /// # Errors
    /// Where it isn't a hyphenated UUID.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let fits = text.len() == IDOP_CHARS
            && text.bytes().enumerate().all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() });
        if fits { Ok(Self(text.to_owned())) } else { Err(FieldError::IdOp(shown(text))) }
    }

    /// Whether two names are one operation's, whatever the case of their letters.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}
