//! Resolves options that depend on the checkpoint: tied or untied output projections, optional
//! biases and poolers.

use burn::tensor::Device;
use serde_json::Value;

use super::mapping::{CopyOf, CopyRole};
use super::{Checkpoint, LoadError, Mapping, ModelSpec, OtherHeads};
use crate::backbones::{BackboneConfig, OutputBias, OutputWeights};
use crate::families::Task;
use crate::heads::Pooler;
use crate::hf::keys::Key;

impl ModelSpec {
    /// Resolves the options that a config leaves to the checkpoint. Returns a warning for every
    /// contradiction between config and file, where the file takes precedence.
    ///
    /// # Errors
    ///
    /// A tensor cannot be read.
    pub(super) fn resolve_from_checkpoint(
        &mut self,
        checkpoint: &Checkpoint,
        device: &Device,
    ) -> Result<Vec<String>, LoadError> {
        self.resolve_names(&|key| checkpoint.tensors().contains_key(key));
        if let BackboneConfig::EncoderDecoder(config) = &mut self.architecture.backbone
            && !checkpoint.tensors().contains_key("final_logits_bias")
        {
            // Checkpoints without a head have no such bias, which means zeros.
            config.output_bias = OutputBias::Absent;
        }
        if self.other_heads == OtherHeads::Leave && self.task == Task::BaseModel {
            self.leave_out_pooler(checkpoint, device);
        }
        self.resolve_output(checkpoint, device)
    }

    /// Sets the config fields that only select tensor names, according to the keys of the file.
    pub(super) fn resolve_names(&mut self, has: &dyn Fn(&str) -> bool) {
        let rules: Vec<&Key> = self.family.head_keys(self.task).iter().copied().flatten().collect();
        let is_there = |rule: &Key| match rule {
            Key::Rename { checkpoint, .. } | Key::Transpose { checkpoint, .. } => {
                has(&format!("{checkpoint}.weight"))
            }
            _ => false,
        };
        let is_own = rules.iter().copied().any(is_there);
        for rule in &rules {
            let Key::IfConfig { field, .. } = rule else { continue };
            let is_named = rules.iter().any(|rule| match rule {
                Key::IfConfig { field: other, keys } => other == field && keys.iter().any(is_there),
                _ => false,
            });
            match (is_named, is_own) {
                (true, false) => self.config[*field] = Value::Bool(true),
                (false, true) => self.config[*field] = Value::Bool(false),
                _ => {}
            }
        }
    }

    /// Removes the pooler if the file has none: checkpoints of heads that do not use it omit it.
    fn leave_out_pooler(&mut self, checkpoint: &Checkpoint, device: &Device) {
        let mapping = self.mapping(device);
        let is_missing = mapping.entries.iter().any(|entry| {
            let is_pooler = entry.parts.iter().any(|part| part.path.starts_with("pooler."));
            let mut names = std::iter::once(&entry.key).chain(&entry.aliases);
            is_pooler && !names.any(|name| checkpoint.tensors().contains_key(name))
        });
        if is_missing {
            self.architecture.heads.pooler = Pooler::Absent;
        }
    }

    /// Decides whether the output projection is a separate matrix.
    fn resolve_output(
        &mut self,
        checkpoint: &Checkpoint,
        device: &Device,
    ) -> Result<Vec<String>, LoadError> {
        let Some(declared) = self.architecture.output_mut().map(|output| *output) else {
            return Ok(Vec::new());
        };
        if matches!(declared, OutputWeights::Separate | OutputWeights::SeparateWithBias) {
            return Ok(Vec::new());
        }
        self.set_output(OutputWeights::Tied);
        let mapping = self.mapping(device);
        let tensors = checkpoint.tensors();
        let projection = tensors.iter().find_map(|(key, info)| {
            let copy = mapping.copy_of(key)?;
            (copy.role == CopyRole::OutputProjection).then_some((key, info, copy.entry))
        });
        let Some((key, info, entry)) = projection else {
            return Ok(Vec::new());
        };
        let is_table = |key: &str| {
            let of = |copy: CopyOf| copy.role == CopyRole::Backbone && copy.entry == entry;
            mapping.entry(key) == Some(entry) || mapping.copy_of(key).is_some_and(of)
        };
        let Some((name, table)) = tensors.iter().find(|(key, _)| is_table(key)) else {
            // The file has only the projection.
            return Ok(Vec::new());
        };
        // A tensor of another shape or type is reported later, with the other mismatches.
        let differs = !info.equals(table)?;
        if declared == OutputWeights::SeparateIfGiven || differs {
            self.set_output(OutputWeights::Separate);
            if self.mapping(device).entry(key).is_none() {
                // The model's projection has another name.
                self.set_output(OutputWeights::Tied);
                return Ok(Vec::new());
            }
        }
        Ok(match declared {
            OutputWeights::Tied if differs => vec![format!(
                "{key} differs from {name}, although the config ties them; the file's {key} is \
                 used (set tie_word_embeddings: false to silence this warning)"
            )],
            _ => Vec::new(),
        })
    }

    /// Gives a language model a separate output projection if its config declares one and the file
    /// has none: that of another head, whose output projection is new.
    pub(super) fn separate_absent_output(&mut self, checkpoint: &Checkpoint, device: &Device) {
        let declares_one = match (self.family.architecture)(&self.config.to_string()) {
            Ok(mut declared) => {
                declared.output_mut().copied() == Some(OutputWeights::SeparateIfGiven)
            }
            Err(_) => false,
        };
        let mapping = self.mapping(device);
        let is_projection = |key: &String| {
            mapping.copy_of(key).is_some_and(|copy| copy.role == CopyRole::OutputProjection)
        };
        if declares_one && self.is_generative() && !checkpoint.tensors().keys().any(is_projection) {
            self.set_output(OutputWeights::Separate);
        }
    }

    fn set_output(&mut self, to: OutputWeights) {
        if let Some(output) = self.architecture.output_mut() {
            *output = to;
        }
    }

    /// The mapping from the checkpoint's tensors to the model's parameters.
    pub(super) fn mapping(&self, device: &Device) -> Mapping {
        Mapping::new(self.rules(), &self.model(device).parameters())
    }
}
