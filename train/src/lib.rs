//! Training for Burn Zoo: resumable runs of language models on every backend of Burn.
//!
//! A [`TrainJob`] is a model with its data, settings and run directory. It trains with [`AdamW`] and a
//! [`Schedule`], validates, and writes checkpoints; a killed run resumes bit for bit.
//!
//! ```
//! use std::sync::Arc;
//!
//! use zoo_datasets::{batch::LmDataset, text::Corpus, tokenizer::Vocabulary};
//! use zoo_models::checkpoint::{ModelSpec, write_config};
//! use zoo_models::families::{self, Size};
//! use zoo_models::precision::Precision;
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
//!     data: "stories".into(),
//!     data_fingerprint: data.fingerprint().into(),
//!     init_from: None,
//!     batch_size: 4,
//!     context: 16,
//!     accumulate: 1,
//!     schedule: Schedule { peak: 1e-2, minimum: 1e-3, warmup: 1, steps: 4 },
//!     optimizer: AdamWConfig { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.1 },
//!     clip: Some(1.0),
//!     eval_interval: 4,
//!     checkpoint_interval: 4,
//!     seed: 1,
//!     dtype: Precision::F32,
//!     checkpoint_blocks: false,
//! };
//! let job = TrainJob {
//!     run: RunDir::create(&path, &settings, |at| Ok(write_config(at, &spec.config)?))?,
//!     model: spec.initialized(settings.seed, &device),
//!     optimizer: AdamW::new(settings.optimizer),
//!     state: State::start(settings.dtype),
//!     settings,
//!     data,
//!     family,
//!     config: spec.config,
//!     device,
//! };
//! let outcome = job.run(Display::Plain(Verbosity::Quiet), &Interrupter::new())?;
//! assert_eq!((outcome.ending, outcome.state.step), (Ending::Finished, 4));
//! # Ok(())
//! # }
//! ```
//!
//! A loop of one's own needs only [`LmModel::loss`], [`gradients`] and [`AdamW::step`].
//!
//! # Features
//!
//! - `dashboard` (default): burn-train's terminal dashboard, `Display::Dashboard`.
//!
//! The backends are features of `burn` and `zoo-models`.

#![recursion_limit = "256"]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod adamw;
mod checkpoint;
#[cfg(feature = "dashboard")]
mod dashboard;
mod display;
mod error;
mod fingerprint;
pub mod gradients;
mod job;
mod lm_model;
mod loader;
pub mod log;
mod loss_scale;
mod metrics;
pub mod prelude;
pub mod process;
mod renderer;
mod run_dir;
mod schedule;
mod settings;
mod step_loop;
mod strategy;

pub use adamw::{AdamW, AdamWConfig};
pub use burn::train::Interrupter;
pub use checkpoint::{BestLoss, Restored, State};
pub use display::{Display, Verbosity};
pub use error::TrainError;
pub use fingerprint::UPDATE_SOURCES;
pub use job::{Ending, TrainJob, TrainOutcome};
pub use lm_model::{BatchLoss, LmModel, LossSum, StepBatch, StepReport};
pub use loss_scale::LossScale;
pub use run_dir::{METRICS_FILE, RunDir};
pub use schedule::Schedule;
pub use settings::TrainSettings;
