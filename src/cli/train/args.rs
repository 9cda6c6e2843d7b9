//! The flags of `zoo train`.

use std::path::PathBuf;

use super::checkpoint_args::CheckpointArgs;
use super::growth::GrowthArgs;
use super::image_args::ImageArgs;
use super::objective_args::ObjectiveArgs;
use super::optimizer_args::OptimizerArgs;
use super::recipe::GivenFlag;
use super::task_args::TaskArgs;
use super::vector_args::VectorArgs;
use crate::datasets::encoded::Packing;
use crate::datasets::labeled::LabeledTask;
use crate::datasets::text::Documents;
use crate::models::families::{NAMED_SIZES, NamedSize, Size};
use crate::models::precision::Precision;

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
  zoo train --init-from ./bert --text-file book.txt --masking whole-word --lr 1e-4
  zoo train t5 --text-file book.txt --tokenizer bpe:1000 --objective span-corruption
  zoo train gpt2 --text-file 'texts/*.txt.gz' --tokenizer bpe:8000 --epochs 1 --test test.txt
  zoo train gpt2 --data web.jsonl --text-column content --packing bordered
  zoo train --init-from ./gpt2 --add-tokens '<user>,<bot>' --text-file chat.txt --out runs/chat
  zoo train --resume runs/book
  zoo train runs/book/recipe.toml --lr 3e-4 --out runs/other

Fine-tune on labeled texts; the columns are found by their names:
  zoo train --init-from ./bert --task classification --data train.csv --out runs/x
  zoo train --init-from ./bert --task tagging --data train.conll --validation dev.conll
  zoo train --init-from ./t5 --task text-to-text --data pairs.jsonl --text-column en \\
      --label-column de --prefix 'translate English to German: '
  zoo train --init-from ./mbart --task text-to-text --data pairs.tsv --text-column en \\
      --label-column de --source-language en_XX --target-language de_DE

Learn to classify images; each folder in photos/ has the images of a class:
  zoo train --init-from ./vit --task image-classification --data photos --augment flip,crop
  zoo train vit --task image-classification --data photos --image-size 32 --epochs 20

nanoGPT's CPU configuration:
  zoo train gpt2 --data tinyshakespeare --steps 2000 --batch-size 12 --context 64 \\
      --layers 4 --heads 4 --d-model 128 --dropout 0 --lr 1e-3 --min-lr 1e-4 \\
      --warmup 100 --beta2 0.99"
)]
pub(crate) struct TrainArgs {
    /// The family to train from scratch (`zoo list`) [default: gpt2; for images, vit], or a recipe:
    /// a TOML file, as every run writes it
    #[arg(value_name = "FAMILY|RECIPE", conflicts_with_all = ["init_from", "resume"])]
    pub(super) family: Option<String>,
    /// Fine-tune this model, with its tokenizer: a directory, or a model on the Hub
    #[arg(long, value_name = "MODEL", help_heading = "Model", conflicts_with_all = ["resume", "SizeArgs"])]
    pub(super) init_from: Option<PathBuf>,
    #[command(flatten)]
    pub(super) growth: GrowthArgs,
    /// Resume a run with its original settings; only --steps can be increased, and --text-file,
    /// --data, --validation and --test name texts that were moved
    #[arg(
        long,
        value_name = "RUN",
        help_heading = "Run",
        conflicts_with_all = [
            "GrowthArgs", "SizeArgs", "dropout", "tokenizer", "ObjectiveArgs", "TrainingArgs",
            "OptimizerArgs", "CheckpointArgs", "task", "epochs", "prefix", "documents", "packing",
            "max_target_length", "text_column", "pair_column", "label_column", "LanguageArgs",
            "class_weights", "augment", "image_size", "patch_size"
        ]
    )]
    pub(super) resume: Option<PathBuf>,
    /// Number of optimizer steps [default: 1000; with --task or --epochs, those of --epochs]
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
    /// Dropout probability [default: 0; with --init-from, the checkpoint's]
    #[arg(long, value_name = "P", help_heading = "Model")]
    pub(super) dropout: Option<f64>,
    #[command(flatten)]
    pub(super) text: DataArgs,
    #[command(flatten)]
    pub(super) objective: ObjectiveArgs,
    #[command(flatten)]
    pub(super) task: TaskArgs,
    #[command(flatten)]
    pub(super) vectors: VectorArgs,
    #[command(flatten)]
    pub(super) images: ImageArgs,
    #[command(flatten)]
    pub(super) training: TrainingArgs,
    #[command(flatten)]
    pub(super) optimizer: OptimizerArgs,
    #[command(flatten)]
    pub(super) checkpoints: CheckpointArgs,
    /// The flags on the command line.
    #[arg(skip)]
    pub(super) given: Vec<GivenFlag>,
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
}

/// The training data.
#[derive(clap::Args)]
pub(super) struct DataArgs {
    /// A data set (`zoo list`) [default: stories]; with --task or --text-column, a file, a pattern
    /// or a folder, and the flag can be repeated
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub(super) data: Vec<String>,
    /// Running text in UTF-8: a file, a pattern such as 'texts/*.txt' or a folder; can be repeated.
    /// JSON Lines, CSV, TSV, JSON and Parquet have a document in each row; .gz and .zst are
    /// decompressed
    #[arg(long, value_name = "FILE", help_heading = "Data", conflicts_with = "data")]
    pub(super) text_file: Vec<PathBuf>,
    /// How plain text is split into documents, with an end token between them: file, line or
    /// blank-line [default: file]
    #[arg(long, value_name = "NAME", help_heading = "Data", conflicts_with = "task")]
    pub(super) documents: Option<Documents>,
    /// How documents are put into rows: stream, or bordered with rows of one document each, padded
    /// [default: stream]
    #[arg(long, value_name = "NAME", help_heading = "Data", conflicts_with = "task")]
    pub(super) packing: Option<Packing>,
    /// Evaluate the model on this file after training, as `zoo evaluate` does; can be repeated
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub(super) test: Vec<PathBuf>,
    /// A new vocabulary: char, or bpe:N, wordpiece:N or unigram:N of N tokens; or a ready tokenizer:
    /// a tokenizer.json or a directory with one [default: char; with --task, bpe:8000; for
    /// encoders such as bert, wordpiece:8000]
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
    /// The dtype of forward and backward passes: f32, bf16 or f16; trained weights are always f32
    #[arg(long, value_name = "FORMAT", help_heading = "Training", default_value_t)]
    pub(super) dtype: Precision,
    /// Label smoothing of the training loss: the share of each target that is spread over all
    /// classes or tokens
    #[arg(long, value_name = "X", help_heading = "Training", default_value_t = 0.0)]
    pub(super) label_smoothing: f64,
    /// Average the weights with this decay rate, such as 0.999: validations and the saved model use
    /// the averages
    #[arg(long, value_name = "X", help_heading = "Training")]
    pub(super) ema: Option<f64>,
    /// Do not train the parameters whose names in model.safetensors match this regular expression,
    /// such as 'embeddings|layer\.[0-5]\.'
    #[arg(long, value_name = "PATTERN", help_heading = "Training")]
    pub(super) freeze: Option<String>,
    /// Activation checkpointing: store only the input of each block and recompute the block in the
    /// backward pass; less memory, more time, the same results
    #[arg(long, help_heading = "Training")]
    pub(super) checkpoint_blocks: bool,
}

impl TrainArgs {
    /// The family to train from scratch.
    pub(super) fn family(&self) -> &str {
        let default = match self.task.task {
            Some(LabeledTask::ImageClassification) => "vit",
            _ => "gpt2",
        };
        self.family.as_deref().unwrap_or(default)
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
            dropout: 0.0,
            ..named.size(vocab_size, context)
        })
    }
}
