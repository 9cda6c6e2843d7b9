//! Random weights.

use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::Init;
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;

/// The standard deviation of matrices.
const STD: f32 = 0.02;

/// Random f32 weights for any model.
pub(crate) fn weights() -> VarBuilder<'static> {
    VarBuilder::from_backend(Box::new(Random), DType::F32, Device::Cpu)
}

/// Matrices are normal, norm weights are 1, biases are 0. candle's own initialization creates
/// trainable variables, which record every operation for the backward pass.
struct Random;

impl SimpleBackend for Random {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        match shape.rank() {
            1 if name.ends_with("weight") => Tensor::ones(shape, dtype, device),
            1 => Tensor::zeros(shape, dtype, device),
            _ => Tensor::randn(0.0, STD, shape, device),
        }
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("{name} has no shape")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        false
    }
}
