//! Training for Burn Zoo: resumable runs on every backend of Burn.
//!
//! A [`TrainJob`] is a model with its data, settings and run directory. It trains with [`AdamW`] and a
//! [`Schedule`], validates, and writes checkpoints; a killed run resumes bit for bit.
//!
//! ```
//! use std::sync::Arc;
//!
//! use zoo_datasets::batch::{LmDataset, TokenWindows};
//! use zoo_datasets::{text::Corpus, tokenizer::Vocabulary};
//! use zoo_models::checkpoint::{ModelSpec, write_config};
//! use zoo_models::families::{self, Size};
//! use zoo_train::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("run");
//! let device = burn::tensor::Device::flex().autodiff();
//! let corpus = Corpus::stories();
//! let data = Arc::new(LmDataset::new(&corpus, corpus.tokenizer(Vocabulary::Characters)?)?);
//! let size = Size {
//!     vocab_size: data.tokenizer().vocab_size(),
//!     context: 16,
//!     d_model: 16,
//!     n_layers: 1,
//!     n_heads: 2,
//!     n_kv_heads: None,
//!     d_ff: None,
//!     dropout: 0.0,
//!     eos: None,
//! };
//! let family = families::find("llama")?;
//! let spec = ModelSpec::new(family, family.sized(&size)?.config)?;
//!
//! let settings = TrainSettings {
//!     batch_size: 4,
//!     context: 16,
//!     eval_interval: 4,
//!     seed: 1,
//!     ..TrainSettings::new("stories", data.fingerprint(), Schedule::cosine(1e-2, 4))
//! };
//! let model = spec.initialized(settings.seed, &device);
//! let objective = LanguageModeling::of(&model).expect("llama generates text");
//! let windows = TokenWindows::new(data, settings.shape());
//! let job = TrainJob {
//!     run: RunDir::create(&path, &settings, |at| Ok(write_config(at, &spec.config)?))?,
//!     optimizer: settings.new_optimizer(&model),
//!     model,
//!     state: State::start(settings.dtype),
//!     settings,
//!     data: Arc::new(LmData { windows, objective }),
//!     family,
//!     config: spec.config,
//! };
//! let outcome = job.run(Display::Plain(Verbosity::Quiet), &Interrupter::new())?;
//! assert_eq!((outcome.ending, outcome.state.step), (Ending::Finished, 4));
//! # Ok(())
//! # }
//! ```
//!
//! A loop of one's own needs only an [`Objective`] and a [`TrainStep`], or a [`TrainLoop`] with
//! [`Callbacks`].
//!
//! # Features
//!
//! - `dashboard` (default): burn-train's terminal dashboard, `Display::Dashboard`.
//!
//! The backends are features of `burn` and `zoo-models`.

#![recursion_limit = "256"]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod adamw;
mod answer_span;
mod checkpoint;
mod class_scores;
mod class_weights;
#[cfg(feature = "dashboard")]
mod dashboard;
mod display;
mod ema;
mod error;
mod fingerprint;
mod finite_rows;
mod freeze;
pub mod gradients;
mod job;
mod kept_checkpoints;
mod label_smoothing;
mod language_modeling;
mod learned_model;
mod loader;
pub mod log;
mod loss_scale;
mod masked_language_modeling;
mod metrics;
mod objective;
mod optimizer;
mod prediction;
pub mod prelude;
pub mod pretraining;
pub mod process;
mod renderer;
mod run_dir;
mod schedule;
mod sentence_vectors;
mod settings;
mod step_loop;
mod strategy;
mod tensorboard;
mod text_batch;
pub mod text_loss;
mod train_data;
mod train_loop;
mod train_step;
pub mod tuning;
mod validations;

pub use adamw::{AdamW, AdamWConfig};
pub use burn::train::Interrupter;
pub use checkpoint::{Restored, State};
pub use class_weights::{ClassObjective, RowWeights};
pub use display::{Display, Verbosity};
pub use error::TrainError;
pub use fingerprint::UPDATE_SOURCES;
pub use freeze::{FreezeError, Frozen};
pub use job::{Ending, TrainJob, TrainOutcome};
pub use language_modeling::{LanguageBatch, LanguageModeling};
pub use loss_scale::LossScale;
pub use masked_language_modeling::{MaskedLanguageModeling, MaskedText};
pub use objective::{BatchLoss, BatchSize, LossSum, Objective, ObjectiveBatch, Pass};
pub use optimizer::{
    AdafactorConfig, LionConfig, MuonConfig, Optimizer, OptimizerConfig, OptimizerStateError,
    SavedState, SgdConfig,
};
pub use prediction::Prediction;
pub use run_dir::{METRICS_FILE, RECIPE_FILE, RunDir};
pub use schedule::{Decay, Schedule};
pub use sentence_vectors::{RelatedTexts, SentenceLoss, SentenceVectors};
pub use settings::{Keep, TaskSettings, TextSettings, TrainSettings};
pub use text_batch::{Rows, Span, TextBatch, TextTargets};
pub use train_data::{LmData, MaskedData, Score, TrainData, ValidationPasses};
pub use train_loop::{Callbacks, Failed, Progress, StepReport, TrainLength, TrainLoop};
pub use train_step::{NotFinite, StepAt, Stepped, TrainStep};
pub use validations::{BestLoss, BestScore, Validations};
pub use zoo_datasets::records::ValidationSource;
