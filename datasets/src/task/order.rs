//! The epoch order of a fixed training set.

use crate::rng::SeededRng;

/// A random permutation of `0..n` that is evaluated at any position without being stored.
///
/// A Feistel network permutes the integers below the next power of four: each round changes one
/// half of the bits by a scrambled other half. Results outside `0..n` are permuted again until one
/// is inside (cycle walking).
///
/// Reference: Luby and Rackoff 1988 (the rounds); Black and Rogaway 2002 (cycle walking).
pub(super) struct Order {
    rows: u64,
    half: u32,
    keys: [u64; 6],
}

impl Order {
    /// The order of one epoch.
    pub(super) fn new(seed: u64, epoch: u64, rows: u64) -> Self {
        let mut rng = SeededRng::new(b"task ord", [seed, epoch, rows]);
        let bits = u64::BITS - rows.saturating_sub(1).leading_zeros();
        let half = bits.div_ceil(2).max(1);
        Self { rows, half, keys: std::array::from_fn(|_| rng.below(u64::MAX)) }
    }

    /// The row at a position below the number of rows.
    pub(super) fn at(&self, position: u64) -> u64 {
        let mut row = self.permute(position);
        while row >= self.rows {
            row = self.permute(row);
        }
        row
    }

    fn permute(&self, number: u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let (mut left, mut right) = (number >> self.half, number & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (scramble(right ^ key) & mask));
        }
        left << self.half | right
    }
}

/// The finalizer of SplitMix64 (Steele et al. 2014).
fn scramble(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::Order;

    fn order(seed: u64, epoch: u64, rows: u64) -> Vec<u64> {
        let order = Order::new(seed, epoch, rows);
        (0..rows).map(|position| order.at(position)).collect()
    }

    #[test]
    fn an_epoch_has_every_row_once() {
        for rows in [1, 2, 3, 4, 5, 16, 17, 1000, 4096] {
            let mut found = order(1, 2, rows);
            found.sort_unstable();
            assert!(found.iter().copied().eq(0..rows), "{rows}");
        }
    }

    #[test]
    fn seeds_and_epochs_have_different_orders() {
        let base = order(1, 0, 100);
        assert_eq!(base, order(1, 0, 100));
        assert_ne!(base, order(2, 0, 100));
        assert_ne!(base, order(1, 1, 100));
    }

    #[test]
    fn any_row_comes_first_equally_often() {
        for rows in [5, 10] {
            let mut counts = vec![0; rows as usize];
            for epoch in 0..1000 * rows {
                counts[Order::new(7, epoch, rows).at(0) as usize] += 1;
            }
            assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn all_orders_of_three_rows_occur_equally_often() {
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..6000 {
            *counts.entry(order(3, epoch, 3)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
