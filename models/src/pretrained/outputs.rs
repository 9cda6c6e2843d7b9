//! What a model computes, whichever head it has.

use burn::tensor::{Tensor, TensorReadError};

use super::{F32Tensor, Model};
use crate::arch::{Input, Tokens};

/// What a model is given.
#[derive(Debug, Clone)]
pub struct ModelInput {
    /// What it reads.
    pub read: Input,
    /// What it writes, if it is an encoder-decoder.
    pub written: Option<Tokens>,
}

/// A tensor that a model computed, called as transformers calls it.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name, such as `logits`.
    pub name: &'static str,
    /// Its shape, the batch first, and its values.
    pub tensor: F32Tensor,
    /// What its second dimension is.
    pub of: OutputOf,
}

/// What a tensor has a vector or a number for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputOf {
    /// Each row of the batch.
    Rows,
    /// Each position of what was read.
    Read,
    /// Each position of what was written.
    Written,
}

impl ModelInput {
    /// The texts that are read.
    ///
    /// # Panics
    ///
    /// Panics if images are.
    pub fn tokens(&self) -> &Tokens {
        match &self.read {
            Input::Tokens(tokens) => tokens,
            Input::Pixels(_) => panic!("a model of texts reads tokens"),
        }
    }

    /// The texts that are written.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn written(&self) -> &Tokens {
        let Some(written) = &self.written else {
            panic!("an encoder-decoder needs what it writes");
        };
        written
    }
}

impl Output {
    fn new<const D: usize>(
        name: &'static str,
        of: OutputOf,
        tensor: Tensor<D>,
    ) -> Result<Self, TensorReadError> {
        let shape = tensor.dims().to_vec();
        let values = tensor.try_into_vec_as::<f32>()?;
        Ok(Self { name, tensor: F32Tensor { shape, values }, of })
    }
}

impl Model {
    /// Everything that the model computes, its main output first.
    ///
    /// # Errors
    ///
    /// The device could not compute or read them.
    ///
    /// # Panics
    ///
    /// Panics if the input is of the other kind, or learned positions run out.
    pub fn outputs(&self, input: &ModelInput) -> Result<Vec<Output>, TensorReadError> {
        use OutputOf::{Read, Rows, Written};
        let (hidden, mut outputs) = match self {
            Self::CausalLm(model) => {
                let hidden = model.backbone.forward(input.tokens());
                let logits = Output::new("logits", Read, model.logits(hidden.clone()))?;
                (hidden, vec![logits])
            }
            Self::MaskedLm(model) => {
                let hidden = model.backbone.forward(input.tokens());
                let logits = Output::new("logits", Read, model.logits(hidden.clone()))?;
                (hidden, vec![logits])
            }
            Self::Seq2SeqLm(model) => {
                let encoded = model.backbone.encode(input.tokens());
                let hidden = model.backbone.decode(input.written(), &encoded);
                return Ok(vec![
                    Output::new("logits", Written, model.logits(hidden.clone()))?,
                    Output::new("last_hidden_state", Written, hidden)?,
                    Output::new("encoder_last_hidden_state", Read, encoded.hidden)?,
                ]);
            }
            Self::SequenceClassifier(model) => {
                let hidden = model.backbone.forward(&input.read);
                let logits = model.logits(hidden.clone(), &input.read);
                (hidden, vec![Output::new("logits", Rows, logits)?])
            }
            Self::DistilledClassifier(model) => {
                let hidden = model.backbone.forward(&input.read);
                let [logits, by_class, by_teacher] = model.logits(hidden.clone());
                let outputs = vec![
                    Output::new("logits", Rows, logits)?,
                    Output::new("cls_logits", Rows, by_class)?,
                    Output::new("distillation_logits", Rows, by_teacher)?,
                ];
                (hidden, outputs)
            }
            Self::TokenClassifier(model) => {
                let hidden = model.backbone.forward(&input.read);
                let logits = Output::new("logits", Read, model.logits(hidden.clone()))?;
                (hidden, vec![logits])
            }
            Self::SpanExtractor(model) => {
                let hidden = model.ends.backbone.forward(&input.read);
                let [start, end] = model.logits(hidden.clone());
                let start = Output::new("start_logits", Read, start)?;
                (hidden, vec![start, Output::new("end_logits", Read, end)?])
            }
            Self::Backbone(model) => {
                let hidden = model.forward(&input.read);
                let mut outputs = vec![Output::new("last_hidden_state", Read, hidden.clone())?];
                if let Some(pooled) = model.pooled(hidden) {
                    outputs.push(Output::new("pooler_output", Rows, pooled)?);
                }
                return Ok(outputs);
            }
        };
        outputs.push(Output::new("last_hidden_state", Read, hidden)?);
        Ok(outputs)
    }

    /// The final hidden states of what is read, before any head; `None` where there are those of two
    /// texts, of an encoder-decoder.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the input is of the other kind, or learned positions run out.
    pub fn hidden(&self, input: &ModelInput) -> Option<Tensor<3>> {
        Some(match self {
            Self::CausalLm(model) => model.backbone.forward(input.tokens()),
            Self::MaskedLm(model) => model.backbone.forward(input.tokens()),
            Self::Seq2SeqLm(_) => return None,
            Self::SequenceClassifier(model) => model.backbone.forward(&input.read),
            Self::DistilledClassifier(model) => model.backbone.forward(&input.read),
            Self::TokenClassifier(model) => model.backbone.forward(&input.read),
            Self::SpanExtractor(model) => model.ends.backbone.forward(&input.read),
            Self::Backbone(model) => model.forward(&input.read),
        })
    }

    /// Scores, a row for everything that can have a class: a token, a text, an image, the start and
    /// the end of a span. Of a model without a head, its hidden states.
    ///
    /// # Shapes
    ///
    /// - result: `[n, classes]`
    ///
    /// # Panics
    ///
    /// Panics if the input is of the other kind, or learned positions run out.
    pub fn scores(&self, input: &ModelInput) -> Tensor<2> {
        let flat = |logits: Tensor<3>| {
            let [batch, seq, classes] = logits.dims();
            logits.reshape([batch * seq, classes])
        };
        match self {
            Self::CausalLm(model) => flat(model.forward(input.tokens())),
            Self::MaskedLm(model) => flat(model.forward(input.tokens())),
            Self::Seq2SeqLm(model) => flat(model.forward(input.tokens(), input.written())),
            Self::SequenceClassifier(model) => model.forward(&input.read),
            Self::DistilledClassifier(model) => {
                let [logits, ..] = model.forward(&input.read);
                logits
            }
            Self::TokenClassifier(model) => flat(model.forward(&input.read)),
            Self::SpanExtractor(model) => Tensor::cat(model.forward(&input.read).into(), 0),
            Self::Backbone(model) => flat(model.forward(&input.read)),
        }
    }
}
