//! The locations of a model's files: `modules.json` of sentence-transformers may place its modules
//! in separate folders.

use std::path::{Component, Path};

use serde::Deserialize;

use crate::checkpoint::{CONFIG_FILE, SENTENCE_CONFIG_FILES, WEIGHTS_FILE};

/// The list of a model's modules.
pub(super) const MODULES_FILE: &str = "modules.json";

/// The files that are read in the model's root folder.
const LISTS: [&str; 2] = [MODULES_FILE, "config_sentence_transformers.json"];

/// The files that are read in the folder of the weights.
const COMPANIONS: [&str; 7] = [
    CONFIG_FILE,
    "generation_config.json",
    TOKENIZER_FILE,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "preprocessor_config.json",
];

/// A complete tokenizer in one file.
pub(super) const TOKENIZER_FILE: &str = "tokenizer.json";

/// The files that a tokenizer is built from if there is no `tokenizer.json`.
const VOCABULARIES: [&str; 11] = [
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "sentencepiece.model",
    "source.spm",
    "target.spm",
];

/// The folders of a model; each is empty or ends with a slash.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The folder of the transformer.
    transformer: String,
    /// The folders of the modules after it.
    modules: Vec<String>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(default, rename = "type")]
    class: String,
}

impl Layout {
    /// Reads a model's `modules.json`. Without one, or with an invalid one, all files are in the
    /// root folder; loading the model reports what is wrong with the file.
    pub(super) fn read(folder: &Path) -> Self {
        let list = std::fs::read(folder.join(MODULES_FILE)).unwrap_or_default();
        let modules: Vec<Module> = serde_json::from_slice(&list).unwrap_or_default();
        let mut layout = Self::default();
        for Module { path, class } in modules.into_iter().filter(|module| is_inside(&module.path)) {
            let folder = if path.is_empty() { path } else { format!("{path}/") };
            // A module without a folder uses the root folder.
            if class.ends_with(".Transformer") {
                layout.transformer = folder;
            } else if !folder.is_empty() {
                layout.modules.push(folder);
            }
        }
        layout
    }

    /// The path of a file of the transformer.
    pub(super) fn of_transformer(&self, name: &str) -> String {
        format!("{}{name}", self.transformer)
    }

    /// The files of a tokenizer without `tokenizer.json`.
    pub(super) fn vocabularies(&self) -> Vec<String> {
        VOCABULARIES.into_iter().map(|name| self.of_transformer(name)).collect()
    }

    /// All files to read, if they exist, except the transformer's weights.
    pub(super) fn companions(&self) -> Vec<String> {
        let lists = LISTS.into_iter().map(String::from);
        let companions = COMPANIONS.into_iter().chain(SENTENCE_CONFIG_FILES);
        let companions = companions.map(|name| self.of_transformer(name));
        let of_module = |folder| [CONFIG_FILE, WEIGHTS_FILE].map(|name| format!("{folder}{name}"));
        lists.chain(companions).chain(self.modules.iter().flat_map(of_module)).collect()
    }
}

/// Whether a folder is inside the model's: the path is used in the cache.
fn is_inside(path: &str) -> bool {
    let is_plain = |part| matches!(part, Component::Normal(_));
    !path.contains('\\') && Path::new(path).components().all(is_plain) && !path.ends_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(modules: &str) -> Layout {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(MODULES_FILE), modules).expect("a file");
        Layout::read(folder.path())
    }

    #[test]
    fn modules_json_locates_files() {
        let found = layout(
            r#"[{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
                {"path": "pooled/by", "type": "sentence_transformers.models.Pooling"},
                {"path": "", "type": "sentence_transformers.models.Normalize"}]"#,
        );
        assert_eq!(found.of_transformer("config.json"), "0_Transformer/config.json");
        let names = found.companions();
        for name in ["modules.json", "0_Transformer/tokenizer.json", "pooled/by/model.safetensors"]
        {
            assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
        }
        assert!(!names.iter().any(|name| name == "tokenizer.json"), "{names:?}");
    }

    #[test]
    fn folders_outside_the_model_are_ignored() {
        for path in ["..", "/etc", "a/../../b", "./a", "a\\\\b", "a/"] {
            let class = "sentence_transformers.models.Pooling";
            let found = layout(&format!(r#"[{{"path": "{path}", "type": "{class}"}}]"#));
            assert_eq!(found, Layout::default(), "{path}");
        }
        assert_eq!(layout("{}"), Layout::default());
        assert_eq!(layout("no JSON"), Layout::default());
    }
}
