//! Numbers on their way from memory to the processor's widest registers, and back.

use burn::tensor::Element;
use half::bf16;
use macerator::{Scalar, Simd, Vector};

/// The most 32-bit floats that a register holds.
const MAX_LANES: usize = 16;

/// What a matrix may be held in. All of it is a 32-bit float, too.
pub(super) trait Number: Element + bytemuck::Pod {
    /// The same number.
    fn widen(self) -> f32;

    /// The first numbers, as many as a register holds of 32-bit floats.
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
        // The upper half of a 32-bit float.
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

/// The first numbers, as many as a register holds.
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

/// Asks for memory that is read soon, so many bytes behind the first number. A core looks ahead too, but not
/// as far while it is busy, nor into a new page of memory.
#[inline(always)]
pub(super) fn prefetch<N>(values: &[N], ahead: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        // Into the nearest cache; the address need not exist.
        const NEAREST: i32 = 3;
        sse._mm_prefetch::<NEAREST>(values.as_ptr().cast::<i8>().wrapping_add(ahead));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, ahead);
}
