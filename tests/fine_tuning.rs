//! Learning a task from encoded texts and images: the steps of transformers' heads, and micro-batches.

use std::collections::BTreeMap;

use burn::optim::GradientsParams;
use burn::tensor::Device;
use burn_zoo::datasets::batch::IGNORE;
use burn_zoo::models::checkpoint::{self, Entry, LoadDtype, Mapping, Model, ModelSpec};
use burn_zoo::models::heads::pooling::Pooling;
use burn_zoo::models::parameters;
use burn_zoo::train::adamw::{AdamW, AdamWConfig};
use burn_zoo::train::gradients::by_path;
use burn_zoo::train::tuning::{
    EncodedRelation, EncodedTarget, EncodedText, PreparedImage, Supervised, SupervisedImages,
    TextLayout,
};
use burn_zoo::train::{ClassObjective, Pass, RowWeights, Span, StepAt, Stepped, TrainStep};
use burn_zoo::train::{MaskedLanguageModeling, MaskedText, Objective, ObjectiveBatch};
use burn_zoo::train::{SentenceLoss, SentenceVectors};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::golden::{folder, json, relative_error};

/// The losses and gradients of the reference; `tests/golden/fine_tuning.py` writes them.
#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    task: String,
    /// The folder of the model.
    model: String,
    batches: Vec<Vec<Example>>,
    losses: Vec<f32>,
    /// Before the first step, by key.
    gradient_norms: BTreeMap<String, f64>,
    class_weights: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct Example {
    #[serde(default)]
    ids: Vec<u32>,
    types: Option<Vec<u32>>,
    /// The number of an image.
    image: Option<usize>,
    target: Value,
}

/// A text or an image with its target.
#[derive(Clone)]
enum Input {
    Text(EncodedText),
    Image(PreparedImage),
}

/// The settings of `fine_tuning.py`.
const OPTIMIZER: AdamWConfig =
    AdamWConfig { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
const RATE: f64 = 1e-3;

fn cases() -> Vec<Case> {
    json::<Recorded>(&folder().join("fine_tuning.json")).cases
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// An image of `fine_tuning.py`.
fn pixels(image: usize, [channels, height, width]: [usize; 3]) -> Vec<f32> {
    let value = |c, y, x| (7 * image + 11 * c + 3 * y * x + y * y + x) % 17;
    let row = |c, y| (0..width).map(move |x| value(c, y, x) as f32 / 8.0 - 1.0);
    (0..channels).flat_map(|c| (0..height).flat_map(move |y| row(c, y))).collect()
}

impl Input {
    /// The class, of a classification.
    fn class(&self) -> Option<u32> {
        match self {
            Self::Text(EncodedText { target: EncodedTarget::Class(class), .. }) => Some(*class),
            Self::Text(_) => None,
            Self::Image(image) => Some(image.label),
        }
    }
}

impl Example {
    fn input(&self, task: &str, shape: [usize; 3]) -> Input {
        match self.image {
            Some(image) => Input::Image(PreparedImage {
                pixels: pixels(image, shape),
                label: read(&self.target),
            }),
            None => Input::Text(self.encoded(task)),
        }
    }

    fn encoded(&self, task: &str) -> EncodedText {
        let target = match task {
            "classification" => EncodedTarget::Class(read(&self.target)),
            "multi-label-classification" => EncodedTarget::Labels(read(&self.target)),
            "regression" => EncodedTarget::Number(read(&self.target)),
            "tagging" | "masked" => EncodedTarget::Tags(read(&self.target)),
            "question-answering" => {
                let [first, last] = read(&self.target);
                EncodedTarget::Span(Span { first, last })
            }
            "text-to-text" | "continuation" | "span-corruption" | "denoising" => {
                EncodedTarget::Text(read(&self.target))
            }
            "ranking" => EncodedTarget::Relevance(read(&self.target)),
            "multiple-negatives" | "cosine" | "triplet" => {
                EncodedTarget::Related(EncodedRelation {
                    second: read(&self.target["second"]),
                    negatives: read(&self.target["negatives"]),
                    similarity: read(&self.target["similarity"]),
                })
            }
            other => panic!("unknown task {other}"),
        };
        let types = self.types.clone().unwrap_or_else(|| vec![0; self.ids.len()]);
        EncodedText { ids: self.ids.clone(), types, target, second: 0..0, example: 0 }
    }
}

/// The tags of a text as its hidden tokens.
fn masked(text: &EncodedText) -> MaskedText {
    let EncodedTarget::Tags(tags) = &text.target else { panic!("hidden tokens") };
    let targets = tags.iter().map(|tag| tag.map_or(IGNORE, i64::from)).collect();
    MaskedText { ids: text.ids.clone(), targets }
}

/// A model with its objective.
struct Loaded {
    spec: ModelSpec,
    model: Model,
    texts: Supervised,
    images: SupervisedImages,
    class_weights: Option<Vec<f32>>,
}

impl Case {
    fn name(&self) -> String {
        let weights = self.class_weights.as_ref().map_or("", |_| " with class weights");
        format!("{} of {}{weights}", self.task, self.model)
    }

    fn load(&self) -> Loaded {
        let path = folder().join(&self.model);
        let spec = ModelSpec::read(&path).unwrap();
        let device = Device::flex().autodiff();
        let loaded = checkpoint::load_as(&path, spec, &device, LoadDtype::F32);
        let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        let (spec, model) = (loaded.spec, loaded.model);
        let patches = spec.architecture.backbone.patches();
        let shape = patches.map(|it| [it.channels, it.image[0], it.image[1]]).unwrap_or_default();
        let images = SupervisedImages { shape, tokens: 1, n_labels: spec.labels.len() };
        let texts = Supervised {
            padding: spec.config["pad_token_id"].as_u64().unwrap_or(0) as u32,
            has_types: spec.architecture.backbone.n_types() > 1,
            n_labels: spec.labels.len(),
            layout: match &model {
                Model::Seq2SeqLm(model) => TextLayout::Decoder { start: model.start() },
                Model::CausalLm(_) => TextLayout::Continuation,
                _ => TextLayout::Decoder { start: 0 },
            },
            begin: None,
            end: None,
            max_target_length: 16,
            vectors: SentenceVectors {
                pooling: if self.task == "triplet" { Pooling::Last } else { Pooling::Mean },
                loss: match &self.task[..] {
                    "cosine" => SentenceLoss::Cosine,
                    "triplet" => SentenceLoss::Triplet { margin: 0.5 },
                    _ => SentenceLoss::MultipleNegatives { scale: 20.0 },
                },
                ..SentenceVectors::default()
            },
        };
        Loaded { spec, model, texts, images, class_weights: self.class_weights.clone() }
    }

    fn examples(&self, loaded: &Loaded, batch: usize) -> Vec<Input> {
        let input = |example: &Example| example.input(&self.task, loaded.images.shape);
        self.batches[batch].iter().map(input).collect()
    }
}

impl Loaded {
    /// A part of a step as a pass.
    fn pass(&self, part: &[Input], step: &[Input]) -> Box<dyn Pass> {
        let weights = self.class_weights.as_ref();
        let weights =
            weights.map(|weights| RowWeights::new(weights, step.iter().filter_map(Input::class)));
        let texts = part.iter().filter_map(|input| match input {
            Input::Text(text) => Some(text.clone()),
            Input::Image(_) => None,
        });
        let images = part.iter().filter_map(|input| match input {
            Input::Text(_) => None,
            Input::Image(image) => Some(image.clone()),
        });
        if let Model::MaskedLm(_) = self.model {
            let objective = MaskedLanguageModeling;
            let texts: Vec<MaskedText> = texts.map(|text| masked(&text)).collect();
            return Box::new(ObjectiveBatch { objective, batch: objective.batch(&texts) });
        }
        match &part[0] {
            Input::Text(_) => self.texts.pass(&texts.collect::<Vec<_>>(), weights.as_ref()),
            Input::Image(_) => self.images.pass(&images.collect::<Vec<_>>(), weights.as_ref()),
        }
    }

    /// The gradient norms of the mean loss, by key of the checkpoint.
    fn gradient_norms(&self, examples: &[Input]) -> Vec<(Entry, f64)> {
        let loss = self.pass(examples, examples).loss(&self.model);
        let backward = (loss.sum / loss.targets as f64).backward();
        let gradients = GradientsParams::from_grads(backward, &self.model);
        let found = by_path(&self.model, &gradients).unwrap();
        let norm = |entry: &Entry| {
            let parts = entry.parts.iter().filter_map(|part| found.get(&part.path));
            let squares = parts.flatten().map(|value| f64::from(*value).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let entries = Mapping::new(self.spec.rules(), &self.model.parameters()).entries;
        entries.into_iter().map(|entry| (entry.clone(), norm(&entry))).collect()
    }
}

#[test]
fn fifty_steps_are_those_of_the_reference() {
    let mut worst = 0.0_f64;
    for case in cases() {
        let loaded = case.load();
        let mut step = TrainStep { clip: Some(1.0), ..TrainStep::new(AdamW::new(OPTIMIZER)) };
        let mut model = loaded.model.clone();
        let mut losses = Vec::new();
        for at in 0..case.losses.len() {
            let examples = case.examples(&loaded, at % case.batches.len());
            let pass = loaded.pass(&examples, &examples);
            let stepped = step.step(model, &[pass], StepAt { rate: RATE, seed: 0 }).unwrap();
            losses.push(stepped.loss.mean());
            model = stepped.model;
        }
        assert_eq!(losses.len(), 50, "{}", case.name());
        for (at, (found, expected)) in losses.iter().zip(&case.losses).enumerate() {
            let expected = f64::from(*expected);
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error <= 1e-4, "{}: loss {at} is {found} for {expected}", case.name());
            worst = worst.max(error);
        }
    }
    println!("largest error of the losses: {worst:.1e}");
}

#[test]
fn the_first_gradients_are_those_of_the_reference() {
    let mut worst = 0.0_f64;
    for case in cases() {
        let mut compared = 0;
        let loaded = case.load();
        for (entry, found) in loaded.gradient_norms(&case.examples(&loaded, 0)) {
            let mut keys = [&entry.key].into_iter().chain(&entry.aliases);
            let expected = keys.find_map(|key| case.gradient_norms.get(key));
            let Some(expected) = expected else {
                assert_eq!(found, 0.0, "{}: {} has a gradient", case.name(), entry.key);
                continue;
            };
            compared += 1;
            let error = (found - expected).abs() / expected.max(1.0);
            let what = format!("{}: {}: {found} for {expected}", case.name(), entry.key);
            assert!(error <= 1e-5, "{what}");
            worst = worst.max(error);
        }
        assert_eq!(compared, case.gradient_norms.len(), "{}: other parameters", case.name());
    }
    println!("largest error of the gradient norms: {worst:.1e}");
}

fn weights(model: &Model) -> BTreeMap<String, Vec<f32>> {
    let mut found = BTreeMap::new();
    parameters::read(model, &mut |path, data| {
        found.insert(path.to_string(), data.iter::<f32>().collect());
    });
    found
}

/// A large epsilon: otherwise Adam's first update is the sign of the gradient, whatever its size.
fn first_step(loaded: &Loaded, all: &[Input], parts: &[&[Input]]) -> Stepped {
    let config = AdamWConfig { epsilon: 1.0, ..OPTIMIZER };
    let mut step = TrainStep { clip: Some(1.0), ..TrainStep::new(AdamW::new(config)) };
    let passes: Vec<Box<dyn Pass>> = parts.iter().map(|part| loaded.pass(part, all)).collect();
    step.step(loaded.model.clone(), &passes, StepAt { rate: 1.0, seed: 0 }).unwrap()
}

/// Examples that micro-batches do not pad to other lengths: the padding is among the possible
/// answers of a question, here and in the reference.
fn examples(case: &Case, loaded: &Loaded) -> Vec<Input> {
    let all = (0..case.batches.len()).flat_map(|batch| case.examples(loaded, batch));
    let mut all: Vec<Input> = all.take(8).collect();
    let mut texts: Vec<&mut EncodedText> = all
        .iter_mut()
        .filter_map(|input| match input {
            Input::Text(text) => Some(text),
            Input::Image(_) => None,
        })
        .collect();
    let longest = texts.iter().map(|text| text.ids.len()).max();
    if case.task == "question-answering" {
        for text in &mut texts {
            text.ids.resize(longest.unwrap(), 7);
            text.types.resize(longest.unwrap(), 0);
        }
    }
    // A part without any target.
    if ["tagging", "masked"].contains(&&case.task[..]) {
        let none = vec![None; texts[7].ids.len()];
        texts[7].target = EncodedTarget::Tags(none);
    }
    all
}

#[test]
fn micro_batches_equal_one_batch() {
    let mut worst = 0.0_f64;
    // In-batch negatives are those of a pass, so that smaller passes have fewer of them.
    let is_sum = |case: &Case| case.task != "multiple-negatives";
    for case in cases().into_iter().filter(is_sum) {
        let loaded = case.load();
        let all = examples(&case, &loaded);
        let whole = first_step(&loaded, &all, &[&all]);
        let before = weights(&loaded.model);
        for cuts in [&[4][..], &[3, 7], &[1, 2, 3, 4, 5, 6, 7]] {
            let ends = cuts.iter().copied().chain([all.len()]);
            let starts = [0].into_iter().chain(cuts.iter().copied());
            let parts: Vec<&[Input]> =
                starts.zip(ends).map(|(start, end)| &all[start..end]).collect();
            let counts: Vec<usize> =
                parts.iter().map(|part| loaded.pass(part, &all).size().targets).collect();
            let many = first_step(&loaded, &all, &parts);
            let what = format!("{}, targets {counts:?}", case.name());
            assert_eq!(many.loss.targets, whole.loss.targets, "{what}");
            let apart = (many.loss.mean() - whole.loss.mean()).abs() / whole.loss.mean();
            assert!(apart <= 1e-6, "{what}: the loss differs by {apart:.1e}");
            let (many, whole) = (weights(&many.model), weights(&whole.model));
            assert!(many != before, "{what}: the step changes nothing");
            for (path, expected) in &whole {
                let (error, _) = relative_error(&many[path], expected);
                assert!(error <= 1e-6, "{what}: {path} differs by {error:.1e}");
                worst = worst.max(error);
            }
            let uneven = ["tagging", "text-to-text", "masked"].contains(&&case.task[..]);
            assert!(!uneven || counts.iter().any(|count| *count != counts[0]), "{what}");
        }
    }
    println!("largest difference of the weights: {worst:.1e}");
}
