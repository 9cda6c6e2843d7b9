//! The starting point of a run that learns a task: a family, or an existing model.

use std::path::Path;

use anyhow::Result;
use burn::tensor::Device;

use super::super::super::{Global, usage};
use super::super::args::TrainArgs;
use super::super::start::family;
use super::super::vocabulary::{TokenizerChoice, default_of_task};
use super::texts::Texts;
use crate::datasets::labeled::{LabeledTarget, LabeledTask, LabeledText, LabeledTexts};
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{HeadFor, LoadError, Model, ModelSpec, Pretrained};
use crate::models::families::Family;
use crate::pipeline::SentenceModules;
use crate::train::tuning::{TaskLengths, generates_alone, head_for, load_for};

/// The longest text by default, in tokens.
const LONGEST: usize = 512;

/// A tokenizer that reads texts as the modules of an embedding model specify.
pub(super) fn read_by(modules: &SentenceModules, tokenizer: Tokenizer) -> Result<Tokenizer> {
    if modules.is_lower_cased { Ok(tokenizer.lower_cased()?) } else { Ok(tokenizer) }
}

/// The starting point of a new run.
pub(super) struct Start<'a> {
    folder: Option<&'a Path>,
    pub(super) family: &'static Family,
    pub(super) tokenizer: Tokenizer,
    /// The model's maximum length, in tokens.
    longest: Option<usize>,
    /// What makes sentence vectors.
    pub(super) modules: SentenceModules,
}

/// The model of a new run.
pub(super) struct LoadedStart {
    pub(super) spec: ModelSpec,
    pub(super) model: Model,
    /// The keys of parameters that the checkpoint lacks.
    pub(super) new: Vec<String>,
}

impl<'a> Start<'a> {
    pub(super) fn new(
        global: &Global,
        args: &TrainArgs,
        folder: Option<&'a Path>,
        texts: &Texts,
        device: &Device,
    ) -> Result<Self> {
        match folder {
            Some(folder) => {
                let spec = ModelSpec::describe(folder, device)?;
                let tokenizer = args.growth.tokenizer(global, Tokenizer::load(folder)?)?;
                let backbone = &spec.architecture.backbone;
                let modules = match texts.train.task {
                    LabeledTask::SentenceEmbedding => {
                        SentenceModules::read(folder, backbone, device).map_err(usage)?
                    }
                    _ => SentenceModules::default(),
                };
                let lengths =
                    [backbone.max_positions(), tokenizer.max_length(), modules.max_length];
                let longest = lengths.into_iter().flatten().min();
                let tokenizer = read_by(&modules, tokenizer)?;
                Ok(Self { folder: Some(folder), family: spec.family, tokenizer, longest, modules })
            }
            None => {
                let family = family(args.family())?;
                let (flag, default) = (args.text.tokenizer.as_deref(), default_of_task(family));
                let choice = TokenizerChoice::parse(global, flag, default)?;
                let tokenizer = choice.build(family, |vocabulary| {
                    let all = all_texts(&texts.train.examples);
                    Tokenizer::of_texts(all, vocabulary).map_err(usage)
                })?;
                let modules = SentenceModules::default();
                Ok(Self { folder: None, family, tokenizer, longest: None, modules })
            }
        }
    }

    /// The maximum lengths of texts, in tokens.
    pub(super) fn lengths(&self, args: &TrainArgs, task: LabeledTask) -> Result<TaskLengths> {
        let target = args.task.max_target_length;
        let longest = self.longest.unwrap_or(usize::MAX);
        let longest = longest.saturating_sub(self.shared(task, target)).max(1);
        let input = match args.training.context {
            Some(context) if context > longest => {
                return Err(usage(format!("--context is {context}, and the model's is {longest}")));
            }
            Some(context) => context,
            None => longest.min(LONGEST),
        };
        Ok(TaskLengths { input, target })
    }

    /// The positions of a source text that its target takes: a decoder has both in one row.
    fn shared(&self, task: LabeledTask, target: usize) -> usize {
        let is_shared = task == LabeledTask::TextToText && generates_alone(self.family);
        if is_shared { target } else { 0 }
    }

    /// Checks that the model has positions for target texts.
    pub(super) fn check_target(&self, task: LabeledTask, target: usize) -> Result<()> {
        match self.longest {
            Some(longest)
                if task == LabeledTask::TextToText
                    && (target > longest || self.shared(task, target) >= longest) =>
            {
                Err(usage(format!("--max-target-length is {target}, and the model's is {longest}")))
            }
            _ => Ok(()),
        }
    }

    /// The model with a head for the task.
    pub(super) fn load(
        &self,
        global: &Global,
        args: &TrainArgs,
        lengths: TaskLengths,
        texts: &LabeledTexts,
        device: &Device,
    ) -> Result<LoadedStart> {
        let seed = global.seed();
        let head = head_for(self.family, texts.task, &texts.labels);
        if let Some(folder) = self.folder {
            let head = HeadFor { dropout: args.dropout, ..head };
            let found = load_for(&head, folder, &self.tokenizer, seed, device).map_err(as_usage)?;
            let grown = args.growth.model(global, found.pretrained, &self.tokenizer, device)?;
            let Pretrained { spec, model } = grown;
            return Ok(LoadedStart { spec, model, new: found.new });
        }
        let longest = match texts.task {
            LabeledTask::TextToText if generates_alone(self.family) => {
                lengths.input.saturating_add(lengths.target)
            }
            LabeledTask::TextToText => lengths.input.max(lengths.target),
            _ => lengths.input,
        };
        let mut size = args.size.size(self.tokenizer.vocab_size(), longest).map_err(usage)?;
        size.eos = self.tokenizer.eos();
        size.dropout = args.dropout.unwrap_or(0.0);
        let config = self.family.sized(&size).map_err(usage)?.config;
        let config = head.config(self.family, &config).map_err(usage)?;
        let spec = ModelSpec::new(self.family, config).map_err(usage)?;
        let model = spec.initialized(seed, device);
        Ok(LoadedStart { spec, model, new: Vec::new() })
    }
}

/// The training texts, for a vocabulary.
fn all_texts(texts: &[LabeledText]) -> impl Iterator<Item = &str> {
    let targets = texts.iter().filter_map(|text| match &text.target {
        LabeledTarget::Text(target) => Some(target),
        _ => None,
    });
    let inputs = texts.iter().flat_map(|text| std::iter::once(&text.text).chain(&text.pair));
    inputs.chain(targets).map(String::as_str)
}

/// A head that the family does not have is the user's choice.
pub(super) fn as_usage(error: LoadError) -> anyhow::Error {
    match error {
        LoadError::Config { .. } => usage(error),
        other => other.into(),
    }
}
