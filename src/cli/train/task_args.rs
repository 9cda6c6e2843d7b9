//! The flags of `zoo train` for labeled data.

use std::path::PathBuf;

use crate::datasets::labeled::{ClassWeights, Columns, LabeledTask};
use crate::train::ValidationSource;
use crate::train::tuning::Languages;

/// The largest number of epochs, so that the number of steps cannot overflow.
const MAX_EPOCHS: f64 = 1e6;

/// The share of the data to validate on by default.
const SHARE: f64 = 0.1;

/// What is learned from labeled data.
#[derive(clap::Args)]
pub(super) struct TaskArgs {
    /// Learn a task from the labeled texts or images of --data: classification,
    /// multi-label-classification, regression, tagging, question-answering, text-to-text,
    /// sentence-embedding, ranking, image-classification [default: language modeling]
    #[arg(long, value_name = "TASK", help_heading = "Task", requires = "data")]
    pub(super) task: Option<LabeledTask>,
    /// Passes over the training data, instead of --steps [default: 3 with --task]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Run",
        value_parser = epochs,
        conflicts_with = "steps"
    )]
    pub(super) epochs: Option<f64>,
    /// The validation data: a file, or the share of the data that is not trained on, of running text
    /// the last one [default: 0.1, or the validation folder of a data set of images]
    #[arg(long, value_name = "FILE|SHARE", help_heading = "Data")]
    pub(super) validation: Vec<PathBuf>,
    /// Weights of classes in the loss: balanced, or weights such as spam=5,ham=1 [default: all weigh
    /// the same]
    #[arg(long, value_name = "WEIGHTS", help_heading = "Task", requires = "task")]
    pub(super) class_weights: Option<ClassWeights>,
    #[command(flatten)]
    pub(super) columns: ColumnArgs,
    /// A prefix of every text, as T5's tasks have: 'summarize: '
    #[arg(long, value_name = "TEXT", help_heading = "Task", default_value = "", requires = "task")]
    pub(super) prefix: String,
    /// The longest target text in tokens; longer ones are truncated
    #[arg(
        long,
        value_name = "N",
        help_heading = "Task",
        default_value_t = 128,
        value_parser = length,
        requires = "task"
    )]
    pub(super) max_target_length: usize,
    #[command(flatten)]
    pub(super) languages: LanguageArgs,
}

/// The languages of a multilingual model.
#[derive(clap::Args)]
pub(crate) struct LanguageArgs {
    /// The language of source texts for text-to-text with a multilingual model: en_XX, en
    #[arg(long, value_name = "LANGUAGE", help_heading = "Task")]
    source_language: Option<String>,
    /// The language of target texts: de_DE, de; deu for a Marian model with >>deu<<
    #[arg(long, value_name = "LANGUAGE", help_heading = "Task")]
    target_language: Option<String>,
}

impl LanguageArgs {
    /// The named languages.
    pub(crate) fn languages(&self) -> Languages {
        Languages { source: self.source_language.clone(), target: self.target_language.clone() }
    }
}

/// The columns of labeled texts.
#[derive(clap::Args)]
pub(crate) struct ColumnArgs {
    /// The column of the text, the source text, the question, the words or the image file [default:
    /// by its name]
    #[arg(long, value_name = "NAME", help_heading = "Task")]
    pub(super) text_column: Option<String>,
    /// The column of the second text, or of the text with the answer [default: by its name]
    #[arg(long, value_name = "NAME", help_heading = "Task")]
    pair_column: Option<String>,
    /// The column of the label, the labels, the number, the tags, the target text or the answers
    /// [default: by its name]
    #[arg(long, value_name = "NAME", help_heading = "Task")]
    label_column: Option<String>,
}

/// A positive number of epochs.
fn epochs(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(epochs) if epochs > 0.0 && epochs <= MAX_EPOCHS => Ok(epochs),
        _ => Err(format!("it must be more than 0 and at most {MAX_EPOCHS}, such as 3 or 0.5")),
    }
}

/// A positive length.
pub(crate) fn length(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(length) if length > 0 => Ok(length),
        _ => Err("it must be 1 or more".to_string()),
    }
}

impl ColumnArgs {
    /// The named columns.
    pub(crate) fn columns(&self) -> Columns {
        Columns {
            text: self.text_column.clone(),
            pair: self.pair_column.clone(),
            label: self.label_column.clone(),
        }
    }
}

impl TaskArgs {
    /// Where the validation data come from.
    ///
    /// # Errors
    ///
    /// A share that leaves nothing to train on, or to validate on.
    pub(super) fn validation(&self) -> Result<ValidationSource, String> {
        let only = match &self.validation[..] {
            [] => return Ok(ValidationSource::Share(SHARE)),
            [only] => only,
            several => return Ok(ValidationSource::Files(several.to_vec())),
        };
        match only.to_str().and_then(|text| text.parse::<f64>().ok()) {
            Some(share) if share > 0.0 && share < 1.0 => Ok(ValidationSource::Share(share)),
            Some(share) => {
                Err(format!("--validation is {share}; a share is between 0 and 1, such as 0.1"))
            }
            None => Ok(ValidationSource::Files(vec![only.clone()])),
        }
    }
}
