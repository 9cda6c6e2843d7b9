//! The modules after the transformer: their files and their steps.

use std::path::Path;

use super::fields::{Fields, wrong};
use super::pooling::pooling;
use super::tensors::Tensors;
use super::transformer::Layers;
use crate::models::checkpoint::WEIGHTS_FILE;
use crate::models::heads::{Dense, DenseFunction, LayerMean, Level, Residual, Step, Unit};
use crate::models::layers::activation::Activation;
use crate::models::layers::linear::Linear;
use crate::models::layers::norm::{NormConfig, NormKind};
use crate::pipeline::PipelineError;
use burn::tensor::{Device, Tensor};

/// The kind of a module after the transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Pooling,
    Dense,
    LayerNorm,
    Normalize,
    WeightedLayerPooling,
    Dropout,
}

/// All kinds of modules.
pub(super) const KINDS: [Kind; 6] = [
    Kind::Pooling,
    Kind::Dense,
    Kind::LayerNorm,
    Kind::Normalize,
    Kind::WeightedLayerPooling,
    Kind::Dropout,
];

/// Activation functions of dense layers: the last part of their class names in torch.
const FUNCTIONS: [(&str, DenseFunction); 6] = [
    ("Identity", DenseFunction::Identity),
    ("Tanh", DenseFunction::Activation(Activation::Tanh)),
    ("ReLU", DenseFunction::Activation(Activation::Relu)),
    ("GELU", DenseFunction::Activation(Activation::Gelu)),
    ("SiLU", DenseFunction::Activation(Activation::Silu)),
    ("Sigmoid", DenseFunction::Sigmoid),
];

/// The width of a module's input vectors, and the transformer that produces them.
#[derive(Debug, Clone, Copy)]
pub(in crate::pipeline) struct Vectors {
    /// Features of a token vector.
    pub(in crate::pipeline) tokens: usize,
    /// Features of the text embedding; `None` before the pooling.
    pub(in crate::pipeline) text: Option<usize>,
    /// The number of the transformer's hidden states, including its embeddings.
    pub(in crate::pipeline) n_states: usize,
    /// Whether the transformer returns the hidden states of all layers.
    pub(super) layers: Layers,
}

impl Kind {
    /// The last part of the class's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pooling => "Pooling",
            Self::Dense => "Dense",
            Self::LayerNorm => "LayerNorm",
            Self::Normalize => "Normalize",
            Self::WeightedLayerPooling => "WeightedLayerPooling",
            Self::Dropout => "Dropout",
        }
    }

    /// The step of a module in a directory; `None` if it has no effect. Updates `vectors` to the
    /// input of the next module.
    pub(super) fn step(
        self,
        folder: &Path,
        vectors: &mut Vectors,
        device: &Device,
    ) -> Result<Option<Step>, PipelineError> {
        let config = folder.join("config.json");
        match self {
            Self::Pooling => pooling(Fields::promised(&config)?, vectors).map(Some),
            Self::Dense => dense(Fields::promised(&config)?, vectors, device).map(Some),
            Self::LayerNorm => {
                let mut fields = Fields::promised(&config)?;
                let width = vectors.of(Level::Text, &config)?;
                expect(&mut fields, "dimension", width)?;
                fields.finish()?;
                let mut tensors = Tensors::read(folder)?;
                let norm = NormConfig { kind: NormKind::Layer, d_model: width, epsilon: 1e-5 };
                let gamma = tensors.take("norm.weight", [width], device)?;
                let beta = tensors.take("norm.bias", [width], device)?;
                tensors.finish()?;
                Ok(Some(Step::Norm(norm.with_values(gamma, Some(beta)))))
            }
            Self::Normalize => {
                let level = match Fields::read(&config)? {
                    Some(mut fields) => {
                        let level = level(&mut fields)?;
                        fields.finish()?;
                        level
                    }
                    None => Level::Text,
                };
                vectors.of(level, &config)?;
                Ok(Some(Step::Unit(Unit { level })))
            }
            Self::WeightedLayerPooling => layer_mean(folder, vectors, device),
            // Active in training only.
            Self::Dropout => {
                if let Some(mut fields) = Fields::read(&config)? {
                    fields.drop(&["dropout"]);
                    fields.finish()?;
                }
                Ok(None)
            }
        }
    }
}

fn dense(
    mut fields: Fields,
    vectors: &mut Vectors,
    device: &Device,
) -> Result<Step, PipelineError> {
    let level = level(&mut fields)?;
    let d_input = vectors.of(level, fields.path())?;
    expect(&mut fields, "in_features", d_input)?;
    let d_output = fields.required("out_features")?;
    let has_bias = fields.flag("bias")?.unwrap_or(true);
    let adds_input = fields.flag("use_residual")?.unwrap_or(false);
    let name = fields.text("activation_function")?;
    let class = name.as_deref().unwrap_or("torch.nn.Tanh");
    let known = FUNCTIONS.iter().find(|(known, _)| {
        class.starts_with("torch.") && class.rsplit('.').next().is_some_and(|last| last == *known)
    });
    let Some((_, function)) = known else {
        let known = FUNCTIONS.map(|(known, _)| known).join(", ");
        let reason = format!("supported functions of torch are {known}; custom code is never run");
        return Err(fields.refusal("activation_function", &class.into(), &reason));
    };
    let folder = fields.path().parent().map(Path::to_path_buf).unwrap_or_default();
    fields.finish()?;

    let mut tensors = Tensors::read(&folder)?;
    let mut matrix = |key: &str| -> Result<Tensor<2>, PipelineError> {
        Ok(tensors.take(key, [d_output, d_input], device)?.transpose())
    };
    let weight = matrix("linear.weight")?;
    let residual = match adds_input {
        false => None,
        true if d_input == d_output => Some(Residual { projection: None }),
        true => {
            let weight = matrix("residual.weight")?;
            Some(Residual { projection: Some(Linear::from_tensors(weight, None)) })
        }
    };
    let bias = has_bias.then(|| tensors.take("linear.bias", [d_output], device)).transpose()?;
    tensors.finish()?;
    let linear = Linear::from_tensors(weight, bias);
    match level {
        Level::Tokens => vectors.tokens = d_output,
        Level::Text => vectors.text = Some(d_output),
    }
    Ok(Step::Dense(Dense { linear, function: *function, residual, level }))
}

fn layer_mean(
    folder: &Path,
    vectors: &Vectors,
    device: &Device,
) -> Result<Option<Step>, PipelineError> {
    let mut fields = Fields::promised(&folder.join("config.json"))?;
    fields.drop(&["word_embedding_dimension", "embedding_dimension"]);
    let start = fields.count("layer_start")?.unwrap_or(4);
    let n_layers = fields.count("num_hidden_layers")?.unwrap_or(12);
    if vectors.layers == Layers::Last {
        // The reference skips the module if the transformer returns one layer.
        fields.finish()?;
        return Ok(None);
    }
    let n_states = vectors.n_states;
    if n_layers + 1 != n_states {
        let reason = format!("the transformer has {}", n_states.saturating_sub(1));
        return Err(fields.refusal("num_hidden_layers", &n_layers.into(), &reason));
    }
    if start >= n_states {
        let reason = format!("it must be less than {n_states}");
        return Err(fields.refusal("layer_start", &start.into(), &reason));
    }
    fields.finish()?;
    let mut tensors = Tensors::read(folder)?;
    let weights: Tensor<1> = tensors.take("layer_weights", [n_states - start], device)?;
    let weights: Vec<f32> = weights.into_data().iter::<f32>().collect();
    tensors.finish()?;
    if weights.iter().sum::<f32>() == 0.0 {
        return Err(wrong(&folder.join(WEIGHTS_FILE), "the layer weights sum to 0"));
    }
    Ok(Some(Step::Layers(LayerMean { start, weights })))
}

impl Vectors {
    /// The width of a module's input vectors; the module must come after the one that produces
    /// them.
    fn of(&self, level: Level, config: &Path) -> Result<usize, PipelineError> {
        match level {
            Level::Tokens => Ok(self.tokens),
            Level::Text => self.text.ok_or_else(|| {
                let reason = "modules.json has no Pooling before this module, so there is no text \
                              embedding to transform";
                wrong(config, reason)
            }),
        }
    }
}

/// The level of the vectors that a module transforms.
fn level(fields: &mut Fields) -> Result<Level, PipelineError> {
    let input = fields.text("module_input_name")?.unwrap_or_else(|| "sentence_embedding".into());
    let output = fields.text("module_output_name")?.unwrap_or_else(|| input.clone());
    if output != input {
        let reason = format!("it must equal module_input_name, {input:?}");
        return Err(fields.refusal("module_output_name", &output.into(), &reason));
    }
    match input.as_str() {
        "sentence_embedding" => Ok(Level::Text),
        "token_embeddings" => Ok(Level::Tokens),
        _ => {
            let reason = "it must be sentence_embedding or token_embeddings";
            Err(fields.refusal("module_input_name", &input.into(), reason))
        }
    }
}

/// Rejects a width that differs from the width of the module's input vectors.
fn expect(fields: &mut Fields, name: &str, width: usize) -> Result<(), PipelineError> {
    let found = fields.required(name)?;
    if found != width {
        let reason = format!("its input vectors have {width} features");
        return Err(fields.refusal(name, &found.into(), &reason));
    }
    Ok(())
}
