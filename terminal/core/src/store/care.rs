//! Care cards, families' notes and codes, sealed one by one among the rows of the roster.
//!
//! In the roster, so that a page, its cursor and its cards are one transaction, and whatever erases the roster erases them: the data
//! lock, a move to another site, a child who left. Sealed, because what is about a child's health is not to be read from a copied disk;
//! never held in memory but for what somebody opened. The hash of a code is sealed for the same reason: from a copied disk, four
//! digits would soon be found.
//!
//! A row is `1 ` and base 64 of nonce (24) ‖ XChaCha20-Poly1305 of the card's JSON, under a key that HKDF-SHA256 makes of the device's
//! secret, bound to the row's key: a card that was moved to another child doesn't open. Blanks fill it up to a step of length, so that a
//! long row doesn't say that a child is ill.

use super::{RosterDb, StoreError};
use crate::entropy::{SystemEntropy, bytes};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64;
use hkdf::Hkdf;
use rusqlite::{OptionalExtension, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use shared::id::ChildId;
use shared::journal::SigningKey;
use shared::roster::{Care, Item, Key, care_key};
use zeroize::Zeroizing;

const VERSION: &str = "1 ";
const NONCE_BYTES: usize = 24;
/// Cards of less than this are of one length, and so on by steps.
const STEP_BYTES: usize = 1_024;
/// The rows that are sealed, by their keys.
pub(super) const KEYS: &str = "((key >= 'care:' AND key < 'care;') OR (key >= 'pin:' AND key < 'pin;')
    OR (key >= 'code:' AND key < 'code;') OR (key >= 'note:' AND key < 'note;'))";

/// What seals the cards of one life of the tablet.
pub(super) struct CareSeal(XChaCha20Poly1305);

impl CareSeal {
    /// Under the key of the tablet's present life: what an earlier one sealed doesn't open any more.
    ///
    /// # Errors
    /// None that a whole program meets.
    pub(super) fn of(device: &SigningKey) -> Result<Self, StoreError> {
        let (secret, mut key) = (Zeroizing::new(device.to_bytes()), Zeroizing::new([0; 32]));
        let derived = Hkdf::<Sha256>::new(None, secret.as_slice());
        derived.expand(b"preau/care/1\0key", key.as_mut_slice()).map_err(|_| StoreError::Refused("clé des fiches d'urgence".into()))?;
        Ok(Self(XChaCha20Poly1305::new((&*key).into())))
    }

    /// The row of a card.
    ///
    /// # Errors
    /// A system without random bytes.
    pub(super) fn sealed(&self, key: &Key, item: &impl Serialize) -> Result<String, StoreError> {
        let refused = || StoreError::Refused("cette fiche d'urgence ne se scelle pas".into());
        let mut json = Zeroizing::new(serde_json::to_string(item).map_err(|_| refused())?);
        let short = json.len().next_multiple_of(STEP_BYTES) - json.len();
        json.push_str(&" ".repeat(short));
        let nonce: [u8; NONCE_BYTES] = bytes(&mut SystemEntropy)?;
        let text = Payload { msg: json.as_bytes(), aad: key.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), text).map_err(|_| refused())?;
        Ok(format!("{VERSION}{}", BASE64.encode(&[nonce.as_slice(), &sealed].concat())))
    }

    fn opened<T: DeserializeOwned>(&self, key: &str, row: &str) -> Option<T> {
        let bytes = BASE64.decode(row.strip_prefix(VERSION)?.as_bytes()).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let json = Zeroizing::new(self.0.decrypt(&XNonce::from(nonce), Payload { msg: text, aad: key.as_bytes() }).ok()?);
        serde_json::from_slice(&json).ok()
    }
}

/// What a row of an item holds: the item as the wire writes it, or a sealed card.
///
/// # Errors
/// A card without anything to seal it with: it isn't written.
pub(super) fn row_of(item: &Item, key: &Key, seal: Option<&CareSeal>) -> Result<String, StoreError> {
    match (item, seal) {
        (Item::Care(care), Some(seal)) => seal.sealed(key, care),
        (Item::Pin(pin), Some(seal)) => seal.sealed(key, pin),
        (Item::DoorCode(code), Some(seal)) => seal.sealed(key, code),
        (Item::Note(note), Some(seal)) => seal.sealed(key, note),
        (Item::Care(_) | Item::Pin(_) | Item::DoorCode(_) | Item::Note(_), None) => {
            Err(StoreError::Refused("une fiche d'urgence, un mot ou un code n'est pas écrit sans être scellé".into()))
        }
        _ => serde_json::to_string(item).map_err(|error| StoreError::Refused(error.to_string())),
    }
}

impl RosterDb {
    /// The care card of a child; `None` where the tablet has none (yet), or it doesn't open.
    ///
    /// # Errors
    /// A failed read.
    pub fn care(&self, child: ChildId) -> Result<Option<Care>, StoreError> {
        self.sealed_item(&care_key(child))
    }

    /// The sealed item of a key; `None` where the tablet has none (yet), or it doesn't open.
    pub(super) fn sealed_item<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT json FROM item WHERE key = ?1")?;
        let row: Option<String> = statement.query_row([key], |row| row.get(0)).optional()?;
        let item = row.as_deref().zip(self.seal.as_ref()).and_then(|(row, seal)| seal.opened(key, row));
        if row.is_some() && item.is_none() {
            tracing::error!("a sealed item of the roster doesn't open");
        }
        Ok(item)
    }

    /// From now on cards are sealed by this. Those of another key are of an earlier life of the tablet: they go, and are asked again.
    pub(super) fn seal_with(&mut self, seal: CareSeal) -> Result<(), StoreError> {
        let sql = format!("SELECT key, json FROM item WHERE {KEYS} LIMIT 1");
        let first: Option<(String, String)> = self.connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let opens = first.is_none_or(|(key, row)| seal.opened::<serde::de::IgnoredAny>(&key, &row).is_some());
        self.seal = Some(seal);
        if opens {
            return Ok(());
        }
        tracing::warn!("care cards were sealed by another key: they are asked again");
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(&format!("DELETE FROM item WHERE {KEYS}"), [])?;
        transaction.commit()?;
        self.ask_everything()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::roster::Contact;

    fn care(child: u128, allergies: &str) -> Care {
        let contacts = vec![Contact { name: "Claire Martin".into(), link: "mère".into(), telephone: "06 12 34 56 78".into() }];
        Care { child: ChildId(uuid::Uuid::from_u128(child)), allergies: allergies.into(), plan: String::new(), contacts }
    }

    #[test]
    fn a_card_opens_under_its_own_key_and_place_and_nowhere_else() {
        let (ours, theirs) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let (seal, other) = (CareSeal::of(&ours).unwrap(), CareSeal::of(&theirs).unwrap());
        let card = care(7, "arachide");
        let key = care_key(card.child);
        let row = seal.sealed(&key, &card).unwrap();
        assert_eq!(seal.opened(&key, &row), Some(card.clone()));
        assert_eq!(other.opened::<Care>(&key, &row), None);
        assert!(seal.opened::<Care>(&care_key(ChildId(uuid::Uuid::from_u128(8))), &row).is_none(), "another child's place");
        assert_eq!(seal.opened::<Care>(&key, &row.replacen('1', "2", 1)), None);
        assert_ne!(seal.sealed(&key, &card).unwrap(), row, "no two rows are alike");
    }

    #[test]
    fn the_length_of_a_row_says_nothing_of_an_allergy() {
        let seal = CareSeal::of(&SigningKey::from_bytes(&[1; 32])).unwrap();
        let length = |text: &str| seal.sealed(&care_key(care(7, text).child), &care(7, text)).unwrap().len();
        assert_eq!(length(""), length("Arachide, fruits à coque, œuf. Jamais de gâteau du dehors."));
    }
}
