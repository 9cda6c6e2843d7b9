//! What a new run starts from: a family, or a model that is there.

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Device;

use super::super::usage;
use super::args::TrainArgs;
use crate::datasets::batch::TextData;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::families::{self, FAMILIES, Family};
use crate::models::pretrained::{self, Blueprint, Model};
use crate::train::Settings;

/// What a new run starts from.
pub(super) enum Start {
    Family(&'static Family),
    Model { folder: PathBuf, blueprint: Box<Blueprint>, model: Box<Model> },
}

impl Start {
    pub(super) fn from_family(name: &str) -> Result<Self> {
        let known: Vec<&str> = families::FAMILIES.iter().map(|family| family.name()).collect();
        let unknown = |_| usage(format!("unknown family {name:?}; there are {}", known.join(", ")));
        Ok(Self::Family(families::find(name).map_err(unknown)?))
    }

    pub(super) fn from_model(folder: &Path, device: &Device) -> Result<Self> {
        let loaded = pretrained::load(folder, device)?;
        let blueprint = Box::new(loaded.blueprint.clone());
        let model = Box::new(loaded.into_writer().map_err(usage)?);
        Ok(Self::Model { folder: folder.to_path_buf(), blueprint, model })
    }

    pub(super) fn family(&self) -> &'static Family {
        match self {
            Self::Family(family) => family,
            Self::Model { blueprint, .. } => blueprint.family,
        }
    }

    pub(super) fn default_context(&self) -> usize {
        match self {
            Self::Family(_) => 64,
            Self::Model { blueprint, .. } => longest(blueprint).min(1024),
        }
    }

    /// The tokenizer that a model was trained with; `None` for a new model.
    pub(super) fn tokenizer(&self) -> Result<Option<Tokenizer>> {
        match self {
            Self::Family(_) => Ok(None),
            Self::Model { folder, .. } => Ok(Some(Tokenizer::load(folder)?)),
        }
    }

    /// What is trained, and a model of it.
    pub(super) fn model(
        self,
        (args, settings): (&TrainArgs, &Settings),
        data: &TextData,
        device: &Device,
    ) -> Result<(Blueprint, Model)> {
        match self {
            Self::Family(family) => {
                let tokenizer = data.tokenizer();
                let mut size =
                    args.size.size(tokenizer.vocab_size(), settings.context).map_err(usage)?;
                size.eos = tokenizer.eos();
                let (config, _) = family.sized(&size).map_err(usage)?;
                let blueprint = Blueprint::new(family, config).map_err(usage)?;
                if !blueprint.is_writer() {
                    return Err(usage(no_writer(family)));
                }
                if blueprint.architecture.is_seq2seq() && settings.context < 2 {
                    return Err(usage("--context is 1; half of a row is read and half is written"));
                }
                let model = blueprint.initialized(settings.seed, device);
                Ok((blueprint, model))
            }
            Self::Model { blueprint, model, .. } => {
                let (vocab_size, known) =
                    (data.tokenizer().vocab_size(), blueprint.architecture.vocab_size());
                if vocab_size > known {
                    return Err(usage(format!(
                        "the tokenizer has {vocab_size} tokens and the model knows {known}"
                    )));
                }
                let longest = longest(&blueprint);
                if settings.context > longest {
                    return Err(usage(format!(
                        "--context is {}, and the model's is {longest}",
                        settings.context
                    )));
                }
                Ok((*blueprint, *model))
            }
        }
    }
}

/// The longest sequence that it is for, in tokens.
fn longest(blueprint: &Blueprint) -> usize {
    blueprint.architecture.max_positions().unwrap_or(usize::MAX)
}

/// Why a family cannot be trained here, and which can.
fn no_writer(family: &Family) -> String {
    let writers = FAMILIES.iter().filter(|family| family.writes());
    let names: Vec<&str> = writers.map(|family| family.name()).collect();
    format!(
        "{} writes no texts, which is what `zoo train` teaches; {} do. As a library the zoo trains \
         every family",
        family.name(),
        names.join(", ")
    )
}
