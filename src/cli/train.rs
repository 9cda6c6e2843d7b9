//! `zoo train`

mod args;
mod checkpoint_args;
mod defaults;
mod growth;
mod image_args;
mod objective_args;
mod optimizer_args;
mod prepare;
mod recipe;
mod running_text;
mod settings;
mod start;
mod task_args;
mod tasks;
mod test_text;
mod text_data;
mod text_source;
mod vector_args;
mod vocabulary;

use std::io::IsTerminal;

use anyhow::Result;
use serde_json::{Value, json};

pub(super) use args::SizeArgs;
pub(super) use recipe::{TrainCommand, expand};
pub(super) use task_args::{ColumnArgs, LanguageArgs, length};
pub(super) use vector_args::default_loss;

use super::generate::{beginning, write_text};
use super::{Global, usage};
use crate::datasets::batch::{BatchShape, LmDataset};
use crate::models::checkpoint::{Model, ModelSpec, Pretrained};
use crate::models::families::Task;
use crate::models::generate::{GenerationConfig, Limit};
use crate::pipeline::TextGeneration;
use crate::system::{bytes, duration, peak_memory};
use crate::train::pretraining::TextObjective;
use crate::train::{Display, Ending, Interrupter, Score, TrainError, TrainOutcome, Verbosity};

pub(super) fn run(global: &Global, command: &TrainCommand) -> Result<()> {
    let args = &command.0;
    let prepared = prepare::prepare(global, args)?;
    let (text, context) = (prepared.text, prepared.job.settings.context);
    // A model that repairs texts does not continue them.
    let continues =
        prepared.job.settings.objective.is_none_or(|known| known == TextObjective::NextToken);
    let spec = ModelSpec::new(prepared.job.family, prepared.job.config.clone())?;
    let interrupter = Interrupter::new();
    stop_on_ctrl_c(&interrupter)?;
    let display = if global.quiet {
        Display::Plain(Verbosity::Quiet)
    } else if args.no_tui || global.json || !std::io::stdout().is_terminal() {
        Display::Plain(Verbosity::Lines)
    } else {
        Display::Dashboard
    };
    let settings = prepared.job.settings.clone();
    let outcome = prepared.job.run(display, &interrupter).map_err(classify)?;
    let test = prepared.test.filter(|_| outcome.ending != Ending::Interrupted);
    let test = test.map(|test| test.evaluate(global, &spec, &outcome, &settings)).transpose();
    // The run is finished and saved, with or without scores.
    let scores = test.as_ref().ok().and_then(Option::as_ref);
    report(global, &outcome, prepared.steps, next_verb(&spec), scores)?;
    test?;
    match text {
        Some(text)
            if args.sample > 0
                && !global.json
                && spec.is_generative()
                && continues
                && outcome.ending != Ending::Interrupted =>
        {
            sample(global, args.sample, Pretrained { spec, model: outcome.model }, &text, context)
        }
        _ => Ok(()),
    }
}

/// Writes a sample of at most `tokens` tokens.
fn sample(
    global: &Global,
    tokens: usize,
    loaded: Pretrained,
    text: &LmDataset,
    context: usize,
) -> Result<()> {
    global.note("a sample:\n");
    let (length, prompt) = match &loaded.model {
        // An encoder-decoder continues a prompt.
        Model::Seq2SeqLm(_) => {
            let half = context / 2;
            (tokens.min(context - half), valid_text(text, context, half)?)
        }
        _ => (tokens, None),
    };
    let mut settings = GenerationConfig { longest: Limit::New(length), ..Default::default() };
    settings.options.sampling.temperature = 0.8;
    let generation = TextGeneration::new(loaded, text.tokenizer().clone(), settings)?;
    let generation = generation.with_seed(global.seed());
    let prompt = match prompt {
        // Not every vocabulary has a token to begin a text with.
        None if beginning(&generation).is_none() => valid_text(text, context, 1)?,
        prompt => prompt,
    };
    if let Err(error) = write_text(global, &generation, prompt.as_deref()) {
        // The run is finished and saved, with or without a sample.
        global.note(&format!("no sample: {error:#}"));
    }
    Ok(())
}

/// The first tokens of the validation split as text.
fn valid_text(data: &LmDataset, context: usize, tokens: usize) -> Result<Option<String>> {
    let shape = BatchShape { rows: 1, context: context.min(data.valid_tokens() - 1) };
    let row = data.valid_batches(shape)?.next().transpose()?;
    let tokens = tokens.min(shape.context);
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

/// What a trained model is used with.
fn next_verb(spec: &ModelSpec) -> &'static str {
    match spec.task {
        Task::SequenceClassifier => "classify texts with: zoo classify",
        Task::TokenClassifier => "tag texts with: zoo tag",
        Task::MaskedLm => "fill masked tokens with: zoo fill",
        Task::BaseModel => "embed texts with: zoo embed",
        Task::ImageClassifier => "classify images with: zoo classify-image",
        Task::Span => "answer questions with: zoo answer",
        _ => "generate text with: zoo generate",
    }
}

fn report(
    global: &Global,
    outcome: &TrainOutcome,
    steps: usize,
    next_verb: &str,
    test: Option<&Value>,
) -> Result<()> {
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
            "valid_loss": state.validations.valid_loss,
            "scores": state.validations.scores.iter()
                .map(|score| (score.name.clone(), score.value.into()))
                .collect::<serde_json::Map<_, _>>(),
            "best_valid_loss": state.validations.best.map(|best| best.loss),
            "best_score": state.validations.best_score.map(|best| best.score),
            "watched": state.validations.watched(),
            "best_step": state.validations.best_step(),
            "train_seconds": state.train_seconds,
            "tokens_per_second": speed,
            "peak_memory_bytes": peak,
            "test": test,
        }));
    }
    let score = |score: &Score| format!(", {} {:.2}", score.name, score.value);
    let scores: String = state.validations.scores.iter().map(score).collect();
    let loss = match state.validations.valid_loss {
        Some(loss) => format!("validation loss {loss:.4}{scores}"),
        None => "no validation yet".to_string(),
    };
    let peak = peak.map_or_else(|| "unknown".into(), bytes);
    let path = outcome.path.display();
    match outcome.ending {
        Ending::Finished => global.note(&format!("finished: step {}/{steps}, {loss}", state.step)),
        Ending::Early => global.note(&format!(
            "stopped early at step {}/{steps}, because the {} got no better in {} validations: \
             {loss}",
            state.step,
            state.validations.watched(),
            state.validations.since_best,
        )),
        Ending::Interrupted => global.note(&format!(
            "stopped and saved at step {}/{steps}; resume with: zoo train --resume {path}",
            state.step
        )),
    }
    if let Some(best) = state.validations.best_step() {
        let value = match (state.validations.best_score, state.validations.best) {
            (Some(best), _) => format!("{:.2}", best.score),
            (None, best) => best.map_or_else(String::new, |best| format!("{:.4}", best.loss)),
        };
        global.note(&format!("best {}: {value} at step {best}", state.validations.watched()));
    }
    if let Some(test) = test {
        global.note(&test_text::line(test));
    }
    global.note(&format!(
        "trained {} tokens in {} ({speed:.0} tokens/s), peak memory {peak}",
        state.tokens,
        duration(state.train_seconds),
    ));
    global.note(&format!("saved in {path}; {next_verb} {path}"));
    Ok(())
}
