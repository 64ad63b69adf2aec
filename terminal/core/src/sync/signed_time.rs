//! Asking the authority what time it is, over a line whose certificate can't be judged yet.
//!
//! The line must lead to the pinned authority, at whatever time; what is said there is a nonce and nothing else. Whoever holds a
//! server's old key can lead the tablet here, and can't sign a time.

use super::believed_time::BelievedTime;
use super::http::Http;
use super::transport::{LineFailure, Request, Transport};
use crate::entropy::{SystemEntropy, bytes};
use rustls::pki_types::CertificateDer;
use shared::wire::{TimeAsk, TimeTold, time_bytes};
use std::sync::Arc;

/// Where the time is asked.
const TIME: &str = "/sync/v1/time";

/// Asks, checks, and makes believed.
pub(super) struct SignedTime {
    server_url: String,
    authority: Vec<u8>,
    believed: Arc<BelievedTime>,
}

impl SignedTime {
    /// By the authority that answers at an address.
    pub fn new(server_url: &str, authority: &[u8], believed: Arc<BelievedTime>) -> Self {
        Self { server_url: server_url.to_owned(), authority: authority.to_vec(), believed }
    }

    /// Asks once. Whether the authority's word came: a server that says anything else tells no time.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn ask(&self) -> Result<bool, LineFailure> {
        let Ok(nonce) = bytes::<32>(&mut SystemEntropy) else { return Ok(false) };
        let mut line = Http::at_any_time(&self.server_url, &self.authority, &self.believed)?;
        let answer = line.send(&Request::new(TIME, None, &TimeAsk { nonce: nonce.into() }))?;
        let told = match answer.status {
            200..=299 => serde_json::from_slice::<TimeTold>(&answer.body).ok(),
            _ => None,
        };
        let Some(told) = told.filter(|told| is_signed(&self.authority, &nonce, told)) else {
            tracing::warn!(status = answer.status, "no time that the authority signed");
            return Ok(false);
        };
        let Ok(server_s) = u64::try_from(told.server_ms / 1_000) else { return Ok(false) };
        tracing::info!(server_s, "the authority has told the time");
        self.believed.hear(server_s);
        Ok(true)
    }
}

/// Whether the authority signed this time over this nonce.
fn is_signed(authority: &[u8], nonce: &[u8; 32], told: &TimeTold) -> bool {
    let der = CertificateDer::from(authority);
    let Ok(authority) = webpki::EndEntityCert::try_from(&der) else { return false };
    authority.verify_signature(webpki::ring::ECDSA_P256_SHA256, &time_bytes(nonce, told.server_ms), &told.signature.0).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, SigningKey};

    #[test]
    fn only_the_authority_s_signature_over_this_nonce_and_time_counts() {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let authority = params.self_signed(&key).unwrap().der().to_vec();
        let signed = |by: &KeyPair, nonce: &[u8; 32], server_ms| by.sign(&time_bytes(nonce, server_ms)).unwrap();
        let told = |server_ms, signature: Vec<u8>| TimeTold { server_ms, signature: signature.into() };
        let (nonce, now) = ([7; 32], 1_790_000_000_000);
        assert!(is_signed(&authority, &nonce, &told(now, signed(&key, &nonce, now))));
        assert!(!is_signed(&authority, &nonce, &told(now + 1, signed(&key, &nonce, now))), "another time");
        assert!(!is_signed(&authority, &nonce, &told(now, signed(&key, &[8; 32], now))), "the answer to another nonce");
        assert!(!is_signed(&authority, &nonce, &told(now, signed(&other, &nonce, now))), "another key");
        assert!(!is_signed(&authority, &nonce, &told(now, Vec::new())));
        assert!(!is_signed(b"no certificate", &nonce, &told(now, signed(&key, &nonce, now))));
    }
}
