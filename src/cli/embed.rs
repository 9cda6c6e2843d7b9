//! `zoo embed`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::json;

use super::model::ModelArgs;
use super::texts::{TextArgs, Texts, as_usage, without_answer};
use super::{Global, usage};
use crate::models::checkpoint::{F32Tensor, write_safetensors};
use crate::models::heads::Length;
use crate::models::heads::pooling::Pooling;
use crate::pipeline::{Embeddings, FeatureExtraction, Features, Prompt, TextEmbedder};

/// Compute text embeddings.
#[derive(clap::Args)]
#[command(
    after_help = "Pooling follows the files of sentence-transformers beside the model (modules.json and \
                  the directories that it names, sentence_bert_config.json, \
                  config_sentence_transformers.json with its prompts); unsupported files and fields \
                  are errors. Without modules.json, hidden states are mean-pooled and normalized to \
                  length 1. Output is one embedding per line, with values separated by spaces; with \
                  --json, one JSON object per line. With --tokens, the output has the hidden state \
                  of every token, whichever head the model has, and no prompt is added. Texts longer \
                  than the model's limit are truncated, with a note.\n\nExamples:\n  \
                  zoo embed ./all-MiniLM-L6-v2 'A cat sits.' 'Ein Hund bellt.'\n  \
                  zoo embed ./all-MiniLM-L6-v2 --file lines.txt --json > vectors.jsonl\n  \
                  zoo embed ./Qwen3-Embedding-0.6B --prompt-name query 'Who wrote Emma?'\n  \
                  cut -f2 table.tsv | zoo embed ./bge-small-en --pooling cls - --out v.safetensors\n  \
                  zoo embed ./bert-base-uncased --tokens --json 'A cat sits.'"
)]
pub(crate) struct EmbedArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    texts: TextArgs,
    /// Prepend the model's prompt of this name to each text [default: its default prompt, if any]
    #[arg(long, value_name = "NAME", conflicts_with = "prompt")]
    prompt_name: Option<String>,
    /// Prepend this prompt to each text; an empty one disables prompts
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// Pooling of the hidden states [default: the model's, otherwise mean]
    #[arg(long, value_name = "WHICH")]
    pooling: Option<PoolingArg>,
    /// Whether to normalize embeddings to length 1 [default: the model's]
    #[arg(long, value_name = "LENGTH")]
    length: Option<LengthArg>,
    /// Write the embeddings to a safetensors file instead, as `embeddings` [texts, features]; the
    /// row of an invalid text is NaN
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Output a vector for every token instead of the text
    #[arg(long, conflicts_with_all = ["prompt_name", "prompt", "pooling", "length", "out"])]
    tokens: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum PoolingArg {
    /// The mean of all tokens
    Mean,
    /// The first token
    Cls,
    /// The last token
    Last,
    /// The largest value of each feature
    Max,
    /// The sum divided by the square root of the number of tokens
    MeanSqrtLen,
    /// The mean with weight 1 for the first token, 2 for the second, and so on
    WeightedMean,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LengthArg {
    /// Not normalized
    Free,
    /// Length 1, so that dot products are cosine similarities
    Unit,
}

impl From<PoolingArg> for Pooling {
    fn from(pooling: PoolingArg) -> Self {
        match pooling {
            PoolingArg::Mean => Self::Mean,
            PoolingArg::Cls => Self::First,
            PoolingArg::Last => Self::Last,
            PoolingArg::Max => Self::Max,
            PoolingArg::MeanSqrtLen => Self::MeanBySqrtLength,
            PoolingArg::WeightedMean => Self::WeightedMean,
        }
    }
}

/// The fields of a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    embedding: &'a [f32],
}

/// The fields of a JSON line with `--tokens`.
#[derive(Serialize)]
struct TokensLine<'a> {
    text: &'a str,
    #[serde(flatten)]
    features: &'a Features,
}

pub(super) fn run(global: &Global, args: &EmbedArgs) -> Result<()> {
    let texts = args.texts.texts()?;
    if args.tokens {
        return tokens(global, texts, &args.model);
    }
    let embedder = open(global, args)?;
    if let Some(out) = &args.out {
        return write(global, &embedder, texts, out);
    }
    let mut too_long = 0;
    let done = texts.answer(
        global,
        &mut |texts| {
            let Embeddings { vectors, cut } = embedder.embed(texts, &mut |_| {})?;
            too_long += cut;
            Ok(vectors)
        },
        &|text, vector| {
            Ok(if global.json {
                serde_json::to_string(&Line { text, embedding: &vector })?
            } else {
                values(&vector)
            })
        },
    );
    global.note_cut(too_long, embedder.max_length());
    done
}

fn open(global: &Global, args: &EmbedArgs) -> Result<TextEmbedder> {
    let embedder = args.model.open(global, &|folder, device, precision| {
        Ok(TextEmbedder::open(folder, device).map_err(as_usage)?.cast(precision))
    })?;
    let prompt = match (&args.prompt_name, &args.prompt) {
        (Some(name), _) => Prompt::Named(name),
        (None, Some(text)) => Prompt::Text(text),
        (None, None) => Prompt::Default,
    };
    let mut embedder = embedder.with_prompt(prompt).map_err(usage)?;
    if let Some(pooling) = args.pooling {
        embedder = embedder.with_pooling(pooling.into()).map_err(as_usage)?;
    }
    Ok(match args.length {
        Some(LengthArg::Free) => embedder.with_length(Length::Free),
        Some(LengthArg::Unit) => embedder.with_length(Length::Unit),
        None => embedder,
    })
}

/// Writes all embeddings to a file. The row of a text that failed is NaN.
fn write(global: &Global, embedder: &TextEmbedder, texts: Texts, out: &Path) -> Result<()> {
    let bar = global.spinner("embedding".into());
    let mut too_long = 0;
    let found = texts.answer_together(&mut |texts| {
        let Embeddings { vectors, cut } =
            embedder.embed(texts, &mut |ready| bar.set_message(format!("{ready} texts")))?;
        too_long += cut;
        Ok(vectors)
    });
    bar.finish_and_clear();
    let found = found?;
    global.note_cut(too_long, embedder.max_length());
    let count = found.len();
    let failed = found.iter().filter(|vector| vector.is_none()).count();
    if failed == count {
        return Err(without_answer(failed, count));
    }
    let width = found.iter().flatten().next().map_or(0, Vec::len);
    let row = |vector: Option<Vec<f32>>| vector.unwrap_or_else(|| vec![f32::NAN; width]);
    let values: Vec<f32> = found.into_iter().flat_map(row).collect();
    let shape = vec![count, width];
    let tensor = F32Tensor { shape: shape.clone(), values };
    write_safetensors(out, &BTreeMap::from([("embeddings".to_string(), tensor)]))?;
    if global.json {
        global.print_json(&json!({ "out": out, "embeddings": shape }))?;
    } else {
        global.note(&format!("wrote {}: embeddings {shape:?}", out.display()));
    }
    if failed > 0 { Err(without_answer(failed, count)) } else { Ok(()) }
}

/// Prints the hidden state of every token.
fn tokens(global: &Global, texts: Texts, model: &ModelArgs) -> Result<()> {
    let extractor = model.open(global, &|folder, device, precision| {
        Ok(FeatureExtraction::open(folder, device).map_err(as_usage)?.cast(precision))
    })?;
    let mut cut = 0;
    let done = texts.answer(
        global,
        &mut |texts| {
            let features = extractor.extract(texts)?;
            cut += extractor.cut(texts)?;
            Ok(features)
        },
        &|text, features| {
            if global.json {
                return Ok(serde_json::to_string(&TokensLine { text, features: &features })?);
            }
            // The trailing newline leaves an empty line between texts.
            let line =
                |(token, vector): (&String, &Vec<f32>)| format!("{token} {}\n", values(vector));
            Ok(features.tokens.iter().zip(&features.vectors).map(line).collect())
        },
    );
    global.note_cut(cut, extractor.max_length());
    done
}

fn values(vector: &[f32]) -> String {
    vector.iter().map(f32::to_string).collect::<Vec<_>>().join(" ")
}
