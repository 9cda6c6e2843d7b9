//! `zoo tokenizer train`

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use super::super::{Global, usage};
use super::files::FileArgs;
use crate::datasets::tokenizer::{Casing, TokenizerKind, TokenizerTraining, WordCounts};
use crate::system::{bytes, count};

/// Train a tokenizer on texts.
#[derive(Args)]
#[command(
    after_help = "Writes tokenizer.json and tokenizer_config.json, which transformers loads with \
                  AutoTokenizer.from_pretrained(DIR). The same texts give the same files.\n\n  \
                  bpe        byte-level BPE, as in GPT-2: any text, without loss; <|endoftext|>\n  \
                  wordpiece  as in BERT: [CLS] a ##b [SEP]; also [PAD], [UNK], [MASK]\n  \
                  unigram    as in SentencePiece and T5: \u{2581}a b </s>; also <pad>, <unk>\n\n\
                  Texts are split into words of at most 64 characters.\n\nExamples:\n  \
                  zoo tokenizer train book.txt --kind bpe --vocab-size 8000 --out ./tokenizer\n  \
                  zoo tokenizer train corpus/ --kind wordpiece --vocab-size 30000 --lowercase --out ./uncased\n  \
                  zoo tokenizer train 'part-*.jsonl.gz' --text-column body --kind unigram \\\n      \
                  --vocab-size 16000 --special-tokens '<user>,<bot>' --out ./tokenizer"
)]
pub(super) struct TrainArgs {
    #[command(flatten)]
    files: FileArgs,
    /// The kind of tokenizer: bpe, wordpiece, unigram
    #[arg(long, value_name = "KIND")]
    kind: TokenizerKind,
    /// The maximum number of tokens, with special tokens and alphabet
    #[arg(long, value_name = "N")]
    vocab_size: usize,
    /// The directory to write to
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Further special tokens, separated by commas
    #[arg(long, value_name = "TOKENS", value_delimiter = ',')]
    special_tokens: Vec<String>,
    /// The number of times that a pair of tokens must occur to be merged [default: 2]
    #[arg(long, value_name = "N")]
    min_frequency: Option<u64>,
    /// Lowercase texts; wordpiece also removes accents, as in BERT
    #[arg(long)]
    lowercase: bool,
    /// Keep only the N most frequent characters; others become the unknown token [default: all]
    #[arg(long, value_name = "N")]
    limit_alphabet: Option<usize>,
}

impl TrainArgs {
    fn training(&self) -> Result<TokenizerTraining> {
        let mut training = TokenizerTraining::new(self.kind, self.vocab_size);
        match (self.kind, self.min_frequency) {
            (TokenizerKind::Unigram, Some(_)) => {
                return Err(usage("--min-frequency is for bpe and wordpiece, which merge pairs"));
            }
            (_, Some(frequency)) => training.min_frequency = frequency,
            (_, None) => {}
        }
        if self.kind == TokenizerKind::Bpe && self.limit_alphabet.is_some() {
            return Err(usage("--limit-alphabet is for wordpiece and unigram; bpe has 256 bytes"));
        }
        training.special_tokens.clone_from(&self.special_tokens);
        training.limit_alphabet = self.limit_alphabet;
        if self.lowercase {
            training.casing = Casing::Uncased;
        }
        Ok(training)
    }
}

pub(super) fn run(global: &Global, args: &TrainArgs) -> Result<()> {
    let training = args.training()?;
    if args.out.join("tokenizer.json").exists() || args.out.is_file() {
        let out = args.out.display();
        return Err(usage(format!("{out} already has a tokenizer; choose another name")));
    }
    let mut counts = WordCounts::new(&training).map_err(usage)?;
    let mut files = args.files.open(global)?;
    let mut read = 0;
    for file in files.documents.files.clone() {
        files.read(&file, &mut |text| {
            read += text.len() as u64;
            Ok(counts.add(text)?)
        })?;
    }
    files.bar.finish_and_clear();
    let spinner = global.spinner(format!("training {} on {}", args.kind, bytes(read)));
    let trained = counts.train();
    spinner.finish_and_clear();
    let tokenizer = trained.map_err(usage)?;
    tokenizer.save(&args.out).with_context(|| format!("cannot write {}", args.out.display()))?;
    let size = tokenizer.vocab_size();
    if size < args.vocab_size {
        global.note(&format!(
            "the texts give only {size} of {} tokens; more text, or a smaller --min-frequency, \
             gives more",
            args.vocab_size
        ));
    }
    if global.json {
        return global.print_json(&json!({
            "kind": args.kind.name(),
            "vocab_size": size,
            "files": files.documents.files.len(),
            "bytes": read,
            "written": args.out,
        }));
    }
    let tokens = count(size as u64);
    global.note(&format!("wrote {}: {}, {tokens} tokens", args.out.display(), args.kind));
    Ok(())
}
