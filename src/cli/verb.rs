//! The subcommands. One whose feature is off is not part of the program.

use anyhow::Result;
use clap::{Parser, Subcommand};

// One import for all subcommands, whatever the features.
use super::*;

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
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// List families, data sets and tasks
    List(list::ListArgs),
    /// Show a model's parameter tree, FLOPs and memory
    Show(show::ShowArgs),
    /// List, check and benchmark the compiled-in devices
    Devices(devices::DevicesArgs),
    /// Compare a device's results with flex, model by model
    Parity(parity::ParityArgs),
    /// Train a model, from scratch or from a checkpoint
    Train(Box<train::TrainCommand>),
    /// Measure a model on labeled texts or images, or a language model on running text
    Evaluate(evaluate::EvaluateArgs),
    /// Compare architectures on tasks and write a report
    #[cfg(feature = "compare")]
    Compare(compare::CompareArgs),
    /// Train architectures at several sizes and fit scaling laws
    #[cfg(feature = "compare")]
    Sweep(compare::SweepArgs),
    /// Do one run of a comparison
    #[cfg(feature = "compare")]
    #[command(hide = true)]
    CompareRun,
    /// Generate text
    Generate(generate::GenerateArgs),
    /// Fill masked tokens
    Fill(fill::FillArgs),
    /// Classify texts (the model's labels, or zero-shot)
    Classify(classify::ClassifyArgs),
    /// Classify images
    #[cfg(feature = "images")]
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
    /// Rank documents by how well they fit a query
    Rank(rank::RankArgs),
    /// Train tokenizers and use them: texts to tokens and back
    Tokenizer(tokenizer::TokenizerArgs),
    /// Serve a model over HTTP with OpenAI's API
    #[cfg(feature = "serve")]
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

impl Verb {
    /// Runs the subcommand.
    pub(super) fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::List(args) => list::run(global, &args),
            Self::Show(args) => show::run(global, &args),
            Self::Devices(args) => devices::run(global, &args),
            Self::Parity(args) => parity::run(global, &args),
            Self::Train(args) => train::run(global, &args),
            #[cfg(feature = "compare")]
            Self::Compare(args) => compare::run(global, &args),
            #[cfg(feature = "compare")]
            Self::Sweep(args) => compare::sweep(global, &args),
            #[cfg(feature = "compare")]
            Self::CompareRun => compare::work(global),
            Self::Generate(args) => generate::run(global, &args),
            Self::Fill(args) => fill::run(global, &args),
            Self::Classify(args) => classify::run(global, &args),
            #[cfg(feature = "images")]
            Self::ClassifyImage(args) => classify_image::run(global, &args),
            Self::Evaluate(args) => evaluate::run(global, &args),
            Self::Tag(args) => tag::run(global, &args),
            Self::Answer(args) => answer::run(global, &args),
            Self::Summarize(args) => rewrite::summarize(global, &args),
            Self::Translate(args) => rewrite::translate(global, &args),
            Self::Embed(args) => embed::run(global, &args),
            Self::Rank(args) => rank::run(global, &args),
            Self::Tokenizer(args) => tokenizer::run(global, &args),
            #[cfg(feature = "serve")]
            Self::Serve(args) => serve::run(global, &args),
            Self::Forward(args) => forward::run(global, &args),
            Self::Check(args) => check::run(global, &args),
            Self::Convert(args) => convert::run(global, &args),
            Self::Download(args) => download::run(global, &args),
        }
    }
}
