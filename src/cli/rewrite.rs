//! `zoo summarize` and `zoo translate`

use anyhow::Result;
use serde_json::json;

use super::Global;
use super::generate::classify;
use super::model::ModelArgs;
use super::texts::{TextArgs, Texts};
use super::writing::WritingArgs;
use crate::pipeline::{PipelineError, Rewritten, Summarization, TextGeneration, Translation};

/// Summarize texts.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "The defaults come from the model's files: beams, lengths and the task prefix of each \
                  text. With --json, each line is an object with the text and its summary.\n\nExamples:\n  \
                  zoo summarize ./bart-large-cnn 'A long article …'\n  \
                  zoo summarize ./t5-small --beams 4 --max-new-tokens 60 --json < articles.txt"
)]
pub(crate) struct SummarizeArgs {
    #[command(flatten)]
    rewriting: RewriteArgs,
}

/// Translate texts.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "Bilingual models need no language codes; multilingual models do. mBART and NLLB have \
                  codes such as de_DE and deu_Latn, M2M100 has de, and T5 has tasks such as \
                  translation_en_to_de, of which the first is the default. With --json, each line is \
                  an object with the text and its translation.\n\nExamples:\n  \
                  zoo translate ./opus-mt-en-de 'How are you?'\n  \
                  zoo translate ./mbart-50 --from en_XX --to de_DE --json < lines.txt\n  \
                  echo 'The house is wonderful.' | zoo translate ./t5-small --from en --to fr -"
)]
pub(crate) struct TranslateArgs {
    #[command(flatten)]
    rewriting: RewriteArgs,
    /// The source language
    #[arg(long, value_name = "LANGUAGE", requires = "to")]
    from: Option<String>,
    /// The target language
    #[arg(long, value_name = "LANGUAGE", requires = "from")]
    to: Option<String>,
}

/// Arguments of both subcommands.
#[derive(clap::Args)]
struct RewriteArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    texts: TextArgs,
    #[command(flatten)]
    writing: WritingArgs,
}

pub(super) fn summarize(global: &Global, args: &SummarizeArgs) -> Result<()> {
    let args = &args.rewriting;
    let texts = args.texts.texts()?;
    let opened = args.model.open(global, &|folder, device, precision| {
        let mut opened = Summarization::open(folder, device).map_err(classify)?.cast(precision);
        args.prepare(global, opened.generation_mut())?;
        Ok(opened)
    })?;
    let rewrite = &|texts: &[String]| opened.summarize(texts, &mut |_| {});
    write(global, texts, "summary", opened.max_length(), rewrite)
}

pub(super) fn translate(global: &Global, args: &TranslateArgs) -> Result<()> {
    let (languages, args) = (args.from.as_ref().zip(args.to.as_ref()), &args.rewriting);
    let texts = args.texts.texts()?;
    let opened = args.model.open(global, &|folder, device, precision| {
        let opened = match languages {
            Some((from, to)) => Translation::between(folder, from, to, device),
            None => Translation::open(folder, device),
        };
        let mut opened = opened.map_err(classify)?.cast(precision);
        args.prepare(global, opened.generation_mut())?;
        Ok(opened)
    })?;
    let rewrite = &|texts: &[String]| opened.translate(texts, &mut |_| {});
    write(global, texts, "translation", opened.max_length(), rewrite)
}

/// Rewrites texts.
type Rewrite<'a> = &'a dyn Fn(&[String]) -> Result<Vec<Vec<Rewritten>>, PipelineError>;

/// Prints the rewritten texts; `field` is their JSON field.
fn write(
    global: &Global,
    texts: Texts,
    field: &str,
    max_length: usize,
    rewrite: Rewrite<'_>,
) -> Result<()> {
    let mut cut = 0;
    let count = &mut |texts: &[String]| -> Result<_, PipelineError> {
        let found = rewrite(texts)?;
        cut += count_cut(&found);
        Ok(found)
    };
    let show = &|text: &str, found: Vec<Rewritten>| Ok(show(global, field, text, &found));
    let done = texts.answer(global, count, show);
    global.note_cut(cut, max_length);
    done
}

impl RewriteArgs {
    /// Applies the generation options.
    fn prepare(&self, global: &Global, generation: &mut TextGeneration) -> Result<()> {
        generation.set_seed(global.seed());
        self.writing.apply(generation.settings_mut());
        generation.settings().validate().map_err(|error| classify(PipelineError::from(error)))
    }
}

fn count_cut(rewritten: &[Vec<Rewritten>]) -> usize {
    rewritten.iter().filter(|texts| texts.iter().any(|text| text.is_cut)).count()
}

/// The outputs for one text, one per line; `field` is their JSON field.
fn show(global: &Global, field: &str, text: &str, rewritten: &[Rewritten]) -> String {
    let line = |new: &Rewritten| {
        if global.json {
            let Rewritten { text: new, ending, is_cut } = new;
            json!({"text": text, field: new, "ending": ending, "is_cut": is_cut}).to_string()
        } else {
            new.text.clone()
        }
    };
    rewritten.iter().map(line).collect::<Vec<_>>().join("\n")
}
