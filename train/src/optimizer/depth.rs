//! The depth of parameters in a model.

use std::collections::BTreeMap;

use zoo_models::parameters::ParameterInfo;

/// Where a parameter is in the stacks of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// Above the layers: heads, and the norm of the last layer.
    Top,
    /// In a layer: 1 is that of the highest layer of its stack.
    Layer(usize),
    /// Below the layers.
    Embedding,
}

/// The depth of each parameter of a model, in the order of its fields.
pub(super) fn depths(parameters: &[ParameterInfo]) -> Vec<Depth> {
    let layers: Vec<Option<InStack>> =
        parameters.iter().map(|parameter| InStack::of(&parameter.path)).collect();
    let mut heights: BTreeMap<&str, usize> = BTreeMap::new();
    for layer in layers.iter().flatten() {
        let height = heights.entry(layer.stack).or_default();
        *height = (*height).max(layer.index + 1);
    }
    let depth = |at: usize| match &layers[at] {
        Some(layer) => Depth::Layer(heights[layer.stack] - layer.index),
        // The fields of a stack that are before its layers are below them.
        None => {
            let next = layers[at..].iter().flatten().next();
            let is_first = layers[..at].iter().all(Option::is_none);
            let is_below = |next: &InStack| {
                is_first || (!next.stack.is_empty() && parameters[at].path.starts_with(next.stack))
            };
            if next.is_some_and(is_below) { Depth::Embedding } else { Depth::Top }
        }
    };
    (0..parameters.len()).map(depth).collect()
}

/// A layer of a stack.
struct InStack<'a> {
    /// The path of the stack, with its last dot; empty for that of the whole model.
    stack: &'a str,
    /// The index of the layer.
    index: usize,
}

impl<'a> InStack<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let at = match path.find(".layers.") {
            _ if path.starts_with("layers.") => 0,
            Some(at) => at + 1,
            None => return None,
        };
        let rest = &path[at + "layers.".len()..];
        let index = rest.split('.').next()?.parse().ok()?;
        Some(Self { stack: &path[..at], index })
    }
}

impl Depth {
    /// The factor on the learning rate: `decay` for each layer from the top; embeddings are below
    /// the lowest layer of the highest stack.
    pub(super) fn factor(self, decay: f64, height: usize) -> f64 {
        match self {
            Self::Top => 1.0,
            Self::Layer(depth) => decay.powi(depth as i32),
            Self::Embedding => decay.powi(height as i32 + 1),
        }
    }

    /// The height of the highest stack.
    pub(super) fn height(depths: &[Self]) -> usize {
        let layer = |depth: &Self| match depth {
            Self::Layer(depth) => *depth,
            _ => 0,
        };
        depths.iter().map(layer).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_from_the_top_of_a_stack() {
        let paths = [
            "token.weight",
            "encoder.embedding.norm.gamma",
            "encoder.layers.0.a",
            "encoder.layers.1.a",
            "encoder.norm.gamma",
            "decoder.embedding.position",
            "decoder.layers.0.a",
            "decoder.norm.gamma",
            "classifier.weight",
        ];
        let parameters = paths.map(|path| ParameterInfo::new(path, vec![2]));
        let found = depths(&parameters);
        use Depth::{Embedding, Layer, Top};
        let expected =
            [Embedding, Embedding, Layer(2), Layer(1), Top, Embedding, Layer(1), Top, Top];
        assert_eq!(found, expected);
        assert_eq!(Depth::height(&found), 2);
        let factors: Vec<f64> = found.iter().map(|depth| depth.factor(0.5, 2)).collect();
        assert_eq!(factors, [0.125, 0.125, 0.25, 0.5, 1.0, 0.125, 0.5, 1.0, 1.0]);
    }
}
