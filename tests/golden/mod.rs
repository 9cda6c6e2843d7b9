//! The fixtures recorded from the reference implementation; see `README.md` in this folder.

mod feed;
mod outputs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_zoo::models::checkpoint::{
    self, F32Tensor, LoadDtype, Model, ModelSpec, read_safetensors,
};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::layers::mask::Padding;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) use feed::Feed;
pub(crate) use outputs::{Output, Targets, loss, outputs, outputs_for};

/// The project's folder of fixtures.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// One fixture.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) inputs: Inputs,
    pub(crate) tensors: BTreeMap<String, F32Tensor>,
}

/// `inputs.json`; its fields depend on the task.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Inputs {
    pub(crate) input_ids: Vec<Vec<u32>>,
    pub(crate) attention_mask: Vec<Vec<u8>>,
    token_type_ids: Option<Vec<Vec<u32>>>,
    decoder_input_ids: Option<Vec<Vec<u32>>>,
    decoder_attention_mask: Option<Vec<Vec<u8>>>,
    labels: Option<Labels>,
    start_positions: Vec<i64>,
    end_positions: Vec<i64>,
    next_sentence_label: Vec<i64>,
    sentence_order_label: Vec<i64>,
    choices: Option<usize>,
    pub(crate) left: Batch,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Labels {
    OfRows(Vec<i64>),
    OfTokens(Vec<Vec<i64>>),
}

#[derive(Deserialize, Default)]
pub(crate) struct Batch {
    pub(crate) input_ids: Vec<Vec<u32>>,
    pub(crate) attention_mask: Vec<Vec<u8>>,
}

/// Every fixture of a family.
pub(crate) fn cases(family: &str) -> Vec<Case> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder().join(family))
        .unwrap_or_else(|_| panic!("{family} has no golden folder"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("golden.safetensors").exists())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{family} has no golden case");
    paths.into_iter().map(Case::read).collect()
}

/// Every causal-LM fixture of a family.
pub(crate) fn causal_cases(family: &str) -> Vec<Case> {
    let mut cases = cases(family);
    cases.retain(|case| case.inputs.left.input_ids.len() > 1);
    assert!(!cases.is_empty(), "{family} has no golden case of a language model");
    cases
}

pub(crate) fn json<T: DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Case {
    pub(crate) fn read(path: PathBuf) -> Self {
        Self {
            name: path.strip_prefix(folder()).unwrap().display().to_string(),
            inputs: json(&path.join("inputs.json")),
            tensors: read_safetensors(&path.join("golden.safetensors")).unwrap(),
            path,
        }
    }

    pub(crate) fn load(&self, device: &Device) -> Model {
        self.load_as(ModelSpec::read(&self.path).unwrap(), device)
    }

    /// The same weights in a model with another spec.
    pub(crate) fn load_as(&self, spec: ModelSpec, device: &Device) -> Model {
        let loaded = checkpoint::load_as(&self.path, spec, device, LoadDtype::F32);
        loaded.unwrap_or_else(|error| panic!("{}: {error}", self.name)).model
    }

    pub(crate) fn load_causal_lm(&self, device: &Device) -> CausalLm {
        match self.load(device) {
            Model::CausalLm(model) => model,
            _ => panic!("{} is no causal language model", self.name),
        }
    }

    pub(crate) fn tensor(&self, name: &str) -> &F32Tensor {
        &self.tensors[name]
    }

    /// Whether the longest row determines the rotation of all rows, so that rows are not
    /// independent.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.name.ends_with("dynamic_long") || self.name.ends_with("longrope")
    }

    /// The inputs of the model.
    pub(crate) fn feed(&self) -> Feed {
        Feed {
            ids: self.inputs.input_ids.clone(),
            mask: self.inputs.attention_mask.clone(),
            types: self.inputs.token_type_ids.clone(),
            decoder_ids: self.inputs.decoder_input_ids.clone(),
            decoder_mask: self.inputs.decoder_attention_mask.clone(),
            pixels: self.tensors.get("pixel_values").cloned(),
            choices: self.inputs.choices.unwrap_or(1),
        }
    }

    /// The targets of the loss.
    pub(crate) fn targets(&self) -> Targets {
        let inputs = &self.inputs;
        let sentences = [&inputs.next_sentence_label[..], &inputs.sentence_order_label].concat();
        match &inputs.labels {
            Some(Labels::OfTokens(rows)) if !sentences.is_empty() => {
                Targets::PreTraining { tokens: rows.concat(), sentences }
            }
            Some(Labels::OfRows(classes)) => Targets::Classes(classes.clone()),
            Some(Labels::OfTokens(rows)) if inputs.left.input_ids.is_empty() => {
                Targets::Classes(rows.concat())
            }
            Some(Labels::OfTokens(rows)) => Targets::NextTokens(rows.clone()),
            None if inputs.start_positions.is_empty() => Targets::None,
            None => Targets::Classes([&inputs.start_positions[..], &inputs.end_positions].concat()),
        }
    }

    /// Outputs with a golden tensor whose name has this prefix, and that tensor.
    fn pairs<'a>(&'a self, found: &'a [Output], prefix: &str) -> Vec<(&'a Output, &'a F32Tensor)> {
        let golden = |output: &'a Output| {
            let expected = self.tensors.get(&format!("{prefix}{}", output.name))?;
            assert_eq!(output.tensor.shape, expected.shape, "{}: {}", self.name, output.name);
            Some((output, expected))
        };
        let pairs: Vec<_> = found.iter().filter_map(golden).collect();
        assert!(!pairs.is_empty(), "{}: nothing begins with {prefix:?}", self.name);
        pairs
    }

    /// Compares outputs at token positions with golden tensors whose names have this prefix.
    pub(crate) fn assert_outputs(&self, found: &[Output], prefix: &str) {
        for (output, expected) in self.pairs(found, prefix) {
            let what = format!("{}: {prefix}{}", self.name, output.name);
            assert_close(&what, &output.kept(), &output.keep(&expected.values), 1e-5);
        }
    }

    /// The largest error of the same outputs.
    pub(crate) fn error(&self, found: &[Output], prefix: &str) -> f64 {
        let error = |(output, expected): (&Output, &F32Tensor)| {
            relative_error(&output.kept(), &output.keep(&expected.values)).0
        };
        self.pairs(found, prefix).into_iter().map(error).fold(0.0, f64::max)
    }
}

/// Asserts equality within `tolerance × max(1, largest expected)`.
pub(crate) fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: the number of values");
    let (error, index) = relative_error(found, expected);
    assert!(
        error <= tolerance,
        "{what}: value {index} is {}, expected {}; off by {error:.2e} of the largest, allowed \
         {tolerance:.0e}",
        found[index],
        expected[index],
    );
}

/// The largest difference relative to `max(1, largest expected)`, and its position.
pub(crate) fn relative_error(found: &[f32], expected: &[f32]) -> (f64, usize) {
    let largest = expected.iter().fold(1.0_f64, |max, v| max.max(f64::from(v.abs())));
    let mut worst = (0.0_f64, 0);
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(*a) - f64::from(*b)).abs() / largest;
        if difference.is_nan() {
            return (f64::INFINITY, index);
        }
        if difference > worst.0 {
            worst = (difference, index);
        }
    }
    worst
}

pub(crate) fn ids(rows: &[Vec<u32>], device: &Device) -> Tensor<2, Int> {
    let values: Vec<i64> = rows.iter().flatten().map(|&id| i64::from(id)).collect();
    Tensor::from_data(TensorData::new(values, [rows.len(), rows[0].len()]), device)
}

pub(crate) fn padding(mask: &[Vec<u8>]) -> Padding {
    Padding::from_rows(mask.iter().map(|row| row.iter().map(|&m| m == 1).collect()).collect())
}

pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}
