//! The flags of `zoo train`.

use std::path::PathBuf;

use crate::models::families::{NAMED_SIZES, Size};
use crate::models::precision::Precision;

/// Train a model, from scratch or from a checkpoint.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "\
Ctrl-C saves the run and ends it; --resume goes on as if nothing had happened.

Examples:
  zoo train                                    a small GPT-2 on generated stories
  zoo train llama --data tinyshakespeare       another family, real text
  zoo train gpt2 --text-file book.txt --tokenizer bpe:1000 --context 128 --out runs/book
  zoo train --init-from ./gpt2 --text-file book.txt --lr 1e-4 --out runs/book
  zoo train --resume runs/book

nanoGPT's CPU configuration:
  zoo train gpt2 --data tinyshakespeare --steps 2000 --batch-size 12 --context 64 \\
      --layers 4 --heads 4 --d-model 128 --dropout 0 --lr 1e-3 --min-lr 1e-4 \\
      --warmup 100 --beta2 0.99"
)]
pub(crate) struct TrainArgs {
    /// The family to train from scratch (`zoo list`)
    #[arg(value_name = "FAMILY", default_value = "gpt2", conflicts_with_all = ["init_from", "resume"])]
    pub(super) family: String,
    /// Train this model further, with its tokenizer: a directory, or a model on the Hub
    #[arg(long, value_name = "MODEL", help_heading = "Model", conflicts_with_all = ["resume", "SizeArgs"])]
    pub(super) init_from: Option<PathBuf>,
    /// Go on with a run; its settings are those that it began with, and only --steps may be larger
    #[arg(
        long,
        value_name = "RUN",
        help_heading = "Run",
        conflicts_with_all = ["SizeArgs", "DataArgs", "TrainingArgs"]
    )]
    pub(super) resume: Option<PathBuf>,
    /// Steps [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub(super) steps: Option<usize>,
    /// Where to keep the run [default: runs/FAMILY-SIZE-DATA]
    #[arg(long, short, value_name = "DIR", help_heading = "Run", conflicts_with = "resume")]
    pub(super) out: Option<PathBuf>,
    /// Print lines instead of the dashboard
    #[arg(long, help_heading = "Run")]
    pub(super) no_tui: bool,
    /// Tokens of the sample at the end
    #[arg(long, value_name = "N", help_heading = "Run", default_value_t = 300)]
    pub(super) sample: usize,

    #[command(flatten)]
    pub(super) size: SizeArgs,
    #[command(flatten)]
    pub(super) text: DataArgs,
    #[command(flatten)]
    pub(super) training: TrainingArgs,
}

/// How large a model is.
#[derive(clap::Args, Clone)]
pub(crate) struct SizeArgs {
    /// A named size: nano, micro, small, medium
    #[arg(long, value_name = "NAME", help_heading = "Model", default_value = "nano")]
    pub(super) size: String,
    /// Blocks
    #[arg(long, value_name = "N", help_heading = "Model")]
    layers: Option<usize>,
    /// Query heads
    #[arg(long, value_name = "N", help_heading = "Model")]
    heads: Option<usize>,
    /// Key and value heads, for families with grouped-query attention
    #[arg(long, value_name = "N", help_heading = "Model")]
    kv_heads: Option<usize>,
    /// Features of a token
    #[arg(long, value_name = "N", help_heading = "Model")]
    d_model: Option<usize>,
    /// Hidden features of the feed-forward layers
    #[arg(long, value_name = "N", help_heading = "Model")]
    d_ff: Option<usize>,
    /// Probability of dropping a feature in training
    #[arg(long, value_name = "P", help_heading = "Model", default_value_t = 0.0)]
    dropout: f64,
}

/// What to train on.
#[derive(clap::Args)]
pub(super) struct DataArgs {
    /// A data set (`zoo list`)
    #[arg(long, value_name = "NAME", help_heading = "Data", default_value = "stories")]
    pub(super) data: String,
    /// A text of your own, in UTF-8; the last tenth is for validation
    #[arg(long, value_name = "FILE", help_heading = "Data", conflicts_with = "data")]
    pub(super) text_file: Option<PathBuf>,
    /// char, or bpe:N for a byte-level BPE of N tokens [default: char]
    #[arg(long, value_name = "KIND", help_heading = "Data", conflicts_with = "init_from")]
    pub(super) tokenizer: Option<String>,
}

/// How to train.
#[derive(clap::Args)]
pub(super) struct TrainingArgs {
    /// Rows of a forward pass
    #[arg(long, value_name = "N", help_heading = "Training", default_value_t = 12)]
    pub(super) batch_size: usize,
    /// Tokens of a row [default: 64, or the model's with --init-from, at most 1024]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) context: Option<usize>,
    /// Forward passes whose gradients make one step
    #[arg(long, value_name = "N", help_heading = "Training", default_value_t = 1)]
    pub(super) accumulate: usize,
    /// The highest learning rate
    #[arg(long, value_name = "RATE", help_heading = "Training", default_value_t = 1e-3)]
    pub(super) lr: f64,
    /// The learning rate at the end [default: a tenth of --lr]
    #[arg(long, value_name = "RATE", help_heading = "Training")]
    pub(super) min_lr: Option<f64>,
    /// Steps over which the learning rate rises [default: 100, at most a tenth of --steps]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) warmup: Option<usize>,
    /// Decay of the matrices; norms and biases do not decay
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 0.1)]
    pub(super) weight_decay: f64,
    /// Decay of AdamW's first moment
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 0.9)]
    pub(super) beta1: f64,
    /// Decay of AdamW's second moment
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 0.99)]
    pub(super) beta2: f64,
    /// Added to the root of AdamW's second moment
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 1e-8)]
    pub(super) epsilon: f64,
    /// The largest norm of all gradients together; 0 for no limit
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 1.0)]
    pub(super) clip: f64,
    /// The format that passes compute in: f32, bf16 or f16; the trained weights are f32 in every case
    #[arg(long, value_name = "FORMAT", help_heading = "Training", default_value_t)]
    pub(super) dtype: Precision,
    /// Keep only what enters each block, and compute the block again in the backward pass: less memory, more
    /// time, the same numbers
    #[arg(long, help_heading = "Training")]
    pub(super) checkpoint_blocks: bool,
    /// Steps between two validations, each over the whole split
    #[arg(long, value_name = "N", help_heading = "Training", default_value_t = 200)]
    pub(super) eval_interval: usize,
    /// Steps between two checkpoints [default: --eval-interval]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) checkpoint_interval: Option<usize>,
}

impl SizeArgs {
    /// The size, for a vocabulary and a context.
    ///
    /// # Errors
    ///
    /// An unknown name; lists the known ones.
    pub(crate) fn size(&self, vocab_size: usize, context: usize) -> Result<Size, String> {
        let named = NAMED_SIZES.iter().find(|(name, _)| *name == self.size);
        let Some((_, [layers, heads, d_model])) = named else {
            let known: Vec<&str> = NAMED_SIZES.iter().map(|(name, _)| *name).collect();
            return Err(format!("unknown size {:?}; there are {}", self.size, known.join(", ")));
        };
        Ok(Size {
            vocab_size,
            context,
            d_model: self.d_model.unwrap_or(*d_model),
            n_layers: self.layers.unwrap_or(*layers),
            n_heads: self.heads.unwrap_or(*heads),
            n_kv_heads: self.kv_heads,
            d_ff: self.d_ff,
            dropout: self.dropout,
            eos: None,
        })
    }
}
