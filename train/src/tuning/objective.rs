//! Supervised learning on encoded texts.

use burn::tensor::Tensor;
use zoo_datasets::batch::IGNORE;
use zoo_models::checkpoint::Model;
use zoo_models::generate::{
    BatchScheduler, Constraints, GenerateError, GenerativeModel, Options, Request, as_generative,
};

use super::encoded::{EncodedTarget, EncodedText, TextLayout};
use super::related::related_batch;
use crate::class_weights::ClassObjective;
use crate::objective::{BatchLoss, BatchSize, LossSum, Objective};
use crate::prediction::Prediction;
use crate::sentence_vectors::SentenceVectors;
use crate::text_batch::{Rows, TextBatch, TextTargets};
use crate::text_loss::{self, TextScores};

/// Learning labels, numbers, tags, answers or texts from texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Supervised {
    /// The padding token.
    pub padding: u32,
    /// Whether the model distinguishes the types of tokens.
    pub has_types: bool,
    /// The number of labels.
    pub n_labels: usize,
    /// How target texts are laid out.
    pub layout: TextLayout,
    /// The first token of every generated text: the language of a multilingual model.
    pub begin: Option<u32>,
    /// The token that ends a target text.
    pub end: Option<u32>,
    /// The longest text that is generated, in tokens.
    pub max_target_length: usize,
    /// How related texts are learned.
    pub vectors: SentenceVectors,
}

/// What a model makes of examples.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The loss.
    pub loss: LossSum,
    /// The prediction for each example.
    pub predictions: Vec<Prediction>,
}

impl Objective for Supervised {
    type Example = EncodedText;
    type Batch = TextBatch;

    fn batch(&self, examples: &[EncodedText]) -> TextBatch {
        if let Some(EncodedTarget::Related(_)) = examples.first().map(|text| &text.target) {
            return related_batch(examples, self.vectors, self.padding);
        }
        let target_of = |example: &EncodedText| match &example.target {
            EncodedTarget::Text(ids) => ids[..ids.len().saturating_sub(1)].to_vec(),
            _ => Vec::new(),
        };
        let is_text =
            matches!(examples.first(), Some(EncodedText { target: EncodedTarget::Text(_), .. }));
        if is_text && self.layout == TextLayout::Continuation {
            let row = |text: &EncodedText| [&text.ids[..], &target_of(text)].concat();
            let rows: Vec<Vec<u32>> = examples.iter().map(row).collect();
            let text = Rows::new(&rows, self.padding);
            let targets = self.targets(examples, text.width);
            return TextBatch { source: None, text, targets };
        }
        let ids: Vec<&[u32]> = examples.iter().map(|text| &text.ids[..]).collect();
        let mut text = Rows::new(&ids, self.padding);
        if self.has_types {
            let types: Vec<&[u32]> = examples.iter().map(|text| &text.types[..]).collect();
            text = text.with_types(&types);
        }
        let targets = self.targets(examples, text.width);
        if let (true, TextLayout::Decoder { start }) = (is_text, self.layout) {
            let text_of = |example: &EncodedText| [vec![start], target_of(example)].concat();
            let decoder: Vec<Vec<u32>> = examples.iter().map(text_of).collect();
            let decoder = Rows::new(&decoder, self.padding);
            let targets = self.targets(examples, decoder.width);
            return TextBatch { source: Some(text), text: decoder, targets };
        }
        TextBatch { source: None, text, targets }
    }

    fn size(&self, batch: &TextBatch) -> BatchSize {
        batch.size()
    }

    fn loss(&self, model: &Model, batch: &TextBatch) -> BatchLoss {
        text_loss::loss(model, batch)
    }

    fn smoothed_loss(&self, model: &Model, batch: &TextBatch, smoothing: f64) -> BatchLoss {
        text_loss::smoothed_loss(model, batch, smoothing)
    }

    fn predict(
        &self,
        model: &Model,
        examples: &[EncodedText],
    ) -> Result<Vec<Prediction>, GenerateError> {
        match examples.first().map(|text| &text.target) {
            None => Ok(Vec::new()),
            Some(EncodedTarget::Text(_)) => {
                let Some(model) = as_generative(model) else {
                    panic!("a model that does not generate text cannot predict texts");
                };
                self.generate(model, examples)
            }
            Some(_) => {
                let batch = self.batch(examples);
                self.predictions(TextScores::of(model, &batch), &batch, examples)
            }
        }
    }
}

impl ClassObjective for Supervised {
    fn scores(&self, model: &Model, batch: &TextBatch) -> Tensor<2> {
        text_loss::scores(model, batch)
    }

    fn classes(&self, batch: &TextBatch) -> Vec<u32> {
        let TextTargets::Classes(classes) = &batch.targets else {
            panic!("only a classification has classes");
        };
        classes.iter().map(|class| *class as u32).collect()
    }
}

impl Supervised {
    /// The loss and the predictions for examples, from one forward pass where the predictions are
    /// no texts.
    ///
    /// # Errors
    ///
    /// See [`Objective::predict`].
    ///
    /// # Panics
    ///
    /// Panics if there are no examples, or the model's head does not match their targets.
    pub fn measure(
        &self,
        model: &Model,
        examples: &[EncodedText],
    ) -> Result<Measured, GenerateError> {
        let batch = self.batch(examples);
        let scores = TextScores::of(model, &batch);
        let loss = scores.clone().loss(&batch).read();
        let predictions = match examples[0].target {
            EncodedTarget::Text(_) => self.predict(model, examples),
            _ => self.predictions(scores, &batch, examples),
        };
        Ok(Measured { loss, predictions: predictions? })
    }

    /// The predictions that follow from the scores of a forward pass.
    fn predictions(
        &self,
        scores: TextScores,
        batch: &TextBatch,
        examples: &[EncodedText],
    ) -> Result<Vec<Prediction>, GenerateError> {
        match (&batch.targets, scores) {
            (TextTargets::Related(related), TextScores::Vectors(vectors)) => {
                related.predictions(vectors)
            }
            (TextTargets::Classes(_), scores) => scores.labels(batch, 0..self.n_labels),
            (TextTargets::Spans(_), scores) => {
                let texts: Vec<_> = examples.iter().map(|text| text.second.clone()).collect();
                scores.spans(batch, &texts)
            }
            (_, scores) => scores.values(),
        }
    }

    fn targets(&self, examples: &[EncodedText], width: usize) -> TextTargets {
        let (mut classes, mut numbers, mut spans) = (Vec::new(), Vec::new(), Vec::new());
        for example in examples {
            match &example.target {
                EncodedTarget::Class(label) => classes.push(i64::from(*label)),
                EncodedTarget::Labels(labels) => {
                    let of = |label| f32::from(labels.contains(&label));
                    numbers.extend((0..self.n_labels as u32).map(of));
                }
                EncodedTarget::Number(number) | EncodedTarget::Relevance(number) => {
                    numbers.push(*number)
                }
                EncodedTarget::Related(_) => {}
                EncodedTarget::Tags(tags) => {
                    let row = tags.iter().map(|tag| tag.map_or(IGNORE, i64::from));
                    classes.extend(row.chain(std::iter::repeat(IGNORE)).take(width));
                }
                EncodedTarget::Span(span) => spans.push(*span),
                EncodedTarget::Text(ids) => {
                    let source = match self.layout {
                        // The last token of the source predicts the first one of the target.
                        TextLayout::Continuation => example.ids.len() - 1,
                        TextLayout::Decoder { .. } => 0,
                    };
                    let row = ids.iter().map(|id| i64::from(*id));
                    let row = std::iter::repeat_n(IGNORE, source).chain(row);
                    classes.extend(row.chain(std::iter::repeat(IGNORE)).take(width));
                }
            }
        }
        match examples.first().map(|text| &text.target) {
            Some(EncodedTarget::Labels(_) | EncodedTarget::Relevance(_)) => {
                TextTargets::Labels(numbers)
            }
            Some(EncodedTarget::Number(_)) => TextTargets::Numbers(numbers),
            Some(EncodedTarget::Span(_)) => TextTargets::Spans(spans),
            _ => TextTargets::Classes(classes),
        }
    }

    /// Predictions by greedy decoding.
    fn generate(
        &self,
        model: &dyn GenerativeModel,
        examples: &[EncodedText],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let mut batch = BatchScheduler::new(model);
        for (example, stream) in examples.iter().zip(0..) {
            let constraints = Constraints { forced_bos: self.begin, ..Constraints::default() };
            let options = Options {
                constraints,
                max_new_tokens: self.max_target_length,
                eos: self.end.into_iter().collect(),
                ..Options::default()
            };
            batch.submit(Request { prompt: example.ids.clone(), options, stream })?;
        }
        let mut generated = vec![Vec::new(); examples.len()];
        while !batch.is_empty() {
            for event in batch.step()? {
                generated[event.request_id.index()].push(event.token);
            }
        }
        let without_end = |ids: Vec<u32>| {
            let end = ids.iter().position(|id| Some(*id) == self.end).unwrap_or(ids.len());
            Prediction::Sequence(ids[..end].to_vec())
        };
        Ok(generated.into_iter().map(without_end).collect())
    }
}
