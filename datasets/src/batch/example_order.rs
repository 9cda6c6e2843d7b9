//! The order in which a run sees its examples.

use std::sync::{Mutex, PoisonError};

use super::BatchAt;
use crate::rng::SeededRng;

/// Steps whose examples are sorted by length together.
const WINDOW: usize = 50;

/// The order of examples in batches of like length.
///
/// Every epoch is a permutation of the examples. The examples of up to 50 steps are sorted by their
/// length before they are cut into batches, and these steps are shuffled: padding costs little, and
/// the order stays random. A step depends only on the seed and its number. The steps do not end with
/// an epoch, so that every batch is full and every example is seen once in an epoch.
#[derive(Debug)]
pub struct ExampleOrder {
    lengths: Vec<usize>,
    rows: usize,
    seed: u64,
    /// The window that was asked for last.
    window: Mutex<Option<Window>>,
}

#[derive(Debug)]
struct Window {
    number: u64,
    steps: Vec<Vec<usize>>,
}

impl ExampleOrder {
    /// The order of examples of these lengths, in steps of `rows` examples.
    ///
    /// # Panics
    ///
    /// Panics without examples, or if `rows` is 0.
    pub fn new(lengths: Vec<usize>, rows: usize, seed: u64) -> Self {
        assert!(!lengths.is_empty() && rows > 0, "an order needs examples and rows");
        Self { lengths, rows, seed, window: Mutex::new(None) }
    }

    /// The number of steps in `epochs` epochs, rounded up.
    pub fn steps(&self, epochs: f64) -> usize {
        (epochs * self.lengths.len() as f64 / self.rows as f64).ceil().max(1.0) as usize
    }

    /// The examples of a micro-step, when a step is cut into `micro_steps` parts of equal size.
    ///
    /// `at.seed` is that of the order.
    pub fn examples(&self, at: BatchAt, micro_steps: usize) -> Vec<usize> {
        let per_window = self.window_steps() as u64;
        let (number, step) = (at.step / per_window, (at.step % per_window) as usize);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let window = match window.take() {
            Some(found) if found.number == number => window.insert(found),
            _ => window.insert(Window { number, steps: self.window_of(number) }),
        };
        let part = self.rows / micro_steps;
        window.steps[step][at.micro_step as usize * part..][..part].to_vec()
    }

    /// The number of steps in a window: at most an epoch.
    fn window_steps(&self) -> usize {
        (self.lengths.len() / self.rows).clamp(1, WINDOW)
    }

    fn window_of(&self, number: u64) -> Vec<Vec<usize>> {
        let (count, size) = (self.lengths.len() as u64, self.window_steps() * self.rows);
        let first = number * size as u64;
        let mut epoch = first / count;
        let mut order = self.epoch(epoch);
        let mut examples = Vec::with_capacity(size);
        for position in first..first + size as u64 {
            if position / count != epoch {
                epoch = position / count;
                order = self.epoch(epoch);
            }
            examples.push(order[(position % count) as usize]);
        }
        // A stable sort: examples of the same length stay in random order.
        examples.sort_by_key(|&example| std::cmp::Reverse(self.lengths[example]));
        let mut steps: Vec<Vec<usize>> =
            examples.chunks(self.rows).map(<[usize]>::to_vec).collect();
        SeededRng::new(b"steps   ", [self.seed, number, 0]).shuffle(&mut steps);
        steps
    }

    fn epoch(&self, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.lengths.len()).collect();
        SeededRng::new(b"examples", [self.seed, epoch, 0]).shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: u64, micro_step: u64) -> BatchAt {
        BatchAt { seed: 3, step, micro_step }
    }

    #[test]
    fn an_epoch_has_every_example_once() {
        let lengths: Vec<usize> = (0..240).map(|i| 1 + i * 7 % 31).collect();
        let order = ExampleOrder::new(lengths.clone(), 8, 3);
        assert_eq!((order.steps(1.0), order.steps(0.51), order.steps(2.0)), (30, 16, 60));
        let epoch = |order: &ExampleOrder, steps: std::ops::Range<u64>| {
            let examples = steps.flat_map(|step| order.examples(at(step, 0), 1));
            examples.collect::<Vec<usize>>()
        };
        let [first, second] = [epoch(&order, 0..30), epoch(&order, 30..60)];
        assert_ne!(first, second);
        for mut examples in [first.clone(), second] {
            examples.sort_unstable();
            assert_eq!(examples, (0..240).collect::<Vec<_>>());
        }
        // Another order of questions has the same answers.
        assert_eq!(order.examples(at(5, 0), 1), first[40..48]);
        let spread = |step: &[usize]| {
            let lengths: Vec<usize> = step.iter().map(|&example| lengths[example]).collect();
            lengths.iter().max().unwrap() - lengths.iter().min().unwrap()
        };
        assert!(first.chunks(8).all(|step| spread(step) <= 2), "batches of like length");
        let longest: Vec<usize> = first.chunks(8).map(|step| lengths[step[0]]).collect();
        assert!(!longest.is_sorted_by(|a, b| a >= b), "steps are shuffled");
    }

    #[test]
    fn micro_steps_are_parts_of_the_step() {
        let order = ExampleOrder::new(vec![5; 10], 4, 0);
        for step in 0..9 {
            let whole = order.examples(at(step, 0), 1);
            let parts = [0, 1].map(|micro_step| order.examples(at(step, micro_step), 2));
            assert_eq!(parts.concat(), whole);
        }
        let few = ExampleOrder::new(vec![2, 3], 4, 0);
        let mut examples = few.examples(at(0, 0), 1);
        examples.sort_unstable();
        assert_eq!(examples, [0, 0, 1, 1], "a step of two epochs");
    }
}
