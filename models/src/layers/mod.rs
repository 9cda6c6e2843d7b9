//! Layers: what blocks are made of. They know tensors and no model.

pub mod activation;
pub mod attention;
pub mod cache;
pub mod embedding;
pub mod feed_forward;
pub mod linear;
pub mod mask;
pub mod norm;
pub mod position;
pub mod rotary;

use cache::LayerCache;
use mask::Mask;
use position::Positions;

/// What a layer may see beside its input.
#[derive(Debug)]
pub struct Scope<'a> {
    /// Which keys a query may read.
    pub mask: &'a Mask,
    /// How attention learns of positions.
    pub positions: &'a Positions,
    /// The keys and values of the tokens before, when decoding step by step.
    pub cache: Option<&'a mut LayerCache>,
}
