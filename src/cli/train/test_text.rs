//! The evaluation of a trained model.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::{Global, evaluate, usage};
use super::running_text::LmText;
use super::text_data::{shape, text_data};
use super::text_source::LmSource;
use crate::datasets::batch::LmDataset;
use crate::datasets::encoded::Packing;
use crate::datasets::text::TextFiles;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, Model, ModelSpec, write_json};
use crate::train::{Keep, LossSum, TrainOutcome, TrainSettings};

/// The file of a run with the scores of its test.
const FILE: &str = "test.json";

/// The text of a test of language modeling.
pub(super) struct TestText {
    data: Arc<LmDataset>,
    bytes: u64,
}

impl TestText {
    /// Reads and encodes the text as the run's training text is; `None` without a test.
    pub(super) fn read(
        global: &Global,
        tokenizer: &Tokenizer,
        settings: &TrainSettings,
    ) -> Result<Option<Self>> {
        if settings.test.is_empty() {
            return Ok(None);
        }
        let of_run = match LmSource::of_run(settings) {
            LmSource::Files(text) => Some(text),
            LmSource::Known(_) => None,
        };
        let packing = of_run.as_ref().map_or(Packing::Stream, |text| text.packing);
        let files = match of_run {
            Some(text) => TextFiles { files: settings.test.clone(), ..text.files },
            None => TextFiles::new(settings.test.clone()),
        };
        let text = LmText::held_out(global, files, packing)?;
        let data = text.encode(global, tokenizer.clone())?;
        let test = Self { data, bytes: text.bytes().unwrap_or_default() };
        let tokens = test.data.valid_tokens();
        let needed = shape(tokenizer, &test.settings(settings))?.context + 1;
        if tokens < needed && !test.data.has_borders() || tokens < 2 {
            return Err(usage(format!(
                "--test: the text has {tokens} tokens of at least {needed}"
            )));
        }
        Ok(Some(test))
    }

    /// The settings of the run, with one row of a text that is shorter than its context.
    fn settings(&self, run: &TrainSettings) -> TrainSettings {
        let context = run.context.min(self.data.valid_tokens().saturating_sub(1)).max(1);
        TrainSettings { context, ..run.clone() }
    }

    /// The loss of a model over the whole text.
    fn scores(
        &self,
        global: &Global,
        spec: &ModelSpec,
        model: &Model,
        settings: &TrainSettings,
    ) -> Result<Value> {
        let settings = self.settings(settings);
        let data = text_data(self.data.clone(), spec, model, &settings)?;
        let bar = global.bar(data.n_validation() as u64, "batches of the test");
        let mut loss = LossSum::ZERO;
        for pass in data.validation()? {
            loss.add(pass?.loss(model).read());
            bar.inc(1);
        }
        bar.finish_and_clear();
        if !loss.sum.is_finite() {
            anyhow::bail!("the loss of the test is {}", loss.sum);
        }
        // Others predict only a part of the text.
        let is_whole = matches!(model, Model::CausalLm(_)) && !self.data.has_borders();
        let bits = loss.sum / std::f64::consts::LN_2 / self.bytes as f64;
        Ok(json!({
            "task": "language-modeling",
            "targets": loss.targets,
            "context": settings.context,
            "loss": loss.mean(),
            "perplexity": loss.mean().exp(),
            "bits_per_byte": is_whole.then_some(bits),
        }))
    }
}

/// The test of a run.
pub(super) enum Test {
    /// A language model on text.
    Text(TestText),
    /// A task on labeled texts or images.
    Labeled(Vec<PathBuf>),
}

impl Test {
    /// Evaluates the model that the run has kept, and writes the scores into the run.
    pub(super) fn evaluate(
        &self,
        global: &Global,
        spec: &ModelSpec,
        outcome: &TrainOutcome,
        settings: &TrainSettings,
    ) -> Result<Value> {
        let path = &outcome.path;
        let mut scores = match self {
            Self::Labeled(files) => evaluate::of_run(global, path, files)?,
            Self::Text(text) if settings.keep == Keep::Last => {
                let model = outcome.model.clone().cast(settings.dtype);
                text.scores(global, spec, &model, settings)?
            }
            Self::Text(text) => {
                let device = outcome.model.backbone().device();
                let model = checkpoint::load(path, &device)?.model.cast(settings.dtype);
                text.scores(global, spec, &model, settings)?
            }
        };
        scores["files"] = json!(settings.test);
        write_json(&path.join(FILE), &scores)?;
        Ok(scores)
    }
}

/// The scores of a test in a line.
pub(super) fn line(scores: &Value) -> String {
    let number = |name: &str| scores[name].as_f64();
    let mut parts = Vec::new();
    if let Some(loss) = number("loss") {
        parts.push(format!("loss {loss:.4}"));
    }
    if let Some(perplexity) = number("perplexity") {
        parts.push(format!("perplexity {perplexity:.3}"));
    }
    if let Some(bits) = number("bits_per_byte") {
        parts.push(format!("{bits:.4} bits per byte"));
    }
    for score in scores["scores"].as_array().into_iter().flatten() {
        if let (Some(name), Some(value)) = (score["name"].as_str(), score["value"].as_f64()) {
            parts.push(format!("{name} {value:.2}"));
        }
    }
    format!("test: {}; in {FILE} of the run", parts.join(", "))
}

/// The absolute paths of files that were moved, or those of the run.
pub(super) fn moved(given: &[PathBuf], of_run: &mut Vec<PathBuf>) {
    if !given.is_empty() {
        let absolute = |path: &PathBuf| PathBuf::from(super::prepare::absolute(Path::new(path)));
        *of_run = given.iter().map(absolute).collect();
    }
}
