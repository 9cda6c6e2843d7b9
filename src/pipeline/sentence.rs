//! sentence-transformers files of a model: how hidden states are pooled to an embedding. Every file
//! and field is either supported or rejected by name.
//!
//! Reference: sentence-transformers 6.2.0, <https://sbert.net>

mod fields;
mod modules;
mod modules_file;
mod pooling;
mod prompts;
mod tensors;
mod transformer;

use std::path::{Component, Path, PathBuf};

use burn::tensor::Device;
use serde_json::Value;

use self::fields::{Fields, wrong};
use self::modules::{KINDS, Kind, Vectors};
pub use self::modules_file::SentenceModules;
use self::prompts::ModelRules;
pub(super) use self::transformer::Letters;
use self::transformer::TextRules;
use super::PipelineError;
use crate::models::backbones::BackboneConfig;
use crate::models::checkpoint::{SENTENCE_CONFIG_FILES, WEIGHTS_FILE};
use crate::models::heads::pooling::Pooling;
use crate::models::heads::{Cut, Level, Pool, PromptPooling, Step, Unit};

/// The module list.
const MODULES: &str = "modules.json";

/// The sentence-transformers files of a model directory.
#[derive(Debug)]
pub(super) struct SentenceFiles {
    folder: PathBuf,
    /// The directory of the transformer and its tokenizer.
    pub(super) transformer: PathBuf,
    /// The tokenization settings.
    pub(super) texts: TextRules,
    /// The settings of the whole model.
    pub(super) model: ModelRules,
    /// The modules after the transformer; `None` without a module list.
    modules: Option<Vec<Module>>,
}

/// The steps from hidden states to an embedding.
pub(super) struct EmbeddingSteps {
    pub(super) steps: Vec<Step>,
    /// Features of the embedding.
    pub(super) width: usize,
}

/// A module after the transformer.
#[derive(Debug)]
struct Module {
    kind: Kind,
    folder: PathBuf,
}

/// Whether a directory has a module list, which marks an embedding model.
pub(super) fn has_modules(folder: &Path) -> bool {
    folder.join(MODULES).exists()
}

/// The directory of the transformer: that of its module if there is a module list, else the
/// model's.
pub(super) fn transformer_folder(folder: &Path) -> Result<PathBuf, PipelineError> {
    Ok(list(folder)?.map_or_else(|| folder.to_path_buf(), |(transformer, _)| transformer))
}

/// The sentence-transformers files of a model directory, as relative paths, supported or not. The
/// files of the transformer's directory are excluded if it is a different one.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let names = [MODULES, prompts::FILE].into_iter().chain(SENTENCE_CONFIG_FILES);
    let modules = list(folder).ok().flatten().map_or_else(Vec::new, |(_, modules)| modules);
    let of_module = |module: &Module| {
        let place = module.folder.strip_prefix(folder).ok()?;
        let is_apart = place.components().next().is_some();
        is_apart.then(|| ["config.json", WEIGHTS_FILE].map(|name| place.join(name)))
    };
    let of_modules = modules.iter().filter_map(of_module).flatten();
    names.map(PathBuf::from).chain(of_modules).filter(|file| folder.join(file).exists()).collect()
}

impl SentenceFiles {
    /// Reads `modules.json`, the transformer's file under any of its names, and
    /// `config_sentence_transformers.json`. The files of the other modules are read by
    /// [`SentenceFiles::steps`].
    pub(super) fn read(folder: &Path) -> Result<Self, PipelineError> {
        let (transformer, modules) = match list(folder)? {
            Some((transformer, modules)) => (transformer, Some(modules)),
            None => (folder.to_path_buf(), None),
        };
        let texts = TextRules::read(&transformer)?;
        let model = ModelRules::read(folder)?;
        Ok(Self { folder: folder.to_path_buf(), transformer, texts, model, modules })
    }

    /// The steps from a backbone's hidden states to an embedding. Without a module list: mean
    /// pooling and normalization to length 1, with which most embedding models are trained.
    pub(super) fn steps(
        &self,
        backbone: &BackboneConfig,
        device: &Device,
    ) -> Result<EmbeddingSteps, PipelineError> {
        let stacks = backbone.stacks();
        let mut vectors = Vectors {
            tokens: backbone.d_output(),
            text: None,
            n_states: match backbone {
                // transformers returns the hidden states of BART's encoder and decoder under other
                // names.
                BackboneConfig::EncoderDecoder(_) => 0,
                _ => stacks.first().map_or(0, |stack| stack.depth() + 1),
            },
            layers: self.texts.layers,
        };
        let mut steps = Vec::new();
        match &self.modules {
            None => {
                vectors.text = Some(vectors.tokens);
                let pool = Pool { ways: vec![Pooling::Mean], prompt: PromptPooling::Pooled };
                steps.extend([Step::Pool(pool), Step::Unit(Unit { level: Level::Text })]);
            }
            Some(modules) => {
                for module in modules {
                    steps.extend(module.kind.step(&module.folder, &mut vectors, device)?);
                }
            }
        }
        let mut width = vectors.text.ok_or_else(|| {
            let reason = "it has no Pooling module, so no text embedding is computed";
            wrong(&self.folder.join(MODULES), reason)
        })?;
        if let Some(kept) = self.model.width {
            steps.push(Step::Cut(Cut { width: kept }));
            width = width.min(kept);
        }
        Ok(EmbeddingSteps { steps, width })
    }
}

/// The transformer's directory and the modules after it, if there is a module list.
fn list(folder: &Path) -> Result<Option<(PathBuf, Vec<Module>)>, PipelineError> {
    let path = folder.join(MODULES);
    let Some(modules) = fields::read(&path)? else {
        // Module files without a module list have no effect, which is rarely intended.
        let pooling = folder.join("1_Pooling").join("config.json");
        if pooling.exists() {
            let reason = "there is no modules.json beside it, which specifies how it is used; add \
                          that file, or remove this one to use mean pooling with length 1";
            return Err(wrong(&pooling, reason));
        }
        return Ok(None);
    };
    let Value::Array(modules) = modules else {
        return Err(wrong(&path, "it must be a list of modules"));
    };
    let mut transformer = None;
    let mut others = Vec::new();
    for module in modules {
        let (class, folder) = module_of(folder, Fields::of(&path, module)?)?;
        let name = class.rsplit('.').next().unwrap_or_default();
        // The package has moved between versions; the class name has not changed.
        let kind = KINDS.into_iter().find(|kind| kind.name() == name);
        let is_known = class.starts_with("sentence_transformers.");
        match (transformer.is_some(), kind) {
            (false, _) if is_known && name == "Transformer" => transformer = Some(folder),
            (true, Some(kind)) if is_known => others.push(Module { kind, folder }),
            (true, _) if is_known && name == "Transformer" => {
                return Err(wrong(&path, "it has two Transformer modules; only one is supported"));
            }
            (false, Some(_)) if is_known => {
                return Err(wrong(&path, format!("{class} comes before the Transformer")));
            }
            _ => return Err(wrong(&path, unsupported(&class))),
        }
    }
    let transformer = transformer.ok_or_else(|| wrong(&path, "it has no Transformer"))?;
    Ok(Some((transformer, others)))
}

/// The class of a module and its directory.
fn module_of(folder: &Path, mut fields: Fields) -> Result<(String, PathBuf), PipelineError> {
    let class = fields.text("type")?.unwrap_or_default();
    let place = fields.text("path")?.unwrap_or_default();
    // The list's order determines the sequence; the index and the name have no effect.
    fields.drop(&["idx", "name"]);
    if let Some(arguments) = fields.take("kwargs").filter(|value| *value != Value::Array(vec![])) {
        return Err(fields.refusal("kwargs", &arguments, "module arguments are not supported"));
    }
    let path = fields.path().to_path_buf();
    fields.finish()?;
    let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(&place).components().all(is_inside) {
        return Err(wrong(&path, format!("{place:?} is not a directory within the model")));
    }
    Ok((class, folder.join(place)))
}

/// Why a module class is not supported.
fn unsupported(class: &str) -> String {
    let known = KINDS.map(Kind::name).join(", ");
    if class.starts_with("sentence_transformers.") {
        return format!("{class} is not supported; supported are Transformer, {known}");
    }
    format!(
        "{class:?} is custom code, which is never run; supported are Transformer, \
         {known} of sentence_transformers"
    )
}
