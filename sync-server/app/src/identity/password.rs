//! Passwords: what is one, and how it is kept.
//!
//! Twelve characters, no rules of composition, none of the first ones that a thief tries (ANSSI and CNIL 2022-100: length and a list
//! of refused ones before signs of every kind). Kept as Argon2id, made off the asynchronous threads and few at a time: a hundred
//! people who log in wait for each other rather than take the machine's memory.

use crate::{Error, Result, store};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Shortest password, in characters.
pub const CHARACTERS_MIN: usize = 12;
/// Longest one: a bound on work, not on people.
pub const CHARACTERS_MAX: usize = 128;
/// Memory of one hash, passes, lanes (OWASP's second choice for Argon2id).
const ARGON2: (u32, u32, u32) = (19_456, 2, 1);
/// Hashes at once: 40 MiB at most.
const AT_ONCE_MAX: usize = 2;
/// How long somebody waits for a turn before being told to come back.
const TURN_WAIT: Duration = Duration::from_secs(20);
/// What an address that nobody has is checked against, so that it costs the same: a hash that no password has.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$cHJlYXUvbm9ib2R5L3NhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// The salt of short-lived codes: they are found by their hash, so it is the same for all.
const CODE_SALT: &[u8] = b"preau/activation/1";
/// The commonest passwords of twelve characters and more, folded; one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password as somebody typed it: composed as one keyboard or the other, it is the same. Wiped after use, never shown.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// As typed, for a check: whatever it is.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        // What is longer was never accepted, and is not worth hashing in full.
        Self(Zeroizing::new(text.nfkc().take(CHARACTERS_MAX + 1).collect()))
    }

    /// As chosen: long enough, and not among the first that are tried.
    ///
    /// # Errors
    /// What is wrong with it, for the person who chose it.
    pub fn chosen(text: &str) -> Result<Self, &'static str> {
        let password = Self::typed(text);
        let characters = password.0.chars().count();
        if characters < CHARACTERS_MIN {
            return Err("Il faut au moins 12 caractères. Une phrase est facile à retenir.");
        }
        if characters > CHARACTERS_MAX {
            return Err("128 caractères au plus.");
        }
        if is_common(&password.0) {
            return Err("Ce mot de passe est parmi les premiers qu’un voleur essaie. Choisissez-en un autre.");
        }
        Ok(password)
    }
}

fn is_common(password: &str) -> bool {
    let folded = Zeroizing::new(password.to_lowercase());
    let few_signs = folded.chars().collect::<std::collections::BTreeSet<_>>().len() < 4;
    few_signs || COMMON.lines().any(|common| common == folded.as_str())
}

/// Hashes and checks. Cheap to clone; the clones share its few turns.
#[derive(Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    done: Arc<AtomicU64>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE_MAX)), done: Arc::default() }
    }
}

impl Hasher {
    /// What is stored of a password.
    ///
    /// # Errors
    /// No turn in time, no randomness.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let salt: [u8; 16] = store::random()?;
        self.in_turn(move || {
            let salt = SaltString::encode_b64(&salt).map_err(impossible)?;
            Ok(argon2()?.hash_password(password.0.as_bytes(), &salt).map_err(impossible)?.to_string())
        })
        .await
    }

    /// Whether a password is the one. Without a stored one it takes as long, and is never.
    ///
    /// # Errors
    /// No turn in time.
    pub async fn is_right(&self, password: Password, stored: Option<String>) -> Result<bool> {
        self.in_turn(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(|| NOBODY.to_owned());
            let hash = PasswordHash::new(&stored).map_err(impossible)?;
            let right = argon2()?.verify_password(password.0.as_bytes(), &hash).is_ok();
            Ok(known && right)
        })
        .await
    }

    /// The name under which a short-lived code is stored: slow to make, so that a copied table isn't tried through.
    ///
    /// # Errors
    /// No turn in time.
    pub async fn code_name(&self, code: String) -> Result<Vec<u8>> {
        self.in_turn(move || {
            let mut name = vec![0; 32];
            argon2()?.hash_password_into(code.as_bytes(), CODE_SALT, &mut name).map_err(impossible)?;
            Ok(name)
        })
        .await
    }

    /// How many hashes were made: what an answer cost.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::SeqCst)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let busy = || Error::Unavailable("Beaucoup de personnes se connectent en même temps. Réessayez dans un instant.".into());
        let turn = tokio::time::timeout(TURN_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(move || {
            // The turn lasts as long as the memory is held, even where nobody waits for the answer any more.
            let _turn = turn;
            work()
        });
        let done = done.await.map_err(impossible)?;
        self.done.fetch_add(1, Ordering::SeqCst);
        done
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = ARGON2;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, lanes, Some(32)).map_err(impossible)?))
}

fn impossible(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("Le mot de passe ne peut pas être traité : {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_characters_will_do_and_no_sign_is_asked_for() {
        assert!(Password::chosen("onze lettre").is_err());
        assert!(Password::chosen("douze lettre").is_ok());
        assert!(Password::chosen("le chat dort près du poêle").is_ok());
        assert!(Password::chosen(&"ab cd".repeat(26)).is_err(), "130 characters");
        assert!(Password::chosen("AzertyUiop123").is_err(), "the first that are tried, whatever the case");
        assert!(Password::chosen("aaaaaaaaaaaaaa").is_err() && Password::chosen("121212121212").is_err());
    }

    #[test]
    fn every_refused_password_is_one_that_could_be_chosen_else() {
        for common in COMMON.lines() {
            assert!(common.chars().count() >= CHARACTERS_MIN && common == common.to_lowercase(), "« {common} » is never looked up");
        }
    }

    #[tokio::test]
    async fn an_accent_typed_on_another_machine_is_the_same_accent() {
        let hasher = Hasher::default();
        let stored = hasher.hash(Password::chosen("le poêle est chaud").unwrap()).await.unwrap();
        assert!(hasher.is_right(Password::typed("le poe\u{302}le est chaud"), Some(stored.clone())).await.unwrap());
        assert!(!hasher.is_right(Password::typed("le poele est chaud"), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_s_hash_costs_what_a_real_one_does_and_no_password_has_it() {
        let hasher = Hasher::default();
        let stored = hasher.hash(Password::chosen("le poêle est chaud").unwrap()).await.unwrap();
        let params =
            |text: &str| PasswordHash::new(text).map(|h| (h.algorithm.to_string(), h.params.to_string(), h.hash.unwrap().len())).unwrap();
        assert_eq!(params(NOBODY), params(&stored));
        let before = hasher.done();
        assert!(!hasher.is_right(Password::typed("le poêle est chaud"), None).await.unwrap());
        assert_eq!(hasher.done(), before + 1);
    }
}
