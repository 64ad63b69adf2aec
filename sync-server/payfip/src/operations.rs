//! The three calls: create, ask for the result, ask who a client number is.

use crate::detail::PaymentDetail;
use crate::error::{Error, Unreadable};
use crate::fields::{CallbackUrl, Exer, IdOp, Mel, Montant, NumCli, Objet, RefDet, Saisie};
use crate::soap::Operation;

/// `creerPaiementSecurise`: one operation for one redirection of one browser, to be opened within 15 minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePayment {
    /// Budget year.
    pub exer: Exer,
    /// Where PayFiP sends its receipt.
    pub mel: Mel,
    /// How much.
    pub montant: Montant,
    /// For which régie.
    pub numcli: NumCli,
    /// What the payer reads.
    pub objet: Option<Objet>,
    /// Which debt.
    pub refdet: RefDet,
    /// Test, activation or production.
    pub saisie: Saisie,
    /// Whom PayFiP tells that there is something to ask.
    pub urlnotif: CallbackUrl,
    /// Where the browser goes afterwards.
    pub urlredirect: CallbackUrl,
}

impl Operation for CreatePayment {
    type Answer = IdOp;
    const NAME: &'static str = "creerPaiementSecurise";

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let mut arguments = vec![
            ("exer", self.exer.to_string()),
            ("mel", self.mel.to_string()),
            ("montant", self.montant.to_string()),
            ("numcli", self.numcli.to_string()),
        ];
        arguments.extend(self.objet.as_ref().map(|objet| ("objet", objet.to_string())));
        arguments.extend([
            ("refdet", self.refdet.to_string()),
            ("saisie", self.saisie.to_string()),
            ("urlnotif", self.urlnotif.to_string()),
            ("urlredirect", self.urlredirect.to_string()),
        ]);
        arguments
    }

    fn answer(&self, returned: &[(String, String)]) -> Result<IdOp, Unreadable> {
        let idop = value(returned, "idOp").ok_or_else(|| Unreadable::Unexpected("« idOp » absent".into()))?;
        IdOp::new(idop).map_err(|_| Unreadable::Unexpected("« idOp » n'a pas la forme attendue".into()))
    }
}

/// `recupererDetailPaiementSecurise`: what became of an operation. Without side effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchDetail(pub IdOp);

impl Operation for FetchDetail {
    type Answer = PaymentDetail;
    const NAME: &'static str = "recupererDetailPaiementSecurise";

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("idOp", self.0.to_string())]
    }

    fn answer(&self, returned: &[(String, String)]) -> Result<PaymentDetail, Unreadable> {
        PaymentDetail::read(&self.0, returned)
    }

    fn anomaly(code: String, libelle: String) -> Error {
        match code.as_str() {
            "P1" => Error::UnknownOperation,
            "P5" => Error::NotYetKnown,
            _ => Error::Functional { code, libelle },
        }
    }
}

/// `recupererDetailClient`: who a client number is. A régie's setting is tested with it before anyone pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchClient(pub NumCli);

/// Who a client number is, in up to three lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDetail {
    /// The number, as asked.
    pub numcli: NumCli,
    /// First line.
    pub libelle_n1: Option<String>,
    /// Second line.
    pub libelle_n2: Option<String>,
    /// Third line.
    pub libelle_n3: Option<String>,
}

impl Operation for FetchClient {
    type Answer = ClientDetail;
    const NAME: &'static str = "recupererDetailClient";

    fn arguments(&self) -> Vec<(&'static str, String)> {
        // Here alone with a capital C.
        vec![("numCli", self.0.to_string())]
    }

    fn answer(&self, returned: &[(String, String)]) -> Result<ClientDetail, Unreadable> {
        if value(returned, "numcli").is_some_and(|numcli| numcli != self.0.as_str()) {
            return Err(Unreadable::Unexpected("réponse pour un autre numéro client".into()));
        }
        let line = |name| value(returned, name).map(str::to_owned);
        let (libelle_n1, libelle_n2, libelle_n3) = (line("libelleN1"), line("libelleN2"), line("libelleN3"));
        Ok(ClientDetail { numcli: self.0.clone(), libelle_n1, libelle_n2, libelle_n3 })
    }
}

pub(crate) fn value<'a>(returned: &'a [(String, String)], name: &str) -> Option<&'a str> {
    returned.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
