//! Linear layers: the projections of all models.

use burn::module::{Module, Param, ParamId};
use burn::nn::Initializer;
use burn::tensor::{DType, Device, Shape, Tensor, TensorData, module};
use serde::{Deserialize, Serialize};
use zoo_kernels::linear::{self as kernels, LinearWeights};
use zoo_kernels::skinny_gemm;

use crate::precision::to_f32;

/// Whether a projection has a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bias {
    /// `x W`
    Absent,
    /// `x W + b`
    Present,
}

/// Converts the flag of a config.
impl From<bool> for Bias {
    fn from(flag: bool) -> Self {
        if flag { Self::Present } else { Self::Absent }
    }
}

/// A linear layer.
///
/// ```text
/// y = x W + b
/// ```
///
/// The fields are private: how a weight is stored (f32, half precision, quantized) and what is added
/// to its product (an adapter) is decided here, and no layer that holds a `Linear` depends on it.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_input, d_output]`
    weight: Param<Tensor<2>>,
    /// `[d_output]`
    bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// Creates a layer of zeros, to be initialized or loaded.
    ///
    /// The values come later, from a checkpoint or from
    /// [`initialize`](crate::backbones::initialize), which depends on the seed only.
    pub fn new(d_input: usize, d_output: usize, bias: Bias, device: &Device) -> Self {
        let zeros = || Initializer::Zeros.init([d_output], device);
        Self {
            weight: Initializer::Zeros.init([d_input, d_output], device),
            bias: (bias == Bias::Present).then(zeros),
        }
    }

    /// Creates a layer with these values.
    ///
    /// # Shapes
    ///
    /// - `weight`: `[d_input, d_output]`
    /// - `bias`: `[d_output]`
    pub fn from_tensors(weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        Self { weight: Param::from_tensor(weight), bias: bias.map(Param::from_tensor) }
    }

    /// Sets the initial values of the bias.
    ///
    /// # Panics
    ///
    /// Panics if there are not `d_output` values.
    pub fn with_bias_values(self, values: Vec<f32>) -> Self {
        let shape = [self.d_output()];
        assert_eq!(values.len(), shape[0], "the number of values of a bias");
        let bias = move |device: &Device, is_trained: bool| {
            let bias = Tensor::from_data(TensorData::new(values, shape), device);
            bias.set_require_grad(is_trained)
        };
        // Created at its first use, as all parameters are.
        let device = self.weight.lazy_device();
        let bias = Param::uninitialized(ParamId::new(), bias, device, true, Shape::from(shape));
        Self { bias: Some(bias), ..self }
    }

    /// Features of the input.
    pub fn d_input(&self) -> usize {
        self.weight.lazy_shape()[0]
    }

    /// Features of the result.
    pub fn d_output(&self) -> usize {
        self.weight.lazy_shape()[1]
    }

    /// Applies the layer to f32 vectors: the product is computed in the dtype of the weight, and its
    /// result is converted to f32.
    ///
    /// # Shapes
    ///
    /// - `x`: `[.., d_input]`
    /// - result: `[.., d_output]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        to_f32(self.apply(self.cast_input(x)))
    }

    /// Applies the layer to f32 vectors, and adds the bias in f32: with a weight in half precision
    /// the product is rounded once, before the addition.
    ///
    /// For recurrent layers, in which rounding errors accumulate over the positions.
    ///
    /// # Shapes
    ///
    /// - `x`: `[.., d_input]`
    /// - result: `[.., d_output]`
    pub fn forward_with_f32_bias<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let x = self.cast_input(x);
        match &self.bias {
            Some(bias) if x.dtype() != DType::F32 => {
                let product = to_f32(x.matmul(self.weight.val().unsqueeze()));
                product + to_f32(bias.val()).unsqueeze()
            }
            _ => to_f32(self.apply(x)),
        }
    }

    /// Applies the layer to vectors in the dtype of its product; see [`cast_input`](Self::cast_input).
    ///
    /// # Shapes
    ///
    /// - `x`: `[.., d_input]`
    /// - result: `[.., d_output]`
    pub fn apply<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let [result] = Self::apply_all([self], x);
        result
    }

    /// Applies several layers to the same vectors, in the dtype of their products.
    ///
    /// # Shapes
    ///
    /// - `x`: `[.., d_input]`
    /// - results: `[.., d_output]`
    pub fn apply_all<const D: usize, const N: usize>(
        layers: [&Self; N],
        x: Tensor<D>,
    ) -> [Tensor<D>; N] {
        multiply(x, layers.map(Self::weights))
    }

    /// `x` in the dtype of the product: the weight's, or f32 where the device only stores half
    /// precision (see [`kernels::cast_for`]).
    pub fn cast_input<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        kernels::cast_for(x, &self.weight.val())
    }

    fn weights(&self) -> LinearWeights {
        LinearWeights { weight: self.weight.val(), bias: self.bias.as_ref().map(Param::val) }
    }
}

/// `x W + b` for each of several matrices. For layers whose matrix is a view of another parameter:
/// a convolution's kernel, an embedding table.
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - results: `[.., d_output]`
pub(super) fn multiply<const D: usize, const N: usize>(
    x: Tensor<D>,
    layers: [LinearWeights; N],
) -> [Tensor<D>; N] {
    skinny_gemm::linear(&x, &layers).unwrap_or_else(|| {
        layers.map(|layer| {
            kernels::linear(&x, &layer)
                .unwrap_or_else(|| module::linear(x.clone(), layer.weight, layer.bias))
        })
    })
}
