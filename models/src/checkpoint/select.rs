//! Selects the part of a checkpoint that a task needs, as transformers' `AutoModel` classes do.

use std::path::Path;

use burn::tensor::Device;

use super::family_config::FamilyConfig;
use super::report::compare;
use super::shards::keys_in;
use super::{Checkpoint, LoadError, ModelSpec, OtherHeads};
use crate::backbones::OutputWeights;
use crate::families::{NamedTask, Task};
use crate::hf::config::ConfigError;

/// The tasks that a caller accepts.
#[derive(Debug, Clone, Copy)]
pub struct TaskRequirement {
    /// The requirement in error messages, such as "a causal language model".
    pub name: &'static str,
    /// The accepted tasks.
    pub tasks: &'static [Task],
}

impl TaskRequirement {
    /// Next-token logits, with or without a source sequence.
    pub const GENERATION: Self =
        Self { name: "a model that generates text", tasks: &[Task::CausalLm, Task::Seq2SeqLm] };

    /// Hidden states, which every text model has, whatever its head.
    pub const HIDDEN_STATES: Self =
        Self { name: "an encoder or a decoder of texts", tasks: &[Task::BaseModel] };
}

impl ModelSpec {
    /// Reads a directory's `config.json` for one of the required tasks.
    ///
    /// The class in `architectures` selects the task. If that class is of another task, unknown or
    /// absent, the first task whose tensors are all in the checkpoint is selected. Tensors of other
    /// heads are ignored.
    ///
    /// # Errors
    ///
    /// No model, an unsupported model, or a model without a head for any of the tasks.
    pub fn read_for(
        folder: &Path,
        requirement: TaskRequirement,
        device: &Device,
    ) -> Result<Self, LoadError> {
        let read = FamilyConfig::read(folder)?;
        let family = read.family;
        let of = |task| -> Result<Self, LoadError> {
            Ok(Self { other_heads: OtherHeads::Leave, ..read.spec(task)? })
        };
        let named = family.named_task(&read.config);
        if let NamedTask::Known(task) = named
            && requirement.tasks.contains(&task)
        {
            return of(task);
        }
        if requirement.tasks == [Task::BaseModel] && family.has_hidden_states() {
            return of(Task::BaseModel);
        }
        let possible: Vec<Task> =
            requirement.tasks.iter().copied().filter(|task| family.has(*task)).collect();
        let checkpoint = Checkpoint::open(folder)?;
        for task in &possible {
            let spec = of(*task)?;
            if spec.fits(&checkpoint, device)? {
                return Ok(spec);
            }
        }
        match (named, possible.first()) {
            // Loading reports the missing tensors.
            (NamedTask::Unnamed, Some(task)) => of(*task),
            _ => Err(read.in_context(ConfigError::WrongHead {
                found: read.config["architectures"][0].to_string(),
                wanted: requirement.name,
                classes: family.classes(|task| requirement.tasks.contains(&task)),
            })),
        }
    }

    /// Whether a checkpoint has every tensor of the model.
    fn fits(&self, checkpoint: &Checkpoint, device: &Device) -> Result<bool, LoadError> {
        let mut spec = self.clone();
        spec.resolve_from_checkpoint(checkpoint, device)?;
        let report = compare(&spec, checkpoint, &spec.mapping(device))?;
        Ok(report.missing().next().is_none())
    }

    /// Reads a directory to describe the model; the weights may be absent.
    ///
    /// If `architectures` names no known class, the task is the one whose keys best match those of
    /// the weights or of their index. Without weights and index, it is the family's first task, or
    /// [`Task::BaseModel`] for an unknown class.
    ///
    /// # Errors
    ///
    /// No config, or an invalid or unsupported config.
    pub fn describe(folder: &Path, device: &Device) -> Result<Self, LoadError> {
        let read = FamilyConfig::read(folder)?;
        let primary = read.family.primary().task;
        let keys = keys_in(folder).unwrap_or_default();
        let mut spec = match read.family.named_task(&read.config) {
            NamedTask::Known(task) => read.spec(task)?,
            _ if !keys.is_empty() => {
                let mut best = read.spec(primary)?;
                let mut least = best.misfits(&keys, device);
                for head in &read.family.heads[1..] {
                    let spec = read.spec(head.task)?;
                    let misfits = spec.misfits(&keys, device);
                    if misfits < least {
                        (least, best) = (misfits, spec);
                    }
                }
                best
            }
            NamedTask::Unknown if read.family.has(Task::BaseModel) => read.spec(Task::BaseModel)?,
            _ => read.spec(primary)?,
        };
        spec.resolve_from_keys(&keys, device);
        Ok(spec)
    }

    /// The number of keys that the model lacks or does not use.
    fn misfits(&self, keys: &[String], device: &Device) -> usize {
        let mut spec = self.clone();
        spec.resolve_from_keys(keys, device);
        let mapping = spec.mapping(device);
        let mut is_there = vec![false; mapping.entries.len()];
        let mut unused = 0;
        for key in keys {
            match mapping.entry(key).or_else(|| Some(mapping.copy_of(key)?.entry)) {
                Some(entry) => is_there[entry] = true,
                None => unused += usize::from(!mapping.drops(key)),
            }
        }
        unused + is_there.iter().filter(|is_there| !**is_there).count()
    }

    /// Resolves the options that depend on the keys alone: the names of a head's tensors, and
    /// whether T5's output projection is a separate matrix.
    fn resolve_from_keys(&mut self, keys: &[String], device: &Device) {
        self.resolve_names(&|name| keys.iter().any(|key| key == name));
        let has_head = {
            let mapping = self.mapping(device);
            let head = mapping
                .entries
                .iter()
                .filter(|entry| entry.parts.iter().any(|part| part.path.starts_with("lm_head.")));
            let has = |key: &String| keys.contains(key);
            head.into_iter().all(|entry| has(&entry.key) || entry.aliases.iter().any(has))
        };
        if let Some(output) = self.architecture.output_mut()
            && *output == OutputWeights::SeparateIfGiven
            && !keys.is_empty()
            && !has_head
        {
            *output = OutputWeights::Tied;
        }
    }
}
