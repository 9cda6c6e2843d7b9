//! A checkpoint's keys, and the reference's results with its tensors.

use std::collections::{BTreeMap, HashSet};

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, TensorData};
use burn_zoo::models::checkpoint::{self, Mapping, Model, ModelSpec};
use burn_zoo::models::parameters::{self, ParameterRole};
use burn_zoo::train::gradients::by_path;

use crate::golden::{Case, assert_close, cases, loss, outputs, relative_error, values};

/// `flex`, or the device in `ZOO_TEST_DEVICE`.
pub(crate) fn device() -> Device {
    match std::env::var("ZOO_TEST_DEVICE") {
        Ok(name) => burn_zoo::device::parse(&name).unwrap_or_else(|error| panic!("{error}")),
        Err(_) => Device::flex(),
    }
}

pub(crate) fn mapping(case: &Case, model: &Model) -> Mapping {
    Mapping::new(ModelSpec::read(&case.path).unwrap().rules(), &model.parameters())
}

pub(crate) fn keys_and_parameters_are_a_bijection(family: &str) {
    for case in cases(family) {
        let report = checkpoint::check(&case.path, &device()).unwrap();
        assert_eq!(report.problems, [], "{}", case.name);

        let model = case.load(&device());
        let mapping = mapping(&case, &model);
        assert_eq!(mapping.uncovered, [""; 0], "{}", case.name);
        let covered: Vec<&String> =
            mapping.entries.iter().flat_map(|entry| &entry.parts).map(|part| &part.path).collect();
        let distinct: HashSet<&&String> = covered.iter().collect();
        assert_eq!(distinct.len(), covered.len(), "{}: a parameter has two keys", case.name);
        assert_eq!(covered.len(), model.parameters().len(), "{}", case.name);
    }
}

pub(crate) fn outputs_are_those_of_the_reference(family: &str) {
    for case in cases(family) {
        let model = case.load(&device());
        let feed = case.feed();
        case.assert_outputs(&outputs(&model, &feed, &device()), "");
        let found = loss(&model, &feed, &case.targets(), &device());
        assert_close(&case.name, &values(found), &case.tensor("loss").values, 1e-5);
        for index in 0..feed.rows() {
            let alone = outputs(&model, &feed.row(index), &device());
            case.assert_outputs(&alone, &format!("rows.{index}."));
        }
        if case.tensors.contains_key("left.logits") {
            let mut left = feed.clone();
            left.ids.clone_from(&case.inputs.left.input_ids);
            left.mask.clone_from(&case.inputs.left.attention_mask);
            case.assert_outputs(&outputs(&model, &left, &device()), "left.");
        }
    }
}

/// Gradients by parameter path.
pub(crate) fn gradients<M: Module>(
    module: &M,
    gradients: &GradientsParams,
) -> BTreeMap<String, Vec<f32>> {
    by_path(module, gradients).unwrap()
}

/// Whether a gradient of the reference is zero up to rounding, such as that of a key bias without
/// rotary positions.
fn is_noise(gradient: &[f32]) -> bool {
    gradient.iter().all(|g| g.abs() < 1e-6)
}

pub(crate) fn gradients_are_those_of_the_reference(family: &str) {
    for case in cases(family) {
        let device = device().autodiff();
        let model = case.load(&device);
        let backward = loss(&model, &case.feed(), &case.targets(), &device).backward();
        let found = gradients(&model, &GradientsParams::from_grads(backward, &model));
        let mapping = mapping(&case, &model);
        let mut compared = 0;
        for (name, expected) in &case.tensors {
            let Some(key) = name.strip_prefix("grad.") else { continue };
            let entry = mapping.entry(key).unwrap_or_else(|| panic!("{}: {key}", case.name));
            let entry = &mapping.entries[entry];
            let what = format!("{}: gradient of {key}", case.name);
            let of = |path: &String| {
                found.get(path).cloned().unwrap_or_else(|| panic!("{what}: there is none"))
            };
            let parts: Vec<Vec<f32>> = entry.parts.iter().map(|part| of(&part.path)).collect();
            let found = entry.join(&parts);
            assert_close(&what, &found, &expected.values, 1e-5);

            let square = |values: &[f32]| values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
            let difference: Vec<f32> =
                found.iter().zip(&expected.values).map(|(a, b)| a - b).collect();
            let relative = (square(&difference) / square(&expected.values)).sqrt();
            assert!(
                relative < 1e-4 || is_noise(&expected.values),
                "{what}: relative error {relative:.2e}"
            );
            compared += 1;
        }
        let trained = mapping.entries.iter().filter(|entry| entry.parts[0].is_trained());
        assert_eq!(compared, trained.count(), "{}: gradients compared", case.name);
    }
}

pub(crate) fn every_tensor_changes_the_output(family: &str) {
    for case in cases(family) {
        let model = case.load(&device());
        let mapping = mapping(&case, &model);
        let feed = case.feed();
        let all = |model: &Model| -> Vec<f32> {
            outputs(model, &feed, &device()).iter().flat_map(|output| output.kept()).collect()
        };
        let before = all(&model);
        let mut original = BTreeMap::new();
        parameters::read(&model, &mut |path, data| {
            original.insert(path.to_string(), data);
        });
        for entry in &mapping.entries {
            let paths: Vec<&String> = entry.parts.iter().map(|part| &part.path).collect();
            let moved = parameters::replace(model.clone(), &mut |parameter| {
                let data = paths.contains(&&parameter.path).then(|| &original[&parameter.path])?;
                let shift = |(i, v): (usize, f32)| v + 0.1 * (1.0 + i as f32 * 2.3).sin();
                let values: Vec<f32> = data.iter::<f32>().enumerate().map(shift).collect();
                Some(TensorData::new(values, parameter.shape.clone()).into())
            });
            let (change, _) = relative_error(&all(&moved), &before);
            // A component common to all keys cancels in the softmax; the reference's gradient of it
            // is only noise.
            let mut keys = [&entry.key].into_iter().chain(&entry.aliases);
            let gradient = keys.find_map(|key| case.tensors.get(&format!("grad.{key}")));
            let is_inert = gradient.is_none_or(|gradient| is_noise(&gradient.values));
            // A mask token is kept for saving only.
            let is_read = entry.parts.iter().all(|p| p.properties.role != ParameterRole::Constant);
            let what = format!("{}: {} changes the output by {change:e}", case.name, entry.key);
            // The loss of a span is invariant to a component common to all positions, and that of a
            // choice to one common to all choices; their logits are not.
            let is_span = matches!(model, Model::SpanExtractor(_) | Model::MultipleChoice(_));
            match is_inert && is_read && entry.parts[0].is_trained() {
                true => assert!(change < 1e-4 || is_span, "{what}"),
                false => assert_eq!(change > 1e-4, is_read, "{what}"),
            }
        }
    }
}
