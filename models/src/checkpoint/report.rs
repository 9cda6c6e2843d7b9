//! How a checkpoint and a model correspond, key by key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::mapping::{CopyOf, CopyRole};
use super::{Checkpoint, KeyProblem, LoadError, Mapping, ModelSpec, OtherHeads, Part, TensorInfo};
use crate::families::Family;

/// How a checkpoint and a model correspond.
#[derive(Debug)]
pub struct CheckReport {
    /// The family that `config.json` names.
    pub family: &'static Family,
    /// What does not fit; empty for a checkpoint that loads.
    pub problems: Vec<KeyProblem>,
    /// What the config says and the file contradicts; the file is followed.
    pub warnings: Vec<String>,
    /// Tensors in the checkpoint.
    pub found: usize,
    /// Tensors in the checkpoint, by type.
    pub dtypes: BTreeMap<String, usize>,
    /// Keys that the table drops, or that repeat a tied weight.
    pub dropped: Vec<String>,
    /// Keys of other heads.
    left: Vec<String>,
    other_heads: OtherHeads,
    /// For every tensor that the model needs, the key found for it; empty where it is missing.
    pub(super) keys: Vec<String>,
}

impl CheckReport {
    /// The number of tensors that the model needs.
    pub fn expected(&self) -> usize {
        self.keys.len()
    }

    /// What is said of keys that are left in the file: each module once.
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

    /// What a key is that the model does not read.
    fn use_of(&self, key: &str, mapping: &Mapping) -> Use {
        let leaves_heads = self.other_heads == OtherHeads::Leave;
        match mapping.copy_of(key) {
            Some(copy) if leaves_heads || copy.role != CopyRole::OtherHead => Use::Copy(copy),
            _ if mapping.drops(key) => Use::Dropped,
            _ if leaves_heads && mapping.is_of_a_head(key) => Use::OtherHead,
            _ => Use::None,
        }
    }

    /// The keys that the model lacks.
    pub(super) fn missing(&self) -> impl Iterator<Item = &str> {
        self.problems.iter().filter_map(|problem| match problem {
            KeyProblem::Missing { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }
}

/// What a key is that a model does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// A weight under another name.
    Copy(CopyOf),
    /// A tensor that says nothing about the model.
    Dropped,
    /// Of a head that the model does not have.
    OtherHead,
    /// None that is known.
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
            report.read(mapping, index, (key, info));
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
        if key.is_empty() && !entry.parts.iter().all(Part::is_computed) {
            let expected = entry.shape.clone();
            report.problems.push(KeyProblem::Missing { key: entry.key.clone(), expected });
        }
    }
    Ok(report)
}

impl CheckReport {
    /// A tensor of the file is the one for an entry.
    fn read(&mut self, mapping: &Mapping, index: usize, (key, info): (&String, &TensorInfo)) {
        let expected = &mapping.entries[index].shape;
        if info.shape != *expected {
            let (expected, found) = (expected.clone(), info.shape.clone());
            self.problems.push(KeyProblem::Shape { key: key.clone(), expected, found });
        } else if !info.is_float() {
            let found = format!("{:?}", info.dtype);
            self.problems.push(KeyProblem::DataType { key: key.clone(), found });
        }
        self.keys[index].clone_from(key);
    }

    /// Reads a weight from a copy of it where the file has no other, and compares it with its
    /// copies.
    fn compare_copies(
        &mut self,
        checkpoint: &Checkpoint,
        mapping: &Mapping,
        mut copies: Vec<(CopyOf, &String)>,
    ) -> Result<(), LoadError> {
        // Another table of the backbone is a nearer copy than a head.
        copies.sort_by_key(|(copy, _)| copy.role);
        for (copy, key) in copies {
            let info = &checkpoint.tensors()[key];
            let Some(original) = checkpoint.tensors().get(&self.keys[copy.entry]) else {
                if info.shape == mapping.entries[copy.entry].shape {
                    self.read(mapping, copy.entry, (key, info));
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
