//! How a call can fail, in the words of the person who reads it.

/// Why an answer was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Longer than [`crate::BODY_BYTES_MAX`].
    #[error("réponse trop longue")]
    TooLong,
    /// Nothing in it.
    #[error("réponse vide")]
    Empty,
    /// Not UTF-8.
    #[error("réponse illisible (codage des caractères)")]
    NotUtf8,
    /// Not well-formed, or cut short.
    #[error("réponse tronquée ou mal formée")]
    Malformed,
    /// A document type, an entity or a processing instruction: SOAP 1.1 (section 3) forbids them, and so do we.
    #[error("réponse refusée (déclaration de type, entité ou instruction de traitement)")]
    Forbidden,
    /// Deeper, longer or of more elements than any real answer.
    #[error("réponse hors limites")]
    BeyondLimits,
    /// Well-formed, but not what was asked for.
    #[error("réponse inattendue : {0}")]
    Unexpected(String),
}

/// Which technical fault the service declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TechnicalKind {
    /// `TechDysfonctionnementErreur`.
    Malfunction,
    /// `TechIndisponibiliteErreur`.
    Unavailable,
    /// `TechProtocolaireErreur`.
    Protocol,
}

impl TechnicalKind {
    /// The local name of its element on the wire.
    #[must_use]
    pub fn element(self) -> &'static str {
        match self {
            Self::Malfunction => "TechDysfonctionnementErreur",
            Self::Unavailable => "TechIndisponibiliteErreur",
            Self::Protocol => "TechProtocolaireErreur",
        }
    }
}

/// How a call failed. What the service says of itself is shown shortened and without control characters, never acted on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// P5: in progress, or the page was never opened.
    #[error("PayFiP ne connaît pas encore le résultat de ce paiement. La question sera reposée.")]
    NotYetKnown,
    /// P1: never existed, or deleted by the service's night job because nobody paid. For ever.
    #[error("PayFiP ne connaît pas ou plus cette opération : elle n'a pas abouti. Un nouveau paiement peut être lancé.")]
    UnknownOperation,
    /// Any other `FonctionnelleErreur`: a setting or a datum is wrong, and a second try would say the same.
    #[error("PayFiP refuse la demande : {code} {libelle}. Corrigez la donnée ou le réglage de la régie, puis recommencez.")]
    Functional {
        /// The anomaly's code, `sans code` where there is none.
        code: String,
        /// What the service says about it.
        libelle: String,
    },
    /// One of the three technical faults.
    #[error("PayFiP rencontre une difficulté technique ({}{}). Réessayez plus tard.", kind.element(), code.as_ref().map(|c| format!(", code {c}")).unwrap_or_default())]
    Technical {
        /// Which.
        kind: TechnicalKind,
        /// Its code, where it has one.
        code: Option<String>,
    },
    /// An answer came that is not PayFiP's, or not a whole one.
    #[error(
        "La réponse de PayFiP n'a pas pu être lue (HTTP {status} : {reason}). Réessayez plus tard ; si cela dure, vérifiez l'adresse du service."
    )]
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// Why.
        reason: Unreadable,
    },
    /// No whole answer in time. The operation may exist: it dies by itself if nobody opens it.
    #[error("PayFiP n'a pas répondu à temps. Réessayez plus tard.")]
    Timeout,
    /// No connection, or one that broke.
    #[error("PayFiP est injoignable ({}). Vérifiez l'accès à Internet du serveur, puis réessayez.", if *connected { "connexion interrompue" } else { "connexion impossible" })]
    Unreachable {
        /// Whether the connection stood before it broke.
        connected: bool,
        /// The system's own words, for a log.
        detail: String,
    },
}

impl Error {
    /// Whether the same call may be answered otherwise later. A repeated creation makes another operation, and the one whose answer was
    /// lost dies by itself.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NotYetKnown | Self::Technical { .. } | Self::Timeout | Self::Unreachable { .. } => true,
            // A proxy's 502 passes; a 404 or a redirect is a wrong address. 408 and 429 ask for a later call by their definition.
            Self::Unreadable { status, .. } => !(300..500).contains(status) || matches!(status, 408 | 429),
            Self::UnknownOperation | Self::Functional { .. } => false,
        }
    }
}
