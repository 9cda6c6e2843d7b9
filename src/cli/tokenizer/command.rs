//! The subcommands of `zoo tokenizer`.

use anyhow::Result;
use clap::{Args, Subcommand};

use super::super::Global;
use super::{count, decode, encode, train};

/// Train tokenizers and use them: texts to tokens and back.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
                  zoo tokenizer train corpus/*.txt --kind bpe --vocab-size 8000 --out ./tokenizer\n  \
                  zoo tokenizer encode ./tokenizer 'Hello, world' --tokens\n  \
                  zoo tokenizer decode ./tokenizer 15496 11 995\n  \
                  zoo tokenizer count ./tokenizer corpus/*.txt\n  \
                  zoo train bert --tokenizer ./tokenizer --text-file book.txt")]
pub(crate) struct TokenizerArgs {
    #[command(subcommand)]
    verb: TokenizerVerb,
}

#[derive(Subcommand)]
enum TokenizerVerb {
    /// Train a tokenizer on texts
    Train(train::TrainArgs),
    /// Convert texts to token ids
    Encode(encode::EncodeArgs),
    /// Convert token ids to text
    Decode(decode::DecodeArgs),
    /// Count the tokens of files
    Count(count::CountArgs),
}

pub(in super::super) fn run(global: &Global, args: &TokenizerArgs) -> Result<()> {
    match &args.verb {
        TokenizerVerb::Train(args) => train::run(global, args),
        TokenizerVerb::Encode(args) => encode::run(global, args),
        TokenizerVerb::Decode(args) => decode::run(global, args),
        TokenizerVerb::Count(args) => count::run(global, args),
    }
}
