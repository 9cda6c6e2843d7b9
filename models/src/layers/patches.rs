//! Patch embedding: from an image to a sequence of vectors.

mod positions;

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor, assert_shape};
use serde::{Deserialize, Serialize};
use zoo_kernels::linear::{LinearWeights, cast_for};

use super::linear::multiply;
use crate::parameters::Constant;
use crate::precision::to_f32;

/// Sizes of an image and its patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchConfig {
    /// Features of a patch's vector.
    pub d_model: usize,
    /// Height and width of an image, in pixels.
    pub image: [usize; 2],
    /// Height and width of a patch, in pixels.
    pub patch: [usize; 2],
    /// Color channels.
    pub channels: usize,
    /// The tokens that precede the patches.
    pub tokens: LeadingTokens,
    /// Whether there is a vector for masked patches.
    pub mask: MaskToken,
    /// Which other image sizes are allowed.
    pub sizes: ImageSizes,
}

/// Which image sizes a model accepts besides its own; their position embeddings are interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageSizes {
    /// None, unless the caller requests it: ViT, DeiT.
    OnRequest,
    /// Any: DINOv2.
    Any,
}

/// Whether there is a vector for masked patches, which is used only in training with masked
/// patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MaskToken {
    /// No vector.
    Absent,
    /// The vector is kept, and neither used nor trained.
    Kept,
}

/// Tokens before the patches, whose hidden states summarize the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadingTokens {
    /// The class token.
    Class,
    /// The class token, and a distillation token trained on another model's outputs: DeiT.
    ClassAndDistillation,
}

/// Projected patches after a class token, with learned positions.
///
/// Reference: Dosovitskiy et al. 2020, §3.1, <https://arxiv.org/abs/2010.11929>
#[derive(Module, Debug)]
pub struct PatchEmbedding {
    /// `[1, 1, d_model]`
    pub cls_token: Param<Tensor<3>>,
    /// `[1, 1, d_model]`
    pub distillation_token: Option<Param<Tensor<3>>>,
    /// `[1, d_model]`
    pub mask_token: Option<Constant<Param<Tensor<2>>>>,
    /// `[1, tokens + patches, d_model]`
    pub position_embeddings: Param<Tensor<3>>,
    projection: PatchProjection,
    /// Rows and columns of patches that have position embeddings.
    grid: [usize; 2],
}

/// The product of each patch with one matrix: a convolution whose stride is the patch size.
#[derive(Module, Debug)]
pub struct PatchProjection {
    /// `[d_model, channels, height, width]`
    pub weight: Param<Tensor<4>>,
    /// `[d_model]`
    pub bias: Param<Tensor<1>>,
}

impl PatchConfig {
    /// The number of patches of an image.
    pub fn n_patches(&self) -> usize {
        self.grid(self.image).into_iter().product()
    }

    /// Checks that images of this size are supported.
    ///
    /// # Errors
    ///
    /// The reason why they are not.
    pub fn check_size(&self, image: [usize; 2]) -> Result<(), String> {
        let [height, width] = image;
        let [rows, columns] = self.grid(self.image);
        match self.grid(image) {
            [0, _] | [_, 0] => Err(format!("an image of {height} x {width} pixels holds no patch")),
            // The reference assumes that the stored positions are those of a square.
            _ if image != self.image && rows != columns => Err(format!(
                "position embeddings of {rows} x {columns} patches are not interpolated; those of a \
                 square image are"
            )),
            _ => Ok(()),
        }
    }

    /// Rows and columns of patches of an image.
    fn grid(&self, image: [usize; 2]) -> [usize; 2] {
        [image[0] / self.patch[0], image[1] / self.patch[1]]
    }

    /// The number of vectors of an image.
    pub fn n_tokens(&self) -> usize {
        let leading = match self.tokens {
            LeadingTokens::Class => 1,
            LeadingTokens::ClassAndDistillation => 2,
        };
        leading + self.n_patches()
    }

    /// Creates parameters of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> PatchEmbedding {
        let [height, width] = self.patch;
        let token = || Initializer::Zeros.init([1, 1, self.d_model], device);
        PatchEmbedding {
            cls_token: token(),
            distillation_token: (self.tokens == LeadingTokens::ClassAndDistillation).then(token),
            mask_token: (self.mask == MaskToken::Kept)
                .then(|| Constant::new(Initializer::Zeros.init([1, self.d_model], device))),
            position_embeddings: Initializer::Zeros
                .init([1, self.n_tokens(), self.d_model], device),
            projection: PatchProjection {
                weight: Initializer::Zeros
                    .init([self.d_model, self.channels, height, width], device),
                bias: Initializer::Zeros.init([self.d_model], device),
            },
            grid: self.grid(self.image),
        }
    }
}

impl PatchEmbedding {
    /// The vectors of images. For another number of patches than the config's, the position
    /// embeddings are interpolated.
    ///
    /// # Shapes
    ///
    /// - `pixels`: `[batch, channels, height, width]`; pixels beyond the last whole patch are
    ///   ignored
    /// - result: `[batch, tokens + patches, d_model]`, patches row by row
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<3> {
        let [batch, _, height, width] = pixels.dims();
        let [_, _, patch_height, patch_width] = self.projection.weight.dims();
        let grid = [height / patch_height, width / patch_width];
        let mut parts = vec![self.cls_token.val()];
        parts.extend(self.distillation_token.as_ref().map(Param::val));
        let mut parts: Vec<Tensor<3>> =
            parts.into_iter().map(|token| to_f32(token).repeat_dim(0, batch)).collect();
        parts.push(self.projection.forward(pixels));
        Tensor::cat(parts, 1) + self.positions(grid)
    }

    /// The position embeddings of an image with this grid of patches, rows by columns.
    fn positions(&self, grid: [usize; 2]) -> Tensor<3> {
        let stored = to_f32(self.position_embeddings.val());
        if grid == self.grid {
            return stored;
        }
        let [_, n_tokens, _] = stored.dims();
        let leading = n_tokens - self.grid[0] * self.grid[1];
        let patches = stored.clone().slice_dim(1, leading..n_tokens);
        let patches = positions::interpolate(patches, self.grid, grid);
        Tensor::cat(vec![stored.slice_dim(1, 0..leading), patches], 1)
    }
}

impl PatchProjection {
    fn forward(&self, pixels: Tensor<4>) -> Tensor<3> {
        let [d_model, channels, p, q] = self.weight.dims();
        let weight = self.weight.val().reshape([d_model, channels * p * q]).transpose();
        assert_shape!(pixels, [_, channels, _, _]);
        let [batch, _, height, width] = pixels.dims();
        let (rows, columns) = (height / p, width / q);
        let pixels = pixels.slice_dim(2, 0..rows * p).slice_dim(3, 0..columns * q);
        // [batch, rows, columns, channels, p, q]: patch by patch, in the order of the weight.
        let patches = cast_for(pixels, &weight)
            .reshape([batch, channels, rows, p, columns, q])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([batch * rows * columns, channels * p * q]);
        let [vectors] = multiply(patches, [LinearWeights::without_bias(weight)]);
        let vectors = to_f32(vectors) + to_f32(self.bias.val()).unsqueeze();
        vectors.reshape([batch, rows * columns, d_model])
    }
}
