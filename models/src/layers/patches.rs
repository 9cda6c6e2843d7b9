//! From an image to a sequence of vectors.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor, assert_shape};
use serde::{Deserialize, Serialize};

use super::linear::multiply;
use crate::kernels::linear::fit;
use crate::precision::to_f32;

/// Sizes of the patches of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchConfig {
    /// Features of a patch's vector.
    pub d_model: usize,
    /// Height and width of an image, in pixels.
    pub image: [usize; 2],
    /// Height and width of a patch, in pixels.
    pub patch: [usize; 2],
    /// Colours.
    pub channels: usize,
    /// What comes before the patches.
    pub tokens: LeadingTokens,
    /// Whether there is a vector for hidden patches.
    pub mask: MaskToken,
}

/// Whether there is a vector for hidden patches, which only a training that hides some would read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MaskToken {
    /// There is none.
    Absent,
    /// It is kept as it is.
    Kept,
}

/// Vectors that come before those of the patches, and collect what the image says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadingTokens {
    /// One for the class.
    Class,
    /// One for the class, and one that is taught by another model: DeiT.
    ClassAndDistillation,
}

/// Patches, projected, behind a class token, with learned positions.
///
/// Reference: Dosovitskiy et al. 2020, §3.1, <https://arxiv.org/abs/2010.11929>
#[derive(Module, Debug)]
pub struct PatchEmbedding {
    /// `[1, 1, d_model]`
    pub cls_token: Param<Tensor<3>>,
    /// `[1, 1, d_model]`
    pub distillation_token: Option<Param<Tensor<3>>>,
    /// `[1, d_model]`
    pub mask_token: Option<Param<Tensor<2>>>,
    /// `[1, tokens + patches, d_model]`
    pub position_embeddings: Param<Tensor<3>>,
    projection: PatchProjection,
    image: [usize; 2],
}

/// Each patch times one matrix: a convolution whose stride is its size.
#[derive(Module, Debug)]
pub struct PatchProjection {
    /// `[d_model, channels, height, width]`
    pub weight: Param<Tensor<4>>,
    /// `[d_model]`
    pub bias: Param<Tensor<1>>,
}

impl PatchConfig {
    /// Patches of an image.
    pub fn n_patches(&self) -> usize {
        self.image[0] / self.patch[0] * (self.image[1] / self.patch[1])
    }

    /// Vectors of an image.
    pub fn n_tokens(&self) -> usize {
        let leading = match self.tokens {
            LeadingTokens::Class => 1,
            LeadingTokens::ClassAndDistillation => 2,
        };
        leading + self.n_patches()
    }

    /// Parameters of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> PatchEmbedding {
        let [height, width] = self.patch;
        let token = || Initializer::Zeros.init([1, 1, self.d_model], device);
        PatchEmbedding {
            cls_token: token(),
            distillation_token: (self.tokens == LeadingTokens::ClassAndDistillation).then(token),
            mask_token: (self.mask == MaskToken::Kept).then(|| {
                Initializer::Zeros.init([1, self.d_model], device).set_require_grad(false)
            }),
            position_embeddings: Initializer::Zeros
                .init([1, self.n_tokens(), self.d_model], device),
            projection: PatchProjection {
                weight: Initializer::Zeros
                    .init([self.d_model, self.channels, height, width], device),
                bias: Initializer::Zeros.init([self.d_model], device),
            },
            image: self.image,
        }
    }
}

impl PatchEmbedding {
    /// The vectors of images.
    ///
    /// # Shapes
    ///
    /// - `pixels`: `[batch, channels, height, width]`
    /// - result: `[batch, tokens + patches, d_model]`, patches row by row
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<3> {
        let [height, width] = self.image;
        assert_shape!(pixels, [_, _, height, width]);
        let [batch, ..] = pixels.dims();
        let mut parts = vec![self.cls_token.val()];
        parts.extend(self.distillation_token.as_ref().map(Param::val));
        let mut parts: Vec<Tensor<3>> =
            parts.into_iter().map(|token| to_f32(token).repeat_dim(0, batch)).collect();
        parts.push(self.projection.forward(pixels));
        Tensor::cat(parts, 1) + to_f32(self.position_embeddings.val())
    }
}

impl PatchProjection {
    fn forward(&self, pixels: Tensor<4>) -> Tensor<3> {
        let [d_model, channels, p, q] = self.weight.dims();
        let weight = self.weight.val().reshape([d_model, channels * p * q]).transpose();
        assert_shape!(pixels, [_, channels, _, _]);
        let [batch, _, height, width] = pixels.dims();
        let (rows, columns) = (height / p, width / q);
        // [batch, rows, columns, channels, p, q]: one patch after the other, in the weight's order.
        let patches = fit(pixels, &weight)
            .reshape([batch, channels, rows, p, columns, q])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([batch * rows * columns, channels * p * q]);
        let [vectors] = multiply(patches, [(weight, None)]);
        let vectors = to_f32(vectors) + to_f32(self.bias.val()).unsqueeze();
        vectors.reshape([batch, rows * columns, d_model])
    }
}
