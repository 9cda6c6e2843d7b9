//! Memory that tensors give back.

use super::flex;

/// Keeps the memory that tensors in the host's memory give back for the next ones, up to a gigabyte of it, for
/// as long as the program runs; for a program that computes the same over and over, as training does.
///
/// Otherwise the C library gives every large tensor pages of its own and returns them to the operating
/// system, which clears them again for the next one: up to a third of a training step. It does nothing
/// where that is not known to happen: with other C libraries and allocators than GNU's on Linux.
pub fn keep() {
    flex::keep();
}
