//! Loads a checkpoint into a model with another head than the checkpoint's, for fine-tuning.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::Device;
use serde_json::Value;

use super::family_config::FamilyConfig;
use super::head_for::{LabelProjection, unsupported};
use super::load::fill;
use super::report::{CheckReport, compare};
use super::{
    Checkpoint, Entry, HeadFor, KeyProblem, LoadDtype, LoadError, Mapping, Model, ModelSpec,
    OtherHeads, Part, Pretrained,
};
use crate::backbones::{Initialization, initialize};
use crate::hf::keys::Key;
use crate::layers::linear::{Bias, Linear};
use crate::parameters::{self, ParameterInfo, ParameterRole, ParameterValue};

/// A model with the backbone of a checkpoint, and with a head for another task or other labels.
#[derive(Debug)]
pub struct WithHead {
    /// The model, and the specification to save it with.
    pub pretrained: Pretrained,
    /// The keys of tensors that are not the checkpoint's: matrices are random, biases zero, and
    /// the scales of norms one.
    pub new: Vec<String>,
}

/// Loads a directory's model with the head that `head` describes, in f32. New matrices are sampled
/// with `seed`.
///
/// Like `AutoModelFor….from_pretrained(…, num_labels=…, ignore_mismatched_sizes=True)` of
/// transformers: the backbone is the checkpoint's, with or without a prefix; a tensor of the head
/// is the checkpoint's if there is one of this key and shape, and otherwise new, as in
/// [`initialize`](crate::backbones::initialize). Tensors of other heads are ignored with a warning
/// in the log.
///
/// The projection to labels is stricter than there: it is the checkpoint's only if the class in
/// `architectures` is for the same task and has labels of the same names. They keep the
/// checkpoint's order, which the rows of the projection have. The same number of other labels, or
/// the same tensor of another task, gets a new projection; the layers before it stay.
///
/// ```no_run
/// # use std::path::Path;
/// # use burn::tensor::Device;
/// use zoo_models::checkpoint::{self, Files, HeadFor};
/// use zoo_models::families::Task;
///
/// # fn run(folder: &Path, to: &Path) -> Result<(), Box<dyn std::error::Error>> {
/// let labels = ["bad", "good"].map(String::from).to_vec();
/// let head = HeadFor::with_labels(Task::SequenceClassifier, labels);
/// let found = checkpoint::load_with_head(folder, &head, 1, &Device::flex())?;
/// println!("to be trained first: {}", found.new.join(", "));
/// let (spec, model) = (found.pretrained.spec, found.pretrained.model);
/// checkpoint::save(to, &model, spec.family, &spec.config, Files::default())?;
/// # Ok(())
/// # }
/// ```
///
/// The config has the class of the task, the labels and the other fields of [`HeadFor`]; the rest is
/// verbatim. [`save`](super::save) with it writes a directory that [`load`](super::load) accepts.
///
/// # Errors
///
/// See [`load`](super::load) for the backbone's tensors; a task that the family does not support
/// (the error lists the supported ones), or a field of [`HeadFor`] that does not fit the task.
pub fn load_with_head(
    folder: &Path,
    head: &HeadFor,
    seed: u64,
    device: &Device,
) -> Result<WithHead, LoadError> {
    let read = FamilyConfig::read(folder)?;
    let in_context = |source| read.in_context(source);
    let with_head = head.apply(read.family, &read.config).map_err(in_context)?;
    let mut spec =
        ModelSpec::with_task(read.family, with_head.config, head.task).map_err(in_context)?;
    if Model::new(&spec.architecture, spec.task, spec.labels.len(), device).is_none() {
        return Err(read.in_context(unsupported(read.family, head.task)));
    }
    let checkpoint = Checkpoint::open(folder)?;
    let warnings = spec.resolve_from_checkpoint(&checkpoint, device)?;
    spec.separate_absent_output(&checkpoint, device);
    spec.name_tensors();
    spec.other_heads = OtherHeads::Leave;

    let blank = spec.model(device);
    let mapping = Mapping::new(spec.rules(), &blank.parameters());
    let mut report = compare(&spec, &checkpoint, &mapping)?;
    let head = HeadEntries::new(&spec, &blank, &mapping);
    head.resolve(with_head.projection, &checkpoint, &mut report);
    // The decoder of an encoder-decoder is not part of heads over the encoder.
    let others = LazyCell::new(|| mappings_of_other_heads(&spec, device));
    let is_known = |other: &Mapping, key: &str| {
        other.entry(key).is_some() || other.copy_of(key).is_some() || other.drops(key)
    };
    report.leave(|key| others.iter().any(|other| is_known(other, key)));
    report.check_index(folder, &checkpoint, &mapping)?;
    if !report.problems.is_empty() {
        let path = folder.to_path_buf();
        return Err(LoadError::Keys { path, problems: report.problems });
    }
    for warning in warnings.iter().chain(&report.warnings).chain(&report.left_out()) {
        log::warn!("{}: {warning}", folder.display());
    }

    let new = head.new_entries(&report);
    let how = spec.architecture.backbone.initialization();
    let is_new = |path: &str| new.iter().flat_map(|entry| &entry.parts).any(|p| p.path == path);
    let mut index = 0;
    let model = blank.replace(&mut |parameter| {
        index += 1;
        // Above the bits in which the seeds of several runs differ.
        let seed = seed.wrapping_add(index << 32);
        if is_new(&parameter.path) { sample(parameter, how, seed, device) } else { None }
    });
    let model = fill(model, &mapping, &report, &checkpoint, LoadDtype::F32)?;
    let new = new.iter().map(|entry| entry.key.clone()).collect();
    spec.other_heads = OtherHeads::Refuse;
    Ok(WithHead { pretrained: Pretrained { spec, model }, new })
}

/// The key mappings of the family's models with other heads.
fn mappings_of_other_heads(spec: &ModelSpec, device: &Device) -> Vec<Mapping> {
    let others = spec.family.heads.iter().filter(|head| head.task != spec.task);
    let other = |task| ModelSpec::with_task(spec.family, spec.config.clone(), task).ok();
    others.filter_map(|head| Some(other(head.task)?.mapping(device))).collect()
}

/// Initial values of a matrix, without those of the whole backbone; `None` for vectors, which keep
/// their zeros and ones.
fn sample(
    parameter: &ParameterInfo,
    how: Initialization,
    seed: u64,
    device: &Device,
) -> Option<ParameterValue> {
    let [d_input, d_output] = parameter.shape[..].try_into().ok()?;
    let matrix = initialize(Linear::new(d_input, d_output, Bias::Absent, device), how, seed);
    let mut values = None;
    parameters::read(&matrix, &mut |_, data| values = Some(data.into()));
    values
}

impl ModelSpec {
    /// Writes the config fields that select the names of the head's tensors, which have other
    /// defaults in transformers.
    fn name_tensors(&mut self) {
        for rule in self.family.head_keys(self.task).iter().copied().flatten() {
            if let Key::IfConfig { field, .. } = rule
                && self.config[*field].is_null()
            {
                self.config[*field] = Value::Bool(false);
            }
        }
    }
}

/// The tensors of a model's head.
struct HeadEntries<'a> {
    mapping: &'a Mapping,
    /// The prefix of the backbone's keys, with its dot.
    prefix: String,
    /// The paths of the backbone's parameters.
    backbone: BTreeSet<String>,
}

impl<'a> HeadEntries<'a> {
    fn new(spec: &ModelSpec, model: &Model, mapping: &'a Mapping) -> Self {
        let backbone = parameters::list(model.backbone());
        Self {
            mapping,
            prefix: format!("{}.", spec.family.prefix),
            backbone: backbone.into_iter().map(|parameter| parameter.path).collect(),
        }
    }

    fn contains(&self, entry: &Entry) -> bool {
        !entry.parts.iter().any(|part| self.backbone.contains(&part.path))
    }

    /// The head's entries, with their indices among all entries.
    fn entries(&self) -> impl Iterator<Item = (usize, &'a Entry)> {
        let entries = self.mapping.entries.iter().enumerate();
        entries.filter(|(_, entry)| self.contains(entry))
    }

    /// Whether an entry of the head belongs to this key.
    fn has_key(&self, key: &str) -> bool {
        self.mapping.entry(key).is_some_and(|index| self.contains(&self.mapping.entries[index]))
    }

    /// Resolves mismatches of the head: its tensors may have no prefix, another shape or be absent.
    fn resolve(
        &self,
        projection: LabelProjection,
        checkpoint: &Checkpoint,
        report: &mut CheckReport,
    ) {
        report.problems.retain(|problem| match problem {
            KeyProblem::Missing { key, .. } => !self.has_key(key),
            KeyProblem::Shape { key, .. } => !self.has_key(key),
            _ => true,
        });
        for (index, entry) in self.entries() {
            let tensor = |key: &str| {
                let found = checkpoint.tensors().get_key_value(key);
                found.filter(|(_, info)| info.shape == entry.shape)
            };
            if tensor(&report.keys[index]).is_none() {
                report.keys[index].clear();
                // A pooler, which is part of the backbone in a file without a head.
                let mut names = std::iter::once(&entry.key).chain(&entry.aliases);
                let bare = names.find_map(|name| tensor(name.strip_prefix(&self.prefix)?));
                if let Some((key, info)) = bare {
                    report.read(self.mapping, index, key, info);
                }
            }
            if projection == LabelProjection::New && projects_to_labels(entry) {
                report.keys[index].clear();
            }
        }
    }

    /// The tensors that the checkpoint does not provide.
    fn new_entries(&self, report: &CheckReport) -> Vec<&'a Entry> {
        let is_new = |(index, entry): &(usize, &Entry)| {
            let is_computed = |p: &Part| p.properties.role == ParameterRole::Computed;
            report.keys[*index].is_empty() && !entry.parts.iter().all(is_computed)
        };
        self.entries().filter(is_new).map(|(_, entry)| entry).collect()
    }
}

/// Whether it is the last projection of a head that is not over the vocabulary.
fn projects_to_labels(entry: &Entry) -> bool {
    entry.parts.iter().any(|part| {
        let module = part.path.rsplit_once('.').map_or("", |(module, _)| module);
        module.ends_with("classifier")
    })
}
