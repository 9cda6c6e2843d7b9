//! The description of a new head, and the `config.json` of a model that has it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::dropout::set_dropout;
use crate::backbones::BackboneConfig;
use crate::families::{Family, NamedTask, Task};
use crate::hf::config::ConfigError;
use crate::hf::labels::labels;
use crate::layers::recurrent::Direction;

/// The head of a model for fine-tuning, and the fields of its `config.json` that training depends
/// on.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadFor {
    /// The task.
    pub task: Task,
    /// The names of the labels, by index. Required for sequence, token and image classification;
    /// empty for other tasks. The model's are in its
    /// [`ModelSpec::labels`](super::ModelSpec::labels): those of a checkpoint that is trained for
    /// these labels may have another order.
    pub labels: Vec<String>,
    /// The loss of a sequence or image classifier. `None` keeps the checkpoint's if its labels are
    /// kept; otherwise transformers infers it from the targets.
    pub problem_type: Option<ProblemType>,
    /// The probability of every dropout layer; see [`dropout_fields`](super::dropout_fields).
    /// `None` keeps the checkpoint's.
    pub dropout: Option<f64>,
    /// The padding token of a checkpoint whose config has none. transformers needs it for batches:
    /// its classifiers over decoders find the last token of a text with it.
    pub pad_token_id: Option<u32>,
}

/// The loss of a classifier, which transformers selects with `problem_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// Mean squared error.
    Regression,
    /// Cross entropy: each input has one label.
    SingleLabelClassification,
    /// Binary cross entropy: each input has any number of labels.
    MultiLabelClassification,
}

impl ProblemType {
    /// The value of `problem_type` in `config.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::SingleLabelClassification => "single_label_classification",
            Self::MultiLabelClassification => "multi_label_classification",
        }
    }
}

/// The projection from a head's hidden states to its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelProjection {
    /// The checkpoint's, if it has one of this shape.
    Kept,
    /// A new one: the checkpoint's is for other labels or for another task.
    New,
}

/// A config with a new head.
pub(super) struct ConfigWithHead {
    pub(super) config: Value,
    pub(super) projection: LabelProjection,
}

impl HeadFor {
    /// A head for this task, without labels; everything else is the checkpoint's.
    pub fn new(task: Task) -> Self {
        Self { task, labels: Vec::new(), problem_type: None, dropout: None, pad_token_id: None }
    }

    /// A head for this task and these labels; everything else is the checkpoint's.
    pub fn with_labels(task: Task, labels: Vec<String>) -> Self {
        Self { labels, ..Self::new(task) }
    }

    /// The `config.json` of a new model of this family with this head.
    ///
    /// # Errors
    ///
    /// A task that the family does not support, invalid labels, or a field that does not apply.
    pub fn config(&self, family: &Family, config: &Value) -> Result<Value, ConfigError> {
        Ok(self.apply(family, config)?.config)
    }

    /// The `config.json` of a checkpoint of this family after its head was replaced.
    ///
    /// # Errors
    ///
    /// A task that the family does not support, invalid labels, or a field that does not apply.
    pub(super) fn apply(
        &self,
        family: &Family,
        config: &Value,
    ) -> Result<ConfigWithHead, ConfigError> {
        let before = (family.architecture)(&config.to_string())?;
        let Some(head) = family.head(self.task) else {
            return Err(unsupported(family, self.task));
        };
        self.check()?;
        let mut with_head =
            ConfigWithHead { config: config.clone(), projection: LabelProjection::Kept };
        let fields = &mut with_head.config;
        fields["architectures"] = json!([head.class]);
        if !fields["model_type"].is_string() {
            fields["model_type"] = family.name().into();
        }
        if let BackboneConfig::Recurrent(backbone) = &before.backbone {
            // By default it depends on the class.
            fields["bidirectional"] = (backbone.stack.direction == Direction::Both).into();
        }
        with_head.projection = self.set_labels(family, config, fields)?;
        self.set_problem_type(with_head.projection, fields);
        if let Some(p) = self.dropout {
            set_dropout(family, fields, p)?;
        }
        self.set_padding(family, fields)?;
        Ok(with_head)
    }

    /// Checks the fields against the task.
    fn check(&self) -> Result<(), ConfigError> {
        let names: BTreeSet<&String> = self.labels.iter().collect();
        let invalid =
            |reason: &str| Err(ConfigError::invalid("id2label", json!(self.labels), reason));
        if has_labels(self.task) && names.is_empty() {
            return invalid("it must name at least one label");
        }
        if names.len() != self.labels.len() {
            return invalid("the names must be distinct");
        }
        if !has_labels(self.task) && !names.is_empty() {
            return invalid(&format!("{:?} has no labels", self.task));
        }
        match self.problem_type {
            Some(problem) if !has_problem_type(self.task) => {
                let reason = format!("{:?} has one loss", self.task);
                Err(ConfigError::invalid("problem_type", problem.name(), &reason))
            }
            _ => Ok(()),
        }
    }

    /// Writes the labels. Labels with the checkpoint's names are the checkpoint's, in its order.
    fn set_labels(
        &self,
        family: &Family,
        before: &Value,
        fields: &mut Value,
    ) -> Result<LabelProjection, ConfigError> {
        let found = labels(before)?;
        let is_same_task = family.named_task(before) == NamedTask::Known(self.task);
        if has_labels(self.task) {
            let names = |labels: &[String]| labels.iter().cloned().collect::<BTreeSet<_>>();
            let is_same = is_same_task && names(&found) == names(&self.labels);
            write_labels(fields, if is_same { &found } else { &self.labels });
            return Ok(if is_same { LabelProjection::Kept } else { LabelProjection::New });
        }
        let has_two_classes =
            matches!(self.task, Task::Span | Task::NextSentence | Task::PreTraining);
        if has_two_classes && found.len() != 2 {
            // transformers sizes these heads by the number of labels, which is 2 by default.
            remove_labels(fields);
        }
        // The key of a projection over sentence pairs belongs to no other task.
        let is_kept = is_same_task || matches!(self.task, Task::NextSentence | Task::PreTraining);
        Ok(if is_kept { LabelProjection::Kept } else { LabelProjection::New })
    }

    fn set_problem_type(&self, projection: LabelProjection, fields: &mut Value) {
        match (self.problem_type, fields.as_object_mut()) {
            (Some(problem), _) => fields["problem_type"] = problem.name().into(),
            (None, Some(fields))
                if has_problem_type(self.task) && projection == LabelProjection::New =>
            {
                fields.remove("problem_type");
            }
            _ => {}
        }
    }

    /// Writes the padding token where there is none.
    fn set_padding(&self, family: &Family, fields: &mut Value) -> Result<(), ConfigError> {
        let Some(id) = self.pad_token_id.filter(|_| fields["pad_token_id"].is_null()) else {
            return Ok(());
        };
        let before = (family.architecture)(&fields.to_string())?;
        let vocab_size = before.backbone.vocab_size();
        if id as usize >= vocab_size {
            let reason = format!("it must be below vocab_size = {vocab_size}");
            return Err(ConfigError::invalid("pad_token_id", id, &reason));
        }
        fields["pad_token_id"] = id.into();
        if (family.architecture)(&fields.to_string())? != before {
            let reason = "the model computes something else with it; null means another id";
            return Err(ConfigError::invalid("pad_token_id", id, reason));
        }
        Ok(())
    }
}

/// The error for a task that a family does not support; it lists the supported ones.
pub(super) fn unsupported(family: &Family, task: Task) -> ConfigError {
    let known = family.heads.iter().map(|head| format!("{:?} ({})", head.task, head.class));
    let known: Vec<String> = known.collect();
    ConfigError::unsupported("task", format!("{task:?}"), &known.join(", "))
}

/// Whether the projection has one class for each label of the config.
fn has_labels(task: Task) -> bool {
    matches!(
        task,
        Task::SequenceClassifier
            | Task::TokenClassifier
            | Task::ImageClassifier
            | Task::DistilledImageClassifier
    )
}

/// Whether transformers selects the loss with `problem_type`.
fn has_problem_type(task: Task) -> bool {
    matches!(task, Task::SequenceClassifier | Task::ImageClassifier)
}

fn write_labels(fields: &mut Value, labels: &[String]) {
    remove_labels(fields);
    let by_index = labels.iter().enumerate();
    let id2label: Map<String, Value> =
        by_index.clone().map(|(index, name)| (index.to_string(), json!(name))).collect();
    let label2id: Map<String, Value> =
        by_index.map(|(index, name)| (name.clone(), json!(index))).collect();
    fields["id2label"] = id2label.into();
    fields["label2id"] = label2id.into();
}

/// Removes everything that specifies labels or their number.
fn remove_labels(fields: &mut Value) {
    if let Some(fields) = fields.as_object_mut() {
        for field in ["id2label", "label2id", "num_labels"] {
            fields.remove(field);
        }
    }
}
