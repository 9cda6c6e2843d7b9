//! Vocabularies that grow, in every family.

use burn::tensor::Device;
use burn_zoo::models::checkpoint::{self, Files, Pretrained, resize_vocabulary};
use burn_zoo::models::families::FAMILIES;

use crate::golden::{Output, assert_close, cases, outputs};

/// The values of an output for the first tokens of a vocabulary.
fn of_first(output: &Output, from: usize, to: usize) -> Vec<f32> {
    match output.tensor.shape.last() == Some(&from) {
        true => {
            output.tensor.values.chunks_exact(from).flat_map(|row| &row[..to]).copied().collect()
        }
        false => output.tensor.values.clone(),
    }
}

#[test]
fn a_larger_vocabulary_changes_nothing_for_the_old_tokens() {
    let device = Device::flex();
    let mut resized = 0;
    for case in FAMILIES.iter().flat_map(|family| cases(family.name())) {
        let name = case.name.clone();
        let Ok(loaded) = checkpoint::load(&case.path, &device) else { continue };
        let known = loaded.spec.architecture.backbone.vocab_size();
        if known == 0 {
            let error = resize_vocabulary(loaded, 10, 1, &device).unwrap_err();
            assert!(error.to_string().contains("no vocabulary"), "{name}: {error}");
            continue;
        }
        let feed = case.feed();
        let before = outputs(&loaded.model, &feed, &device);
        let grown = resize_vocabulary(loaded, known + 3, 1, &device);
        let Pretrained { spec, model } = grown.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(spec.architecture.backbone.vocab_size(), known + 3, "{name}");
        assert_eq!(model.backbone().vocab_size(), known + 3, "{name}");
        let after = outputs(&model, &feed, &device);
        for (before, after) in before.iter().zip(&after) {
            let found = of_first(after, known + 3, known);
            assert_close(&format!("{name}: {}", before.name), &found, &before.tensor.values, 1e-6);
        }
        // The new tokens are encoded, and the model is saved with them.
        let mut new = case.feed();
        if let Some(id) = new.ids.first_mut().and_then(|row| row.first_mut()) {
            *id = known as u32 + 2;
        }
        let folder = tempfile::tempdir().unwrap();
        checkpoint::save(folder.path(), &model, spec.family, &spec.config, Files::default())
            .unwrap();
        let again = checkpoint::load(folder.path(), &device);
        let again = again.unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = outputs(&model, &new, &device);
        for (expected, found) in expected.iter().zip(outputs(&again.model, &new, &device)) {
            assert!(expected.tensor.values.iter().all(|value| value.is_finite()), "{name}");
            assert_eq!(expected.tensor, found.tensor, "{name}: {}", expected.name);
        }
        resized += 1;
    }
    assert!(resized > 100, "{resized}");
}
