//! One vector for a text, to be compared with those of others.

use burn::module::Module;
use burn::tensor::Tensor;

use super::base_model::BaseModel;
use super::dense::Dense;
use super::pooling::Pooling;
use super::steps::{Cut, LayerMean, Level, Pool, Unit};
use crate::arch::{Input, Tokens};
use crate::layers::norm::Norm;

/// A backbone, and the steps from its hidden states to the vector of a text.
///
/// Reference: Reimers and Gurevych 2019, §3, <https://arxiv.org/abs/1908.10084>
#[derive(Module, Debug)]
pub struct Embedder {
    /// The backbone.
    pub model: BaseModel,
    steps: Vec<Step>,
}

/// A step from hidden states to the vector of a text.
#[derive(Module, Debug)]
pub enum Step {
    /// Mixes the hidden states of several layers; the final ones are taken without it.
    Layers(LayerMean),
    /// Makes the vector of the text.
    Pool(Pool),
    /// Projects vectors.
    Dense(Dense),
    /// Normalises the text's vector over its features.
    Norm(Norm),
    /// Makes vectors 1 long.
    Unit(Unit),
    /// Keeps the first features of the text's vector.
    Cut(Cut),
}

/// How long a vector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As it comes.
    Free,
    /// 1, so that a dot product is the cosine.
    Unit,
}

impl Embedder {
    /// An embedder of a model that is loaded already.
    pub fn new(model: BaseModel, steps: Vec<Step>) -> Self {
        Self { model, steps }
    }

    /// The steps, first to last.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The same model that pools in another way.
    pub fn with_pooling(mut self, pooling: Pooling) -> Self {
        for step in &mut self.steps {
            if let Step::Pool(pool) = step {
                pool.ways = vec![pooling];
            }
        }
        self
    }

    /// The same model with vectors of another length.
    pub fn with_length(mut self, length: Length) -> Self {
        self.steps.retain(|step| !matches!(step, Step::Unit(Unit { level: Level::Text })));
        if length == Length::Unit {
            self.steps.push(Step::Unit(Unit { level: Level::Text }));
        }
        self
    }

    /// The vectors of texts; `prompts` has the number of tokens of each text's prompt, 0 where the list
    /// ends.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, features]`
    ///
    /// # Panics
    ///
    /// Panics if no step pools, or one does not fit the features before it.
    pub fn forward(&self, tokens: &Tokens, prompts: &[usize]) -> Tensor<2> {
        let mixes = self.steps.iter().any(|step| matches!(step, Step::Layers(_)));
        let states = if mixes { self.model.backbone.hidden_states(tokens) } else { None };
        let mut hidden = match states.as_deref() {
            Some([.., last]) => last.clone(),
            _ => self.model.forward(&Input::Tokens(tokens.clone())),
        };
        let mut text: Option<Tensor<2>> = None;
        for step in &self.steps {
            match step {
                Step::Layers(mean) => hidden = mean.forward(states.as_deref().unwrap_or_default()),
                Step::Pool(pool) => text = Some(pool.forward(&hidden, &tokens.padding, prompts)),
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
        text.unwrap_or_else(|| panic!("one of the steps pools"))
    }
}
