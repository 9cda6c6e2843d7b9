//! Zero-shot classification.

use std::path::Path;

use burn::tensor::Device;

use super::preprocessor::each;
use super::scores::{ranked, softmax};
use super::{LabelScore, PipelineError, TextClassification, TextError};
use crate::datasets::tokenizer::Cut;
use crate::models::precision::Precision;

/// Classifies texts with arbitrary labels: a natural language inference model predicts whether each
/// label is entailed.
///
/// Reference: Yin et al. 2019, §4.3, <https://arxiv.org/abs/1909.00161>
#[derive(Debug)]
pub struct ZeroShotClassification {
    model: TextClassification,
    /// The indices of the model's entailment and contradiction labels.
    entailment: usize,
    contradiction: usize,
    is_named: bool,
}

/// The candidate labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    labels: Vec<String>,
    template: String,
    independent: bool,
}

impl Candidates {
    /// Labels of which exactly one applies.
    pub fn new<T: Into<String>>(labels: impl IntoIterator<Item = T>) -> Self {
        Self {
            labels: labels.into_iter().map(Into::into).collect(),
            template: "This example is {}.".into(),
            independent: false,
        }
    }

    /// Sets the hypothesis template, with `{}` at the position of the label.
    pub fn in_sentence(self, template: impl Into<String>) -> Self {
        Self { template: template.into(), ..self }
    }

    /// Scores every label independently: several can apply.
    pub fn independent(self) -> Self {
        Self { independent: true, ..self }
    }

    /// The hypothesis for each label.
    fn sentences(&self) -> Result<Vec<String>, PipelineError> {
        let wrong = |reason: String| Err(PipelineError::InvalidRequest(reason));
        if self.labels.is_empty() {
            return wrong("there are no labels to choose from".into());
        }
        let Some(parts) = parts(&self.template) else {
            let template = &self.template;
            return wrong(format!(
                "the template {template:?} must contain {{}} exactly once, at the position of the \
                 label; {{0}} may occur several times, and literal braces are written {{{{ or }}}}"
            ));
        };
        Ok(self.labels.iter().map(|label| parts.join(label)).collect())
    }
}

/// The text around the label positions, which are one `{}` or any number of `{0}`; `None` if there
/// is no label position, or an invalid brace.
fn parts(template: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut unnumbered = 0;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        parts.last_mut()?.push_str(before);
        let brace = ["{{", "}}", "{}", "{0}"].into_iter().find(|brace| from.starts_with(brace))?;
        match brace {
            "{}" => {
                unnumbered += 1;
                parts.push(String::new());
            }
            "{0}" => parts.push(String::new()),
            _ => parts.last_mut()?.push_str(&brace[..1]),
        }
        rest = &from[brace.len()..];
    }
    parts.last_mut()?.push_str(rest);
    let places = parts.len() - 1;
    let is_clear = unnumbered == 0 || (unnumbered, places) == (1, 1);
    (places > 0 && is_clear).then_some(parts)
}

impl ZeroShotClassification {
    /// Loads the directory of a classifier trained on natural language inference.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model with another head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let model = TextClassification::open(folder, device)?;
        let labels = model.labels();
        let last = labels.len() - 1;
        let named = labels.iter().position(|label| label.to_lowercase().starts_with("entail"));
        let entailment = named.unwrap_or(last);
        let contradiction = if entailment == 0 { last } else { 0 };
        Ok(Self { entailment, contradiction, is_named: named.is_some(), model })
    }

    /// The model's entailment label. If no label has that name, the last one is used, which can be
    /// wrong.
    ///
    /// # Errors
    ///
    /// The label that is used, if no label is named entailment.
    pub fn entailment(&self) -> Result<&str, &str> {
        let label = self.model.labels()[self.entailment].as_str();
        if self.is_named { Ok(label) } else { Err(label) }
    }

    /// Converts the model to another precision; see
    /// [`parameters::cast`](crate::models::parameters::cast).
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: self.model.cast(precision), ..self }
    }

    /// The maximum length of a text with a hypothesis, in tokens.
    pub fn max_length(&self) -> usize {
        self.model.max_length()
    }

    /// The number of these texts that are truncated to fit with a hypothesis.
    ///
    /// # Errors
    ///
    /// See [`ZeroShotClassification::classify`].
    pub fn cut<T: AsRef<str>>(
        &self,
        texts: &[T],
        candidates: &Candidates,
    ) -> Result<usize, PipelineError> {
        let sentences = candidates.sentences()?;
        let cut = each(texts, |text| {
            let read = |sentence: &String| {
                Ok(self
                    .model
                    .preprocessor
                    .encoder
                    .encode_pair(text.as_ref(), sentence, Cut::First)?
                    .is_cut)
            };
            let cut: Result<Vec<bool>, TextError> = sentences.iter().map(read).collect();
            Ok(cut?.contains(&true))
        })?;
        Ok(cut.into_iter().filter(|is_cut| *is_cut).count())
    }

    /// The scores of the candidates for each text, in decreasing order.
    ///
    /// # Errors
    ///
    /// No candidates; a template without a label position; an empty text, or one that the tokenizer
    /// rejects; a device failure.
    pub fn classify<T: AsRef<str>>(
        &self,
        texts: &[T],
        candidates: &Candidates,
    ) -> Result<Vec<Vec<LabelScore>>, PipelineError> {
        let sentences = candidates.sentences()?;
        let encodings = self.model.preprocessor.encode_windows(texts, |text| {
            if text.as_ref().is_empty() {
                return Err(TextError::Empty("text"));
            }
            let read = |sentence: &String| {
                let encoder = &self.model.preprocessor.encoder;
                self.model.whole(encoder.encode_pair(text.as_ref(), sentence, Cut::First)?)
            };
            sentences.iter().map(read).collect()
        })?;
        let logits = self.model.logits(&encodings.concat())?;
        let of_text =
            |logits: &[Vec<f32>]| ranked(&candidates.labels, &self.scores(logits, candidates));
        Ok(logits.chunks_exact(sentences.len()).map(of_text).collect())
    }

    /// The scores of the candidates for one text, in decreasing order.
    ///
    /// # Errors
    ///
    /// See [`ZeroShotClassification::classify`].
    pub fn classify_one(
        &self,
        text: &str,
        candidates: &Candidates,
    ) -> Result<Vec<LabelScore>, PipelineError> {
        Ok(self.classify(&[text], candidates)?.remove(0))
    }

    fn scores(&self, logits: &[Vec<f32>], candidates: &Candidates) -> Vec<f32> {
        if candidates.independent || logits.len() == 1 {
            let follows = |logits: &Vec<f32>| {
                softmax(&[logits[self.contradiction], logits[self.entailment]])[1]
            };
            return logits.iter().map(follows).collect();
        }
        softmax(&logits.iter().map(|logits| logits[self.entailment]).collect::<Vec<f32>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_require_a_label_position() {
        let sentence = |template: &str| {
            let candidates = Candidates::new(["a {} b"]).in_sentence(template);
            candidates.sentences().map(|mut sentences| sentences.remove(0)).ok()
        };
        assert_eq!(sentence("It is {}."), Some("It is a {} b.".into()));
        assert_eq!(sentence("{{{0}}} or {0}"), Some("{a {} b} or a {} b".into()));
        assert_eq!(sentence("É{}É"), Some("Éa {} bÉ".into()));
        for wrong in ["", "It is.", "{", "}", "{x}", "{}}", "{{}}", "{} or {}", "{} or {0}"] {
            assert_eq!(sentence(wrong), None, "{wrong}");
        }
        assert!(Candidates::new(Vec::<String>::new()).sentences().is_err());
    }
}
