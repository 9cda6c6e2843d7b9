//! Reuse of freed tensor memory.

use std::sync::Once;

/// Free bytes at the end of the heap above which memory is returned to the operating system.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MOST_KEPT: i32 = 1 << 30;

/// See [`memory::keep`](crate::memory::keep).
pub(crate) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        #[expect(
            unsafe_code,
            reason = "the setting of the C library is an unsafe foreign function"
        )]
        // SAFETY: `mallopt` takes two integers, may be called at any time from any thread, and
        // affects only later allocations.
        unsafe {
            libc::mallopt(libc::M_MMAP_MAX, 0);
            libc::mallopt(libc::M_TRIM_THRESHOLD, MOST_KEPT);
        }
    });
}
