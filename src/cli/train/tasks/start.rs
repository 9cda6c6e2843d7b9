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
use crate::datasets::tokenizer::{Special, Tokenizer};
use crate::models::checkpoint::{
    self, HeadFor, LoadError, Model, ModelSpec, Pretrained, ProblemType,
};
use crate::models::families::{Family, Task};
use crate::pipeline::SentenceModules;
use crate::train::tuning::TaskLengths;

/// The longest text by default, in tokens.
const LONGEST: usize = 512;

/// The head of a task.
pub(super) fn head(task: LabeledTask, labels: &[String]) -> HeadFor {
    let (head, problem_type) = match task {
        LabeledTask::Classification => {
            (Task::SequenceClassifier, Some(ProblemType::SingleLabelClassification))
        }
        LabeledTask::MultiLabelClassification => {
            (Task::SequenceClassifier, Some(ProblemType::MultiLabelClassification))
        }
        LabeledTask::Regression => (Task::SequenceClassifier, Some(ProblemType::Regression)),
        LabeledTask::Tagging => (Task::TokenClassifier, None),
        LabeledTask::QuestionAnswering => (Task::Span, None),
        LabeledTask::TextToText => (Task::Seq2SeqLm, None),
        LabeledTask::SentenceEmbedding => (Task::BaseModel, None),
        // The binary cross-entropy of its only label.
        LabeledTask::Ranking => {
            (Task::SequenceClassifier, Some(ProblemType::MultiLabelClassification))
        }
    };
    HeadFor { problem_type, labels: labels.to_vec(), ..HeadFor::new(head) }
}

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
                    Tokenizer::of_texts(all_texts(&texts.train.examples), vocabulary)
                })?;
                let modules = SentenceModules::default();
                Ok(Self { folder: None, family, tokenizer, longest: None, modules })
            }
        }
    }

    /// The maximum length of a text, in tokens.
    pub(super) fn context(&self, args: &TrainArgs) -> Result<usize> {
        let longest = self.longest.unwrap_or(usize::MAX);
        match args.training.context {
            Some(context) if context > longest => {
                Err(usage(format!("--context is {context}, and the model's is {longest}")))
            }
            Some(context) => Ok(context),
            None => Ok(longest.min(LONGEST)),
        }
    }

    /// Checks that the model has positions for target texts.
    pub(super) fn check_target(&self, task: LabeledTask, target: usize) -> Result<()> {
        match self.longest {
            Some(longest) if task == LabeledTask::TextToText && target > longest => {
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
        let padding = self.tokenizer.special(Special::Padding).map(|token| token.id);
        let head = head(texts.task, &texts.labels);
        if let Some(folder) = self.folder {
            let spec = ModelSpec::describe(folder, device)?;
            let is_missing = spec.config["pad_token_id"].is_null();
            let with_padding =
                HeadFor { pad_token_id: padding.filter(|_| is_missing), ..head.clone() };
            let found = checkpoint::load_with_head(folder, &with_padding, seed, device)
                .or_else(|_| checkpoint::load_with_head(folder, &head, seed, device))
                .map_err(as_usage)?;
            let grown = args.growth.model(global, found.pretrained, &self.tokenizer, device)?;
            let Pretrained { spec, model } = grown;
            return Ok(LoadedStart { spec, model, new: found.new });
        }
        let longest = match texts.task {
            LabeledTask::TextToText => lengths.input.max(lengths.target),
            _ => lengths.input,
        };
        let mut size = args.size.size(self.tokenizer.vocab_size(), longest).map_err(usage)?;
        size.eos = self.tokenizer.eos();
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
fn as_usage(error: LoadError) -> anyhow::Error {
    match error {
        LoadError::Config { .. } => usage(error),
        other => other.into(),
    }
}
