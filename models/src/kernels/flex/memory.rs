//! Memory that tensors give back, kept for the next ones.

use std::sync::Once;

/// Bytes at the end of the heap that are given back only when they are more.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MOST_KEPT: i32 = 1 << 30;

/// See [`memory::keep`](crate::kernels::memory::keep).
pub(in crate::kernels) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        #[expect(
            unsafe_code,
            reason = "the C library is told by a call that is not safe by its type"
        )]
        // SAFETY: `mallopt` takes two integers, may be called at any time by any thread, and changes only
        // where memory is taken from that is allocated later.
        unsafe {
            libc::mallopt(libc::M_MMAP_MAX, 0);
            libc::mallopt(libc::M_TRIM_THRESHOLD, MOST_KEPT);
        }
    });
}
