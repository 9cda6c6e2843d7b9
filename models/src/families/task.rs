//! The tasks of models.

/// The task of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Causal language modeling: predict the next token.
    CausalLm,
    /// Masked language modeling: predict masked tokens.
    MaskedLm,
    /// Sequence-to-sequence language modeling: predict the next token, conditioned on a source
    /// text.
    Seq2SeqLm,
    /// Classify a text.
    SequenceClassifier,
    /// Classify every token.
    TokenClassifier,
    /// Find the start and the end of an answer.
    Span,
    /// Score the choices of a question.
    MultipleChoice,
    /// Predict whether one sentence follows another.
    NextSentence,
    /// Predict masked tokens and the relation of two sentences.
    PreTraining,
    /// Detect tokens that were replaced by another model.
    ReplacedTokens,
    /// Classify an image.
    ImageClassifier,
    /// Classify an image with a class token and a distillation token.
    DistilledImageClassifier,
    /// Hidden states, without a head.
    BaseModel,
}

impl Task {
    /// Whether a model with this head generates text.
    pub fn is_generative(self) -> bool {
        matches!(self, Self::CausalLm | Self::Seq2SeqLm)
    }
}

/// The task of the class in a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedTask {
    /// A class of the family.
    Known(Task),
    /// Another class: of another library, of the model's author, or an unsupported one.
    Unknown,
    /// No class.
    Unnamed,
}
