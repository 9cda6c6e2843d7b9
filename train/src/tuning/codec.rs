//! From labeled texts to encoded texts.

use std::ops::Range;

use zoo_datasets::labeled::{Answer, LabeledTarget, LabeledText, LabeledTexts, Relation};
use zoo_datasets::tokenizer::{Cut, Encoding, Frame, TextEncoder, Tokenizer, TokenizerError};

use super::encoded::{EncodedRelation, EncodedTarget, EncodedText, TextLayout};
use super::texts::TaskTexts;
use crate::error::TrainError;
use crate::text_batch::Span;

/// Tokens that the windows of a text with an answer share, as in the reference's scripts.
const OVERLAP: usize = 128;

/// Encodes labeled texts for a model.
#[derive(Debug, Clone)]
pub struct TextCodec {
    pub(super) encoder: TextEncoder,
    /// Encodes target texts.
    pub(super) target_encoder: TextEncoder,
    pub(super) tokenizer: Tokenizer,
    /// The special tokens around a text.
    pub(super) frame: Frame,
    /// The special tokens around a target text.
    pub(super) target_frame: Frame,
    pub(super) settings: CodecSettings,
}

/// How texts are encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecSettings {
    /// The maximum length of an input in tokens; longer texts are truncated, or cut into windows
    /// where an answer is looked for.
    pub max_length: usize,
    /// The maximum length of a target text in tokens, with its end.
    pub max_target_length: usize,
    /// Token ids are less than this.
    pub vocab_size: usize,
    /// The token that ends a target text.
    pub end: Option<u32>,
    /// Put before each text, such as T5's `translate English to German: `.
    pub prefix: String,
    /// The language token of input texts.
    pub source_language: Option<u32>,
    /// The language token of target texts.
    pub target_language: Option<u32>,
    /// How target texts are laid out.
    pub layout: TextLayout,
}

impl TextCodec {
    /// A codec with the tokenizers of these texts.
    ///
    /// # Errors
    ///
    /// The special tokens alone fill a maximum length.
    pub fn new(texts: &TaskTexts, settings: CodecSettings) -> Result<Self, TokenizerError> {
        let (tokenizer, target) = (texts.tokenizer.clone(), texts.target_tokenizer());
        let encoder = tokenizer.text_encoder(settings.max_length)?;
        let target_encoder = target.text_encoder(settings.max_target_length)?;
        let (frame, target_frame) = (tokenizer.frame()?, target.frame()?);
        Ok(Self { encoder, target_encoder, tokenizer, frame, target_frame, settings })
    }

    /// Encodes every text; a text with an answer gives one or more windows.
    ///
    /// # Errors
    ///
    /// A text that the tokenizer rejects, without tokens, or with a token outside of the model's
    /// vocabulary; the error has the number of the text.
    pub fn encode(&self, texts: &LabeledTexts) -> Result<Vec<EncodedText>, TrainError> {
        let mut encoded = Vec::with_capacity(texts.examples.len());
        for (example, text) in texts.examples.iter().enumerate() {
            let in_context =
                |reason: String| TrainError::Data(format!("text {}: {reason}", example + 1));
            let found = self.encode_one(text, example);
            for text in found.map_err(|error| in_context(error.to_string()))? {
                self.check(&text).map_err(in_context)?;
                encoded.push(text);
            }
        }
        Ok(encoded)
    }

    /// The text of a span of a window of a question's text.
    ///
    /// # Errors
    ///
    /// A text that the tokenizer rejects.
    pub fn answer(
        &self,
        text: &LabeledText,
        window: usize,
        span: Span,
    ) -> Result<String, TokenizerError> {
        let context = text.pair.as_deref().unwrap_or_default();
        let windows = self.encoder.pair_windows(&text.text, context, OVERLAP)?;
        let spans = windows.get(window).map_or(&[][..], |window| &window.spans);
        let ends = spans.get(span.first).zip(spans.get(span.last));
        let range = ends.map_or(0..0, |(first, last)| first.start..last.end);
        Ok(context.chars().skip(range.start).take(range.len()).collect())
    }

    fn check(&self, text: &EncodedText) -> Result<(), String> {
        let targets = match &text.target {
            EncodedTarget::Text(ids) if ids.is_empty() => {
                return Err("its target has no tokens".to_string());
            }
            EncodedTarget::Text(ids) => &ids[..],
            _ => &[],
        };
        let vocab_size = self.settings.vocab_size;
        let related: Vec<&Vec<u32>> = match &text.target {
            EncodedTarget::Related(EncodedRelation { second, negatives, .. }) => {
                std::iter::once(second).chain(negatives).collect()
            }
            _ => Vec::new(),
        };
        if related.iter().any(|ids| ids.is_empty()) {
            return Err("a text beside it has no tokens".to_string());
        }
        let all = text.ids.iter().chain(targets).chain(related.into_iter().flatten());
        let unknown = all.copied().find(|id| *id as usize >= vocab_size);
        match unknown {
            _ if text.ids.is_empty() => Err("it has no tokens".to_string()),
            Some(id) => Err(format!("token {id} is outside of the model's {vocab_size} tokens")),
            None => Ok(()),
        }
    }

    fn encode_one(
        &self,
        text: &LabeledText,
        example: usize,
    ) -> Result<Vec<EncodedText>, TokenizerError> {
        if let LabeledTarget::Answers(answers) = &text.target {
            let context = text.pair.as_deref().unwrap_or_default();
            let windows = self.encoder.pair_windows(&text.text, context, OVERLAP)?;
            let with_span = |window: Encoding| {
                let target = EncodedTarget::Span(span(&window, answers.first()));
                let second = second(&window);
                EncodedText { ids: window.ids, types: window.types, target, second, example }
            };
            return Ok(windows.into_iter().map(with_span).collect());
        }
        if let LabeledTarget::Related(relation) = &text.target {
            return Ok(vec![self.related(text, relation, example)?]);
        }
        if let (LabeledTarget::Text(target), TextLayout::Continuation) =
            (&text.target, self.settings.layout)
        {
            return Ok(vec![self.continued(text, target, example)?]);
        }
        let first = format!("{}{}", self.settings.prefix, text.text);
        let encoding = match &text.pair {
            Some(second) => self.encoder.encode_pair(&first, second, Cut::Longer)?,
            None => self.encoder.encode(&first)?,
        };
        let encoding = self.in_language(encoding, self.settings.source_language);
        let target = match &text.target {
            LabeledTarget::Label(label) => EncodedTarget::Class(*label),
            LabeledTarget::Labels(labels) => EncodedTarget::Labels(labels.clone()),
            LabeledTarget::Number(number) => EncodedTarget::Number(*number as f32),
            LabeledTarget::Tags(tags) => EncodedTarget::Tags({
                let prefix = self.settings.prefix.chars().count();
                tags_of(&encoding, &text.text, tags, prefix)
            }),
            LabeledTarget::Text(target) => EncodedTarget::Text(self.target(target)?),
            LabeledTarget::Relevance(number) => EncodedTarget::Relevance(*number as f32),
            LabeledTarget::Answers(_) | LabeledTarget::Related(_) => {
                EncodedTarget::Span(Span { first: 0, last: 0 })
            }
        };
        let (ids, second) = (encoding.ids.clone(), second(&encoding));
        Ok(vec![EncodedText { ids, types: encoding.types, target, second, example }])
    }

    /// A text with the texts that it is related to, each encoded by itself.
    fn related(
        &self,
        text: &LabeledText,
        relation: &Relation,
        example: usize,
    ) -> Result<EncodedText, TokenizerError> {
        let encode = |text: &str| self.encoder.encode(&format!("{}{text}", self.settings.prefix));
        let Encoding { ids, types, .. } = encode(&text.text)?;
        let negatives = relation.negatives.iter().map(|text| Ok(encode(text)?.ids));
        let target = EncodedTarget::Related(EncodedRelation {
            second: encode(text.pair.as_deref().unwrap_or_default())?.ids,
            negatives: negatives.collect::<Result<_, TokenizerError>>()?,
            similarity: relation.similarity.map(|similarity| similarity as f32),
        });
        Ok(EncodedText { ids, types, target, second: 0..0, example })
    }
}

/// The tokens of the second text.
fn second(encoding: &Encoding) -> Range<usize> {
    let is_second = |text: &Option<usize>| *text == Some(1);
    let first = encoding.texts.iter().position(is_second);
    let last = encoding.texts.iter().rposition(is_second);
    first.zip(last).map_or(0..0, |(first, last)| first..last + 1)
}

/// The tag of each token: that of its word for the first token of a word. Words are separated by
/// single spaces, and the text is behind a prefix of `prefix` characters.
fn tags_of(encoding: &Encoding, text: &str, tags: &[u32], prefix: usize) -> Vec<Option<u32>> {
    // The word of each character.
    let mut words = Vec::new();
    let mut word = 0;
    for character in text.chars() {
        words.push(word);
        word += usize::from(character == ' ');
    }
    let mut next = 0;
    let tag = |(span, text): (&Range<usize>, &Option<usize>)| {
        text.as_ref()?;
        // A token may begin with the space before its word.
        let word = *words.get(span.end.checked_sub(prefix + 1)?)?;
        (word >= next).then(|| {
            next = word + 1;
            tags.get(word).copied()
        })?
    };
    encoding.spans.iter().zip(&encoding.texts).map(tag).collect()
}

/// The tokens of an answer; the first token of the input where the window does not have all of it.
fn span(window: &Encoding, answer: Option<&Answer>) -> Span {
    let none = Span { first: 0, last: 0 };
    let Some(answer) = answer else { return none };
    let end = answer.start + answer.text.chars().count();
    let mut tokens = second(window);
    let first = tokens.clone().rfind(|&index| window.spans[index].start <= answer.start);
    let last = tokens.find(|&index| window.spans[index].end >= end);
    match (first, last) {
        (Some(first), Some(last)) if first <= last => Span { first, last },
        _ => none,
    }
}
