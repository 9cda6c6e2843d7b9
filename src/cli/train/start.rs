//! The starting point of a new run: a family, or an existing model.

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Device;

use super::super::{Global, usage};
use super::args::TrainArgs;
use crate::datasets::batch::LmDataset;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, Model, ModelSpec, Pretrained};
use crate::models::families::{self, FAMILIES, Family, Task};
use crate::train::TrainSettings;

/// The starting point of a new run.
pub(super) enum Start {
    Family(&'static Family),
    Model { folder: PathBuf, spec: Box<ModelSpec>, model: Box<Model> },
}

impl Start {
    pub(super) fn from_family(name: &str) -> Result<Self> {
        Ok(Self::Family(family(name)?))
    }

    pub(super) fn from_model(folder: &Path, device: &Device) -> Result<Self> {
        let loaded = checkpoint::load(folder, device)?;
        let spec = Box::new(loaded.spec.clone());
        let model = match loaded.model {
            model @ Model::MaskedLm(_) => model,
            model => {
                let loaded = Pretrained { spec: loaded.spec, model };
                loaded.into_generative().map_err(usage)?
            }
        };
        let model = Box::new(model);
        Ok(Self::Model { folder: folder.to_path_buf(), spec, model })
    }

    pub(super) fn family(&self) -> &'static Family {
        match self {
            Self::Family(family) => family,
            Self::Model { spec, .. } => spec.family,
        }
    }

    pub(super) fn default_context(&self) -> usize {
        match self {
            Self::Family(_) => 64,
            Self::Model { spec, .. } => longest(spec).min(1024),
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
                let config = family.sized(&size).map_err(usage)?.config;
                let spec = ModelSpec::new(family, config).map_err(usage)?;
                if !spec.is_generative() && spec.task != Task::MaskedLm {
                    return Err(usage(no_text_objective(family)));
                }
                check_halves(&spec, settings.context)?;
                let model = spec.initialized(settings.seed, device);
                Ok(Pretrained { spec, model })
            }
            Self::Model { spec, model, .. } => {
                let loaded = Pretrained { spec: *spec, model: *model };
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
fn no_text_objective(family: &Family) -> String {
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
