//! How fast the machine reads its memory.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// Bytes that all threads read together: far more than any cache holds.
const BYTES: usize = 1 << 30;

/// How often they do; the fastest counts.
const PASSES: usize = 12;

/// Billions of bytes per second that all cores read together from memory, the best of several passes.
///
/// Each thread adds up a part that it wrote itself. The sum is of integers, in several places at once,
/// so that reading is all that takes time.
pub fn read_bandwidth() -> f64 {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let words = BYTES / size_of::<u64>() / threads;
    let barrier = Barrier::new(threads);
    // When each thread began and ended each pass.
    let read = || -> Vec<[Instant; 2]> {
        let part: Vec<u64> = (0..words as u64).collect();
        let pass = |_| {
            barrier.wait();
            let began = Instant::now();
            black_box(sum(black_box(&part)));
            [began, Instant::now()]
        };
        (0..PASSES).map(pass).collect()
    };
    let times: Vec<Vec<[Instant; 2]>> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(read)).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    });
    let pass = |pass: usize| {
        let began = times.iter().map(|times| times[pass][0]).min();
        let ended = times.iter().map(|times| times[pass][1]).max();
        ended.zip(began).map_or(f64::INFINITY, |(ended, began)| (ended - began).as_secs_f64())
    };
    let fastest = (0..PASSES).map(pass).fold(f64::INFINITY, f64::min);
    (threads * words * size_of::<u64>()) as f64 / fastest / 1e9
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
}
