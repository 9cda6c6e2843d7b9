//! The head of a task, and a checkpoint with it.

use std::path::Path;

use burn::tensor::Device;
use zoo_datasets::labeled::LabeledTask;
use zoo_datasets::tokenizer::{Special, Tokenizer};
use zoo_models::checkpoint::{
    HeadFor, LoadError, ModelSpec, ProblemType, WithHead, load_with_head,
};
use zoo_models::families::{Family, Task};

/// Whether a family generates texts without an encoder.
pub fn generates_alone(family: &Family) -> bool {
    family.head(Task::Seq2SeqLm).is_none() && family.head(Task::CausalLm).is_some()
}

/// The head of a family for a task with these labels.
pub fn head_for(family: &Family, task: LabeledTask, labels: &[String]) -> HeadFor {
    let (head, problem_type) = match task {
        LabeledTask::Classification => {
            (Task::SequenceClassifier, Some(ProblemType::SingleLabelClassification))
        }
        LabeledTask::ImageClassification => {
            (Task::ImageClassifier, Some(ProblemType::SingleLabelClassification))
        }
        LabeledTask::MultiLabelClassification => {
            (Task::SequenceClassifier, Some(ProblemType::MultiLabelClassification))
        }
        LabeledTask::Regression => (Task::SequenceClassifier, Some(ProblemType::Regression)),
        LabeledTask::Tagging => (Task::TokenClassifier, None),
        LabeledTask::QuestionAnswering => (Task::Span, None),
        LabeledTask::TextToText if generates_alone(family) => (Task::CausalLm, None),
        LabeledTask::TextToText => (Task::Seq2SeqLm, None),
        LabeledTask::SentenceEmbedding => (Task::BaseModel, None),
        // The binary cross-entropy of its only label.
        LabeledTask::Ranking => {
            (Task::SequenceClassifier, Some(ProblemType::MultiLabelClassification))
        }
    };
    HeadFor { problem_type, labels: labels.to_vec(), ..HeadFor::new(head) }
}

/// A checkpoint with a head, whose new parameters are sampled with `seed`. Where its config has no
/// padding token, the tokenizer's is written into it if the family allows that.
///
/// # Errors
///
/// See [`load_with_head`].
pub fn load_for(
    head: &HeadFor,
    folder: &Path,
    tokenizer: &Tokenizer,
    seed: u64,
    device: &Device,
) -> Result<WithHead, LoadError> {
    let padding = tokenizer.special(Special::Padding).map(|token| token.id);
    let spec = ModelSpec::describe(folder, device)?;
    let is_missing = spec.config["pad_token_id"].is_null();
    let with_padding = HeadFor { pad_token_id: padding.filter(|_| is_missing), ..head.clone() };
    load_with_head(folder, &with_padding, seed, device)
        .or_else(|_| load_with_head(folder, head, seed, device))
}
