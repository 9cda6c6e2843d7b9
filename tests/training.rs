//! Invariants of the trainer, through the library.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Device;
use burn_zoo::datasets::batch::{BatchAt, BatchShape, LmDataset};
use burn_zoo::datasets::text::Corpus;
use burn_zoo::datasets::tokenizer::Vocabulary;
use burn_zoo::models::checkpoint::Model;
use burn_zoo::models::families::{self, Size};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::parameters;
use burn_zoo::train::adamw::{AdamW, AdamWConfig, Update};
use burn_zoo::train::gradients::{accumulate, gradient_norm};
use burn_zoo::train::{LanguageModeling, Objective};

use crate::golden::{assert_close, values};

const CONFIG: AdamWConfig =
    AdamWConfig { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.1 };

fn data() -> LmDataset {
    let corpus = Corpus::stories();
    let tokenizer = corpus.tokenizer(Vocabulary::Characters).unwrap();
    LmDataset::new(&corpus, tokenizer).unwrap()
}

fn model(data: &LmDataset, seed: u64) -> Model {
    let size = Size {
        vocab_size: data.tokenizer().vocab_size(),
        context: 16,
        d_model: 16,
        n_layers: 2,
        n_heads: 2,
        n_kv_heads: None,
        d_ff: None,
        dropout: 0.0,
        eos: None,
    };
    let gpt2 = families::find("gpt2").unwrap();
    let architecture = gpt2.sized(&size).unwrap().architecture;
    let model = CausalLm::new(&architecture.backbone, &Device::flex().autodiff()).unwrap();
    let model = model.initialized(seed);
    Model::CausalLm(model)
}

fn flat(model: &Model) -> Vec<f32> {
    let mut all = Vec::new();
    parameters::read(model, &mut |_, data| all.extend(data.iter::<f32>()));
    all
}

fn gradients(model: &Model, data: &LmDataset, rows: usize, micro_step: u64) -> GradientsParams {
    let at = BatchAt { seed: 3, step: 5, micro_step };
    let batch = data.train_batch(at, BatchShape { rows, context: 16 }).unwrap();
    // Eight rows are one step.
    let objective = LanguageModeling::NextToken;
    let loss = objective.loss(model, &objective.inputs(batch)).sum;
    GradientsParams::from_grads((loss / (8.0 * 16.0)).backward(), model)
}

#[test]
fn accumulated_gradients_are_those_of_the_big_batch() {
    let data = data();
    let model = model(&data, 1);
    let whole = gradients(&model, &data, 8, 0);
    let mut sum = gradients(&model, &data, 2, 0);
    for micro_step in 1..4 {
        sum = accumulate(&model, sum, gradients(&model, &data, 2, micro_step));
    }
    let norms = [&whole, &sum].map(|g| gradient_norm(&model, g).unwrap() as f32);
    assert_close("norm", &norms[1..], &norms[..1], 1e-6);
    let update = Update { rate: 0.1, gradient_scale: 1.0 };
    // Without AdamW's division by the root, the update shows the gradients themselves.
    let plain = AdamWConfig { epsilon: 1.0, ..CONFIG };
    let [by_whole, by_sum] =
        [whole, sum].map(|g| flat(&AdamW::new(plain).step(model.clone(), g, update)));
    assert_ne!(by_whole, flat(&model));
    assert_close("weights", &by_sum, &by_whole, 1e-6);
}

#[test]
fn the_seed_decides_the_weights_and_nothing_else_does() {
    let data = data();
    Device::flex().seed(99);
    let first = flat(&model(&data, 7));
    Device::flex().seed(1);
    assert!(first == flat(&model(&data, 7)));
    assert!(first != flat(&model(&data, 8)));
}

#[test]
fn a_saved_optimizer_goes_on_bit_for_bit() {
    let data = data();
    let device = Device::flex().autodiff();
    let update = Update { rate: 1e-2, gradient_scale: 0.7 };
    let mut straight = (model(&data, 1), AdamW::new(CONFIG));
    let mut resumed = straight.clone();
    for micro_step in 0..4 {
        let step = |(model, mut optimizer): (Model, AdamW)| {
            let gradients = gradients(&model, &data, 2, micro_step);
            (optimizer.step(model, gradients, update), optimizer)
        };
        straight = step(straight);
        resumed = step(resumed);
        let (model, optimizer) = resumed;
        let state = optimizer.state();
        resumed = (model, AdamW::resume(CONFIG, optimizer.steps(), state, &device).unwrap());
    }
    assert!(flat(&straight.0) == flat(&resumed.0));
}

#[test]
fn norms_and_biases_do_not_decay() {
    let data = data();
    let model = model(&data, 1);
    let heavy = AdamWConfig { weight_decay: 0.5, ..CONFIG };
    let light = AdamWConfig { weight_decay: 0.0, ..CONFIG };
    let update = Update { rate: 0.1, gradient_scale: 1.0 };
    let [heavy, light] = [heavy, light].map(|config| {
        AdamW::new(config).step(model.clone(), gradients(&model, &data, 2, 0), update)
    });
    let mut decayed = Vec::new();
    let mut light_values = std::collections::BTreeMap::new();
    parameters::read(&light, &mut |path, data| {
        light_values.insert(path.to_string(), data.as_bytes().to_vec());
    });
    parameters::read(&heavy, &mut |path, data| {
        if light_values[path] != data.as_bytes() {
            decayed.push(path.to_string());
        }
    });
    let matrices: Vec<String> = parameters::list(&model)
        .into_iter()
        .filter(|parameter| parameter.shape.len() == 2)
        .map(|parameter| parameter.path)
        .collect();
    assert_eq!(decayed, matrices);
}

#[test]
fn the_gradient_norm_is_that_of_all_gradients_together() {
    let data = data();
    let model = model(&data, 1);
    let gradients = gradients(&model, &data, 2, 0);
    let mut square = 0.0;
    struct Sum<'a>(&'a GradientsParams, &'a mut f64);
    impl burn::module::ModuleVisitor for Sum<'_> {
        fn visit_float<const D: usize>(
            &mut self,
            param: &burn::module::Param<burn::tensor::Tensor<D>>,
        ) {
            let gradient = values(self.0.get::<D>(param.id).unwrap());
            *self.1 += gradient.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        }
    }
    model.visit(&mut Sum(&gradients, &mut square));
    let norm = gradient_norm(&model, &gradients).unwrap();
    assert!((norm / square.sqrt() - 1.0).abs() < 1e-5, "{norm} {}", square.sqrt());
}
