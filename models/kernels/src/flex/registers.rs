//! Loads from memory to the processor's widest registers, and stores.

use burn::tensor::Element;
use half::bf16;
use macerator::{Scalar, Simd, Vector};

/// The maximum number of f32 lanes of a register.
const MAX_LANES: usize = 16;

/// The element type of a matrix. Every value can be represented as f32.
pub(super) trait Number: Element + bytemuck::Pod {
    /// Converts to f32.
    fn widen(self) -> f32;

    /// Loads the first elements, as many as a register has f32 lanes.
    fn load<S: Simd>(values: &[Self]) -> Vector<S, f32>;
}

impl Number for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }

    #[inline(always)]
    fn load<S: Simd>(values: &[f32]) -> Vector<S, f32> {
        bytemuck::pod_read_unaligned(bytemuck::cast_slice(&values[..f32::lanes::<S>()]))
    }
}

impl Number for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        // bf16 is the upper half of an f32.
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    #[inline(always)]
    fn load<S: Simd>(values: &[bf16]) -> Vector<S, f32> {
        let lanes = f32::lanes::<S>();
        let mut wide = [0.0; MAX_LANES];
        for (wide, value) in wide[..lanes].iter_mut().zip(&values[..lanes]) {
            *wide = value.widen();
        }
        f32::load(&wide)
    }
}

/// Loads the first elements, as many as a register has f32 lanes.
#[inline(always)]
pub(super) fn load<S: Simd, N: Number>(values: &[N]) -> Vector<S, f32> {
    N::load(values)
}

/// The opposite of [`load`].
#[inline(always)]
pub(super) fn store<S: Simd>(vector: Vector<S, f32>, values: &mut [f32]) {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut values[..f32::lanes::<S>()]);
    bytes.copy_from_slice(bytemuck::bytes_of(&vector));
}

/// Prefetches memory at a byte offset from the first element. Hardware prefetching does not reach
/// as far on a busy core, nor into another memory page.
#[inline(always)]
pub(super) fn prefetch<N>(values: &[N], ahead: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        // Into the L1 cache; the address need not be valid.
        const NEAREST: i32 = 3;
        sse._mm_prefetch::<NEAREST>(values.as_ptr().cast::<i8>().wrapping_add(ahead));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, ahead);
}
