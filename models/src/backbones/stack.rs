//! A stack of transformer blocks, the common part of all attention backbones.

use burn::module::{Flag, Module, Param};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::embedding::{EmbeddingConfig, Projection};
use super::recompute;
use crate::blocks::{Block, BlockConfig};
use crate::layers::attention::AttentionConfig;
use crate::layers::cache::LayerState;
use crate::layers::dropout::dropout;
use crate::layers::linear::{Bias, Linear};
use crate::layers::mask::{Mask, Padding};
use crate::layers::norm::{Norm, NormConfig};
use crate::layers::observer::{LayerId, Observer, StackRole, lend};
use crate::layers::position::{PositionEncoding, PositionIds, Positions, RelativePositions};
use crate::layers::{AttentionContext, EncoderOutput};

/// Config of a stack and its input embedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackConfig {
    /// Features of a hidden state.
    pub d_model: usize,
    /// The longest sequence, in tokens.
    pub max_positions: usize,
    /// The input embedding: from token ids to the first block's input.
    pub embedding: EmbeddingConfig,
    /// The configs of the distinct blocks.
    pub layers: Vec<BlockConfig>,
    /// The index of each layer's block. Every layer has its own block, except in ALBERT, whose
    /// twelve layers share one.
    pub order: Vec<usize>,
    /// The norm after the last block.
    pub norm: Option<NormConfig>,
    /// Dropout probability on the output.
    pub dropout: f64,
}

/// Blocks, their shared relative positions, and the final norm.
#[derive(Module, Debug)]
pub struct TransformerStack {
    layers: Vec<Block>,
    relative: Option<RelativePositions>,
    norm: Option<Norm>,
    output_projection: Option<Linear>,
    dropout: Dropout,
    /// Whether blocks are recomputed in the backward pass.
    recomputes: Param<Flag>,
    #[module(skip)]
    config: StackConfig,
}

/// The context of a forward pass through a stack, besides its input.
pub(super) struct Pass<'a> {
    pub(super) position_ids: &'a PositionIds,
    pub(super) padding: &'a Padding,
    /// The states of the layers, in incremental decoding.
    pub(super) states: Option<&'a mut [LayerState]>,
    pub(super) encoder: Option<EncoderOutput<'a>>,
    pub(super) observer: Option<&'a mut dyn Observer>,
    /// The role of the stack, by which an observer knows it.
    pub(super) role: StackRole,
}

impl<'a> Pass<'a> {
    /// A pass over whole sequences, without an encoder output.
    pub(super) fn whole(
        role: StackRole,
        position_ids: &'a PositionIds,
        padding: &'a Padding,
    ) -> Self {
        Self { position_ids, padding, states: None, encoder: None, observer: None, role }
    }
}

impl StackConfig {
    /// A stack of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> TransformerStack {
        let shared = self.layers.iter().find_map(|layer| {
            let AttentionConfig { d_model, heads, positions, .. } = &layer.attention;
            positions.relative(*d_model, heads.n_heads, device)
        });
        TransformerStack {
            layers: self.layers.iter().map(|layer| layer.init(device)).collect(),
            relative: shared,
            norm: self.norm.map(|norm| norm.init(device)),
            output_projection: (self.d_output() != self.d_model)
                .then(|| Linear::new(self.d_model, self.d_output(), Bias::Absent, device)),
            dropout: DropoutConfig::new(self.dropout).init(),
            recomputes: Param::from_bool(false),
            config: self.clone(),
        }
    }

    /// The number of layers; a shared block counts once per layer.
    pub fn depth(&self) -> usize {
        self.order.len()
    }

    /// The block of each layer, first to last; a shared block occurs more than once.
    pub fn run(&self) -> impl Iterator<Item = &BlockConfig> {
        self.order.iter().map(|&index| &self.layers[index])
    }

    /// The empty states of the layers, with room for `reserve` tokens; they grow beyond them.
    pub fn states(&self, reserve: usize) -> impl Iterator<Item = LayerState> + '_ {
        self.run().map(move |layer| layer.state(reserve))
    }

    /// Features of the output.
    pub fn d_output(&self) -> usize {
        match self.embedding.projection {
            Projection::InAndOut => self.embedding.d_embedding,
            Projection::Always | Projection::BeforeNorm | Projection::WhereWidthsDiffer => {
                self.d_model
            }
        }
    }

    /// Rows of the learned position table; `None` if there is none.
    pub fn position_rows(&self) -> Option<usize> {
        self.embedding.position_rows(self.max_positions)
    }

    /// The maximum sequence length of the learned position table; `None` if positions are computed.
    pub fn position_limit(&self) -> Option<usize> {
        self.position_rows().map(|_| self.max_positions)
    }
}

impl TransformerStack {
    /// The config that the stack was built from.
    pub fn config(&self) -> &StackConfig {
        &self.config
    }

    /// Runs `x` through the blocks and the norm.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, seq, d_model]`
    /// - result: `[batch, seq, d_output]`
    pub(super) fn forward(&self, x: Tensor<3>, pass: Pass<'_>) -> Tensor<3> {
        let device = x.device();
        let Pass { position_ids, padding, mut states, encoder, mut observer, role } = pass;
        let views = Views::new(self, padding, position_ids, &device);
        let recomputes = self.recomputes.is_enabled()
            && device.is_autodiff()
            && states.is_none()
            && observer.is_none();
        let mut x = x;
        for (index, &block) in self.config.order.iter().enumerate() {
            let (block, config) = (&self.layers[block], &self.config.layers[block]);
            let layer = LayerId { stack: role, index };
            if let Some(observer) = &mut observer {
                x = observer.residual(layer, x);
            }
            let (mask, positions) = views.of(config);
            let state = states.as_mut().map(|states| &mut states[index]);
            let mut context = AttentionContext {
                mask,
                positions,
                state,
                encoder,
                observer: lend(&mut observer),
                layer,
            };
            x = if recomputes {
                recompute::forward(block, config, x, context)
            } else {
                block.forward(x, &mut context)
            };
        }
        if let Some(observer) = &mut observer {
            x = observer.residual(LayerId { stack: role, index: self.config.depth() }, x);
        }
        if let Some(norm) = &self.norm {
            x = norm.forward(x);
        }
        if let Some(projection) = &self.output_projection {
            x = projection.forward(x);
        }
        x = dropout(&self.dropout, x);
        match observer {
            Some(observer) => observer.final_states(role, x),
            None => x,
        }
    }
}

/// One mask for each attention pattern and one set of positions for each encoding that occurs, so
/// that layers with the same config share these tensors.
struct Views {
    masks: Vec<Mask>,
    positions: Vec<(PositionEncoding, Positions)>,
}

impl Views {
    fn new(
        stack: &TransformerStack,
        padding: &Padding,
        position_ids: &PositionIds,
        device: &Device,
    ) -> Self {
        let mut views = Self { masks: Vec::new(), positions: Vec::new() };
        let layers = &stack.config.layers;
        for AttentionConfig { pattern, positions, .. } in
            layers.iter().map(|layer| &layer.attention)
        {
            if !views.masks.iter().any(|mask| mask.pattern() == *pattern) {
                views.masks.push(Mask::new(*pattern, padding.clone()));
            }
            if !views.positions.iter().any(|(encoding, _)| encoding == positions) {
                let found = positions.positions(position_ids, stack.relative.as_ref(), device);
                views.positions.push((positions.clone(), found));
            }
        }
        views
    }

    fn of(&self, layer: &BlockConfig) -> (&Mask, &Positions) {
        let AttentionConfig { pattern, positions, .. } = &layer.attention;
        let mask = self.masks.iter().find(|mask| mask.pattern() == *pattern);
        let found = self.positions.iter().find(|(encoding, _)| encoding == positions);
        match (mask, found) {
            (Some(mask), Some((_, positions))) => (mask, positions),
            _ => unreachable!("every layer has a view"),
        }
    }
}
