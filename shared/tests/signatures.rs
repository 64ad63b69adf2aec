//! Signatures that somebody crafted who holds a key: what one reader takes, every reader takes.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as B, EIGHT_TORSION};
use curve25519_dalek::traits::{Identity, IsIdentity};
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::{Signature, Verifier as _};
use proptest::prelude::*;
use sha2::{Digest, Sha512};
use shared::journal::{VerifyingKey, check_signature, signed_bytes};

const ENVELOPE: &[u8] = b"any envelope";

/// A key, and signatures by it with whatever stands where the random point does.
struct Forger {
    secret: Scalar,
    public: EdwardsPoint,
}

impl Forger {
    fn new() -> Self {
        let secret = Scalar::from(0x5eed_u64);
        Self { secret, public: secret * B }
    }

    fn key(&self) -> VerifyingKey {
        VerifyingKey::from_bytes(&self.public.compress().to_bytes()).unwrap()
    }

    fn challenge(&self, r: &EdwardsPoint) -> Scalar {
        let said = Sha512::new().chain_update(r.compress().to_bytes()).chain_update(self.public.compress().to_bytes());
        Scalar::from_bytes_mod_order_wide(&said.chain_update(signed_bytes(ENVELOPE)).finalize().into())
    }

    /// R = nonce·B + extra, S = nonce + challenge·secret.
    fn sign(&self, nonce: u64, extra: EdwardsPoint) -> (EdwardsPoint, Scalar) {
        let r = Scalar::from(nonce) * B + extra;
        (r, Scalar::from(nonce) + self.challenge(&r) * self.secret)
    }

    /// What the equation of a signature leaves over: nothing, where it holds.
    fn rest(&self, (r, s): (EdwardsPoint, Scalar)) -> EdwardsPoint {
        s * B - self.challenge(&r) * self.public - r
    }
}

fn bytes((r, s): (EdwardsPoint, Scalar)) -> [u8; 64] {
    let mut out = [0; 64];
    out[..32].copy_from_slice(r.compress().as_bytes());
    out[32..].copy_from_slice(s.as_bytes());
    out
}

#[test]
fn a_signature_made_as_it_should_be_holds() {
    let forger = Forger::new();
    let good = forger.sign(7, EdwardsPoint::identity());
    assert!(forger.rest(good).is_identity());
    assert!(check_signature(ENVELOPE, &bytes(good), &forger.key()));
}

#[test]
fn a_point_of_small_order_in_a_signature_is_refused_whatever_a_batch_would_say() {
    let forger = Forger::new();
    for small in EIGHT_TORSION.into_iter().skip(1) {
        let crafted = forger.sign(7, small);
        assert!(!check_signature(ENVELOPE, &bytes(crafted), &forger.key()), "every reader refuses it");
        // A batch weighs each rest by a random number and looks at the sum: one of eight weights hides this one, and two entries of
        // one forger hide each other. That is why nobody here verifies in batches.
        assert!((Scalar::from(8_u8) * forger.rest(crafted)).is_identity());
        let other = forger.sign(11, -small);
        assert!((forger.rest(crafted) + forger.rest(other)).is_identity());
    }
}

#[test]
fn a_random_point_of_small_order_is_refused_even_where_its_equation_holds() {
    let forger = Forger::new();
    for small in EIGHT_TORSION {
        let r = small;
        let s = forger.challenge(&r) * forger.secret;
        assert!(!check_signature(ENVELOPE, &bytes((r, s)), &forger.key()));
    }
}

#[test]
fn a_weak_key_signs_nothing() {
    for small in EIGHT_TORSION {
        let key = VerifyingKey::from_bytes(&small.compress().to_bytes()).unwrap();
        // R = S·B, where the challenge times the key is nothing: the equation holds for one message of the key's order.
        let held = (1_u64..64).filter(|nonce| {
            let signature = bytes((Scalar::from(*nonce) * B, Scalar::from(*nonce)));
            assert!(!check_signature(ENVELOPE, &signature, &key));
            key.verify(&signed_bytes(ENVELOPE), &Signature::from_bytes(&signature)).is_ok()
        });
        assert!(held.count() > 0, "a reader that isn't strict takes some");
    }
}

/// What a forger may put in place of the random point: good, crafted, small, or any bytes; and the bits that something flips.
fn signatures() -> impl Strategy<Value = [u8; 64]> {
    let forger = Forger::new();
    let made = (any::<u64>(), 0..8_usize, 0..4_u8).prop_map(move |(nonce, small, how)| match how {
        0 => bytes(forger.sign(nonce, EdwardsPoint::identity())),
        1 => bytes(forger.sign(nonce, EIGHT_TORSION[small])),
        2 => bytes((EIGHT_TORSION[small], forger.challenge(&EIGHT_TORSION[small]) * forger.secret)),
        _ => bytes((EIGHT_TORSION[small], Scalar::from(nonce))),
    });
    let flips = proptest::collection::vec(0..512_usize, 0..3);
    (made, flips).prop_map(|(mut signature, flips)| {
        flips.iter().for_each(|bit| signature[bit / 8] ^= 1 << (bit % 8));
        signature
    })
}

proptest! {
    #[test]
    fn it_is_strict_word_for_word(signature in signatures(), small in proptest::option::of(0..8_usize)) {
        let key = small.map_or(Forger::new().key(), |small| VerifyingKey::from_bytes(&EIGHT_TORSION[small].compress().to_bytes()).unwrap());
        let strict = key.verify_strict(&signed_bytes(ENVELOPE), &Signature::from_bytes(&signature)).is_ok();
        prop_assert_eq!(check_signature(ENVELOPE, &signature, &key), strict);
    }
}

#[test]
fn a_point_or_a_number_has_one_writing() {
    let forger = Forger::new();
    // y = 1 written as p + 1: the identity a second time.
    let mut second_identity = [0xff; 32];
    (second_identity[0], second_identity[31]) = (0xee, 0x7f);
    let mut signature = bytes((EdwardsPoint::identity(), Scalar::ZERO));
    signature[..32].copy_from_slice(&second_identity);
    assert!(!check_signature(ENVELOPE, &signature, &forger.key()));
    let mut signature = bytes(forger.sign(7, EdwardsPoint::identity()));
    signature[63] |= 0xe0;
    assert!(!check_signature(ENVELOPE, &signature, &forger.key()), "S above the order");
}
