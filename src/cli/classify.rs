//! `zoo classify`

use anyhow::Result;
use serde::Serialize;

use super::model::ModelArgs;
use super::texts::{Answer, TextArgs, Texts, asked};
use super::{Global, usage};
use crate::pipeline::{
    Candidates, LabelScore, PipelineError, Scoring, TextClassification, ZeroShotClassification,
};

/// Say of which class texts are, a model's classes or any others.
#[derive(clap::Args)]
#[command(
    after_help = "Without --labels, the classes are those that the model was trained for. With --labels, \
                  they are yours, and the model is one of natural language inference: each label is \
                  put into a sentence, and the model says whether that follows from the text. Of a \
                  text longer than the model reads, the end is left out, and a note says so. With \
                  --json, a line is an object: the text, and its labels with their scores.\n\nExamples:\n  \
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
    /// Classes for each text [default: all of --labels; else one, or all where any can be right]
    #[arg(long, short = 'k', value_name = "K")]
    top_k: Option<usize>,
    /// Classes of your own, with commas between them
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    labels: Vec<String>,
    /// Any of the classes can be right, and each has a probability of its own
    #[arg(long)]
    multi_label: bool,
    /// The sentence that a label of yours is put into, with {} for the label [default: This example
    /// is {}.]
    #[arg(long, value_name = "SENTENCE", requires = "labels")]
    template: Option<String>,
}

/// What a line of JSON has.
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
            Ok(TextClassification::open(folder, device).map_err(asked)?.cast(precision))
        })?;
        own_classes(global, args, classifier, texts)
    } else {
        let classifier = args.model.open(global, &|folder, device, precision| {
            Ok(ZeroShotClassification::open(folder, device).map_err(asked)?.cast(precision))
        })?;
        given_classes(global, args, classifier, texts)
    }
}

fn own_classes(
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
        let found = classifier.classify(texts)?;
        cut += classifier.cut(texts)?;
        Ok(found)
    };
    let done = print(global, args.top_k.unwrap_or(usual), texts, classify);
    global.note_cut(cut, classifier.max_length());
    done
}

fn given_classes(
    global: &Global,
    args: &ClassifyArgs,
    classifier: ZeroShotClassification,
    texts: Texts,
) -> Result<()> {
    if let Err(label) = classifier.entailment() {
        global.note(&format!(
            "none of the model's classes is called entailment; its last, {label:?}, is taken for it"
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
        let class =
            |LabelScore { label, score }: &LabelScore| format!("{bold}{label}{bold:#} {score:.4}");
        let classes: Vec<String> = labels.iter().map(class).collect();
        Ok(format!("{}  {text}", classes.join(", ")))
    })
}
