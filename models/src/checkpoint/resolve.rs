//! What a config leaves to the checkpoint: heads that are tied or not, biases and poolers that are
//! there or not.

use burn::tensor::Device;
use serde_json::Value;

use super::mapping::{CopyOf, CopyRole};
use super::{Checkpoint, LoadError, Mapping, ModelSpec, OtherHeads};
use crate::arch::{OutputBias, OutputWeights};
use crate::families::{Architecture, Task};
use crate::heads::Pooler;
use crate::hf::keys::Key;

impl ModelSpec {
    /// Decides what a config leaves to the checkpoint. Returns what it says and the file
    /// contradicts, in which the file is followed.
    ///
    /// # Errors
    ///
    /// A tensor that cannot be read.
    pub(super) fn resolve_from_checkpoint(
        &mut self,
        checkpoint: &Checkpoint,
        device: &Device,
    ) -> Result<Vec<String>, LoadError> {
        self.resolve_names(&|key| checkpoint.tensors().contains_key(key));
        if let Architecture::EncoderDecoder(config, _) = &mut self.architecture
            && !checkpoint.tensors().contains_key("final_logits_bias")
        {
            // Files of models without a head have none, and mean zeros.
            config.output_bias = OutputBias::Absent;
        }
        if self.other_heads == OtherHeads::Leave && self.task == Task::BaseModel {
            self.leave_out_pooler(checkpoint, device);
        }
        self.resolve_output(checkpoint, device)
    }

    /// Decides whether a field of the config that only names tensors is true: as the file, which
    /// has a key or not, names them.
    pub(super) fn resolve_names(&mut self, has: &dyn Fn(&str) -> bool) {
        let rules = self.family.head_keys(self.task);
        let is_there = |rule: &Key| match rule {
            Key::Rename { checkpoint, .. } | Key::Transpose { checkpoint, .. } => {
                has(&format!("{checkpoint}.weight"))
            }
            _ => false,
        };
        for rule in rules {
            let Key::IfConfig { field, keys } = rule else { continue };
            match (keys.iter().any(is_there), rules.iter().any(is_there)) {
                (true, false) => self.config[*field] = Value::Bool(true),
                (false, true) => self.config[*field] = Value::Bool(false),
                _ => {}
            }
        }
    }

    /// A model without its pooler, where the file has none: heads that do not read it leave it out.
    fn leave_out_pooler(&mut self, checkpoint: &Checkpoint, device: &Device) {
        let mapping = self.mapping(device);
        let is_missing = mapping.entries.iter().any(|entry| {
            let is_pooler = entry.parts.iter().any(|part| part.path.starts_with("pooler."));
            let mut names = std::iter::once(&entry.key).chain(&entry.aliases);
            is_pooler && !names.any(|name| checkpoint.tensors().contains_key(name))
        });
        if let Architecture::Encoder(_, heads) | Architecture::ImageEncoder(_, heads) =
            &mut self.architecture
            && is_missing
        {
            heads.pooler = Pooler::Absent;
        }
    }

    /// Decides whether the output projection is a matrix of its own.
    fn resolve_output(
        &mut self,
        checkpoint: &Checkpoint,
        device: &Device,
    ) -> Result<Vec<String>, LoadError> {
        let Some(said) = self.architecture.output_mut().map(|output| *output) else {
            return Ok(Vec::new());
        };
        if matches!(said, OutputWeights::Separate | OutputWeights::SeparateWithBias) {
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
            // The only one of the two that the file has.
            return Ok(Vec::new());
        };
        // Another shape or type makes no projection, and is listed with what else does not fit.
        let differs = !info.equals(table)?;
        if said == OutputWeights::SeparateIfGiven || differs {
            self.set_output(OutputWeights::Separate);
            if self.mapping(device).entry(key).is_none() {
                // Under a name that this model's projection does not have.
                self.set_output(OutputWeights::Tied);
                return Ok(Vec::new());
            }
        }
        Ok(match said {
            OutputWeights::Tied if differs => vec![format!(
                "{key} differs from {name}, although the config ties them; the file's is used \
                 (tie_word_embeddings: false says so)"
            )],
            _ => Vec::new(),
        })
    }

    fn set_output(&mut self, to: OutputWeights) {
        if let Some(output) = self.architecture.output_mut() {
            *output = to;
        }
    }

    /// Where each tensor of a checkpoint belongs in the model.
    pub(super) fn mapping(&self, device: &Device) -> Mapping {
        Mapping::new(self.rules(), &self.model(device).parameters())
    }
}
