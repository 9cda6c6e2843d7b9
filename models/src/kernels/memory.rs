//! Reuse of freed tensor memory.

use super::flex;

/// Keeps up to a gigabyte of freed tensor memory on the host for reuse, until the program ends.
/// This helps programs that repeat the same computation, such as training.
///
/// By default the C library allocates new pages for every large tensor and returns them to the
/// operating system, which zeroes them again for the next tensor: up to a third of a training step.
/// It is a no-op unless the C library is GNU's on Linux, with its own allocator.
pub fn keep() {
    flex::keep();
}
