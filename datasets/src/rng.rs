//! Random sampling that is identical on every platform and with every release of `rand`.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers, keyed by its purpose and three integers.
///
/// Two different keys give unrelated streams, so the data sampled for one (seed, step, row) never
/// depends on earlier samples: a resumed run therefore sees the same rows.
pub(crate) struct SeededRng(ChaCha8Rng);

impl SeededRng {
    /// The stream with the key (`purpose`, `numbers`).
    pub(crate) fn new(purpose: &[u8; 8], numbers: [u64; 3]) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(purpose);
        for (chunk, number) in key[8..].chunks_exact_mut(8).zip(numbers) {
            chunk.copy_from_slice(&number.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A random integer in `0..n`; 0 when `n` is 0.
    // Lemire's multiply-and-shift without the rejection step: the bias is at most n / 2^64, and
    // each sample consumes exactly one word, which keeps the streams easy to reproduce elsewhere.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// One of `items`, which must not be empty.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// Shuffles `items` (Fisher-Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SeededRng;

    #[test]
    fn every_part_of_the_key_matters() {
        let first = |purpose, numbers| SeededRng::new(purpose, numbers).below(u64::MAX);
        let base = first(b"purpose1", [1, 2, 3]);
        assert_eq!(base, first(b"purpose1", [1, 2, 3]));
        assert_ne!(base, first(b"purpose2", [1, 2, 3]));
        for changed in [[0, 2, 3], [1, 0, 3], [1, 2, 0], [2, 1, 3]] {
            assert_ne!(base, first(b"purpose1", changed));
        }
    }

    #[test]
    fn below_reaches_every_number_and_no_other() {
        let mut rng = SeededRng::new(b"test    ", [0; 3]);
        let mut seen = [0; 7];
        for _ in 0..7000 {
            seen[rng.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)), "{seen:?}");
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        SeededRng::new(b"test    ", [1, 0, 0]).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
