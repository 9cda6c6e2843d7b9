//! The examples of a run, with the objective that learns from them.

use std::ops::Range;

use crate::compare::objective::ObjectiveKind;
use crate::compare::pretrained::EncodedTask;
use crate::compare::task_objective::TaskObjective;
use crate::datasets::task::{Example, PromptEnd, Target, Task, TaskError};
use crate::datasets::tokenizer::Tokenizer;
use crate::train::tuning::{EncodedText, Supervised};
use crate::train::{Objective, Prediction};

/// The examples of a run, as its objective has them.
pub(super) trait RunData<'a>: Copy {
    /// The objective.
    type Objective: Objective + 'a;

    fn objective(self) -> Self::Objective;

    /// The training examples with these indices.
    fn train(self, seed: u64, indices: Range<u64>) -> Vec<<Self::Objective as Objective>::Example>;

    fn validation(self) -> &'a [<Self::Objective as Objective>::Example];

    fn test(self) -> &'a [<Self::Objective as Objective>::Example];

    /// A prediction as the task has it: its labels, for each scored position of the target.
    fn of_task(self, prediction: Prediction, target: &Target) -> Prediction;

    /// The text of generated tokens.
    fn text(self, tokens: &[u32]) -> String;

    /// The tokenizer of the model; `None` where no file can describe it.
    ///
    /// # Errors
    ///
    /// The vocabulary of the task is no tokenizer.
    fn tokenizer(self) -> Result<Option<Tokenizer>, TaskError>;
}

/// The examples of a task, in its vocabulary.
#[derive(Clone, Copy)]
pub(super) struct TaskData<'a> {
    pub(super) task: &'a Task,
    pub(super) objective: TaskObjective<'a>,
}

impl<'a> RunData<'a> for TaskData<'a> {
    type Objective = TaskObjective<'a>;

    fn objective(self) -> TaskObjective<'a> {
        self.objective
    }

    fn train(self, seed: u64, indices: Range<u64>) -> Vec<Example> {
        indices.map(|index| self.task.train(seed, index)).collect()
    }

    fn validation(self) -> &'a [Example] {
        &self.task.validation
    }

    fn test(self) -> &'a [Example] {
        &self.task.test
    }

    fn of_task(self, prediction: Prediction, _target: &Target) -> Prediction {
        prediction
    }

    fn text(self, tokens: &[u32]) -> String {
        self.task.tokens.decode(tokens)
    }

    fn tokenizer(self) -> Result<Option<Tokenizer>, TaskError> {
        self.task.tokenizer(match self.objective.kind {
            ObjectiveKind::Continues => PromptEnd::Separator,
            _ => PromptEnd::Nothing,
        })
    }
}

/// The texts of a task, in the vocabulary of a checkpoint.
#[derive(Clone, Copy)]
pub(super) struct CheckpointData<'a> {
    pub(super) task: &'a Task,
    pub(super) encoded: &'a EncodedTask,
}

impl<'a> RunData<'a> for CheckpointData<'a> {
    type Objective = Supervised;

    fn objective(self) -> Supervised {
        self.encoded.setup.objective
    }

    fn train(self, seed: u64, indices: Range<u64>) -> Vec<EncodedText> {
        let rows = indices.filter_map(|index| self.task.train_row(seed, index));
        rows.map(|row| self.encoded.train[row].clone()).collect()
    }

    fn validation(self) -> &'a [EncodedText] {
        &self.encoded.validation
    }

    fn test(self) -> &'a [EncodedText] {
        &self.encoded.test
    }

    fn of_task(self, prediction: Prediction, target: &Target) -> Prediction {
        let Prediction::Labels(mut labels) = prediction else { return prediction };
        for label in labels.iter_mut().flatten() {
            *label = self.encoded.labels.get(*label as usize).copied().unwrap_or(*label);
        }
        // Words beyond the longest text have no tag.
        labels.resize(target.ids().len(), None);
        Prediction::Labels(labels)
    }

    fn text(self, tokens: &[u32]) -> String {
        self.encoded.setup.tokenizer.decode(tokens).unwrap_or_default()
    }

    fn tokenizer(self) -> Result<Option<Tokenizer>, TaskError> {
        Ok(Some(self.encoded.setup.tokenizer.clone()))
    }
}
