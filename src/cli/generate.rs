//! `zoo generate`

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};

use super::{DtypeArg, Global, ModelArg, usage};
use crate::datasets::tokenizer::Tokenizer;
use crate::models::generate::{Event, Flow, Options, Sampling, generate, writer};
use crate::models::pretrained::{self, Model};

/// Continue a text.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "A decoder continues the prompt, an encoder-decoder writes what follows on it. The text \
                  is printed as its tokens come. When the context is full, its older half is \
                  forgotten and the text goes on.\n\nExamples:\n  \
                  zoo generate runs/gpt2-nano-stories\n  \
                  zoo generate runs/shakespeare --prompt 'ROMEO:' --max-new-tokens 400 --temperature 0.8 --top-k 40\n  \
                  echo 'To be' | zoo generate runs/shakespeare --prompt - --greedy --json"
)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    model: ModelArg,
    #[command(flatten)]
    dtype: DtypeArg,
    #[command(flatten)]
    text: TextArgs,
}

/// What to continue, and how.
#[derive(clap::Args, Clone)]
pub(super) struct TextArgs {
    /// The text to continue; `-` reads standard input; an empty line where nothing is given
    #[arg(long, short, value_name = "TEXT")]
    prompt: Option<String>,
    /// Tokens to add at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 300)]
    max_new_tokens: usize,
    /// Always take the best token
    #[arg(long, conflicts_with_all = ["temperature", "top_k", "top_p"])]
    greedy: bool,
    /// Below 1 the likely tokens become likelier, above 1 the unlikely ones do; 0 is greedy
    #[arg(long, value_name = "T", default_value_t = 0.8)]
    temperature: f64,
    /// Choose among this many of the best tokens
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Choose among the best tokens whose probabilities add up to this
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    top_p: f64,
}

impl TextArgs {
    /// What `zoo train` prints at its end.
    pub(super) fn sample(max_new_tokens: usize, prompt: Option<String>) -> Self {
        let temperature = 0.8;
        Self { prompt, max_new_tokens, greedy: false, temperature, top_k: None, top_p: 1.0 }
    }
}

pub(super) fn run(global: &Global, args: &GenerateArgs) -> Result<()> {
    let folder = &args.model.folder(global)?;
    let spinner = global.spinner(format!("loading {}", folder.display()));
    let device = global.device()?;
    let precision = args.dtype.on(global, &device)?;
    let loaded = pretrained::load(folder, &device)?;
    let eos = eos(folder, &loaded.blueprint.config);
    let model = loaded.into_writer().map_err(usage)?.cast(precision);
    let tokenizer = Tokenizer::load(folder)?;
    spinner.finish_and_clear();
    write_text(global, (&model, &tokenizer), &args.text, eos.or(tokenizer.eos()))
}

/// Continues the prompt, or writes what follows on it, and prints the text.
pub(super) fn write_text(
    global: &Global,
    (model, tokenizer): (&Model, &Tokenizer),
    args: &TextArgs,
    eos: Option<u32>,
) -> Result<()> {
    let model = writer(model).ok_or_else(|| usage("the model writes no texts"))?;
    let (prompt, tokens) = prompt(args, tokenizer, eos)?;
    let temperature = if args.greedy { 0.0 } else { args.temperature };
    let sampling = Sampling {
        temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        seed: global.seed,
        ..Sampling::default()
    };
    let options = Options {
        max_new_tokens: args.max_new_tokens,
        eos: eos.into_iter().collect(),
        sampling,
        ..Options::default()
    };

    let mut out = io::stdout().lock();
    let mut stream = tokenizer.stream();
    let mut failed: Option<anyhow::Error> = None;
    let mut is_begun = false;
    let began = Instant::now();
    let added = generate(model, &[tokens], &options, &mut |event: &Event| {
        let is_end = Some(event.token) == eos;
        if global.json || is_end {
            return Flow::Continue;
        }
        let mut print = || -> Result<()> {
            // Not before the first token: a prompt that is refused is not printed.
            if !std::mem::replace(&mut is_begun, true) {
                out.write_all(prompt.as_bytes())?;
            }
            if let Some(piece) = stream.push(event.token)? {
                out.write_all(piece.as_bytes())?;
                out.flush()?;
            }
            Ok(())
        };
        match print() {
            Ok(()) => Flow::Continue,
            Err(error) => {
                failed = Some(error);
                Flow::EndAll
            }
        }
    })
    .map_err(usage)?
    .remove(0);
    if let Some(error) = failed {
        return Err(error);
    }
    let seconds = began.elapsed().as_secs_f64();
    if global.json {
        let text: Vec<u32> = added.iter().copied().filter(|&id| Some(id) != eos).collect();
        drop(out);
        return global.print_json(&json!({
            "prompt": prompt,
            "text": tokenizer.decode(&text)?,
            "tokens": added.len(),
            "tokens_per_second": added.len() as f64 / seconds,
        }));
    }
    if !is_begun {
        out.write_all(prompt.as_bytes())?;
    }
    out.write_all(stream.finish()?.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// The prompt's text and tokens. Without one a text begins: after the end of another, or on a new line.
fn prompt(args: &TextArgs, tokenizer: &Tokenizer, eos: Option<u32>) -> Result<(String, Vec<u32>)> {
    let text = match args.prompt.as_deref() {
        Some("-") => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text)?;
            text
        }
        Some(text) => text.to_string(),
        None => {
            return match eos {
                Some(eos) => Ok((String::new(), vec![eos])),
                None => Ok((String::new(), tokenizer.encode("\n").map_err(usage)?)),
            };
        }
    };
    if text.is_empty() {
        return Err(usage("the prompt is empty; leave --prompt out to begin a new text"));
    }
    let tokens = tokenizer.encode(&text).map_err(usage)?;
    Ok((text, tokens))
}

/// The token that ends a text, by `generation_config.json` or `config.json`.
fn eos(folder: &Path, config: &Value) -> Option<u32> {
    let text = std::fs::read_to_string(folder.join("generation_config.json")).unwrap_or_default();
    let generation: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let read = |value: &Value| {
        let id = &value["eos_token_id"];
        // A list has the main one first.
        id.as_u64().or_else(|| id[0].as_u64()).and_then(|id| u32::try_from(id).ok())
    };
    read(&generation).or_else(|| read(config))
}
