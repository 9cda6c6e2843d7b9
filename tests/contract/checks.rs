//! What the contract checks.

use std::collections::{BTreeMap, HashSet};

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::models::families::{self, Architecture, Size};
use burn_zoo::models::generate::{Options, generate};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::layers::mask::Padding;
use burn_zoo::models::parameters::{self, Path};
use burn_zoo::models::pretrained::{self, Mapping};
use burn_zoo::train::adamw::{AdamW, AdamWConfig, Update, gradient_norm};
use serde::Deserialize;

use crate::golden::{Case, Inputs, assert_close, cases, ids, json, loss, padding, values};

pub(super) fn device() -> Device {
    Device::flex()
}

fn mapping(case: &Case, model: &CausalLm) -> Mapping {
    let (family, ..) = pretrained::read_config(&case.path).unwrap();
    Mapping::new(family.keys, &parameters::list(model))
}

pub(crate) fn keys_and_parameters_are_a_bijection(family: &str) {
    for case in cases(family) {
        let report = pretrained::check(&case.path, &device()).unwrap();
        assert_eq!(report.problems, [], "{}", case.name);

        let model = case.load(&device());
        let mapping = mapping(&case, &model);
        assert_eq!(mapping.uncovered, [""; 0], "{}", case.name);
        let covered: Vec<&String> =
            mapping.entries.iter().flat_map(|entry| &entry.parts).map(|part| &part.path).collect();
        let distinct: HashSet<&&String> = covered.iter().collect();
        assert_eq!(distinct.len(), covered.len(), "{}: a parameter has two keys", case.name);
        assert_eq!(covered.len(), parameters::list(&model).len(), "{}", case.name);
    }
}

pub(crate) fn outputs_are_those_of_the_reference(family: &str) {
    for case in cases(family) {
        let model = case.load(&device());
        let Inputs { input_ids, attention_mask, left, .. } = &case.inputs;
        let tokens = ids(input_ids, &device());

        let hidden = model.decoder.forward(tokens.clone(), &padding(attention_mask));
        let expected = case.tensor("last_hidden_state");
        case.assert_logits("last hidden state", &hidden, expected, attention_mask);
        let logits = model.forward(tokens, &padding(attention_mask));
        case.assert_logits("logits", &logits, case.tensor("logits"), attention_mask);
        let expected = &case.tensor("loss").values;
        assert_close(&case.name, &values(loss(&model, &case.inputs)), expected, 1e-5);

        let logits = model.forward(ids(&left.input_ids, &device()), &padding(&left.attention_mask));
        let expected = case.tensor("left.logits");
        case.assert_logits("left-padded logits", &logits, expected, &left.attention_mask);

        for (index, mask) in attention_mask.iter().enumerate() {
            let length = mask.iter().filter(|&&m| m == 1).count();
            let row = vec![input_ids[index][..length].to_vec()];
            let logits = model.forward(ids(&row, &device()), &Padding::none());
            let expected = case.tensor(&format!("rows.{index}.logits"));
            case.assert_logits("a row alone", &logits, expected, &[vec![1; length]]);
        }
    }
}

/// Gradients by the parameter's path.
fn gradients<M: Module>(module: &M, gradients: &GradientsParams) -> BTreeMap<String, Vec<f32>> {
    struct Read<'a> {
        path: Path,
        gradients: &'a GradientsParams,
        found: BTreeMap<String, Vec<f32>>,
    }
    impl ModuleVisitor for Read<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.gradients.get::<D>(param.id) {
                self.found.insert(self.path.join(), values(gradient));
            }
        }
    }
    let mut read = Read { path: Path::default(), gradients, found: BTreeMap::new() };
    module.visit(&mut read);
    read.found
}

/// Whether a gradient of the reference is zero but for rounding: that of OPT's key biases is.
fn is_noise(gradient: &[f32]) -> bool {
    gradient.iter().all(|g| g.abs() < 1e-6)
}

pub(crate) fn gradients_are_those_of_the_reference(family: &str) {
    for case in cases(family) {
        let model = case.load(&device().autodiff());
        let backward = loss(&model, &case.inputs).backward();
        let found = gradients(&model, &GradientsParams::from_grads(backward, &model));
        let mapping = mapping(&case, &model);
        let mut compared = 0;
        for (name, expected) in &case.tensors {
            let Some(key) = name.strip_prefix("grad.") else { continue };
            let entry = mapping.entry(key).unwrap_or_else(|| panic!("{}: {key}", case.name));
            let entry = &mapping.entries[entry];
            let parts: Vec<Vec<f32>> =
                entry.parts.iter().map(|part| found[&part.path].clone()).collect();
            let found = entry.join(&parts);
            let what = format!("{}: gradient of {key}", case.name);
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
        assert_eq!(compared, mapping.entries.len(), "{}: gradients compared", case.name);
    }
}

#[derive(Deserialize)]
struct Losses {
    losses: Vec<f32>,
    gradient_norms: Vec<f32>,
}

/// The optimizer settings that `tests/golden/generate.py` uses.
const OPTIMIZER: AdamWConfig =
    AdamWConfig { beta_1: 0.9, beta_2: 0.95, epsilon: 1e-8, weight_decay: 0.1 };

pub(crate) fn fifty_steps_are_those_of_the_reference(family: &str) {
    let mut compared = 0;
    for case in cases(family).iter().filter(|case| case.path.join("losses.json").exists()) {
        let expected: Losses = json(&case.path.join("losses.json"));
        let mut model = case.load(&device().autodiff());
        let mut optimizer = AdamW::new(OPTIMIZER);
        let (mut losses, mut norms) = (Vec::new(), Vec::new());
        for _ in &expected.losses {
            let loss = loss(&model, &case.inputs);
            losses.extend(values(loss.clone()));
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let norm = gradient_norm(&model, &gradients).unwrap();
            norms.push(norm as f32);
            let gradient_scale = if norm > 1.0 { 1.0 / (norm + 1e-6) } else { 1.0 };
            model = optimizer.step(model, gradients, Update { rate: 1e-3, gradient_scale });
        }
        assert_close(&format!("{}: losses", case.name), &losses, &expected.losses, 1e-4);
        assert_close(&format!("{}: norms", case.name), &norms, &expected.gradient_norms, 1e-3);
        compared += 1;
    }
    assert!(compared > 0, "{family} has no losses to compare with");
}

#[derive(Deserialize)]
struct Greedy {
    max_new_tokens: usize,
    prompts: Vec<Vec<u32>>,
    continuations: Vec<Vec<u32>>,
}

pub(crate) fn greedy_texts_are_those_of_the_reference(family: &str) {
    let mut compared = 0;
    for case in cases(family).iter().filter(|case| case.path.join("generate.json").exists()) {
        let expected: Greedy = json(&case.path.join("generate.json"));
        let model = case.load(&device());
        let options = Options { max_new_tokens: expected.max_new_tokens, ..Options::default() };
        // A batch of different lengths, padded on the left, and then each row alone.
        let batch = generate(&model, &expected.prompts, &options, &mut |_| true).unwrap();
        assert_eq!(batch, expected.continuations, "{}: batch", case.name);
        for (prompt, continuation) in expected.prompts.iter().zip(&expected.continuations) {
            let alone =
                generate(&model, std::slice::from_ref(prompt), &options, &mut |_| true).unwrap();
            assert_eq!(alone[0], *continuation, "{}: alone", case.name);
        }
        compared += 1;
    }
    assert!(compared > 0, "{family} has no texts to compare with");
}

pub(crate) fn step_equals_forward(family: &str) {
    // With dynamic scaling a key's rotation depends on the length when it was computed, in the
    // reference too, so step by step is another model there.
    for case in cases(family).iter().filter(|case| !case.is_dynamic()) {
        let model = case.load(&device());
        let row = &case.inputs.input_ids[..1];
        let length = row[0].len();
        let whole = model.forward(ids(row, &device()), &Padding::none());
        for prefill in [1, length / 2] {
            let mut cache = model.cache(length);
            let start = vec![row[0][..prefill].to_vec()];
            let mut parts = vec![model.step(ids(&start, &device()), &mut cache)];
            for token in &row[0][prefill..] {
                parts.push(model.step(ids(&[vec![*token]], &device()), &mut cache));
            }
            let steps = Tensor::cat(parts, 1);
            let what = format!("{}: prefill of {prefill}", case.name);
            assert_close(&what, &values(steps), &values(whole.clone()), 1e-5);
        }
    }
}

pub(crate) fn left_padded_batches_equal_single_rows(family: &str) {
    for case in cases(family).iter().filter(|case| !case.is_dynamic()) {
        let model = case.load(&device());
        let left = &case.inputs.left;
        let longest = left.input_ids[0].len();
        // Through the cache, in two steps: a prompt, and the rest of it.
        let lengths: Vec<usize> = left
            .attention_mask
            .iter()
            .map(|row| row.iter().filter(|&&m| m == 1).count() - 1)
            .collect();
        let begin: Vec<Vec<u32>> =
            left.input_ids.iter().map(|row| row[..longest - 1].to_vec()).collect();
        let last: Vec<Vec<u32>> = left.input_ids.iter().map(|row| vec![row[longest - 1]]).collect();
        let mut cache = model.cache(longest).with_padding(Padding::left(&lengths));
        model.step(ids(&begin, &device()), &mut cache);
        let batched = values(model.step(ids(&last, &device()), &mut cache));
        let vocab = model.config().vocab_size;
        for (index, &length) in lengths.iter().enumerate() {
            let row = left.input_ids[index][longest - 1 - length..].to_vec();
            let alone = values(model.forward(ids(&[row], &device()), &Padding::none()));
            let what = format!("{}: row {index}", case.name);
            let batched = &batched[index * vocab..(index + 1) * vocab];
            assert_close(&what, batched, &alone[length * vocab..], 1e-5);
        }
    }
}

pub(crate) fn rows_are_independent_and_padding_is_invisible(family: &str) {
    for case in cases(family) {
        let model = case.load(&device());
        let Inputs { input_ids, attention_mask, .. } = &case.inputs;
        let vocab = model.config().vocab_size as u32;
        let before = model.forward(ids(input_ids, &device()), &padding(attention_mask));
        // Other tokens under the padding, and another last row.
        let mut changed = input_ids.clone();
        for (row, mask) in changed.iter_mut().zip(attention_mask) {
            for (id, m) in row.iter_mut().zip(mask) {
                if *m == 0 {
                    *id = (*id + 7) % vocab;
                }
            }
        }
        let last = changed.len() - 1;
        for id in &mut changed[last] {
            *id = (*id + 11) % vocab;
        }
        let after = model.forward(ids(&changed, &device()), &padding(attention_mask));
        let (before, after) = (values(before), values(after));
        let row = input_ids[0].len() * vocab as usize;
        for (index, mask) in attention_mask[..last].iter().enumerate() {
            let length = mask.iter().filter(|&&m| m == 1).count() * vocab as usize;
            let range = index * row..index * row + length;
            let what = format!("{}: row {index}", case.name);
            assert_close(&what, &after[range.clone()], &before[range], 1e-6);
        }
        let range = last * row..last * row + vocab as usize;
        assert_ne!(after[range.clone()], before[range], "{}: the changed row", case.name);
    }
}

pub(crate) fn the_future_is_invisible(family: &str) {
    for case in cases(family) {
        let model = case.load(&device());
        let vocab = model.config().vocab_size;
        let row = case.inputs.input_ids[0].clone();
        let mut changed = row.clone();
        let half = row.len() / 2;
        for id in &mut changed[half..] {
            *id = (*id + 5) % vocab as u32;
        }
        let before = values(model.forward(ids(&[row], &device()), &Padding::none()));
        let after = values(model.forward(ids(&[changed], &device()), &Padding::none()));
        let past = half * vocab;
        assert_close(&case.name, &after[..past], &before[..past], 1e-6);
        assert_ne!(after[past..past + vocab], before[past..past + vocab], "{}", case.name);
    }
}

pub(crate) fn a_fully_padded_row_gives_numbers(family: &str) {
    for case in cases(family) {
        let model = case.load(&device().autodiff());
        let mut inputs = case.inputs.input_ids.clone();
        let mut mask = case.inputs.attention_mask.clone();
        mask[1].fill(0);
        inputs[1].fill(0);
        let logits = model.forward(ids(&inputs, &model.device()), &padding(&mask));
        let gradients = logits.clone().sum().backward();
        let norm = gradient_norm(&model, &GradientsParams::from_grads(gradients, &model)).unwrap();
        assert!(values(logits).iter().all(|v| v.is_finite()), "{}", case.name);
        assert!(norm.is_finite(), "{}: gradient norm {norm}", case.name);
    }
}

pub(crate) fn gradients_reach_every_parameter(family: &str) {
    for case in cases(family) {
        let model = case.load(&device().autodiff());
        let backward = loss(&model, &case.inputs).backward();
        let found = gradients(&model, &GradientsParams::from_grads(backward, &model));
        for parameter in parameters::list(&model) {
            let gradient = found.get(&parameter.path);
            let is_reached = gradient.is_some_and(|values| values.iter().any(|v| *v != 0.0));
            assert!(is_reached, "{}: {} has no gradient", case.name, parameter.path);
        }
    }
}

pub(crate) fn every_tensor_changes_the_output(family: &str) {
    for case in cases(family) {
        let model = case.load(&device());
        let tokens = ids(&case.inputs.input_ids, &device());
        let before = values(model.forward(tokens.clone(), &padding(&case.inputs.attention_mask)));
        for entry in &mapping(&case, &model).entries {
            let paths: Vec<&String> = entry.parts.iter().map(|part| &part.path).collect();
            let mut original = BTreeMap::new();
            parameters::read(&model, &mut |path, data| {
                original.insert(path.to_string(), data);
            });
            let moved = parameters::replace(model.clone(), &mut |parameter| {
                let data = paths.contains(&&parameter.path).then(|| &original[&parameter.path])?;
                let shift = |(i, v): (usize, f32)| v + 0.1 * (1.0 + i as f32 * 2.3).sin();
                let values: Vec<f32> = data.iter::<f32>().enumerate().map(shift).collect();
                Some(TensorData::new(values, parameter.shape.clone()))
            });
            let after =
                values(moved.forward(tokens.clone(), &padding(&case.inputs.attention_mask)));
            let pairs = before.iter().zip(&after);
            let change = pairs.fold(0.0_f32, |max, (a, b)| max.max((a - b).abs()));
            // What all keys have in common cancels in the softmax; the reference says so by a
            // gradient of nothing but noise.
            let mut keys = [&entry.key].into_iter().chain(&entry.aliases);
            let gradient = keys.find_map(|key| case.tensors.get(&format!("grad.{key}")));
            let is_inert = is_noise(&gradient.unwrap().values);
            let what = format!("{}: {} changes the output by {change:e}", case.name, entry.key);
            assert!(if is_inert { change < 1e-4 } else { change > 1e-3 }, "{what}");
        }
    }
}

pub(crate) fn one_batch_can_be_overfitted(family: &str) {
    let size = Size {
        vocab_size: 29,
        context: 16,
        d_model: 32,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: None,
        d_ff: None,
        dropout: 0.0,
        eos: None,
    };
    let family = families::find(family).unwrap();
    let (_, Architecture::Decoder(config)) = family.sized(&size).unwrap();
    let mut model = CausalLm::new(&config, &device().autodiff()).initialized(1);
    let rows: Vec<Vec<u32>> =
        (0..4).map(|row| (0..16).map(|i| (row * 7 + i * i * 3 + i) % 29).collect()).collect();
    let inputs = Inputs {
        labels: rows.iter().map(|row| row.iter().map(|&id| i64::from(id)).collect()).collect(),
        attention_mask: vec![vec![1; 16]; 4],
        left: crate::golden::Batch { input_ids: Vec::new(), attention_mask: Vec::new() },
        input_ids: rows,
    };
    let mut optimizer = AdamW::new(AdamWConfig { weight_decay: 0.0, ..OPTIMIZER });
    let mut last = f32::NAN;
    for _ in 0..150 {
        let loss = loss(&model, &inputs);
        last = values(loss.clone())[0];
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(model, gradients, Update { rate: 3e-3, gradient_scale: 1.0 });
    }
    assert!(last < 0.05, "{}: the loss is still {last}", family.name());
}
