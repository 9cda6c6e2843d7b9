//! Parameters that are not trained.

use std::collections::BTreeSet;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use regex::Regex;
use thiserror::Error;
use zoo_models::checkpoint::{Mapping, Model, ModelSpec};
use zoo_models::parameters::{ParameterInfo, Path};

/// The frozen parameters of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The number of frozen elements.
    pub count: usize,
    /// The number of trained elements.
    pub trained: usize,
    /// The paths of the frozen parameters.
    paths: BTreeSet<String>,
}

/// A pattern that does not choose the parameters to freeze.
#[derive(Debug, Error)]
pub enum FreezeError {
    /// It is not a regular expression.
    #[error("{pattern:?} is not a regular expression: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why.
        reason: String,
    },
    /// It matches no parameter.
    #[error(
        "{pattern:?} matches no parameter. The names are those of the tensors in \
         model.safetensors, such as {}", .examples.join(", ")
    )]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// Some names.
        examples: Vec<String>,
    },
    /// It matches all parameters.
    #[error("{pattern:?} matches every parameter, so that there is nothing to train")]
    All {
        /// The pattern.
        pattern: String,
    },
}

/// Names in an error.
const EXAMPLES: usize = 4;

impl Frozen {
    /// The parameters whose names in a checkpoint match a regular expression, anywhere in the name.
    ///
    /// # Errors
    ///
    /// An invalid expression, or one that matches no parameter or all.
    pub fn find(pattern: &str, spec: &ModelSpec, model: &Model) -> Result<Self, FreezeError> {
        let expression = Regex::new(pattern).map_err(|error| FreezeError::Pattern {
            pattern: pattern.to_string(),
            reason: error.to_string().lines().last().unwrap_or_default().to_string(),
        })?;
        let parameters = model.parameters();
        let entries = Mapping::new(spec.rules(), &parameters).entries;
        let matching = entries.iter().filter(|entry| expression.is_match(&entry.key));
        let paths: BTreeSet<String> =
            matching.flat_map(|entry| entry.parts.iter().map(|part| part.path.clone())).collect();
        if paths.is_empty() {
            let step = entries.len().div_ceil(EXAMPLES).max(1);
            let examples = entries.iter().step_by(step).map(|entry| entry.key.clone()).collect();
            return Err(FreezeError::NoMatch { pattern: pattern.to_string(), examples });
        }
        let is_frozen = |parameter: &&ParameterInfo| paths.contains(&parameter.path);
        let (frozen, others): (Vec<_>, Vec<_>) =
            parameters.iter().filter(|parameter| parameter.is_trained()).partition(is_frozen);
        if others.is_empty() {
            return Err(FreezeError::All { pattern: pattern.to_string() });
        }
        let count = |parameters: &[&ParameterInfo]| -> usize {
            parameters.iter().map(|parameter| parameter.count()).sum()
        };
        Ok(Self { count: count(&frozen), trained: count(&others), paths })
    }

    /// The model with its frozen parameters, which get no gradients.
    pub fn freeze(&self, model: Model) -> Model {
        model.map(&mut Freeze { path: Path::default(), frozen: self })
    }
}

struct Freeze<'a> {
    path: Path,
    frozen: &'a Frozen,
}

impl ModuleMapper for Freeze<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.frozen.paths.contains(&self.path.join()) {
            true => param.set_require_grad(false),
            false => param,
        }
    }
}
