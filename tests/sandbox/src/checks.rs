//! What the service refuses, in its order: client number, mode, debt, e-mail, amount, addresses. Codes and their evidence are listed in
//! `docs/payfip.md`; the words of recorded ones are the service's, the others ours. Label and budget year are not checked: no code for
//! them is known.

use crate::reading::Request;
use std::borrow::Cow;
use std::collections::BTreeMap;
use url::Url;

/// A functional anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// Its code.
    pub code: Cow<'static, str>,
    /// What it says.
    pub libelle: &'static str,
}

const fn anomaly(code: &'static str, libelle: &'static str) -> Anomaly {
    Anomaly { code: Cow::Borrowed(code), libelle }
}

/// Recorded: an unknown or deleted operation.
pub const P1: Anomaly = anomaly("P1", "IdOp incorrect.");
/// The page of an operation that has its result.
pub const P3: Anomaly = anomaly("P3", "IdOp déjà utilisé.");
/// The page of an operation older than 15 minutes.
pub const P4: Anomaly = anomaly("P4", "IdOp créé depuis plus de 15 minutes.");
/// Recorded: no result yet.
pub const P5: Anomaly = anomaly("P5", "Résultat de la transaction non connu.");
const T1: Anomaly = anomaly("T1", "Numéro client incorrect.");
const T2: Anomaly = anomaly("T2", "Numéro client inconnu de PayFiP.");
const T4: Anomaly = anomaly("T4", "Ce client n'a pas accès au service sécurisé.");
const S1: Anomaly = anomaly("S1", "Le paramètre SAISIE n'est pas conforme.");
const R3: Anomaly = anomaly("R3", "Le format du paramètre REFDET n'est pas conforme");
const A1: Anomaly = anomaly("A1", "Adresse mél absente.");
const A2: Anomaly = anomaly("A2", "Adresse mél incorrecte. ");
const M1: Anomaly = anomaly("M1", "Le format du paramètre MONTANT n'est pas conforme.");
const M3: Anomaly = anomaly("M3", "Le montant est inférieur à 1 euro.");
const M5: Anomaly = anomaly("M5", "Le montant dépasse le maximum autorisé.");
const N1: Anomaly = anomaly("N1", "Le paramètre URLNOTIF n'est pas conforme.");
const D1: Anomaly = anomaly("D1", "Le paramètre URLREDIRECT n'est pas conforme.");

const MONTANT_CENTS_MIN: u64 = 100;
const MONTANT_CENTS_MAX: u64 = 9_999_999;
const URL_CHARS_MAX: usize = 250;

/// Who is known to this sandbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clients {
    /// The known ones with their three lines. None: every number that starts with 0 or 9 is known.
    pub named: BTreeMap<String, [String; 3]>,
    /// Known, but without the web service (T4).
    pub without_service: Vec<String>,
}

impl Clients {
    /// The three lines of a client number.
    ///
    /// # Errors
    /// T1, T2 or T4.
    pub fn lines(&self, numcli: &str) -> Result<[String; 3], Anomaly> {
        if numcli.len() != 6 || !numcli.bytes().all(|b| b.is_ascii_digit()) {
            return Err(T1);
        }
        if self.without_service.iter().any(|without| without == numcli) {
            return Err(T4);
        }
        match self.named.get(numcli) {
            Some(lines) => Ok(lines.clone()),
            None if self.named.is_empty() && numcli.starts_with(['0', '9']) => {
                Ok([format!("REGIE DE TEST {numcli}"), "BAC A SABLE".into(), "AUCUN ARGENT NE BOUGE".into()])
            }
            None => Err(T2),
        }
    }
}

/// A payment that passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub exer: String,
    pub mel: String,
    pub montant_cents: u64,
    pub numcli: String,
    pub objet: String,
    pub refdet: String,
    pub saisie: String,
    pub urlnotif: Url,
    pub urlredirect: Url,
}

/// Checks a creation.
///
/// # Errors
/// The first anomaly, in the service's order.
pub fn check(request: &Request, clients: &Clients) -> Result<Asked, Anomaly> {
    let numcli = request.field("numcli");
    clients.lines(numcli)?;
    let saisie = Some(request.field("saisie")).filter(|letter| matches!(*letter, "T" | "X" | "W")).ok_or(S1)?;
    let refdet = Some(request.field("refdet"))
        .filter(|refdet| (6..=30).contains(&refdet.len()) && refdet.bytes().all(|b| b.is_ascii_alphanumeric()));
    let refdet = refdet.ok_or(R3)?;
    let mel = mel(request.field("mel"))?;
    let montant_cents = montant(request.field("montant"))?;
    let urlnotif = callback(request.field("urlnotif")).ok_or(N1)?;
    let urlredirect = callback(request.field("urlredirect")).ok_or(D1)?;
    Ok(Asked {
        exer: request.field("exer").into(),
        mel: mel.into(),
        montant_cents,
        numcli: numcli.into(),
        objet: request.field("objet").into(),
        refdet: refdet.into(),
        saisie: saisie.into(),
        urlnotif,
        urlredirect,
    })
}

fn mel(mel: &str) -> Result<&str, Anomaly> {
    if mel.is_empty() {
        return Err(A1);
    }
    let fits = (6..=80).contains(&mel.chars().count()) && mel.contains('@');
    fits.then_some(mel).ok_or(A2)
}

fn montant(montant: &str) -> Result<u64, Anomaly> {
    if montant.is_empty() || !montant.bytes().all(|b| b.is_ascii_digit()) {
        return Err(M1);
    }
    match montant.parse() {
        Ok(cents) if cents < MONTANT_CENTS_MIN => Err(M3),
        Ok(cents) if cents <= MONTANT_CENTS_MAX => Ok(cents),
        // More digits than 64 bits hold are above the limit too.
        _ => Err(M5),
    }
}

fn callback(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host() && text.len() <= URL_CHARS_MAX).then_some(url)
}
