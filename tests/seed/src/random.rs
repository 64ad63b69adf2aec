//! A random source whose numbers never change: the folder of a seed must have
//! the same bytes in ten years, whatever becomes of a crate.

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and enough to invent families.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// An own stream for one subject, so that a new column in one place moves nothing elsewhere.
    #[must_use]
    pub fn stream(seed: u64, subject: &str, number: usize) -> Self {
        // FNV-1a over the subject's name.
        let hash =
            subject.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mut random = Self { state: seed ^ hash.wrapping_add((number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)) };
        random.next();
        random
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 where the limit is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        // The high half of a 32 × 32 product always fits in 32 bits.
        u32::try_from(((self.next() >> 32) * u64::from(limit)) >> 32).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True in `chances` cases of a thousand.
    pub fn per_mille(&mut self, chances: u32) -> bool {
        self.below(1000) < chances
    }

    /// One of a list, which is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.place(list.len())]
    }

    /// A place in a list of some length.
    pub fn place(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// One of a list, each with its weight.
    pub fn weighted<T: Copy>(&mut self, list: &[(T, u32)]) -> T {
        let mut drawn = self.below(list.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in list {
            if drawn < *weight {
                return *value;
            }
            drawn -= weight;
        }
        list[0].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_seed_never_change() {
        let mut random = Random::stream(1, "foyer", 7);
        let drawn: Vec<u32> = (0..6).map(|_| random.below(1000)).collect();
        assert_eq!(drawn, FROZEN);
    }
    /// Computed a second time by a few lines of Python: another list would silently change every demonstration.
    const FROZEN: [u32; 6] = [308, 814, 233, 290, 191, 330];

    #[test]
    fn a_draw_stays_between_its_bounds_and_reaches_both() {
        let mut random = Random::stream(1, "bornes", 0);
        let drawn: Vec<u32> = (0..200).map(|_| random.between(3, 6)).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&6));
    }
}
