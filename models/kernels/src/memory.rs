//! Reuse of freed tensor memory.

use crate::flex;

/// Keeps up to a gigabyte of freed tensor memory on the host for reuse, until the program ends.
/// This helps programs that repeat the same computation, such as training.
///
/// By default the C library allocates new pages for every large tensor and returns them to the
/// operating system, which zeroes them again for the next tensor: up to a third of a training step.
/// This function has no effect with other C libraries and allocators than GNU's on Linux, which are
/// not known to do so.
pub fn keep() {
    flex::keep();
}
