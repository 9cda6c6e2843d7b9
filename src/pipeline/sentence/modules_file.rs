//! The modules of an embedding model that is trained.

use std::fs;
use std::io;
use std::path::Path;

use burn::tensor::Device;
use serde_json::{Value, json};

use super::pooling::pooling_fields;
use super::{Letters, MODULES, SentenceFiles, fields::wrong};
use crate::models::backbones::BackboneConfig;
use crate::models::checkpoint::SENTENCE_CONFIG_FILES;
use crate::models::heads::pooling::Pooling;
use crate::models::heads::{Level, Step, Unit};
use crate::pipeline::PipelineError;

/// The modules after a transformer that have no weights, which are all that training supports, and
/// the settings of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentenceModules {
    /// The pooling of hidden states.
    pub pooling: Pooling,
    /// Whether vectors are scaled to length 1.
    pub is_unit: bool,
    /// The maximum length of a text in tokens, if the files specify it.
    pub max_length: Option<usize>,
    /// Whether texts are lowercased before the tokenizer reads them.
    pub is_lower_cased: bool,
}

impl Default for SentenceModules {
    /// The mean of all tokens, of length 1.
    fn default() -> Self {
        Self { pooling: Pooling::Mean, is_unit: true, max_length: None, is_lower_cased: false }
    }
}

impl SentenceModules {
    /// The modules of a model directory; the default without `modules.json`.
    ///
    /// # Errors
    ///
    /// Unreadable or unsupported files; modules with weights of their own, a transformer in a
    /// directory of its own, or more than one pooling.
    pub fn read(
        folder: &Path,
        backbone: &BackboneConfig,
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let files = SentenceFiles::read(folder)?;
        let path = folder.join(MODULES);
        if files.transformer != folder {
            return Err(wrong(&path, "the transformer has a directory of its own"));
        }
        let mut modules = Self {
            max_length: files.texts.max_length,
            is_lower_cased: files.texts.letters == Letters::Small,
            is_unit: false,
            ..Self::default()
        };
        for step in files.steps(backbone, device)?.steps {
            match step {
                Step::Pool(pool) => match &pool.ways[..] {
                    [only] => modules.pooling = *only,
                    _ => {
                        return Err(wrong(&path, "several poolings; training supports one"));
                    }
                },
                Step::Unit(Unit { level: Level::Text }) => modules.is_unit = true,
                // Training is on all features.
                Step::Cut(_) => {}
                _ => {
                    let reason = "only Pooling and Normalize can be trained, and it has other \
                                  modules; without that file, the mean is trained";
                    return Err(wrong(&path, reason));
                }
            }
        }
        Ok(modules)
    }

    /// Writes `modules.json`, the files of the modules, and `sentence_bert_config.json`, as
    /// sentence-transformers reads them. `width` is the number of features.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn write(&self, folder: &Path, width: usize) -> io::Result<()> {
        let class = |name: &str| format!("sentence_transformers.models.{name}");
        let module = |index: usize, path: &str, name: &str| json!({ "idx": index, "name": index.to_string(), "path": path, "type": class(name) });
        let mut modules = vec![module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")];
        if self.is_unit {
            modules.push(module(2, "2_Normalize", "Normalize"));
            fs::create_dir_all(folder.join("2_Normalize"))?;
        }
        fs::create_dir_all(folder.join("1_Pooling"))?;
        let pooling = pooling_fields(self.pooling, width);
        write(&folder.join("1_Pooling").join("config.json"), &pooling)?;
        write(&folder.join(MODULES), &Value::Array(modules))?;
        for name in SENTENCE_CONFIG_FILES {
            // Only one of them counts.
            match fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let texts = json!({
            "max_seq_length": self.max_length,
            "do_lower_case": self.is_lower_cased,
        });
        write(&folder.join(SENTENCE_CONFIG_FILES[0]), &texts)
    }
}

fn write(path: &Path, value: &Value) -> io::Result<()> {
    fs::write(path, format!("{value:#}\n"))
}
