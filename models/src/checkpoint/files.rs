//! The names of files in a model's directory.

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
