//! The task that a model's head is for.

use crate::datasets::labeled::LabeledTask;
use crate::models::checkpoint::ModelSpec;
use crate::models::families::Task;

/// Whether a model's head is for a task; every backbone makes sentence vectors.
pub(super) fn is_for(task: LabeledTask, spec: &ModelSpec) -> bool {
    match task {
        LabeledTask::Classification | LabeledTask::MultiLabelClassification => {
            spec.task == Task::SequenceClassifier
        }
        LabeledTask::Regression | LabeledTask::Ranking => {
            spec.task == Task::SequenceClassifier && spec.labels.len() == 1
        }
        LabeledTask::Tagging => spec.task == Task::TokenClassifier,
        LabeledTask::QuestionAnswering => spec.task == Task::Span,
        // A decoder may have learned targets from texts.
        LabeledTask::TextToText => spec.task.is_generative(),
        LabeledTask::SentenceEmbedding => {
            let backbone = &spec.architecture.backbone;
            !backbone.capabilities().has_decoder_input() && backbone.patches().is_none()
        }
        LabeledTask::ImageClassification => is_image_classifier(spec),
    }
}

fn is_image_classifier(spec: &ModelSpec) -> bool {
    matches!(spec.task, Task::ImageClassifier | Task::DistilledImageClassifier)
}

/// The task of a model's head.
pub(super) fn task_of(spec: &ModelSpec) -> Option<LabeledTask> {
    match spec.task {
        Task::SequenceClassifier => Some(match spec.config["problem_type"].as_str() {
            Some("regression") => LabeledTask::Regression,
            Some("multi_label_classification") => LabeledTask::MultiLabelClassification,
            None if spec.labels.len() == 1 => LabeledTask::Regression,
            _ => LabeledTask::Classification,
        }),
        Task::TokenClassifier => Some(LabeledTask::Tagging),
        Task::Span => Some(LabeledTask::QuestionAnswering),
        Task::Seq2SeqLm => Some(LabeledTask::TextToText),
        _ if is_image_classifier(spec) => Some(LabeledTask::ImageClassification),
        _ => None,
    }
}
