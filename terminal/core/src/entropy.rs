//! Random bytes, behind a trait: the kernel's in production, a seed's in tests.

use crate::store::StoreError;
use sha2::{Digest, Sha256};

/// A source of random bytes.
pub trait Entropy: Send {
    /// Fills a buffer.
    ///
    /// # Errors
    /// Where the kernel has none to give: then nothing can be sealed.
    fn fill(&mut self, into: &mut [u8]) -> Result<(), StoreError>;
}

/// The next bytes of a source, as an array.
///
/// # Errors
/// See [`Entropy::fill`].
pub fn bytes<const N: usize>(from: &mut dyn Entropy) -> Result<[u8; N], StoreError> {
    let mut out = [0; N];
    from.fill(&mut out)?;
    Ok(out)
}

/// The kernel's random bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, into: &mut [u8]) -> Result<(), StoreError> {
        getrandom::fill(into).map_err(|e| StoreError::Io { path: "getrandom".into(), why: e.to_string() })
    }
}

/// Bytes that a seed gives, the same each time: SHA-256 of seed and counter.
#[derive(Debug, Clone)]
pub struct SeededEntropy {
    seed: u64,
    counter: u64,
}

impl SeededEntropy {
    /// The stream of a seed, from its start.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }

    /// A number below a bound (0 for a bound of 0).
    pub fn below(&mut self, bound: u64) -> u64 {
        let block = self.next_block();
        let mut number = [0; 8];
        number.copy_from_slice(&block[..8]);
        u64::from_be_bytes(number).checked_rem(bound).unwrap_or(0)
    }

    fn next_block(&mut self) -> [u8; 32] {
        self.counter += 1;
        Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(self.counter.to_be_bytes()).finalize().into()
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, into: &mut [u8]) -> Result<(), StoreError> {
        for chunk in into.chunks_mut(32) {
            let block = self.next_block();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}
