//! Measures the memory read bandwidth.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// The number of bytes read by all threads together, far larger than any cache.
const BYTES: usize = 1 << 30;

/// The number of passes; the fastest is reported.
const PASSES: usize = 5;

/// The memory to read, one part per core.
#[derive(Debug)]
pub struct Memory {
    parts: Vec<Vec<u64>>,
}

impl Memory {
    /// Allocates memory; each thread writes its own part.
    pub fn filled() -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let words = (BYTES / size_of::<u64>() / threads) as u64;
        let write = || (0..words).collect::<Vec<u64>>();
        let parts = in_threads((0..threads).map(|_| write).collect());
        Self { parts }
    }

    /// The read bandwidth of all cores together in GB/s (10^9 bytes), the best of several passes.
    ///
    /// Each thread sums the integers of its part in several accumulators, so that the time is
    /// limited by reading alone.
    pub fn bandwidth(&self) -> f64 {
        let barrier = Barrier::new(self.parts.len());
        // The start and end times of each pass of each thread.
        let read = |part: &Vec<u64>| -> Vec<[Instant; 2]> {
            let pass = |_| {
                barrier.wait();
                let began = Instant::now();
                black_box(sum(black_box(part)));
                [began, Instant::now()]
            };
            (0..PASSES).map(pass).collect()
        };
        let times = in_threads(self.parts.iter().map(|part| || read(part)).collect());
        let seconds = |pass: usize| {
            let began = times.iter().map(|times| times[pass][0]).min();
            let ended = times.iter().map(|times| times[pass][1]).max();
            ended.zip(began).map_or(f64::INFINITY, |(ended, began)| (ended - began).as_secs_f64())
        };
        let fastest = (0..PASSES).map(seconds).fold(f64::INFINITY, f64::min);
        let words: usize = self.parts.iter().map(Vec::len).sum();
        (words * size_of::<u64>()) as f64 / fastest / 1e9
    }
}

/// The results of the jobs, each run in its own thread.
fn in_threads<T: Send>(jobs: Vec<impl FnOnce() -> T + Send>) -> Vec<T> {
    thread::scope(|scope| {
        let handles: Vec<_> = jobs.into_iter().map(|job| scope.spawn(job)).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    })
}

/// The sum of all words, modulo 2^64.
fn sum(words: &[u64]) -> u64 {
    const LANES: usize = 32;
    let mut sums = [0_u64; LANES];
    let chunks = words.chunks_exact(LANES);
    let rest = chunks.remainder().iter();
    for chunk in chunks {
        for (sum, word) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.iter().chain(rest).fold(0, |sum, word| sum.wrapping_add(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read() {
        let words: Vec<u64> = (0..1001).collect();
        assert_eq!(sum(&words), 1000 * 1001 / 2);
    }

    #[test]
    fn reading_takes_time() {
        let memory = Memory { parts: vec![vec![1; 1 << 20]; 2] };
        let found = memory.bandwidth();
        // No core reads a terabyte per second, not even from its cache.
        assert!(found > 0.01 && found < 2000.0, "{found}");
    }
}
