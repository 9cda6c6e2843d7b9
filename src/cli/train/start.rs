//! The starting point of a new run: a family, or an existing model.

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Device;
use serde_json::Value;

use super::super::{Global, usage};
use super::args::TrainArgs;
use crate::datasets::batch::LmDataset;
use crate::datasets::tokenizer::{Special, Tokenizer};
use crate::models::checkpoint::{self, HeadFor, LoadDtype, Model, ModelSpec, Pretrained};
use crate::models::families::{self, FAMILIES, Family, Task};
use crate::train::TrainSettings;
use crate::train::pretraining::TextObjective;

/// The starting point of a new run.
pub(super) enum Start {
    Family(&'static Family),
    Model { folder: PathBuf, existing: Box<Existing> },
}

/// A model that learns from running text.
pub(super) struct Existing {
    spec: ModelSpec,
    model: Model,
    /// The keys of parameters that the checkpoint lacks.
    new: Vec<String>,
}

impl Existing {
    /// Loads a model, with another probability of dropout than its own if there is one. An encoder
    /// with another head gets one for masked tokens; its new matrices are sampled with `seed`.
    pub(super) fn load(
        folder: &Path,
        seed: u64,
        dropout: Option<f64>,
        device: &Device,
    ) -> Result<Self> {
        let mut spec = ModelSpec::read(folder)?;
        if let Some(p) = dropout {
            spec = spec.with_dropout(p).map_err(|error| usage(format!("--dropout: {error}")))?;
        }
        let loaded = checkpoint::load_as(folder, spec, device, LoadDtype::F32)?;
        let (family, task) = (loaded.spec.family, loaded.spec.task);
        if task == Task::MaskedLm {
            return Ok(Self { spec: loaded.spec, model: loaded.model, new: Vec::new() });
        }
        if !family.is_generative() && family.head(Task::MaskedLm).is_some() {
            let head = HeadFor { dropout, ..HeadFor::new(Task::MaskedLm) };
            let found = checkpoint::load_with_head(folder, &head, seed, device)?;
            let Pretrained { spec, model } = found.pretrained;
            return Ok(Self { spec, model, new: found.new });
        }
        let spec = loaded.spec.clone();
        Ok(Self { spec, model: loaded.into_generative().map_err(usage)?, new: Vec::new() })
    }

    pub(super) fn into_pretrained(self) -> Pretrained {
        Pretrained { spec: self.spec, model: self.model }
    }
}

/// Names the parameters that a checkpoint lacks.
pub(super) fn note_new(global: &Global, new: &[String]) {
    if !new.is_empty() {
        global.note(&format!("new parameters, trained from scratch: {}", new.join(", ")));
    }
}

impl Start {
    pub(super) fn from_family(name: &str) -> Result<Self> {
        Ok(Self::Family(family(name)?))
    }

    pub(super) fn from_model(
        folder: &Path,
        seed: u64,
        dropout: Option<f64>,
        device: &Device,
    ) -> Result<Self> {
        let existing = Box::new(Existing::load(folder, seed, dropout, device)?);
        Ok(Self::Model { folder: folder.to_path_buf(), existing })
    }

    /// The task of the model's head.
    pub(super) fn head(&self) -> Task {
        match self {
            Self::Family(family) => family.primary().task,
            Self::Model { existing, .. } => existing.spec.task,
        }
    }

    /// The keys of parameters that the checkpoint lacks.
    pub(super) fn new_parameters(&self) -> Vec<String> {
        match self {
            Self::Family(_) => Vec::new(),
            Self::Model { existing, .. } => existing.new.clone(),
        }
    }

    pub(super) fn family(&self) -> &'static Family {
        match self {
            Self::Family(family) => family,
            Self::Model { existing, .. } => existing.spec.family,
        }
    }

    pub(super) fn default_context(&self) -> usize {
        match self {
            Self::Family(_) => 64,
            Self::Model { existing, .. } => longest(&existing.spec).min(1024),
        }
    }

    /// The model's tokenizer, with added tokens; `None` for a new model.
    pub(super) fn tokenizer(&self, global: &Global, args: &TrainArgs) -> Result<Option<Tokenizer>> {
        match self {
            Self::Family(_) => Ok(None),
            Self::Model { folder, .. } => {
                let tokenizer = args.growth.tokenizer(global, Tokenizer::load(folder)?)?;
                Ok(Some(tokenizer))
            }
        }
    }

    /// The tokenizer of a new model, with the special tokens that the objective needs beside those of
    /// the family.
    pub(super) fn new_tokenizer(
        tokenizer: Tokenizer,
        objective: TextObjective,
        context: usize,
    ) -> Result<Tokenizer> {
        // A ready tokenizer may have them, whatever their names.
        let has_all = objective.has_tokens(&tokenizer)
            && tokenizer.eos().is_some()
            && tokenizer.special(Special::Padding).is_some();
        match objective {
            TextObjective::SpanCorruption(_) if !has_all => {
                Ok(tokenizer.with_sentinels(objective.new_sentinels(context))?)
            }
            TextObjective::Denoising(_) if !has_all => Ok(tokenizer.with_denoising_tokens()?),
            _ => Ok(tokenizer),
        }
    }

    /// The model to train and its specification.
    pub(super) fn model(
        self,
        global: &Global,
        args: &TrainArgs,
        settings: &TrainSettings,
        data: &LmDataset,
        device: &Device,
    ) -> Result<Pretrained> {
        match self {
            Self::Family(family) => {
                let tokenizer = data.tokenizer();
                let mut size =
                    args.size.size(tokenizer.vocab_size(), settings.context).map_err(usage)?;
                size.eos = tokenizer.eos();
                size.dropout = args.dropout.unwrap_or(0.0);
                let config = family.sized(&size).map_err(usage)?.config;
                let config = with_special_ids(config, tokenizer, settings.objective);
                let spec = ModelSpec::new(family, config).map_err(usage)?;
                check_halves(&spec, settings.context)?;
                let model = spec.initialized(settings.seed, device);
                Ok(Pretrained { spec, model })
            }
            Self::Model { existing, .. } => {
                let loaded = existing.into_pretrained();
                let loaded = args.growth.model(global, loaded, data.tokenizer(), device)?;
                let Pretrained { spec, model } = loaded;
                check_halves(&spec, settings.context)?;
                let (vocab_size, known) =
                    (data.tokenizer().vocab_size(), spec.architecture.backbone.vocab_size());
                if vocab_size > known {
                    return Err(usage(format!(
                        "the tokenizer has {vocab_size} tokens and the model {known}; \
                         --pad-to-multiple-of 1 makes room for them"
                    )));
                }
                let longest = longest(&spec);
                if settings.context > longest {
                    return Err(usage(format!(
                        "--context is {}, and the model's is {longest}",
                        settings.context
                    )));
                }
                Ok(Pretrained { spec, model })
            }
        }
    }
}

/// The family of this name.
pub(super) fn family(name: &str) -> Result<&'static Family> {
    let known: Vec<&str> = FAMILIES.iter().map(|family| family.name()).collect();
    let unknown = |_| usage(format!("unknown family {name:?}; there are {}", known.join(", ")));
    families::find(name).map_err(unknown)
}

/// The config of a new encoder-decoder with the ids of its special tokens.
fn with_special_ids(
    mut config: Value,
    tokenizer: &Tokenizer,
    objective: Option<TextObjective>,
) -> Value {
    let padding = tokenizer.special(Special::Padding).map(|token| token.id);
    // T5's decoder begins with the padding token, BART's with the end token.
    let begin = match objective {
        Some(TextObjective::SpanCorruption(_)) => padding,
        Some(TextObjective::Denoising(_)) => tokenizer.eos(),
        _ => return config,
    };
    for (field, id) in [("pad_token_id", padding), ("decoder_start_token_id", begin)] {
        if let Some(id) = id {
            config[field] = id.into();
        }
    }
    config
}

/// Checks that encoder and decoder have a part of each sequence.
fn check_halves(spec: &ModelSpec, context: usize) -> Result<()> {
    match spec.architecture.backbone.capabilities().has_decoder_input() && context < 2 {
        true => Err(usage("--context is 1; encoder and decoder need half of a sequence each")),
        false => Ok(()),
    }
}

/// The model's maximum sequence length, in tokens.
fn longest(spec: &ModelSpec) -> usize {
    spec.architecture.backbone.max_positions().unwrap_or(usize::MAX)
}

/// The error for a family that does not learn from running text; lists those that do.
pub(super) fn no_text_objective(family: &Family) -> String {
    let learns =
        |family: &&Family| family.is_generative() || family.primary().task == Task::MaskedLm;
    let names: Vec<&str> = FAMILIES.iter().copied().filter(learns).map(Family::name).collect();
    format!(
        "{} does not learn from running text; these do: {}. To learn from labeled texts, choose a \
         --task",
        family.name(),
        names.join(", ")
    )
}
