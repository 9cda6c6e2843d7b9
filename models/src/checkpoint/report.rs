//! Matches the keys of a checkpoint with the parameters of a model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::mapping::{CopyOf, CopyRole};
use super::{Checkpoint, KeyProblem, LoadError, Mapping, ModelSpec, OtherHeads, Part, TensorInfo};
use crate::families::Family;
use crate::parameters::ParameterRole;

/// The result of matching a checkpoint with a model.
#[derive(Debug)]
pub struct CheckReport {
    /// The family in `config.json`.
    pub family: &'static Family,
    /// Keys that do not match; empty for a checkpoint that loads.
    pub problems: Vec<KeyProblem>,
    /// Contradictions between config and weights; the weights take precedence.
    pub warnings: Vec<String>,
    /// The number of tensors in the checkpoint.
    pub found: usize,
    /// The number of tensors in the checkpoint, by data type.
    pub dtypes: BTreeMap<String, usize>,
    /// Keys that the key table drops, or that duplicate a tied weight.
    pub dropped: Vec<String>,
    /// Keys of other heads.
    left: Vec<String>,
    other_heads: OtherHeads,
    /// The key found for every tensor that the model needs; empty if missing.
    pub(super) keys: Vec<String>,
}

impl CheckReport {
    /// The number of tensors that the model needs.
    pub fn expected(&self) -> usize {
        self.keys.len()
    }

    /// The warning about unused keys of other heads, which lists each module once.
    pub(super) fn left_out(&self) -> Option<String> {
        let modules: BTreeSet<&str> =
            self.left.iter().filter_map(|key| key.split('.').next()).collect();
        let modules: Vec<&str> = modules.into_iter().collect();
        let count = self.left.len();
        (count > 0).then(|| {
            format!("{count} tensors of other heads are not used ({})", modules.join(", "))
        })
    }

    /// See [`Checkpoint::check_index`].
    pub(super) fn check_index(
        &self,
        folder: &Path,
        checkpoint: &Checkpoint,
        mapping: &Mapping,
    ) -> Result<(), LoadError> {
        let is_read = |key: &str| self.keys.iter().any(|read| read == key);
        let is_lacking = |key: &str| match mapping.entry(key) {
            Some(entry) => self.keys[entry].is_empty(),
            None => self.use_of(key, mapping) == Use::None,
        };
        checkpoint.check_index(folder, is_read, is_lacking)
    }

    /// Classifies a key that the model does not read.
    fn use_of(&self, key: &str, mapping: &Mapping) -> Use {
        let leaves_heads = self.other_heads == OtherHeads::Leave;
        match mapping.copy_of(key) {
            Some(copy) if leaves_heads || copy.role != CopyRole::OtherHead => Use::Copy(copy),
            _ if mapping.drops(key) => Use::Dropped,
            _ if leaves_heads && mapping.is_of_a_head(key) => Use::OtherHead,
            _ => Use::None,
        }
    }

    /// Ignores unused keys that are needed elsewhere, like those of other heads.
    pub(super) fn leave(&mut self, is_needed: impl Fn(&str) -> bool) {
        let left = &mut self.left;
        self.problems.retain(|problem| match problem {
            KeyProblem::Unused { key, .. } if is_needed(key) => {
                left.push(key.clone());
                false
            }
            _ => true,
        });
    }

    /// The keys that the model lacks.
    pub(super) fn missing(&self) -> impl Iterator<Item = &str> {
        self.problems.iter().filter_map(|problem| match problem {
            KeyProblem::Missing { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }
}

/// The kind of a key that the model does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// A weight under another name.
    Copy(CopyOf),
    /// A tensor without information about the model.
    Dropped,
    /// A tensor of a head that the model does not have.
    OtherHead,
    /// An unknown tensor.
    None,
}

/// Compares a checkpoint's keys, shapes and types with what a model needs.
pub(super) fn compare(
    spec: &ModelSpec,
    checkpoint: &Checkpoint,
    mapping: &Mapping,
) -> Result<CheckReport, LoadError> {
    let mut report = CheckReport {
        family: spec.family,
        problems: Vec::new(),
        warnings: Vec::new(),
        found: checkpoint.tensors().len(),
        dtypes: BTreeMap::new(),
        dropped: Vec::new(),
        left: Vec::new(),
        other_heads: spec.other_heads,
        keys: vec![String::new(); mapping.entries.len()],
    };
    let mut copies = Vec::new();
    for (key, info) in checkpoint.tensors() {
        *report.dtypes.entry(format!("{:?}", info.dtype)).or_default() += 1;
        if let Some(index) = mapping.entry(key) {
            report.read(mapping, index, key, info);
            continue;
        }
        match report.use_of(key, mapping) {
            Use::Copy(copy) => copies.push((copy, key)),
            Use::Dropped => report.dropped.push(key.clone()),
            Use::OtherHead => report.left.push(key.clone()),
            Use::None => {
                let file = info.file.clone();
                report.problems.push(KeyProblem::Unused { key: key.clone(), file });
            }
        }
    }
    report.compare_copies(checkpoint, mapping, copies)?;
    for (entry, key) in mapping.entries.iter().zip(&report.keys) {
        let is_computed = |part: &Part| part.properties.role == ParameterRole::Computed;
        if key.is_empty() && !entry.parts.iter().all(is_computed) {
            let expected = entry.shape.clone();
            report.problems.push(KeyProblem::Missing { key: entry.key.clone(), expected });
        }
    }
    Ok(report)
}

impl CheckReport {
    /// Assigns a tensor of the file to an entry.
    pub(super) fn read(&mut self, mapping: &Mapping, index: usize, key: &str, info: &TensorInfo) {
        let expected = &mapping.entries[index].shape;
        if info.shape != *expected {
            let (expected, found) = (expected.clone(), info.shape.clone());
            self.problems.push(KeyProblem::Shape { key: key.to_string(), expected, found });
        } else if !info.is_float() {
            let found = format!("{:?}", info.dtype);
            self.problems.push(KeyProblem::DataType { key: key.to_string(), found });
        }
        self.keys[index] = key.to_string();
    }

    /// Uses a copy of a weight if the file has no original; otherwise compares the copies with it.
    fn compare_copies(
        &mut self,
        checkpoint: &Checkpoint,
        mapping: &Mapping,
        mut copies: Vec<(CopyOf, &String)>,
    ) -> Result<(), LoadError> {
        // A copy in the backbone takes precedence over a head.
        copies.sort_by_key(|(copy, _)| copy.role);
        for (copy, key) in copies {
            let info = &checkpoint.tensors()[key];
            let Some(original) = checkpoint.tensors().get(&self.keys[copy.entry]) else {
                if info.shape == mapping.entries[copy.entry].shape {
                    self.read(mapping, copy.entry, key, info);
                } else {
                    self.dropped.push(key.clone());
                }
                continue;
            };
            let of = mapping.entries[copy.entry].key.clone();
            match copy.role {
                CopyRole::OtherHead => self.left.push(key.clone()),
                _ if info.equals(original)? => self.dropped.push(key.clone()),
                CopyRole::HeadTwin if info.is_float() && info.shape == original.shape => {
                    let warning = format!("{key} differs from {of}; {key} is used");
                    self.warnings.push(warning);
                    self.dropped.push(std::mem::replace(&mut self.keys[copy.entry], key.clone()));
                }
                _ => {
                    self.problems.push(KeyProblem::Untied { key: key.clone(), of });
                }
            }
        }
        Ok(())
    }
}
