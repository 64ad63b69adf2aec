//! PayFiP "régie web service": the client of France's public online payment.
//!
//! Owns the fields with their constraints ([`fields`]), the SOAP 1.1 wire form
//! without a socket ([`request_xml`], [`parse_response`]), a thin [`Client`]
//! over HTTPS, the reading of a notification ([`notified_operation`]) and the
//! comparison of a record with what was sent ([`matches`]).
//!
//! Promises: a notification says only which operation to ask about; a record
//! of another operation, an ambiguous or truncated one is never read as a
//! result; nothing is expanded, followed or kept beyond named limits; no
//! database, no clock, no retry: those are the caller's.
#![warn(missing_docs)]

mod client;
mod detail;
mod error;
pub mod fields;
mod notification;
mod operations;
mod soap;
mod xml;

pub use client::{ANSWER_S_MAX, Client, ConfigError, OFFICIAL_HOST};
pub use detail::{Difference, Mismatch, Outcome, PaymentDetail, Sent, matches};
pub use error::{Error, TechnicalKind, Unreadable};
pub use fields::{CallbackUrl, Exer, FieldError, IdOp, Mel, Montant, NumCli, Objet, RefDet, Saisie};
pub use notification::{NOTIFICATION_BYTES_MAX, notified_operation};
pub use operations::{ClientDetail, CreatePayment, FetchClient, FetchDetail};
pub use soap::{Operation, parse_response, request_xml};
pub use xml::{BODY_BYTES_MAX, DEPTH_MAX, ELEMENTS_MAX, TEXT_BYTES_MAX};
