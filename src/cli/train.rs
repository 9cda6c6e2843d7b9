//! `zoo train`

mod args;
mod prepare;
mod start;

use std::io::IsTerminal;

use anyhow::Result;
use serde_json::json;

pub(super) use args::{SizeArgs, TrainArgs};

use super::generate::{beginning, write_text};
use super::{Global, usage};
use crate::datasets::batch::{BatchShape, LmDataset};
use crate::models::checkpoint::{Model, ModelSpec, Pretrained};
use crate::models::generate::{GenerationConfig, Limit};
use crate::pipeline::TextGeneration;
use crate::system::{bytes, duration, peak_memory};
use crate::train::{Display, Ending, Interrupter, TrainError, TrainOutcome, Verbosity};

pub(super) fn run(global: &Global, args: &TrainArgs) -> Result<()> {
    let prepared = prepare::prepare(global, args)?;
    let (data, context) = (prepared.job.data.clone(), prepared.job.settings.context);
    let tokenizer = data.tokenizer().clone();
    let (family, config) = (prepared.job.family, prepared.job.config.clone());
    let interrupter = Interrupter::new();
    stop_on_ctrl_c(&interrupter)?;
    let display = if global.quiet {
        Display::Plain(Verbosity::Quiet)
    } else if args.no_tui || global.json || !std::io::stdout().is_terminal() {
        Display::Plain(Verbosity::Lines)
    } else {
        Display::Dashboard
    };
    let outcome = prepared.job.run(display, &interrupter).map_err(classify)?;
    report(global, &outcome, prepared.steps)?;
    if args.sample > 0 && !global.json && outcome.ending == Ending::Finished {
        global.note("a sample:\n");
        let (length, prompt) = match &outcome.model {
            // An encoder-decoder continues a prompt.
            Model::Seq2SeqLm(_) => {
                let half = context / 2;
                (args.sample.min(context - half), valid_text(&data, context, half)?)
            }
            _ => (args.sample, None),
        };
        let mut settings = GenerationConfig { longest: Limit::New(length), ..Default::default() };
        settings.options.sampling.temperature = 0.8;
        let spec = ModelSpec::new(family, config)?;
        let loaded = Pretrained { spec, model: outcome.model };
        let generation = TextGeneration::new(loaded, tokenizer, settings)?.with_seed(global.seed());
        let prompt = match prompt {
            // Not every vocabulary has a token to begin a text with.
            None if beginning(&generation).is_none() => valid_text(&data, context, 1)?,
            prompt => prompt,
        };
        if let Err(error) = write_text(global, &generation, prompt.as_deref()) {
            // The run is finished and saved, with or without a sample.
            global.note(&format!("no sample: {error:#}"));
        }
    }
    Ok(())
}

/// The first tokens of the validation split as text.
fn valid_text(data: &LmDataset, context: usize, tokens: usize) -> Result<Option<String>> {
    let row = data.valid_batches(BatchShape { rows: 1, context })?.next();
    Ok(row.map(|row| data.tokenizer().decode(&row.inputs[..tokens])).transpose()?)
}

/// Maps errors that the user caused to usage errors.
fn classify(error: TrainError) -> anyhow::Error {
    match error {
        TrainError::Exists(_)
        | TrainError::InUse(_)
        | TrainError::NotARun { .. }
        | TrainError::OtherData { .. } => usage(error),
        other => other.into(),
    }
}

/// The first Ctrl-C ends the run after its step and saves it; the second ends the program.
fn stop_on_ctrl_c(interrupter: &Interrupter) -> Result<()> {
    let interrupter = interrupter.clone();
    ctrlc::set_handler(move || {
        if interrupter.should_stop() {
            std::process::exit(130);
        }
        interrupter.stop(Some("Ctrl-C"));
    })?;
    Ok(())
}

fn report(global: &Global, outcome: &TrainOutcome, steps: usize) -> Result<()> {
    let state = &outcome.state;
    let speed = state.tokens as f64 / state.train_seconds.max(f64::MIN_POSITIVE);
    let peak = peak_memory();
    if global.json {
        return global.print_json(&json!({
            "run": outcome.path,
            "ending": outcome.ending,
            "step": state.step,
            "steps": steps,
            "tokens": state.tokens,
            "valid_loss": state.valid_loss,
            "best_valid_loss": state.best.map(|best| best.loss),
            "best_step": state.best.map(|best| best.step),
            "train_seconds": state.train_seconds,
            "tokens_per_second": speed,
            "peak_memory_bytes": peak,
        }));
    }
    let loss = match state.valid_loss {
        Some(loss) => format!("validation loss {loss:.4}"),
        None => "no validation yet".to_string(),
    };
    let peak = peak.map_or_else(|| "unknown".into(), bytes);
    let path = outcome.path.display();
    match outcome.ending {
        Ending::Finished => global.note(&format!("finished: step {}/{steps}, {loss}", state.step)),
        Ending::Interrupted => global.note(&format!(
            "stopped and saved at step {}/{steps}; resume with: zoo train --resume {path}",
            state.step
        )),
    }
    global.note(&format!(
        "trained {} tokens in {} ({speed:.0} tokens/s), peak memory {peak}",
        state.tokens,
        duration(state.train_seconds),
    ));
    global.note(&format!("saved in {path}; generate text with: zoo generate {path}"));
    Ok(())
}
