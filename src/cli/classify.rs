//! `zoo classify`

use anyhow::Result;
use serde::Serialize;

use super::model::ModelArgs;
use super::texts::{Answer, TextArgs, Texts, as_usage};
use super::{Global, usage};
use crate::datasets::tokenizer::Cut;
use crate::pipeline::{
    Candidates, LabelScore, PipelineError, Scoring, TextClassification, TextError,
    ZeroShotClassification,
};

/// Classify texts (the model's labels, or zero-shot).
#[derive(clap::Args)]
#[command(
    after_help = "Without --labels, the labels are those that the model was trained for. With --labels, \
                  classification is zero-shot and needs a model of natural language inference: each \
                  label is inserted into a sentence, and the model predicts whether the text entails \
                  it. Texts longer than the model's limit are truncated, with a note. With --json, \
                  each line is an object with the text and its labels with their scores.\n\nExamples:\n  \
                  zoo classify ./distilbert-sst2 'A wonderful film.' 'It is too long.'\n  \
                  zoo classify ./toxic-bert --multi-label --json < comments.txt > scores.jsonl\n  \
                  zoo classify ./nli-deberta 'My phone is broken.' --labels phone,tablet,car\n  \
                  zoo classify ./nli-deberta - --labels urgent,calm --template 'The tone is {}.'"
)]
pub(crate) struct ClassifyArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    texts: TextArgs,
    /// Labels to print for each text [default: all with --labels or multi-label models,
    /// otherwise 1]
    #[arg(long, short = 'k', value_name = "K")]
    top_k: Option<usize>,
    /// Each text is a pair, separated by a tab, such as a premise and a hypothesis
    #[arg(long, conflicts_with = "labels")]
    pairs: bool,
    /// Comma-separated labels for zero-shot classification
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    labels: Vec<String>,
    /// Score each label independently: several labels can apply
    #[arg(long)]
    multi_label: bool,
    /// The sentence into which labels are inserted, with {} for the label [default: This example
    /// is {}.]
    #[arg(long, value_name = "SENTENCE", requires = "labels")]
    template: Option<String>,
}

/// The fields of a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    labels: &'a [LabelScore],
}

pub(super) fn run(global: &Global, args: &ClassifyArgs) -> Result<()> {
    if args.top_k == Some(0) {
        return Err(usage("--top-k is 0; it must be at least 1"));
    }
    let texts = args.texts.texts()?;
    if args.labels.is_empty() {
        let classifier = args.model.open(global, &|folder, device, precision| {
            Ok(TextClassification::open(folder, device).map_err(as_usage)?.cast(precision))
        })?;
        with_model_labels(global, args, classifier, texts)
    } else {
        let classifier = args.model.open(global, &|folder, device, precision| {
            Ok(ZeroShotClassification::open(folder, device).map_err(as_usage)?.cast(precision))
        })?;
        zero_shot(global, args, classifier, texts)
    }
}

fn with_model_labels(
    global: &Global,
    args: &ClassifyArgs,
    classifier: TextClassification,
    texts: Texts,
) -> Result<()> {
    let classifier = match args.multi_label {
        true => classifier.with_scoring(Scoring::Sigmoid),
        false => classifier,
    };
    let usual = if classifier.scoring() == Scoring::Softmax { 1 } else { usize::MAX };
    let mut cut = 0;
    let classify = &mut |texts: &[String]| -> Result<_, PipelineError> {
        if args.pairs {
            return classifier.classify_pairs(&pairs(texts)?, Cut::Longer);
        }
        let found = classifier.classify(texts)?;
        cut += classifier.cut(texts)?;
        Ok(found)
    };
    let done = print(global, args.top_k.unwrap_or(usual), texts, classify);
    global.note_cut(cut, classifier.max_length());
    done
}

/// The two texts of each pair.
fn pairs(texts: &[String]) -> Result<Vec<[&str; 2]>, PipelineError> {
    let pairs = texts.iter().enumerate().map(|(index, text)| match text.split_once('\t') {
        Some((first, second)) => Ok([first, second]),
        None => {
            let missing = TextError::Empty("second text of the pair, behind a tab,");
            Err(PipelineError::Text { index, source: missing })
        }
    });
    pairs.collect()
}

fn zero_shot(
    global: &Global,
    args: &ClassifyArgs,
    classifier: ZeroShotClassification,
    texts: Texts,
) -> Result<()> {
    if let Err(label) = classifier.entailment() {
        global.note(&format!(
            "the model has no label named entailment; its last label, {label:?}, is used instead"
        ));
    }
    let labels = args.labels.iter().map(|label| label.trim()).filter(|label| !label.is_empty());
    let mut candidates = Candidates::new(labels);
    if let Some(template) = &args.template {
        candidates = candidates.in_sentence(template);
    }
    if args.multi_label {
        candidates = candidates.independent();
    }
    let mut cut = 0;
    let classify = &mut |texts: &[String]| -> Result<_, PipelineError> {
        let found = classifier.classify(texts, &candidates)?;
        cut += classifier.cut(texts, &candidates)?;
        Ok(found)
    };
    let done = print(global, args.top_k.unwrap_or(usize::MAX), texts, classify);
    global.note_cut(cut, classifier.max_length());
    done
}

fn print(
    global: &Global,
    top_k: usize,
    texts: Texts,
    classify: Answer<'_, Vec<LabelScore>>,
) -> Result<()> {
    texts.answer(global, classify, &|text, mut labels| {
        labels.truncate(top_k);
        if global.json {
            return Ok(serde_json::to_string(&Line { text, labels: &labels })?);
        }
        let bold = anstyle::Style::new().bold();
        let line =
            |LabelScore { label, score }: &LabelScore| format!("{bold}{label}{bold:#} {score:.4}");
        let scores: Vec<String> = labels.iter().map(line).collect();
        Ok(format!("{}  {text}", scores.join(", ")))
    })
}
