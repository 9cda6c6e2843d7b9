//! What sentence-transformers writes beside a model: how hidden states become a vector. Every file and
//! every field is followed, or refused with its name.
//!
//! Reference: sentence-transformers 6.2.0, <https://sbert.net>

mod fields;
mod modules;
mod prompts;
mod tensors;
mod transformer;

use std::path::{Component, Path, PathBuf};

use burn::tensor::Device;
use serde_json::Value;

use self::fields::{Fields, wrong};
use self::modules::{KINDS, Kind, Vectors};
use self::prompts::ModelRules;
pub(super) use self::transformer::Letters;
use self::transformer::TextRules;
use super::PipelineError;
use crate::models::checkpoint::{SENTENCE_CONFIG_FILES, WEIGHTS_FILE};
use crate::models::families::Architecture;
use crate::models::heads::pooling::Pooling;
use crate::models::heads::{Cut, Level, Pool, PromptPooling, Step, Unit};

/// The list of modules.
const MODULES: &str = "modules.json";

/// The files of a model's folder.
#[derive(Debug)]
pub(super) struct SentenceFiles {
    folder: PathBuf,
    /// The folder of the transformer, with its tokenizer.
    pub(super) transformer: PathBuf,
    /// How texts are read.
    pub(super) texts: TextRules,
    /// What holds for all texts.
    pub(super) model: ModelRules,
    /// What follows the transformer; `None` without a list of modules.
    modules: Option<Vec<Module>>,
}

/// A module that follows the transformer.
#[derive(Debug)]
struct Module {
    kind: Kind,
    folder: PathBuf,
}

/// Whether a folder has a list of modules, so that its model is meant to give vectors.
pub(super) fn has_modules(folder: &Path) -> bool {
    folder.join(MODULES).exists()
}

/// The folder of the transformer: that of its module where there is a list, else the model's.
pub(super) fn transformer_folder(folder: &Path) -> Result<PathBuf, PipelineError> {
    Ok(list(folder)?.map_or_else(|| folder.to_path_buf(), |(transformer, _)| transformer))
}

/// The files of sentence-transformers in a model's folder, from there, whether they can be followed or
/// not; those of the transformer's own folder are not among them where it is another one.
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
    /// `config_sentence_transformers.json`. Those of the other modules are read by
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

    /// The steps from the hidden states of an architecture to a vector, and its features. Without a
    /// list of modules it is the mean at length 1, which is what most embedders are trained as.
    pub(super) fn steps(
        &self,
        architecture: &Architecture,
        device: &Device,
    ) -> Result<(Vec<Step>, usize), PipelineError> {
        let stacks = architecture.stacks();
        let mut vectors = Vectors {
            tokens: architecture.d_output(),
            text: None,
            n_states: match architecture {
                // transformers gives those of BART's two stacks under other names.
                Architecture::EncoderDecoder(..) => 0,
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
            let reason = "it has no Pooling, so that nothing makes the vector of a text";
            wrong(&self.folder.join(MODULES), reason)
        })?;
        if let Some(kept) = self.model.width {
            steps.push(Step::Cut(Cut { width: kept }));
            width = width.min(kept);
        }
        Ok((steps, width))
    }
}

/// The transformer's folder and the modules that follow it, if there is a list.
fn list(folder: &Path) -> Result<Option<(PathBuf, Vec<Module>)>, PipelineError> {
    let path = folder.join(MODULES);
    let Some(modules) = fields::read(&path)? else {
        // Files of modules count for nothing without their list, and that is seldom meant.
        let pooling = folder.join("1_Pooling").join("config.json");
        if pooling.exists() {
            let reason = "there is no modules.json beside it, which would say how it is used; get \
                          that file, or take this one away for means of length 1";
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
        // Its package has moved; the last part has stayed.
        let kind = KINDS.iter().find(|(known, _)| *known == name);
        let is_known = class.starts_with("sentence_transformers.");
        match (transformer.is_some(), kind) {
            (false, _) if is_known && name == "Transformer" => transformer = Some(folder),
            (true, Some((_, kind))) if is_known => others.push(Module { kind: *kind, folder }),
            (true, _) if is_known && name == "Transformer" => {
                return Err(wrong(&path, "it has two modules that are a Transformer; one is read"));
            }
            (false, Some(_)) if is_known => {
                return Err(wrong(&path, format!("{class} stands before the Transformer")));
            }
            _ => return Err(wrong(&path, unsupported(&class))),
        }
    }
    let transformer = transformer.ok_or_else(|| wrong(&path, "it has no Transformer"))?;
    Ok(Some((transformer, others)))
}

/// The class of a module, and its folder.
fn module_of(folder: &Path, mut fields: Fields) -> Result<(String, PathBuf), PipelineError> {
    let class = fields.text("type")?.unwrap_or_default();
    let place = fields.text("path")?.unwrap_or_default();
    // The list's order counts, and names are for looking at.
    fields.drop(&["idx", "name"]);
    if let Some(arguments) = fields.take("kwargs").filter(|value| *value != Value::Array(vec![])) {
        return Err(fields.refusal("kwargs", &arguments, "arguments of modules are not followed"));
    }
    let path = fields.path().to_path_buf();
    fields.finish()?;
    let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(&place).components().all(is_inside) {
        return Err(wrong(&path, format!("{place:?} is no folder of the model")));
    }
    Ok((class, folder.join(place)))
}

/// Why there is no module of a class here.
fn unsupported(class: &str) -> String {
    let known = KINDS.map(|(name, _)| name).join(", ");
    if class.starts_with("sentence_transformers.") {
        return format!("{class} is not supported; supported are Transformer, {known}");
    }
    format!(
        "{class:?} is code of the model's authors, which is never run; supported are Transformer, \
         {known} of sentence_transformers"
    )
}
