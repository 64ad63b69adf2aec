//! Why a request was not done, as tablets read it: a status, a stable code, a sentence.

use crate::error::{Error, Kind};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sea_orm::DbErr;
use shared::wire::Problem;

/// A refusal on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code.
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

/// Every refusal of the sync routes. Codes are a contract with tablets: they are only added.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $status:ident $code:literal $message:literal;)+) => {
        impl Refusal {
            $($(#[$doc])* #[must_use] pub fn $name() -> Self {
                Self { status: StatusCode::$status, code: $code, message: $message.into() }
            })+
        }
    };
}

refusals! {
    /// Sync over plain HTTP.
    needs_tls = UPGRADE_REQUIRED "tls_exige" "La synchronisation passe par https : corrigez l'adresse du serveur sur la tablette.";
    /// A body that isn't what the route takes.
    unreadable = BAD_REQUEST "requete_illisible" "La demande de la tablette est illisible ou incomplète : mettez la tablette à jour.";
    /// A body above the limit.
    too_large = PAYLOAD_TOO_LARGE "requete_trop_grande" "L'envoi dépasse 1 Mio, décompressé : la tablette doit envoyer moins à la fois.";
    /// A body in an encoding that isn't read here.
    encoding_unknown = UNSUPPORTED_MEDIA_TYPE "encodage_inconnu" "La demande de la tablette est compressée d'une façon que ce serveur ne connaît pas : gzip, ou rien.";
    /// More entries than a push may hold.
    too_many = PAYLOAD_TOO_LARGE "trop_d_entrees" "L'envoi dépasse 200 pointages : la tablette doit envoyer moins à la fois.";
    /// Too many tries of codes from one address.
    too_often = TOO_MANY_REQUESTS "trop_d_essais" "Trop d'essais : attendez une minute avant de saisir le code à nouveau.";
    /// More times signed for one address than its tablets can need.
    time_too_often = TOO_MANY_REQUESTS "trop_d_heures" "Trop de demandes de l'heure depuis cette adresse : la tablette réessaiera dans une minute.";
    /// No such code, or no longer: the same answer for both.
    code_unknown = NOT_FOUND "code_inconnu" "Ce code n'existe pas ou n'est plus valable : demandez-en un nouveau.";
    /// Another key was first, or the tablet has begun its work.
    code_used = CONFLICT "code_deja_utilise" "Code déjà utilisé par une autre tablette : demandez-en un nouveau.";
    /// The same key stands at another site.
    key_elsewhere = CONFLICT "tablette_deja_enrolee" "Cette tablette est déjà enrôlée sur un autre site, ou a été révoquée : réinitialisez-la d'abord.";
    /// The key is that of a tablet whose epoch another copy left.
    key_twice = CONFLICT "tablette_en_double" "Cette tablette existe en double : elle est à enrôler avec une nouvelle clé.";
    /// A proof that doesn't hold.
    proof_wrong = FORBIDDEN "preuve_fausse" "Le code saisi ou la clé de la tablette ne correspond pas : recommencez l'enrôlement.";
    /// A nonce that wasn't given, or was used, or is too old.
    nonce_unknown = CONFLICT "defi_inconnu" "La réponse arrive trop tard ou une seconde fois : recommencez.";
    /// A device that this installation doesn't know.
    device_unknown = UNAUTHORIZED "appareil_inconnu" "Cette tablette n'est pas connue de ce serveur : enrôlez-la.";
    /// A revoked device asks to read.
    device_revoked = FORBIDDEN "appareil_revoque" "Cette tablette a été révoquée : appelez l'administration.";
    /// The device seals in an epoch that isn't its last one.
    epoch_passed = CONFLICT "epoque_depassee" "Cette tablette existe en double : la réenrôler.";
    /// The device seals in an epoch that the server, restored from an older backup, doesn't remember giving.
    epoch_lost = CONFLICT "epoque_perdue" "Le serveur a été restauré d'avant l'époque de cette tablette : elle la redemande.";
    /// Another request left the same epoch first.
    epoch_already_given = CONFLICT "epoque_deja_donnee" "Cette tablette existe en double : la réenrôler.";
    /// More epochs than a tablet in trouble needs.
    too_many_epochs = TOO_MANY_REQUESTS "trop_d_epoques" "Cette tablette demande trop d'époques : appelez l'administration.";
    /// No token, or no longer.
    session_over = UNAUTHORIZED "session_expiree" "La session est terminée : la tablette en ouvre une nouvelle.";
    /// A cursor of another life of the server, or beyond its head.
    refresh_required = GONE "refresh_required" "Le serveur a été restauré : la tablette relit tout.";
    /// No item of the caller's site shows this photo: of another site, withdrawn, or never there, the same answer for all.
    photo_unknown = NOT_FOUND "photo_inconnue" "Aucune fiche de ce site ne montre cette photo : la tablette garde les initiales.";
    /// After a restore, before an agent has confirmed.
    reprise = SERVICE_UNAVAILABLE "reprise" "Le serveur vient d'être restauré : l'enrôlement et les nouvelles époques attendent la confirmation d'un agent.";
}

impl From<Error> for Refusal {
    /// A person reads what happened; the cause stays in the server's log.
    fn from(error: Error) -> Self {
        tracing::error!(%error, "a sync request failed");
        let status = match error.kind() {
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, code: "indisponible", message: "Le serveur ne peut pas répondre pour l'instant : la tablette réessaiera.".into() }
    }
}

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(Problem { code: self.code.into(), message: self.message })).into_response()
    }
}
