//! Prints generated texts.

use std::io::{self, Write};
use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::Global;
use super::{Draft, Prompt, classify};
use crate::pipeline::{SpeculativeText, TextGeneration, WrittenText};

/// Streams a text to standard output.
pub(super) fn print_stream(
    global: &Global,
    prompt: &Prompt,
    generation: &TextGeneration,
) -> Result<()> {
    let began = Instant::now();
    let mut stream = generation.stream_tokens(prompt.tokens.clone()).map_err(classify)?;
    if global.json {
        let text = stream.by_ref().collect::<Result<String, _>>().map_err(classify)?;
        return print_json(global, prompt, &began, &stream.written(text));
    }
    let mut out = io::stdout().lock();
    let mut is_begun = false;
    for piece in stream {
        let piece = piece.map_err(classify)?;
        // Printed with the first piece, so that a rejected prompt is not printed.
        if !std::mem::replace(&mut is_begun, true) {
            out.write_all(prompt.text.as_bytes())?;
        }
        out.write_all(piece.as_bytes())?;
        out.flush()?;
    }
    if !is_begun {
        out.write_all(prompt.text.as_bytes())?;
    }
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// The texts of a prompt, one per line.
pub(super) fn shown(global: &Global, prompt: &Prompt, texts: &[WrittenText]) -> String {
    let line = |(place, text): (usize, &WrittenText)| match global.json {
        true => {
            let mut line = json_of(prompt, text);
            line["place"] = place.into();
            line.to_string()
        }
        false => format!("{}{}", prompt.text, text.text),
    };
    texts.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// Streams a text of speculative decoding to standard output.
pub(super) fn print_speculative(
    global: &Global,
    prompt: &Prompt,
    generation: &TextGeneration,
    Draft { model: draft, num_draft_tokens }: &Draft,
) -> Result<()> {
    let began = Instant::now();
    let mut out = io::stdout().lock();
    let mut failed = None;
    let mut begin = Some(prompt.text.as_str()).filter(|_| !global.json);
    let mut receive = |piece: &str| {
        if global.json {
            return true;
        }
        let text = [begin.take().unwrap_or_default(), piece].concat();
        failed = out.write_all(text.as_bytes()).and_then(|()| out.flush()).err();
        failed.is_none()
    };
    let written =
        generation.write_speculative(prompt.tokens.clone(), draft, *num_draft_tokens, &mut receive);
    let SpeculativeText { written: text, stats } = written.map_err(classify)?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let (proposed, accepted) = (stats.proposed, stats.accepted);
    global.note(&format!("\n{accepted} of {proposed} drafted tokens accepted"));
    drop(out);
    if global.json {
        return print_json(global, prompt, &began, &text);
    }
    global.print("")
}

/// Prints a line of JSON with the generation speed.
fn print_json(global: &Global, prompt: &Prompt, began: &Instant, text: &WrittenText) -> Result<()> {
    let mut line = json_of(prompt, text);
    line["tokens_per_second"] = (text.tokens as f64 / began.elapsed().as_secs_f64()).into();
    global.print(&line.to_string())
}

fn json_of(prompt: &Prompt, text: &WrittenText) -> Value {
    let mut line = json!({
        "prompt": prompt.source,
        "text": text.text,
        "tokens": text.tokens,
        "ending": text.ending,
    });
    if let Some(score) = text.score {
        line["score"] = score.into();
    }
    line
}
