//! The fixtures that the reference implementation computed; `README.md` beside this file explains them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::heads::cross_entropy::{IGNORE, Targets, cross_entropy_sum};
use burn_zoo::models::layers::mask::Padding;
use burn_zoo::models::pretrained::{self, F32Tensor, read_safetensors};
use serde::Deserialize;
use serde::de::DeserializeOwned;

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

#[derive(Deserialize)]
pub(crate) struct Inputs {
    pub(crate) input_ids: Vec<Vec<u32>>,
    pub(crate) attention_mask: Vec<Vec<u8>>,
    pub(crate) labels: Vec<Vec<i64>>,
    pub(crate) left: Batch,
}

#[derive(Deserialize)]
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

pub(crate) fn json<T: DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Case {
    fn read(path: PathBuf) -> Self {
        Self {
            name: path.strip_prefix(folder()).unwrap().display().to_string(),
            inputs: json(&path.join("inputs.json")),
            tensors: read_safetensors(&path.join("golden.safetensors")).unwrap(),
            path,
        }
    }

    pub(crate) fn load(&self, device: &Device) -> CausalLm {
        let loaded = pretrained::load(&self.path, device)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        loaded.into_causal_lm().unwrap()
    }

    pub(crate) fn tensor(&self, name: &str) -> &F32Tensor {
        &self.tensors[name]
    }

    /// Whether the longest row decides the rotation of all, so that rows are not independent.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.name.ends_with("dynamic_long") || self.name.ends_with("longrope")
    }

    /// Logits of the right-padded batch, at positions that hold tokens.
    pub(crate) fn assert_logits(
        &self,
        what: &str,
        found: &Tensor<3>,
        expected: &F32Tensor,
        mask: &[Vec<u8>],
    ) {
        assert_eq!(found.dims().to_vec(), expected.shape, "{}: {what}", self.name);
        let width = expected.shape[2];
        let found: Vec<f32> = found.to_data().iter::<f32>().collect();
        let keep: Vec<bool> = mask.iter().flatten().map(|&m| m == 1).collect();
        let kept = |values: &[f32]| -> Vec<f32> {
            let rows = values.chunks_exact(width).zip(&keep).filter(|(_, keep)| **keep);
            rows.flat_map(|(row, _)| row).copied().collect()
        };
        let (found, expected) = (kept(&found), kept(&expected.values));
        assert_close(&format!("{}: {what}", self.name), &found, &expected, 1e-5);
    }
}

/// Equal within `tolerance × max(1, largest expected)`.
pub(crate) fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: the number of values");
    let largest = expected.iter().fold(1.0_f64, |max, v| max.max(f64::from(v.abs())));
    let mut worst = (0.0_f64, 0);
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(*a) - f64::from(*b)).abs();
        assert!(difference.is_finite(), "{what}: value {index} is {a}, expected {b}");
        if difference > worst.0 {
            worst = (difference, index);
        }
    }
    let (difference, index) = worst;
    assert!(
        difference <= tolerance * largest,
        "{what}: value {index} is {}, expected {}; off by {difference:.2e}, allowed {:.2e}",
        found[index],
        expected[index],
        tolerance * largest
    );
}

pub(crate) fn ids(rows: &[Vec<u32>], device: &Device) -> Tensor<2, Int> {
    let values: Vec<i64> = rows.iter().flatten().map(|&id| i64::from(id)).collect();
    Tensor::from_data(TensorData::new(values, [rows.len(), rows[0].len()]), device)
}

pub(crate) fn padding(mask: &[Vec<u8>]) -> Padding {
    Padding::from_rows(mask.iter().map(|row| row.iter().map(|&m| m == 1).collect()).collect())
}

/// The mean loss of next-token prediction over targets that are not padding.
pub(crate) fn loss(model: &CausalLm, inputs: &Inputs) -> Tensor<1> {
    let device = model.device();
    let logits = model.forward(ids(&inputs.input_ids, &device), &padding(&inputs.attention_mask));
    let [batch, seq, vocab] = logits.dims();
    let shifted: Vec<i64> =
        inputs.labels.iter().flat_map(|row| row.iter().skip(1).copied().chain([IGNORE])).collect();
    let targets = Targets::new(&shifted, &device);
    cross_entropy_sum(logits.reshape([batch * seq, vocab]), &targets) / targets.count() as f64
}

pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}
