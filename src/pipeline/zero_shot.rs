//! Texts to classes that no model was trained for.

use std::path::Path;

use burn::tensor::Device;

use super::preprocessor::each;
use super::scores::{ranked, softmax};
use super::{LabelScore, PipelineError, TextClassification, TextError};
use crate::datasets::tokenizer::Cut;
use crate::models::precision::Precision;

/// Says of which class texts are, by asking a model whether each class follows from the text.
///
/// Reference: Yin et al. 2019, §4.3, <https://arxiv.org/abs/1909.00161>
#[derive(Debug)]
pub struct ZeroShotClassification {
    model: TextClassification,
    /// The model's class of what follows, and of what contradicts.
    entailment: usize,
    contradiction: usize,
    is_named: bool,
}

/// The classes that a text can be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    labels: Vec<String>,
    template: String,
    independent: bool,
}

impl Candidates {
    /// Classes of which one is right.
    pub fn new<T: Into<String>>(labels: impl IntoIterator<Item = T>) -> Self {
        Self {
            labels: labels.into_iter().map(Into::into).collect(),
            template: "This example is {}.".into(),
            independent: false,
        }
    }

    /// The same classes in another sentence, with `{}` where the class stands.
    pub fn in_sentence(self, template: impl Into<String>) -> Self {
        Self { template: template.into(), ..self }
    }

    /// The same classes, of which any can be right.
    pub fn independent(self) -> Self {
        Self { independent: true, ..self }
    }

    /// The sentence about each class.
    fn sentences(&self) -> Result<Vec<String>, PipelineError> {
        let wrong = |reason: String| Err(PipelineError::InvalidRequest(reason));
        if self.labels.is_empty() {
            return wrong("there are no labels to choose from".into());
        }
        let Some(parts) = parts(&self.template) else {
            let template = &self.template;
            return wrong(format!(
                "the template {template:?} needs {{}} where the label is to stand, once; {{0}} may \
                 stand there several times, and a brace is written {{{{ or }}}}"
            ));
        };
        Ok(self.labels.iter().map(|label| parts.join(label)).collect())
    }
}

/// What stands around the places for a label, which are one `{}` or any number of `{0}`; `None` if
/// there is no such place, or another brace.
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
    /// Opens the directory of a classifier of what follows from what: a model trained on natural
    /// language inference.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that has another head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let model = TextClassification::open(folder, device)?;
        let labels = model.labels();
        let last = labels.len() - 1;
        let named = labels.iter().position(|label| label.to_lowercase().starts_with("entail"));
        let entailment = named.unwrap_or(last);
        let contradiction = if entailment == 0 { last } else { 0 };
        Ok(Self { entailment, contradiction, is_named: named.is_some(), model })
    }

    /// The model's class that stands for what follows from a text. Where none is called so, it is
    /// the last one, which can be wrong.
    ///
    /// # Errors
    ///
    /// The label that is taken, where none is called so.
    pub fn entailment(&self) -> Result<&str, &str> {
        let label = self.model.labels()[self.entailment].as_str();
        if self.is_named { Ok(label) } else { Err(label) }
    }

    /// The same model in another format; see
    /// [`parameters::cast`](crate::models::parameters::cast).
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: self.model.cast(precision), ..self }
    }

    /// The longest text with a sentence about a class, in tokens.
    pub fn max_length(&self) -> usize {
        self.model.max_length()
    }

    /// How many of these texts are too long together with a sentence, so that their ends are left
    /// out.
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
                    .encode_pair([text.as_ref(), sentence], Cut::First)?
                    .is_cut)
            };
            let cut: Result<Vec<bool>, TextError> = sentences.iter().map(read).collect();
            Ok(cut?.contains(&true))
        })?;
        Ok(cut.into_iter().filter(|is_cut| *is_cut).count())
    }

    /// The candidates for each text, the likeliest first.
    ///
    /// # Errors
    ///
    /// No candidates; a template without a place for them; an empty text, or one that the tokenizer
    /// cannot read; a device that fails.
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
                let pair = [text.as_ref(), sentence];
                self.model.whole(self.model.preprocessor.encoder.encode_pair(pair, Cut::First)?)
            };
            sentences.iter().map(read).collect()
        })?;
        let logits = self.model.logits(&encodings.concat())?;
        let of_text =
            |logits: &[Vec<f32>]| ranked(&candidates.labels, &self.scores(logits, candidates));
        Ok(logits.chunks_exact(sentences.len()).map(of_text).collect())
    }

    /// The candidates for one text, the likeliest first.
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
    fn a_template_has_a_place_for_the_label() {
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
