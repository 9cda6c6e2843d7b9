//! The flags of `zoo train`.

use std::path::PathBuf;

use super::growth::GrowthArgs;
use super::task_args::TaskArgs;
use super::vector_args::VectorArgs;
use crate::datasets::text::TextSource;
use crate::models::families::{NAMED_SIZES, NamedSize, Size};
use crate::models::precision::Precision;
use crate::train::Decay;

/// Train a model, from scratch or from a checkpoint.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "\
Ctrl-C saves the run and exits; --resume continues it as if it had never stopped.

Examples:
  zoo train                                    a small GPT-2 on generated stories
  zoo train llama --data tinyshakespeare       another family, real text
  zoo train gpt2 --text-file book.txt --tokenizer bpe:1000 --context 128 --out runs/book
  zoo train gpt2 --text-file book.txt --tokenizer ./tokenizer --out runs/book
  zoo train --init-from ./gpt2 --text-file book.txt --lr 1e-4 --out runs/book
  zoo train --init-from ./gpt2 --add-tokens '<user>,<bot>' --text-file chat.txt --out runs/chat
  zoo train --resume runs/book

Fine-tune on labeled texts; the columns are found by their names:
  zoo train --init-from ./bert --task classification --data train.csv --out runs/x
  zoo train --init-from ./bert --task tagging --data train.conll --validation dev.conll
  zoo train --init-from ./t5 --task text-to-text --data pairs.jsonl --text-column en \\
      --label-column de --prefix 'translate English to German: '

nanoGPT's CPU configuration:
  zoo train gpt2 --data tinyshakespeare --steps 2000 --batch-size 12 --context 64 \\
      --layers 4 --heads 4 --d-model 128 --dropout 0 --lr 1e-3 --min-lr 1e-4 \\
      --warmup 100 --beta2 0.99"
)]
pub(crate) struct TrainArgs {
    /// The family to train from scratch (`zoo list`) [default: gpt2]
    #[arg(value_name = "FAMILY", conflicts_with_all = ["init_from", "resume"])]
    pub(super) family: Option<String>,
    /// Fine-tune this model, with its tokenizer: a directory, or a model on the Hub
    #[arg(long, value_name = "MODEL", help_heading = "Model", conflicts_with_all = ["resume", "SizeArgs"])]
    pub(super) init_from: Option<PathBuf>,
    #[command(flatten)]
    pub(super) growth: GrowthArgs,
    /// Resume a run with its original settings; only --steps can be increased, and --text-file or
    /// --data name texts that were moved
    #[arg(
        long,
        value_name = "RUN",
        help_heading = "Run",
        conflicts_with_all = [
            "SizeArgs", "tokenizer", "TrainingArgs", "task", "epochs", "validation", "prefix",
            "max_target_length", "text_column", "pair_column", "label_column"
        ]
    )]
    pub(super) resume: Option<PathBuf>,
    /// Number of optimizer steps [default: 1000; with --task, those of --epochs]
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub(super) steps: Option<usize>,
    /// The run's directory [default: runs/FAMILY-SIZE-DATA]
    #[arg(long, short, value_name = "DIR", help_heading = "Run", conflicts_with = "resume")]
    pub(super) out: Option<PathBuf>,
    /// Print lines instead of the dashboard
    #[arg(long, help_heading = "Run")]
    pub(super) no_tui: bool,
    /// Tokens to generate as a sample after training; 0 for none
    #[arg(long, value_name = "N", help_heading = "Run", default_value_t = 300)]
    pub(super) sample: usize,

    #[command(flatten)]
    pub(super) size: SizeArgs,
    #[command(flatten)]
    pub(super) text: DataArgs,
    #[command(flatten)]
    pub(super) task: TaskArgs,
    #[command(flatten)]
    pub(super) vectors: VectorArgs,
    #[command(flatten)]
    pub(super) training: TrainingArgs,
}

/// The size of a model.
#[derive(clap::Args, Clone)]
pub(crate) struct SizeArgs {
    /// A named size: nano, micro, small, medium
    #[arg(long, value_name = "NAME", help_heading = "Model", default_value = "nano")]
    pub(super) size: String,
    /// Number of layers
    #[arg(long, value_name = "N", help_heading = "Model")]
    layers: Option<usize>,
    /// Number of query heads
    #[arg(long, value_name = "N", help_heading = "Model")]
    heads: Option<usize>,
    /// Number of key-value heads, for families with grouped-query attention
    #[arg(long, value_name = "N", help_heading = "Model")]
    kv_heads: Option<usize>,
    /// Width of the hidden states
    #[arg(long, value_name = "N", help_heading = "Model")]
    d_model: Option<usize>,
    /// Width of the feed-forward layers
    #[arg(long, value_name = "N", help_heading = "Model")]
    d_ff: Option<usize>,
    /// Dropout probability
    #[arg(long, value_name = "P", help_heading = "Model", default_value_t = 0.0)]
    dropout: f64,
}

/// The training data.
#[derive(clap::Args)]
pub(super) struct DataArgs {
    /// A data set (`zoo list`) [default: stories]; with --task, a file, a pattern or a folder, and
    /// the flag can be repeated
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub(super) data: Vec<String>,
    /// A UTF-8 text file; the last tenth is the validation split
    #[arg(long, value_name = "FILE", help_heading = "Data", conflicts_with = "data")]
    pub(super) text_file: Option<PathBuf>,
    /// A new vocabulary: char, or bpe:N, wordpiece:N or unigram:N of N tokens; or a ready tokenizer: a
    /// tokenizer.json or a directory with one [default: char; with --task, bpe:8000; for encoders
    /// such as bert, wordpiece:8000]
    #[arg(long, value_name = "KIND|DIR", help_heading = "Data", conflicts_with = "init_from")]
    pub(super) tokenizer: Option<String>,
}

/// Training settings.
#[derive(clap::Args)]
pub(super) struct TrainingArgs {
    /// Sequences in a forward pass [default: 12; with --task, 32]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) batch_size: Option<usize>,
    /// Sequence length: the longest text with --task, and longer ones are truncated [default: 64,
    /// or the model's with --init-from, at most 1024; with --task, at most 512]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) context: Option<usize>,
    /// Gradient accumulation: forward passes per step
    #[arg(long, value_name = "N", help_heading = "Training", default_value_t = 1)]
    pub(super) accumulate: usize,
    /// The peak learning rate [default: 1e-3; with --init-from and --task, 5e-5]
    #[arg(long, value_name = "RATE", help_heading = "Training")]
    pub(super) lr: Option<f64>,
    /// The decay of the learning rate: cosine, linear, constant, inverse-root,
    /// warmup-stable-decay [default: cosine; with --task, linear]
    #[arg(long, value_name = "NAME", help_heading = "Training")]
    pub(super) schedule: Option<Decay>,
    /// The final learning rate [default: a tenth of --lr; with --task, 0]
    #[arg(long, value_name = "RATE", help_heading = "Training")]
    pub(super) min_lr: Option<f64>,
    /// Warmup steps of the learning rate [default: 100, at most a tenth of --steps; with
    /// --task, a tenth of them]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) warmup: Option<usize>,
    /// Weight decay of matrices; norms and biases have none [default: 0.1; with --task, 0.01]
    #[arg(long, value_name = "X", help_heading = "Training")]
    pub(super) weight_decay: Option<f64>,
    /// AdamW's decay rate of the first moment
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 0.9)]
    pub(super) beta1: f64,
    /// AdamW's decay rate of the second moment [default: 0.99; with --task, 0.999]
    #[arg(long, value_name = "X", help_heading = "Training")]
    pub(super) beta2: Option<f64>,
    /// AdamW's epsilon, added to the square root of the second moment
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 1e-8)]
    pub(super) epsilon: f64,
    /// Maximum global gradient norm; 0 disables clipping
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 1.0)]
    pub(super) clip: f64,
    /// The dtype of forward and backward passes: f32, bf16 or f16; trained weights are always f32
    #[arg(long, value_name = "FORMAT", help_heading = "Training", default_value_t)]
    pub(super) dtype: Precision,
    /// Activation checkpointing: store only the input of each block and recompute the block in the
    /// backward pass; less memory, more time, the same results
    #[arg(long, help_heading = "Training")]
    pub(super) checkpoint_blocks: bool,
    /// Steps between validations over the whole split [default: 200; with --task, those of an
    /// epoch]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) eval_interval: Option<usize>,
    /// End the run after N validations in a row without a better model
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) patience: Option<usize>,
    /// Keep the best model of all validations in the run's directory, by the task's score or else
    /// by the loss, instead of the last
    #[arg(long, help_heading = "Training")]
    pub(super) keep_best: bool,
    /// Steps between checkpoints [default: --eval-interval]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) checkpoint_interval: Option<usize>,
}

impl TrainArgs {
    /// The family to train from scratch.
    pub(super) fn family(&self) -> &str {
        self.family.as_deref().unwrap_or("gpt2")
    }
}

impl DataArgs {
    /// The text of language modeling.
    ///
    /// # Errors
    ///
    /// A data set that does not exist, or more than one.
    pub(super) fn source(&self) -> Result<TextSource, String> {
        match &self.data[..] {
            [] => Ok(TextSource::Stories),
            [name] if std::path::Path::new(name).is_file() => Err(format!(
                "--data {name} is a file: choose a --task to learn from labeled texts, or give \
                 running text with --text-file"
            )),
            [name] => TextSource::parse(name).map_err(|error| error.to_string()),
            [_, ..] => Err("--data is given more than once, which needs a --task".to_string()),
        }
    }
}

impl SizeArgs {
    /// The size, with a vocabulary and a context.
    ///
    /// # Errors
    ///
    /// An unknown size name; the message lists the known ones.
    pub(crate) fn size(&self, vocab_size: usize, context: usize) -> Result<Size, String> {
        let Some(named) = NamedSize::find(&self.size) else {
            let known: Vec<&str> = NAMED_SIZES.iter().map(|size| size.name).collect();
            return Err(format!("unknown size {:?}; there are {}", self.size, known.join(", ")));
        };
        Ok(Size {
            d_model: self.d_model.unwrap_or(named.d_model),
            n_layers: self.layers.unwrap_or(named.n_layers),
            n_heads: self.heads.unwrap_or(named.n_heads),
            n_kv_heads: self.kv_heads,
            d_ff: self.d_ff,
            dropout: self.dropout,
            ..named.size(vocab_size, context)
        })
    }
}
