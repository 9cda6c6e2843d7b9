//! The command line: one file per subcommand. Results go to stdout, everything else to stderr.

mod answer;
mod check;
mod classify;
mod classify_image;
mod compare;
mod convert;
mod devices;
mod download;
mod embed;
mod fill;
mod forward;
mod generate;
mod list;
mod logging;
mod model;
mod parity;
mod renamed;
mod rewrite;
mod serve;
mod show;
mod tag;
mod texts;
mod train;
mod writing;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use burn::tensor::Device;
use clap::{Args, Parser, Subcommand};
use serde_json::Value;

use crate::device;
use crate::models::checkpoint::LoadError;
use crate::models::precision::Precision;
use model::ModelArg;

/// Transformers for Burn: written once, run and trained on every backend.
#[derive(Parser)]
#[command(
    name = "zoo",
    version,
    about,
    long_about = None,
    propagate_version = true,
    after_help = "Exit status: 0 success, 1 failure, 2 usage error.\n\nA first run:  zoo train, then  zoo generate runs/gpt2-nano-stories"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// Options of every subcommand.
#[derive(Args, Clone)]
pub(crate) struct Global {
    /// The device, such as flex, wgpu:0 or cuda:1; `zoo devices` lists the compiled-in ones
    #[arg(long, global = true, value_name = "DEVICE", default_value = device::default_name())]
    device: String,
    /// Seed of all random numbers
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Disable kernel fusion on devices that support it
    #[arg(long, global = true)]
    no_fusion: bool,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Do not print progress
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// List families, data sets and tasks
    List(list::ListArgs),
    /// Show a model's parameter tree, FLOPs and memory
    Show(show::ShowArgs),
    /// List, check and benchmark the compiled-in devices
    Devices(devices::DevicesArgs),
    /// Compare a device's results with flex, model by model
    Parity(parity::ParityArgs),
    /// Train a model, from scratch or from a checkpoint
    Train(Box<train::TrainArgs>),
    /// Compare architectures on tasks and write a report
    Compare(compare::CompareArgs),
    /// Train architectures at several sizes and fit scaling laws
    Sweep(compare::SweepArgs),
    /// Do one run of a comparison
    #[command(hide = true)]
    CompareRun,
    /// Generate text
    Generate(generate::GenerateArgs),
    /// Fill masked tokens
    Fill(fill::FillArgs),
    /// Classify texts (the model's labels, or zero-shot)
    Classify(classify::ClassifyArgs),
    /// Classify images
    ClassifyImage(classify_image::ClassifyImageArgs),
    /// Tag entities such as names and places in texts
    Tag(tag::TagArgs),
    /// Answer questions with spans of a text
    Answer(answer::AnswerArgs),
    /// Summarize texts
    Summarize(rewrite::SummarizeArgs),
    /// Translate texts
    Translate(rewrite::TranslateArgs),
    /// Compute text embeddings
    Embed(embed::EmbedArgs),
    /// Serve a model over HTTP with OpenAI's API
    Serve(serve::ServeArgs),
    /// Compute a model's raw outputs for token ids or pixels
    Forward(forward::ForwardArgs),
    /// Check every key of a checkpoint against its config
    Check(check::CheckArgs),
    /// Convert a model to the current Hugging Face layout
    Convert(convert::ConvertArgs),
    /// Download a model from the Hub and print its directory
    Download(download::DownloadArgs),
}

/// A usage error: exit status 2.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A usage error with this message.
pub(crate) fn usage(message: impl ToString) -> anyhow::Error {
    Usage(message.to_string()).into()
}

/// Parses the command line, runs the subcommand, and returns the exit status.
pub fn main() -> ExitCode {
    let Cli { global, verb } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return renamed::refuse(&error),
    };
    logging::start(&global);
    if global.no_fusion {
        device::without_fusion();
    }
    let result = match verb {
        Verb::List(args) => list::run(&global, &args),
        Verb::Show(args) => show::run(&global, &args),
        Verb::Devices(args) => devices::run(&global, &args),
        Verb::Parity(args) => parity::run(&global, &args),
        Verb::Train(args) => train::run(&global, &args),
        Verb::Compare(args) => compare::run(&global, &args),
        Verb::Sweep(args) => compare::sweep(&global, &args),
        Verb::CompareRun => compare::work(&global),
        Verb::Generate(args) => generate::run(&global, &args),
        Verb::Fill(args) => fill::run(&global, &args),
        Verb::Classify(args) => classify::run(&global, &args),
        Verb::ClassifyImage(args) => classify_image::run(&global, &args),
        Verb::Tag(args) => tag::run(&global, &args),
        Verb::Answer(args) => answer::run(&global, &args),
        Verb::Summarize(args) => rewrite::summarize(&global, &args),
        Verb::Translate(args) => rewrite::translate(&global, &args),
        Verb::Embed(args) => embed::run(&global, &args),
        Verb::Serve(args) => serve::run(&global, &args),
        Verb::Forward(args) => forward::run(&global, &args),
        Verb::Check(args) => check::run(&global, &args),
        Verb::Convert(args) => convert::run(&global, &args),
        Verb::Download(args) => download::run(&global, &args),
    };
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS; // The reader closed the pipe early, as `head` does.
    }
    // Each message already includes its cause.
    complain(&error.to_string());
    let names_no_model =
        matches!(error.downcast_ref::<LoadError>(), Some(LoadError::NotAModel { .. }));
    if names_no_model || error.is::<Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// Prints an error message to standard error.
fn complain(text: &str) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    // Standard error may be closed; the exit status still reports the failure.
    let _ = writeln!(anstream::stderr(), "{red}error:{red:#} {text}");
}

impl Global {
    fn device(&self) -> Result<Device> {
        let device = device::parse(&self.device).map_err(usage)?;
        device::probe(&self.device, &device)?;
        Ok(device)
    }

    /// Prints a result; a closed pipe is an error, not a panic.
    fn print(&self, text: &str) -> Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    fn print_json(&self, value: &Value) -> Result<()> {
        self.print(&serde_json::to_string_pretty(value)?)
    }

    /// Prints a message to standard error, except with `--quiet`.
    fn note(&self, text: &str) {
        if !self.quiet {
            // Standard error may be closed; the command continues.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// A progress bar for work of known length; hidden outside a terminal.
    fn bar(&self, length: u64, of: &'static str) -> indicatif::ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return indicatif::ProgressBar::hidden();
        }
        let style = indicatif::ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}, {eta}");
        let style = style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar());
        indicatif::ProgressBar::new(length).with_style(style).with_message(of)
    }

    /// A spinner for work of unknown length; hidden outside a terminal.
    fn spinner(&self, message: String) -> indicatif::ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return indicatif::ProgressBar::hidden();
        }
        let spinner = indicatif::ProgressBar::new_spinner().with_message(message);
        spinner.enable_steady_tick(std::time::Duration::from_millis(120));
        spinner
    }
}

/// The dtype of the model's computation.
#[derive(Args, Clone, Copy)]
struct DtypeArg {
    /// Compute in f32, bf16 or f16, if the device supports it (`zoo devices`)
    #[arg(long, value_name = "FORMAT", default_value_t)]
    dtype: Precision,
}

impl DtypeArg {
    /// The dtype, if the device supports it.
    fn on(self, global: &Global, device: &Device) -> Result<Precision> {
        device::require_format(&global.device, device, self.dtype).map_err(usage)?;
        Ok(self.dtype)
    }
}

/// Copies a model's other files: tokenizer, generation config, preprocessor and pooling.
fn copy_companions(from: &Path, to: &Path) -> Result<()> {
    const COMPANIONS: [&str; 17] = [
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "merges.txt",
        "chat_template.jinja",
        "generation_config.json",
        "vocab.txt",
        "tokenizer.model",
        "spiece.model",
        "sentencepiece.bpe.model",
        "sentencepiece.model",
        "spm.model",
        "source.spm",
        "target.spm",
        "preprocessor_config.json",
    ];
    let beside = crate::pipeline::TextEmbedder::files(from);
    for name in COMPANIONS.iter().map(Path::new).chain(beside.iter().map(PathBuf::as_path)) {
        let source = from.join(name);
        if source.exists() {
            let target = to.join(name);
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::copy(&source, &target)
                .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", target.display()))?;
        }
    }
    Ok(())
}
