//! Which layers of a model slide, in the words of several families.

use serde::Deserialize;

use crate::arch::block::BlockConfig;
use crate::hf::config::{ConfigError, size};
use crate::layers::mask::AttentionPattern;

/// What one layer's attention reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerType {
    /// All that came before.
    Full,
    /// A window.
    Sliding,
}

/// The types of all layers: those that `layer_types` names, or what an older config implies.
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

/// The layers of these types, copied from one of each.
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

/// The windows of Qwen.
#[derive(Deserialize)]
pub(super) struct WindowFields {
    sliding_window: Option<usize>,
    max_window_layers: usize,
    use_sliding_window: bool,
    layer_types: Option<Vec<String>>,
}

impl WindowFields {
    /// Copies of a layer, those from `max_window_layers` on with a window if windows are used.
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
        // Without a size there is no window to slide.
        let sliding = slide(layer.clone(), Some(window.unwrap_or(0)))?;
        Ok(layers(types, layer, &sliding))
    }
}

/// A layer with this window; without one where `sliding_window` is null.
pub(super) fn slide(
    mut layer: BlockConfig,
    sliding_window: Option<usize>,
) -> Result<BlockConfig, ConfigError> {
    if let Some(window) = sliding_window {
        layer.attention.pattern = AttentionPattern::SlidingWindow(size("sliding_window", window)?);
    }
    Ok(layer)
}
