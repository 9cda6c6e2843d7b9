//! Text embeddings: one vector for each text, for similarity comparisons.

use burn::module::Module;
use burn::tensor::Tensor;

use super::base_model::BaseModel;
use super::dense::Dense;
use super::pooling::Pooling;
use super::steps::{Cut, LayerMean, Level, Pool, Unit};
use crate::backbones::Inputs;
use crate::layers::norm::Norm;

/// A backbone, and the steps from its hidden states to a text embedding.
///
/// Reference: Reimers and Gurevych 2019, §3, <https://arxiv.org/abs/1908.10084>
#[derive(Module, Debug)]
pub struct Embedder {
    /// The backbone.
    pub model: BaseModel,
    steps: Vec<Step>,
}

/// A step from hidden states to a text embedding.
#[derive(Module, Debug)]
pub enum Step {
    /// Averages the hidden states of several layers; without this step the final ones are used.
    Layers(LayerMean),
    /// Pools the hidden states to a text embedding.
    Pool(Pool),
    /// Projects the embeddings.
    Dense(Dense),
    /// Normalizes the text embedding over its features.
    Norm(Norm),
    /// Scales embeddings to unit length.
    Unit(Unit),
    /// Truncates the text embedding to its first features.
    Cut(Cut),
}

/// The length of an embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Not normalized.
    Free,
    /// Unit length, so that a dot product is the cosine similarity.
    Unit,
}

impl Embedder {
    /// Creates an embedder from a loaded model.
    pub fn new(model: BaseModel, steps: Vec<Step>) -> Self {
        Self { model, steps }
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The same model with another pooling.
    pub fn with_pooling(mut self, pooling: Pooling) -> Self {
        for step in &mut self.steps {
            if let Step::Pool(pool) = step {
                pool.ways = vec![pooling];
            }
        }
        self
    }

    /// The same model with embeddings of another length.
    pub fn with_length(mut self, length: Length) -> Self {
        self.steps.retain(|step| !matches!(step, Step::Unit(Unit { level: Level::Text })));
        if length == Length::Unit {
            self.steps.push(Step::Unit(Unit { level: Level::Text }));
        }
        self
    }

    /// The embeddings of texts; `prompts` has the number of prompt tokens of each text, 0 beyond
    /// the end of the list.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, features]`
    ///
    /// # Panics
    ///
    /// Panics if no step pools, or if a step does not fit the number of features before it.
    pub fn forward(&self, inputs: &Inputs, prompts: &[usize]) -> Tensor<2> {
        let mixes = self.steps.iter().any(|step| matches!(step, Step::Layers(_)));
        let states = if mixes { self.model.backbone.hidden_states(inputs) } else { None };
        let mut hidden = match states.as_deref() {
            Some([.., last]) => last.clone(),
            _ => self.model.forward(inputs),
        };
        let mut text: Option<Tensor<2>> = None;
        for step in &self.steps {
            match step {
                Step::Layers(mean) => hidden = mean.forward(states.as_deref().unwrap_or_default()),
                Step::Pool(pool) => {
                    text = Some(pool.forward(&hidden, &inputs.expect_tokens().padding, prompts))
                }
                Step::Dense(dense) if dense.level == Level::Tokens => {
                    hidden = dense.forward(hidden)
                }
                Step::Dense(dense) => text = text.map(|x| dense.forward(x)),
                Step::Norm(norm) => text = text.map(|x| norm.forward(x)),
                Step::Unit(unit) if unit.level == Level::Tokens => hidden = unit.forward(hidden),
                Step::Unit(unit) => text = text.map(|x| unit.forward(x)),
                Step::Cut(cut) => text = text.map(|x| cut.forward(x)),
            }
        }
        text.unwrap_or_else(|| panic!("no step pools the hidden states"))
    }
}
