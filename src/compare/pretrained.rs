//! Pretrained candidates: checkpoints that learn a task with their own tokenizer.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::objective::ObjectiveKind;
use super::sizing::{Sized, TypicalWorkload, sized};
use crate::datasets::labeled::{LabeledTask, LabeledText, LabeledTexts};
use crate::datasets::task::{Labels, Task, TaskKind};
use crate::datasets::tokenizer::{Tokenizer, TokenizerError};
use crate::models::checkpoint::{LoadError, ModelSpec, WithHead};
use crate::models::families::Task as Head;
use crate::models::hf::config::ConfigError;
use crate::train::TrainError;
use crate::train::tuning::{EncodedText, TaskLengths, TaskSetup, TaskTexts, head_for, load_for};

/// The longest input in tokens; longer texts are truncated.
const LONGEST: usize = 256;

/// The longest target text in tokens.
const LONGEST_TARGET: usize = 128;

/// The checkpoint that a run starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitFrom {
    /// Its folder.
    pub folder: PathBuf,
    /// A SHA-256 over its config, tokenizer and weights.
    pub hash: String,
}

/// A checkpoint that learns tasks.
#[derive(Debug, Clone)]
pub struct PretrainedStart {
    /// Where it is.
    pub init_from: InitFrom,
    /// Its specification, with the head of the checkpoint.
    pub spec: ModelSpec,
    tokenizer: Tokenizer,
}

/// Why a checkpoint cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum PretrainedError {
    /// The checkpoint cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It supports no head for the task.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its tokenizer cannot be read.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A text cannot be encoded.
    #[error(transparent)]
    Encode(#[from] TrainError),
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The files differ from those of the plan.
    #[error("the files of {0} have changed")]
    Changed(PathBuf),
}

impl PretrainedStart {
    /// Opens a checkpoint.
    ///
    /// # Errors
    ///
    /// [`PretrainedError`], if a file is missing or invalid.
    pub fn open(folder: &Path) -> Result<Self, PretrainedError> {
        let spec = ModelSpec::describe(folder, &Device::flex())?;
        let tokenizer = Tokenizer::load(folder)?;
        let init_from = InitFrom { folder: folder.to_path_buf(), hash: hash(folder)? };
        Ok(Self { init_from, spec, tokenizer })
    }

    /// Opens the checkpoint of a run.
    ///
    /// # Errors
    ///
    /// [`PretrainedError`], also if its files have changed.
    pub fn reopen(init_from: &InitFrom) -> Result<Self, PretrainedError> {
        let start = Self::open(&init_from.folder)?;
        match start.init_from == *init_from {
            true => Ok(start),
            false => Err(PretrainedError::Changed(init_from.folder.clone())),
        }
    }

    /// The objective on a task: that of the head which fine-tuning gives the checkpoint.
    ///
    /// # Errors
    ///
    /// The reason why the checkpoint does not support the task.
    pub fn objective(&self, task: &Task) -> Result<ObjectiveKind, &'static str> {
        if task.sources.is_none() {
            return Err(
                "the task has no texts for a model with a tokenizer of its own; use a task \
                        on texts, such as polarity, csv or jsonl",
            );
        }
        let (objective, head, reason) = match task.kind {
            TaskKind::Classification => (
                ObjectiveKind::Pooled,
                Head::SequenceClassifier,
                "its family has no head for the classification of texts",
            ),
            TaskKind::Tagging(_) => (
                ObjectiveKind::Tags,
                Head::TokenClassifier,
                "its family has no head for the classification of tokens",
            ),
            TaskKind::Transduction => (
                ObjectiveKind::Writes,
                Head::Seq2SeqLm,
                "it is no encoder-decoder, which rewriting texts needs",
            ),
            TaskKind::Language | TaskKind::Masked => {
                return Err("a pretrained model has another vocabulary, and its loss per token \
                            cannot be compared");
            }
        };
        if self.spec.family.has(head) { Ok(objective) } else { Err(reason) }
    }

    /// The model's size and costs on a task.
    ///
    /// # Errors
    ///
    /// [`PretrainedError`], if the head or a text does not fit.
    pub fn sized(&self, task: &Task) -> Result<Sized, PretrainedError> {
        let head = head_for(self.spec.family, labeled_task(task), &names(task));
        let config = head.config(self.spec.family, &self.spec.config)?;
        let spec = ModelSpec::with_task(self.spec.family, config, head.task)?;
        let typical = self.typical(task, &spec);
        Ok(sized(spec, &typical))
    }

    /// The mean over the first texts of the validation split, as the tokenizer splits them.
    fn typical(&self, task: &Task, spec: &ModelSpec) -> TypicalWorkload {
        let some = task.sources.iter().flat_map(|sources| sources.validation.iter().take(200));
        let (mut texts, mut tokens) = (0, 0);
        for text in some {
            texts += 1;
            // A text that the tokenizer rejects is refused when it is encoded.
            tokens += self.tokenizer.encode(&text.text).map_or(0, |ids| ids.len());
        }
        let mean = (tokens / texts.max(1)).clamp(1, LONGEST);
        let (source, targets) = match task.kind {
            TaskKind::Transduction => (mean, mean as f64),
            TaskKind::Tagging(_) => (0, mean as f64),
            _ => (0, 1.0),
        };
        let classes = match task.kind {
            TaskKind::Transduction => spec.architecture.backbone.vocab_size(),
            _ => task.label_count(),
        };
        TypicalWorkload { source, text: mean, targets, classes }
    }

    /// The model with a head for the task, whose new parameters are sampled with `seed`.
    ///
    /// # Errors
    ///
    /// See [`load_for`].
    pub fn model(&self, task: &Task, seed: u64, device: &Device) -> Result<WithHead, LoadError> {
        let head = head_for(self.spec.family, labeled_task(task), &names(task));
        load_for(&head, &self.init_from.folder, &self.tokenizer, seed, device)
    }

    /// Encodes the texts of a task for a model.
    ///
    /// # Errors
    ///
    /// [`PretrainedError`], if a text cannot be encoded.
    pub fn encode(&self, task: &Task, model: &WithHead) -> Result<EncodedTask, PretrainedError> {
        let (spec, model) = (&model.pretrained.spec, &model.pretrained.model);
        let positions = spec.architecture.backbone.max_positions();
        let longest = [positions, self.tokenizer.max_length()].into_iter().flatten().min();
        let longest = longest.unwrap_or(usize::MAX);
        let lengths =
            TaskLengths { input: LONGEST.min(longest), target: LONGEST_TARGET.min(longest) };
        let tokenizer = self.tokenizer.clone();
        let texts = TaskTexts::new(tokenizer);
        let texts = match task.kind {
            TaskKind::Transduction => texts.with_target_of(&self.init_from.folder)?,
            _ => texts,
        };
        let setup = TaskSetup::new(labeled_task(task), spec, model, texts, lengths)?;
        let names = names(task);
        let encode = |texts: &[LabeledText]| {
            let (task, labels) = (labeled_task(task), names.clone());
            setup.encode(LabeledTexts { task, labels, examples: texts.to_vec() })
        };
        let Some(sources) = &task.sources else {
            return Err(TrainError::Data("the task has no texts".into()).into());
        };
        let (train, validation, test) =
            (encode(&sources.train)?, encode(&sources.validation)?, encode(&sources.test)?);
        let label = |name: &String| names.iter().position(|known| known == name).unwrap_or(0);
        let labels = spec.labels.iter().map(|name| label(name) as u32).collect();
        Ok(EncodedTask { setup, train, validation, test, labels })
    }
}

/// The encoded texts of a task.
#[derive(Debug)]
pub struct EncodedTask {
    /// The setup of the model.
    pub setup: TaskSetup,
    /// Training texts.
    pub train: Vec<EncodedText>,
    /// Validation texts.
    pub validation: Vec<EncodedText>,
    /// Test texts.
    pub test: Vec<EncodedText>,
    /// The task's label of each label of the model.
    pub labels: Vec<u32>,
}

fn labeled_task(task: &Task) -> LabeledTask {
    match task.kind {
        TaskKind::Tagging(_) => LabeledTask::Tagging,
        TaskKind::Transduction => LabeledTask::TextToText,
        TaskKind::Classification | TaskKind::Language | TaskKind::Masked => {
            LabeledTask::Classification
        }
    }
}

/// The names of a task's labels; none where it rewrites texts.
fn names(task: &Task) -> Vec<String> {
    match (&task.labels, task.kind) {
        (_, TaskKind::Transduction) | (Labels::Tokens, _) => Vec::new(),
        (Labels::Names(names), _) => names.clone(),
    }
}

/// A SHA-256 over the files of a model: JSON files, weights, and vocabularies.
fn hash(folder: &Path) -> Result<String, PretrainedError> {
    let in_context = |source| PretrainedError::Read { path: folder.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(in_context)? {
        let path = entry.map_err(in_context)?.path();
        let ends = ["json", "safetensors", "txt", "model", "spm"];
        let is_part = path.extension().is_some_and(|end| ends.iter().any(|known| end == *known));
        if is_part && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    let mut hash = Sha256::new();
    for path in files {
        let content = std::fs::read(&path);
        let content =
            content.map_err(|source| PretrainedError::Read { path: path.clone(), source })?;
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    Ok(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
