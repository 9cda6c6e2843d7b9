//! `zoo embed`

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::json;

use super::{DtypeArg, Global, ModelArg, usage};
use crate::models::heads::pooling::Pooling;
use crate::models::heads::{EmbedderConfig, Length};
use crate::models::pretrained::{F32Tensor, write_safetensors};
use crate::pipeline::{Embeddings, TextEmbedder};

/// Give texts vectors, such that like texts have like vectors.
#[derive(clap::Args)]
#[command(
    after_help = "How hidden states become a vector is what sentence-transformers wrote beside the model \
                  (modules.json, 1_Pooling/config.json, sentence_bert_config.json); without those \
                  files, their mean, at length 1. A line is a text: one vector a line, numbers \
                  between spaces; with --json, one JSON object a line. Of a text longer than the \
                  model reads, the end is left out, and a note says so.\n\nExamples:\n  \
                  zoo embed ./all-MiniLM-L6-v2 'A cat sits.' 'Ein Hund bellt.'\n  \
                  zoo embed ./all-MiniLM-L6-v2 --file lines.txt --json > vectors.jsonl\n  \
                  cut -f2 table.tsv | zoo embed ./bge-small-en --pooling cls - --out v.safetensors"
)]
pub(crate) struct EmbedArgs {
    #[command(flatten)]
    model: ModelArg,
    #[command(flatten)]
    dtype: DtypeArg,
    /// Texts; `-` reads standard input, one text a line
    #[arg(value_name = "TEXT", required_unless_present = "file")]
    texts: Vec<String>,
    /// A file with one text a line
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    file: Option<PathBuf>,
    /// Which hidden states stand for a text [default: what the model says, else mean]
    #[arg(long, value_name = "WHICH")]
    pooling: Option<PoolingArg>,
    /// Leave the vectors as long as they come, or make their length 1
    #[arg(long, value_name = "LENGTH")]
    length: Option<LengthArg>,
    /// Write the vectors to a safetensors file instead, as `embeddings` [texts, features]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum PoolingArg {
    /// The mean of all tokens
    Mean,
    /// The first token
    Cls,
    /// The last token
    Last,
}

#[derive(Clone, Copy, ValueEnum)]
enum LengthArg {
    /// As it comes
    Free,
    /// 1, so that a dot product is the cosine
    Unit,
}

pub(super) fn run(global: &Global, args: &EmbedArgs) -> Result<()> {
    let texts = texts(args)?;
    let device = global.device()?;
    let precision = args.dtype.on(global, &device)?;
    let folder = &args.model.folder(global)?;
    let spinner = global.spinner(format!("loading {}", folder.display()));
    let embedder = TextEmbedder::open(folder, &device)?;
    let usual = embedder.form();
    let form = EmbedderConfig {
        pooling: args.pooling.map_or(usual.pooling, |pooling| match pooling {
            PoolingArg::Mean => Pooling::Mean,
            PoolingArg::Cls => Pooling::First,
            PoolingArg::Last => Pooling::Last,
        }),
        length: args.length.map_or(usual.length, |length| match length {
            LengthArg::Free => Length::Free,
            LengthArg::Unit => Length::Unit,
        }),
    };
    let embedder = embedder.with_form(form).cast(precision);
    spinner.finish_and_clear();
    let bar = global.bar(texts.len() as u64, "texts");
    let Embeddings { vectors, cut } =
        embedder.embed(&texts, &mut |ready| bar.set_position(ready as u64))?;
    bar.finish_and_clear();
    if cut > 0 {
        let longest = embedder.max_length();
        global.note(&format!("of {cut} texts only the first {longest} tokens were read"));
    }

    if let Some(out) = &args.out {
        let shape = vec![vectors.len(), vectors.first().map_or(0, Vec::len)];
        let tensor = F32Tensor { shape: shape.clone(), values: vectors.concat() };
        write_safetensors(out, &BTreeMap::from([("embeddings".to_string(), tensor)]))?;
        if global.json {
            return global.print_json(&json!({ "out": out, "embeddings": shape }));
        }
        global.note(&format!("wrote {}: embeddings {shape:?}", out.display()));
        return Ok(());
    }
    for (text, vector) in texts.iter().zip(&vectors) {
        let line = if global.json {
            json!({ "text": text, "embedding": vector }).to_string()
        } else {
            let mut line = String::new();
            for (index, value) in vector.iter().enumerate() {
                write!(line, "{}{value}", if index > 0 { " " } else { "" })?;
            }
            line
        };
        global.print(&line)?;
    }
    Ok(())
}

fn texts(args: &EmbedArgs) -> Result<Vec<String>> {
    let lines = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    let texts = match (&args.file, args.texts.as_slice()) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()));
            lines(&text.map_err(|error| usage(format!("{error:#}")))?)
        }
        (None, [dash]) if dash == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
            lines(&text)
        }
        (None, texts) => texts.to_vec(),
    };
    if texts.is_empty() {
        return Err(usage("there is no text to embed"));
    }
    Ok(texts)
}
