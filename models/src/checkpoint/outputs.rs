//! The outputs of a model with any head.

use burn::tensor::{Tensor, TensorReadError};

use super::{F32Tensor, Model};
use crate::backbones::{FinalStates, Inputs};
use crate::heads::SentenceTask;
use crate::layers::observer::Observer;

/// An output tensor of a model, under its name in transformers.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name, such as `logits`.
    pub name: &'static str,
    /// Its shape, batch first, and its values.
    pub tensor: F32Tensor,
    /// The items that its vectors or values belong to.
    pub of: OutputOf,
}

/// The items that an output tensor has a vector or a value for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputOf {
    /// Each row of the batch.
    Rows,
    /// Each position of the (encoder) input.
    Input,
    /// Each position of the decoder input.
    Decoder,
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
    /// All outputs of the model, its main output first.
    ///
    /// # Errors
    ///
    /// The device could not compute or read back the outputs.
    ///
    /// # Panics
    ///
    /// Panics if the kind of input (tokens or pixels) does not match the model, or if the input
    /// exceeds the learned positions.
    pub fn outputs(&self, inputs: &Inputs) -> Result<Vec<Output>, TensorReadError> {
        self.outputs_of(inputs, self.backbone().final_states(inputs))
    }

    /// [`Model::outputs`] of a pass that an observer sees.
    ///
    /// # Errors
    ///
    /// The device could not compute or read back the outputs.
    ///
    /// # Panics
    ///
    /// See [`Model::outputs`].
    pub fn observed_outputs(
        &self,
        inputs: &Inputs,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Output>, TensorReadError> {
        self.outputs_of(inputs, self.backbone().observe(inputs, observer))
    }

    fn outputs_of(
        &self,
        inputs: &Inputs,
        states: FinalStates,
    ) -> Result<Vec<Output>, TensorReadError> {
        use OutputOf::{Decoder, Input};
        if matches!(self, Self::Seq2SeqLm(_)) {
            inputs.expect_decoder();
        }
        let FinalStates { last: hidden, encoder } = states;
        let mut outputs = self.head_outputs(&hidden, inputs)?;
        // Without a decoder input, the decoder receives the shifted encoder input, of the same
        // length.
        let of = if inputs.decoder.is_some() && encoder.is_some() { Decoder } else { Input };
        let place = if matches!(self, Self::BaseModel(_)) { 0 } else { outputs.len() };
        outputs.insert(place, Output::new("last_hidden_state", of, hidden)?);
        if let Some(encoder) = encoder {
            outputs.push(Output::new("encoder_last_hidden_state", Input, encoder)?);
        }
        Ok(outputs)
    }

    /// The head's outputs for the final hidden states.
    fn head_outputs(
        &self,
        hidden: &Tensor<3>,
        inputs: &Inputs,
    ) -> Result<Vec<Output>, TensorReadError> {
        use OutputOf::{Decoder, Input, Rows};
        let hidden = hidden.clone();
        Ok(match self {
            Self::CausalLm(model) => vec![Output::new("logits", Input, model.logits(hidden))?],
            Self::MaskedLm(model) => vec![Output::new("logits", Input, model.logits(hidden))?],
            Self::Seq2SeqLm(model) => vec![Output::new("logits", Decoder, model.logits(hidden))?],
            Self::SequenceClassifier(model) => {
                vec![Output::new("logits", Rows, model.head.forward(hidden, inputs))?]
            }
            Self::MultipleChoice(model) => {
                let logits = model.logits(hidden, inputs);
                vec![Output::new("logits", Rows, logits)?]
            }
            Self::DistilledClassifier(model) => {
                let [logits, by_class, by_teacher] = model.logits(hidden);
                vec![
                    Output::new("logits", Rows, logits)?,
                    Output::new("cls_logits", Rows, by_class)?,
                    Output::new("distillation_logits", Rows, by_teacher)?,
                ]
            }
            Self::TokenClassifier(model) => {
                vec![Output::new("logits", Input, model.logits(hidden))?]
            }
            Self::ReplacedTokens(model) => {
                vec![Output::new("logits", Input, model.logits(hidden))?]
            }
            Self::PreTraining(model) => {
                let name = match model.sentence_task() {
                    SentenceTask::Next => "seq_relationship_logits",
                    SentenceTask::Order => "sop_logits",
                };
                let sentences = model.sentence_logits(hidden.clone(), inputs);
                vec![
                    Output::new("prediction_logits", Input, model.masked.logits(hidden))?,
                    Output::new(name, Rows, sentences)?,
                ]
            }
            Self::SpanExtractor(model) => {
                let [start, end] = model.logits(hidden);
                vec![
                    Output::new("start_logits", Input, start)?,
                    Output::new("end_logits", Input, end)?,
                ]
            }
            Self::BaseModel(model) => match model.pooled(hidden) {
                Some(pooled) => vec![Output::new("pooler_output", Rows, pooled)?],
                None => Vec::new(),
            },
        })
    }

    /// The final hidden states, before any head; `None` for an encoder-decoder language model,
    /// which has those of two sequences.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// See [`Model::outputs`].
    pub fn hidden(&self, inputs: &Inputs) -> Option<Tensor<3>> {
        match self {
            Self::Seq2SeqLm(_) => None,
            _ => Some(self.backbone().forward(inputs)),
        }
    }

    /// The logits as a matrix, one row per labeled item: a token, a text, an image, the start and
    /// the end of a span. The hidden states of a model without a head; the first head's logits of a
    /// model with two heads.
    ///
    /// # Shapes
    ///
    /// - result: `[n, classes]`
    ///
    /// # Panics
    ///
    /// See [`Model::outputs`].
    pub fn scores(&self, inputs: &Inputs) -> Tensor<2> {
        let flat = |logits: Tensor<3>| {
            let [batch, seq, classes] = logits.dims();
            logits.reshape([batch * seq, classes])
        };
        match self {
            Self::CausalLm(model) => flat(model.forward(inputs)),
            Self::MaskedLm(model) => flat(model.forward(inputs)),
            Self::Seq2SeqLm(model) => flat(model.forward(inputs)),
            Self::SequenceClassifier(model) => model.forward(inputs),
            Self::DistilledClassifier(model) => {
                let [logits, ..] = model.forward(inputs);
                logits
            }
            Self::TokenClassifier(model) => flat(model.forward(inputs)),
            Self::ReplacedTokens(model) => {
                let logits = model.forward(inputs);
                let count = logits.dims().iter().product::<usize>();
                logits.reshape([count, 1])
            }
            Self::MultipleChoice(model) => model.forward(inputs),
            Self::PreTraining(model) => flat(model.masked.forward(inputs)),
            Self::SpanExtractor(model) => Tensor::cat(model.forward(inputs).into(), 0),
            Self::BaseModel(model) => flat(model.forward(inputs)),
        }
    }
}
