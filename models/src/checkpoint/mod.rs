//! Checkpoints in Hugging Face's layout: `config.json` beside `model.safetensors`, or shards with
//! an index.

mod atomic;
mod dropout;
mod entry;
mod error;
mod family_config;
mod files;
mod head_for;
pub mod hub;
mod infer;
mod load;
mod mapping;
mod model;
mod model_spec;
mod outputs;
mod reading;
mod recorded;
mod report;
mod resize;
mod resolve;
mod rules;
mod save;
mod select;
mod shards;
mod tensor;
mod with_head;

pub use atomic::{sync_dir, write_atomically};
pub use dropout::dropout_fields;
pub use entry::{Entry, Part};
pub use error::{KeyProblem, LoadError, SaveError};
pub use files::{CONFIG_FILE, INDEX_FILE, SENTENCE_CONFIG_FILES, WEIGHTS_FILE};
pub use head_for::{HeadFor, ProblemType};
pub use load::{LoadDtype, Pretrained, check, load, load_as};
pub use mapping::{CopyOf, CopyRole, Mapping};
pub use model::Model;
pub use model_spec::{ModelSpec, OtherHeads};
pub use outputs::{Output, OutputOf};
pub use report::CheckReport;
pub use resize::resize_vocabulary;
pub use rules::{Prefixes, Rules};
pub use save::{Files, MAX_SHARD_BYTES, save, write_config, write_json, write_safetensors};
pub use select::TaskRequirement;
pub use shards::{Checkpoint, read_safetensors};
pub use tensor::{F32Tensor, TensorInfo};
pub use with_head::{WithHead, load_with_head};
