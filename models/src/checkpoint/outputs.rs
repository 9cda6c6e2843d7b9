//! The outputs of a model with any head.

use burn::tensor::{Tensor, TensorReadError};

use super::{F32Tensor, Model};
use crate::backbones::{Backbone, FinalStates, Input, Tokens};
use crate::heads::SentenceTask;

/// The input of a model.
#[derive(Debug, Clone)]
pub struct ModelInput {
    /// The model input; of an encoder-decoder, the encoder input.
    pub read: Input,
    /// The decoder input of an encoder-decoder. If `None`, the decoder of models with heads other
    /// than a language model's receives the encoder input, shifted right by one position.
    pub written: Option<Tokens>,
    /// The number of consecutive input rows that are the choices of one question; 1 for other
    /// models.
    pub choices: usize,
}

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
    Read,
    /// Each position of the decoder input.
    Written,
}

impl ModelInput {
    /// An input without decoder input and without multiple choices.
    pub fn new(read: Input) -> Self {
        Self { read, written: None, choices: 1 }
    }

    /// The tokens of the (encoder) input.
    ///
    /// # Panics
    ///
    /// Panics if the input is images.
    pub fn tokens(&self) -> &Tokens {
        match &self.read {
            Input::Tokens(tokens) => tokens,
            Input::Pixels(_) => panic!("a text model takes tokens, not pixels"),
        }
    }

    /// The decoder input.
    ///
    /// # Panics
    ///
    /// Panics if there is none.
    pub fn written(&self) -> &Tokens {
        let Some(written) = &self.written else {
            panic!("an encoder-decoder needs a decoder input");
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
    pub fn outputs(&self, input: &ModelInput) -> Result<Vec<Output>, TensorReadError> {
        use OutputOf::{Read, Written};
        if let Self::Seq2SeqLm(model) = self {
            let encoded = model.backbone.encode(input.tokens());
            let hidden = model.backbone.decode(input.written(), &encoded);
            return Ok(vec![
                Output::new("logits", Written, model.logits(hidden.clone()))?,
                Output::new("last_hidden_state", Written, hidden)?,
                Output::new("encoder_last_hidden_state", Read, encoded.hidden)?,
            ]);
        }
        let FinalStates { last: hidden, encoder } =
            self.backbone().final_states(&input.read, input.written.as_ref());
        let mut outputs = self.head_outputs(&hidden, input)?;
        // Without a decoder input, the decoder receives the shifted encoder input, of the same
        // length.
        let of = if input.written.is_some() && encoder.is_some() { Written } else { Read };
        let place = if matches!(self, Self::BaseModel(_)) { 0 } else { outputs.len() };
        outputs.insert(place, Output::new("last_hidden_state", of, hidden)?);
        if let Some(encoder) = encoder {
            outputs.push(Output::new("encoder_last_hidden_state", Read, encoder)?);
        }
        Ok(outputs)
    }

    /// The head's outputs for the final hidden states.
    fn head_outputs(
        &self,
        hidden: &Tensor<3>,
        input: &ModelInput,
    ) -> Result<Vec<Output>, TensorReadError> {
        use OutputOf::{Read, Rows};
        let hidden = hidden.clone();
        Ok(match self {
            Self::CausalLm(model) => vec![Output::new("logits", Read, model.logits(hidden))?],
            Self::MaskedLm(model) => vec![Output::new("logits", Read, model.logits(hidden))?],
            Self::Seq2SeqLm(_) => Vec::new(),
            Self::SequenceClassifier(model) => {
                vec![Output::new("logits", Rows, model.head.forward(hidden, &input.read))?]
            }
            Self::MultipleChoice(model) => {
                let logits = model.logits(hidden, &input.read, input.choices);
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
                vec![Output::new("logits", Read, model.logits(hidden))?]
            }
            Self::ReplacedTokens(model) => {
                vec![Output::new("logits", Read, model.logits(hidden))?]
            }
            Self::PreTraining(model) => {
                let name = match model.sentence_task() {
                    SentenceTask::Next => "seq_relationship_logits",
                    SentenceTask::Order => "sop_logits",
                };
                let sentences = model.sentence_logits(hidden.clone(), input.tokens());
                vec![
                    Output::new("prediction_logits", Read, model.masked.logits(hidden))?,
                    Output::new(name, Rows, sentences)?,
                ]
            }
            Self::SpanExtractor(model) => {
                let [start, end] = model.logits(hidden);
                vec![
                    Output::new("start_logits", Read, start)?,
                    Output::new("end_logits", Read, end)?,
                ]
            }
            Self::BaseModel(model) => match model.pooled(hidden) {
                Some(pooled) => vec![Output::new("pooler_output", Rows, pooled)?],
                None => Vec::new(),
            },
        })
    }

    /// The backbone.
    pub fn backbone(&self) -> &Backbone {
        match self {
            Self::CausalLm(model) => &model.backbone,
            Self::MaskedLm(model) => &model.backbone,
            Self::Seq2SeqLm(model) => &model.backbone,
            Self::SequenceClassifier(model) => &model.backbone,
            Self::DistilledClassifier(model) => &model.backbone,
            Self::TokenClassifier(model) => &model.backbone,
            Self::SpanExtractor(model) => &model.ends.backbone,
            Self::MultipleChoice(model) => &model.scorer.backbone,
            Self::PreTraining(model) => &model.masked.backbone,
            Self::ReplacedTokens(model) => &model.scorer.backbone,
            Self::BaseModel(model) => &model.backbone,
        }
    }

    /// The final hidden states of the input, before any head; `None` for an encoder-decoder
    /// language model, which has those of two sequences.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// See [`Model::outputs`].
    pub fn hidden(&self, input: &ModelInput) -> Option<Tensor<3>> {
        match self {
            Self::Seq2SeqLm(_) => None,
            _ => Some(self.backbone().forward(&input.read)),
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
            Self::ReplacedTokens(model) => {
                let logits = model.forward(&input.read);
                let count = logits.dims().iter().product::<usize>();
                logits.reshape([count, 1])
            }
            Self::MultipleChoice(model) => model.forward(&input.read, input.choices),
            Self::PreTraining(model) => flat(model.masked.forward(input.tokens())),
            Self::SpanExtractor(model) => Tensor::cat(model.forward(&input.read).into(), 0),
            Self::BaseModel(model) => flat(model.forward(&input.read)),
        }
    }
}
