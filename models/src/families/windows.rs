//! Which layers of a model have sliding-window attention, by fields that several families share.

use serde::Deserialize;

use crate::blocks::BlockConfig;
use crate::hf::config::{ConfigError, size};
use crate::layers::mask::AttentionPattern;

/// The attention of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerType {
    /// Full causal attention.
    Full,
    /// Sliding-window attention.
    Sliding,
}

/// The types of all layers: those in `layer_types`, or those implied by an older config.
pub(super) fn layer_types(
    named: Option<Vec<String>>,
    n_layers: usize,
    slides: impl Fn(usize) -> bool,
) -> Result<Vec<LayerType>, ConfigError> {
    let Some(named) = named else {
        let of = |i| if slides(i) { LayerType::Sliding } else { LayerType::Full };
        return Ok((0..n_layers).map(of).collect());
    };
    if named.len() != n_layers {
        let reason = "it must name one type for each layer";
        return Err(ConfigError::invalid("layer_types", named.join(", "), reason));
    }
    let read = |name: String| match name.as_str() {
        "full_attention" => Ok(LayerType::Full),
        "sliding_attention" => Ok(LayerType::Sliding),
        _ => {
            Err(ConfigError::unsupported("layer_types", name, "full_attention, sliding_attention"))
        }
    };
    named.into_iter().map(read).collect()
}

/// Layers of these types, each a copy of `full` or `sliding`.
pub(super) fn layers(
    types: Vec<LayerType>,
    full: &BlockConfig,
    sliding: &BlockConfig,
) -> Vec<BlockConfig> {
    let of = |layer_type| match layer_type {
        LayerType::Full => full.clone(),
        LayerType::Sliding => sliding.clone(),
    };
    types.into_iter().map(of).collect()
}

/// The window fields of Qwen's configs.
#[derive(Deserialize)]
pub(super) struct WindowFields {
    sliding_window: Option<usize>,
    max_window_layers: usize,
    use_sliding_window: bool,
    layer_types: Option<Vec<String>>,
}

impl WindowFields {
    /// Copies of a layer; those from `max_window_layers` on have a window if windows are enabled.
    pub(super) fn apply(
        self,
        layer: &BlockConfig,
        n_layers: usize,
    ) -> Result<Vec<BlockConfig>, ConfigError> {
        let window = self.sliding_window.filter(|_| self.use_sliding_window);
        let slides = |i| window.is_some() && i >= self.max_window_layers;
        let types = layer_types(self.layer_types, n_layers, slides)?;
        if !types.contains(&LayerType::Sliding) {
            return Ok(vec![layer.clone(); n_layers]);
        }
        // `layer_types` may request a window without a size, which `slide` rejects.
        let sliding = slide(layer.clone(), Some(window.unwrap_or(0)))?;
        Ok(layers(types, layer, &sliding))
    }
}

/// A layer with this window, or an unchanged layer if `sliding_window` is null.
pub(super) fn slide(
    mut layer: BlockConfig,
    sliding_window: Option<usize>,
) -> Result<BlockConfig, ConfigError> {
    if let Some(window) = sliding_window {
        layer.attention.pattern = AttentionPattern::SlidingWindow(size("sliding_window", window)?);
    }
    Ok(layer)
}
