//! Saved checkpoints equal the loaded ones.

use burn::tensor::{DType, Device};
use burn_zoo::models::checkpoint::{self, Files, LoadDtype, MAX_SHARD_BYTES, Model, ModelSpec};
use burn_zoo::models::parameters;
use burn_zoo::models::precision::Precision;
use burn_zoo::parity::difference;

use super::checks::device;
use crate::golden::{Case, cases, outputs};

/// Less than the size of the smallest model, so that every model is sharded.
const SMALL_SHARD: usize = 2000;

fn all_values(model: &Model) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    parameters::read(model, &mut |path, data| {
        all.push((path.to_string(), data.as_bytes().to_vec()))
    });
    all
}

pub(crate) fn saving_and_loading_is_the_identity(family: &str) {
    for case in cases(family) {
        let loaded = checkpoint::load(&case.path, &device()).unwrap();
        let (family, config) = (loaded.spec.family, loaded.spec.config.clone());
        let model = loaded.model;
        for max_shard_bytes in [MAX_SHARD_BYTES, SMALL_SHARD] {
            let folder = tempfile::tempdir().unwrap();
            let files = Files { max_shard_bytes, ..Files::default() };
            checkpoint::save(folder.path(), &model, family, &config, files).unwrap();
            let is_sharded = folder.path().join("model.safetensors.index.json").exists();
            assert_eq!(is_sharded, max_shard_bytes == SMALL_SHARD, "{}", case.name);
            let is_canonical =
                !["v4_prefixless", "v4_gamma"].iter().any(|old| case.name.ends_with(old));
            if is_canonical && !is_sharded {
                assert_is_what_transformers_wrote(&case, folder.path());
            }
            let again = checkpoint::load(folder.path(), &device()).unwrap();
            assert_eq!(again.spec.config, config, "{}", case.name);
            assert!(all_values(&model) == all_values(&again.model), "{}: bits changed", case.name);
        }
    }
}

/// A bf16 checkpoint takes half the memory, and gives the same outputs as in f32.
pub(crate) fn matrices_of_bf16_are_only_held_so(family: &str) {
    let device = Device::flex();
    for case in cases(family) {
        let loaded = checkpoint::load(&case.path, &device).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let spec = &loaded.spec;
        let files = Files { precision: Precision::Bf16, ..Files::default() };
        checkpoint::save(folder.path(), &loaded.model, spec.family, &spec.config, files).unwrap();

        let [wide, held] = [LoadDtype::F32, LoadDtype::Checkpoint].map(|dtype| {
            let spec = ModelSpec::read(folder.path()).unwrap();
            checkpoint::load_as(folder.path(), spec, &device, dtype).unwrap().model
        });
        let shapes = parameters::list(&held);
        let mut at = shapes.iter();
        parameters::read(&held, &mut |path, data| {
            let is_matrix = at.next().unwrap().shape.len() == 2;
            let expected = if is_matrix { DType::BF16 } else { DType::F32 };
            assert_eq!(data.dtype(), expected, "{}: {path}", case.name);
        });
        let again = held.clone().cast(Precision::F32);
        assert!(all_values(&again) == all_values(&held), "{}: 32 bits are had already", case.name);

        let feed = case.feed();
        // All rows exceed the limit of the few-vectors product; one row alone does not.
        for feed in [feed.clone(), feed.row(0)] {
            let found = outputs(&held, &feed, &device);
            for (found, expected) in found.iter().zip(outputs(&wide, &feed, &device)) {
                let apart = difference(&found.kept(), &expected.kept());
                assert!(apart <= 2e-6, "{}: {} is {apart} apart", case.name, found.name);
            }
        }
    }
}

/// The same keys with the same bits, and the metadata without which transformers rejects a file.
fn assert_is_what_transformers_wrote(case: &Case, saved: &std::path::Path) {
    let bytes = std::fs::read(saved.join("model.safetensors")).unwrap();
    let header = String::from_utf8_lossy(&bytes[8..200.min(bytes.len())]).into_owned();
    assert!(header.contains(r#""__metadata__":{"format":"pt"}"#), "{}: {header}", case.name);
    let ours = checkpoint::Checkpoint::open(saved).unwrap();
    let theirs = checkpoint::Checkpoint::open(&case.path).unwrap();
    let keys = |checkpoint: &checkpoint::Checkpoint| -> Vec<String> {
        checkpoint.tensors().keys().cloned().collect()
    };
    assert_eq!(keys(&ours), keys(&theirs), "{}", case.name);
    for (key, info) in theirs.tensors() {
        let saved = &ours.tensors()[key];
        assert_eq!(saved.shape, info.shape, "{}: {key}", case.name);
        assert!(saved.read().unwrap() == info.read().unwrap(), "{}: {key}", case.name);
    }
}
