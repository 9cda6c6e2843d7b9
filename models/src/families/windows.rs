//! Which layers of a model slide, in the words of several families.

use serde::Deserialize;

use crate::arch::block::BlockConfig;
use crate::layers::mask::Span;
use crate::wire::config::{ConfigError, size, within};

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
        let of = |layer_type: LayerType| {
            let mut layer = layer.clone();
            if layer_type == LayerType::Sliding {
                let window = size("sliding_window", window.unwrap_or(0))?;
                layer.attention.span = Span::Window(window);
            }
            Ok(layer)
        };
        types.into_iter().map(of).collect()
    }
}

/// A layer with this window; without one where `sliding_window` is null.
pub(super) fn slide(
    mut layer: BlockConfig,
    sliding_window: Option<usize>,
) -> Result<BlockConfig, ConfigError> {
    if let Some(window) = sliding_window {
        layer.attention.span = Span::Window(size("sliding_window", window)?);
    }
    Ok(layer)
}

/// Checks a soft cap.
pub(super) fn softcap(field: &'static str, cap: Option<f64>) -> Result<Option<f64>, ConfigError> {
    cap.map(|cap| within(field, cap, [f64::MIN_POSITIVE, 1e9])).transpose()
}
