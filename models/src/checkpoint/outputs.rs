//! What a model computes, whichever head it has.

use burn::tensor::{Tensor, TensorReadError};

use super::{F32Tensor, Model};
use crate::arch::{Backbone, Input, Tokens};
use crate::heads::SentenceTask;

/// What a model is given.
#[derive(Debug, Clone)]
pub struct ModelInput {
    /// What it reads.
    pub read: Input,
    /// What it writes, if it is an encoder-decoder. Where `None`, heads other than that of a
    /// language model are given what it reads, one position later.
    pub written: Option<Tokens>,
    /// How many rows of what it reads are the choices of one question; 1 in other models.
    pub choices: usize,
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
    /// An input of a model that writes nothing and chooses nothing.
    pub fn new(read: Input) -> Self {
        Self { read, written: None, choices: 1 }
    }

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
        let (hidden, encoder) = match self.backbone() {
            Some(backbone) => {
                let states = backbone.final_states(&input.read, input.written.as_ref());
                (states.last, states.encoder)
            }
            None => (self.hidden_of_tokens(input.tokens()), None),
        };
        let mut outputs = self.head_outputs(&hidden, input)?;
        // What a decoder is given instead of a text of its own is as long as what is read.
        let of = if input.written.is_some() && encoder.is_some() { Written } else { Read };
        let place = if matches!(self, Self::BaseModel(_)) { 0 } else { outputs.len() };
        outputs.insert(place, Output::new("last_hidden_state", of, hidden)?);
        if let Some(encoder) = encoder {
            outputs.push(Output::new("encoder_last_hidden_state", Read, encoder)?);
        }
        Ok(outputs)
    }

    /// What the head makes of hidden states.
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

    /// The backbone, in models whose head takes any.
    fn backbone(&self) -> Option<&Backbone> {
        Some(match self {
            Self::CausalLm(_) | Self::MaskedLm(_) | Self::Seq2SeqLm(_) | Self::PreTraining(_) => {
                return None;
            }
            Self::SequenceClassifier(model) => &model.backbone,
            Self::MultipleChoice(model) => &model.scorer.backbone,
            Self::DistilledClassifier(model) => &model.backbone,
            Self::TokenClassifier(model) => &model.backbone,
            Self::ReplacedTokens(model) => &model.scorer.backbone,
            Self::SpanExtractor(model) => &model.ends.backbone,
            Self::BaseModel(model) => &model.backbone,
        })
    }

    /// The final hidden states of texts, in models whose head takes one kind of backbone.
    fn hidden_of_tokens(&self, tokens: &Tokens) -> Tensor<3> {
        match self {
            Self::CausalLm(model) => model.backbone.forward(tokens),
            Self::MaskedLm(model) => model.backbone.forward(tokens),
            Self::PreTraining(model) => model.masked.backbone.forward(tokens),
            _ => unreachable!("the other heads have a backbone of any kind, or read two texts"),
        }
    }

    /// The final hidden states of what is read, before any head; `None` where there are those of
    /// two texts, of an encoder-decoder.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the input is of the other kind, or learned positions run out.
    pub fn hidden(&self, input: &ModelInput) -> Option<Tensor<3>> {
        match (self, self.backbone()) {
            (Self::Seq2SeqLm(_), _) => None,
            (_, Some(backbone)) => Some(backbone.forward(&input.read)),
            (_, None) => Some(self.hidden_of_tokens(input.tokens())),
        }
    }

    /// Scores, a row for everything that can have a class: a token, a text, an image, the start and
    /// the end of a span. Of a model without a head, its hidden states; of one with two, those of
    /// the first.
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
