//! Checkpoints in Hugging Face's layout: `config.json` beside `model.safetensors`, or shards with
//! an index.

mod atomic;
mod entry;
mod error;
pub mod hub;
mod infer;
mod load;
mod mapping;
mod model;
mod model_spec;
mod outputs;
mod reading;
mod report;
mod resolve;
mod rules;
mod save;
mod select;
mod shards;
mod tensor;

pub use atomic::{sync_dir, write_atomically};
pub use entry::{Entry, Part};
pub use error::{KeyProblem, LoadError, SaveError};
pub use load::{LoadDtype, Pretrained, check, load, load_as};
pub use mapping::{CopyOf, CopyRole, Mapping};
pub use model::Model;
pub use model_spec::{ModelSpec, OtherHeads};
pub use outputs::{Output, OutputOf};
pub use report::CheckReport;
pub use rules::{Prefixes, Rules};
pub use save::{Files, MAX_SHARD_BYTES, save, write_config, write_json, write_safetensors};
pub use select::TaskRequirement;
pub use shards::{Checkpoint, read_safetensors};
pub use tensor::{F32Tensor, TensorInfo};

/// The files in which sentence-transformers keeps a transformer's settings, in its search order:
/// one for each model of its first versions.
pub const SENTENCE_CONFIG_FILES: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// The config's file name.
pub const CONFIG_FILE: &str = "config.json";
/// The weights' file name, if there is a single file.
pub const WEIGHTS_FILE: &str = "model.safetensors";
/// The index's file name, if the weights are sharded.
pub const INDEX_FILE: &str = "model.safetensors.index.json";
