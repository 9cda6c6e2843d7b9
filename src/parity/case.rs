//! The compared models: a small model of each class of each family, and its input.

use std::collections::BTreeSet;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use zoo_fingerprint::Fingerprint;

use crate::models;
use crate::models::backbones::{BackboneConfig, Inputs, TokenBatch};
use crate::models::checkpoint::{Model, ModelSpec};
use crate::models::families::{FAMILIES, Family, HeadSpec, Size, SizedModel, Task};
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;
use crate::models::parameters;
use crate::train::UPDATE_SOURCES;

/// The number of tokens in each row of a batch, out of [`LENGTH`] positions.
pub(super) const LENGTHS: [usize; 3] = [LENGTH, 11, 5];

/// The sources of a case's inputs, losses and steps.
const COMPARED: [&str; 4] =
    [include_str!("case.rs"), include_str!("record.rs"), UPDATE_SOURCES[0], UPDATE_SOURCES[1]];

/// Digits of a fingerprint that are stored.
const DIGITS: usize = 16;

/// Positions per row.
pub(super) const LENGTH: usize = 16;

/// Training steps.
const STEPS: usize = 20;

/// Token IDs are less than this; the first few are special tokens in some families.
const VOCABULARY: usize = 64;

/// A model to compare on two devices.
///
/// All models share a few shapes: devices that compile a kernel for each new shape compile them
/// only once.
#[derive(Debug)]
pub struct ParityCase {
    /// Its family.
    pub family: &'static Family,
    /// The class in transformers.
    pub class: &'static str,
    pub(super) spec: ModelSpec,
    /// Training steps.
    pub(super) steps: usize,
}

/// The position of the padding in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// After the tokens.
    Right,
    /// Before the tokens.
    Left,
    /// After the tokens; the second row is fully padded.
    EmptyRow,
}

impl ParityCase {
    /// One model for every class of these families.
    pub fn all(families: &[&'static Family]) -> Vec<Self> {
        let classes = |family: &&'static Family| {
            let family = *family;
            family.heads.iter().map(|head| Self::new(family, head))
        };
        families.iter().flat_map(classes).collect()
    }

    /// One small decoder and two steps: a quick check that a device works at all.
    ///
    /// # Panics
    ///
    /// Panics if the GPT-2 family does not exist.
    pub fn smoke() -> Self {
        let gpt2 = FAMILIES.iter().find(|family| family.name() == "gpt2");
        let gpt2 = gpt2.unwrap_or_else(|| panic!("there is no GPT-2"));
        Self { steps: 2, ..Self::new(gpt2, gpt2.primary()) }
    }

    /// A small set of models that contains every family and every head.
    ///
    /// It has the first class of each family, and every other head once, in the first family that
    /// supports it.
    pub fn one_per_kind() -> Vec<Self> {
        let mut seen: Vec<(Task, std::mem::Discriminant<BackboneConfig>)> = Vec::new();
        let mut cases = Self::all(FAMILIES);
        cases.retain(|case| {
            let kind = std::mem::discriminant(&case.spec.architecture.backbone);
            let head = (case.spec.task, kind);
            let is_new = !seen.contains(&head);
            seen.push(head);
            is_new || case.is_main()
        });
        cases
    }

    /// A small set of models that contains every kind of layer, block and head, for devices on
    /// which all families would take too long.
    pub fn sample() -> Vec<Self> {
        let mut left = Self::one_per_kind();
        let mut missing: BTreeSet<String> = left.iter().flat_map(Self::parts).collect();
        let mut chosen = Vec::new();
        while !missing.is_empty() {
            let news = |case: &Self| case.parts().intersection(&missing).count();
            // The first of the best candidates, so that the choice is deterministic.
            let best = left.iter().map(news).max().unwrap_or(0);
            let Some(index) = left.iter().position(|case| best > 0 && news(case) == best) else {
                break;
            };
            let case = left.remove(index);
            missing = missing.difference(&case.parts()).cloned().collect();
            chosen.push(case);
        }
        chosen
    }

    /// The choices in its config, such as `wiring: PreNorm`.
    fn parts(&self) -> BTreeSet<String> {
        let text = format!("{:?}", self.spec.architecture);
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut parts = BTreeSet::from([format!("task: {:?}", self.spec.task)]);
        for (index, _) in text.match_indices(": ") {
            let start = text[..index].rfind(|c| !is_word(c)).map_or(0, |before| before + 1);
            let value = &text[index + 2..];
            let end = value.find(|c| !is_word(c)).unwrap_or(value.len());
            // A choice is named like a type; numbers and structs that are always present carry no
            // information.
            if value.starts_with(|c: char| c.is_ascii_uppercase())
                && !value[..end].ends_with("Config")
            {
                parts.insert(format!("{}: {}", &text[start..index], &value[..end]));
            }
        }
        parts
    }

    /// Whether another case has the same architecture and task under other names: a device computes
    /// the same for both.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let (own, others) = (&self.spec, &other.spec);
        own.task == others.task && own.architecture == others.architecture
    }

    /// Whether its class is the first of its family.
    fn is_main(&self) -> bool {
        self.family.primary().class == self.class
    }

    fn new(family: &'static Family, head: &HeadSpec) -> Self {
        let size = Size {
            vocab_size: VOCABULARY,
            context: 2 * LENGTH,
            d_model: 32,
            n_layers: 2,
            n_heads: 4,
            n_kv_heads: Some(2),
            d_ff: Some(128),
            dropout: 0.0,
            eos: None,
        };
        // Grouped-query attention and feed-forward layers, if the family supports them.
        let plain = Size { n_kv_heads: None, ..size.clone() };
        let bare = Size { d_ff: None, ..plain.clone() };
        let sized = family.sized(&size).or_else(|_| family.sized(&plain));
        let sized = sized.or_else(|_| family.sized(&bare));
        let SizedModel { mut config, .. } =
            sized.unwrap_or_else(|error| panic!("{} has no small model: {error}", family.name()));
        let HeadSpec { task, class, .. } = *head;
        config["architectures"] = json!([class]);
        let spec = ModelSpec::new(family, config)
            .unwrap_or_else(|error| panic!("{class} has no small model: {error}"));
        debug_assert_eq!(spec.task, task);
        let steps = match spec.architecture.backbone {
            // Its training amplifies rounding errors: after 20 steps the losses of backends differ
            // by 1.3e-4, although their gradients agree within 3e-7.
            BackboneConfig::EncoderHalf(_) if task == Task::TokenClassifier => STEPS / 2,
            _ => STEPS,
        };
        Self { family, class, spec, steps }
    }

    /// A fingerprint of everything that decides the results: the config, the models' code, and the
    /// inputs and losses of this module. Equal models of two families have the same fingerprint.
    pub fn fingerprint(&self) -> String {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add_text(zoo_kernels::FINGERPRINT);
        fingerprint.add_text(models::FINGERPRINT);
        for source in COMPARED {
            fingerprint.add_source(source);
        }
        let Self { spec, steps, .. } = self;
        fingerprint.add_text(&format!("{:?} {:?} {steps}", spec.architecture, spec.task));
        fingerprint.finish()[..DIGITS].to_string()
    }

    /// `family/class`
    pub fn name(&self) -> String {
        format!("{}/{}", self.family.name(), self.class)
    }

    /// Whether the model generates text and thus has a cache for decoding.
    pub fn is_generative(&self) -> bool {
        self.spec.is_generative()
    }

    /// The model. Its weights do not depend on the device, and none is exactly 0 or 1, which would
    /// hide errors.
    pub(super) fn model(&self, device: &Device) -> Model {
        let model = self.spec.initialized(1, device);
        let mut values = Vec::new();
        parameters::read(&model, &mut |_, data| values.push(data));
        let mut generator = ChaCha8Rng::seed_from_u64(2);
        let mut values = values.into_iter();
        parameters::replace(model, &mut |parameter| {
            let data = values.next()?;
            let mut noise = || (generator.random::<f32>() - 0.5) * 0.2;
            let moved: Vec<f32> = data.iter::<f32>().map(|value| value + noise()).collect();
            Some(TensorData::new(moved, parameter.shape.clone()).into())
        })
    }

    /// A batch for the model.
    pub(super) fn inputs(&self, layout: Layout, device: &Device) -> Inputs {
        let inputs = match self.spec.architecture.backbone.patches() {
            Some(patches) => {
                let [height, width] = patches.image;
                let shape = [LENGTHS.len(), patches.channels, height, width];
                let count: usize = shape.iter().product();
                let values: Vec<f32> =
                    (0..count).map(|i| ((i * i + 7 * i) % 97) as f32 / 48.5 - 1.0).collect();
                Inputs::images(Tensor::from_data(TensorData::new(values, shape), device))
            }
            None => {
                let ids = token_ids(&text(layout, 5), LENGTHS.len(), device);
                Inputs::text(TokenBatch::new(ids, layout.padding()))
            }
        };
        let decoder = (self.spec.task == Task::Seq2SeqLm).then(|| {
            let ids = token_ids(&text(Layout::Right, 11), LENGTHS.len(), device);
            TokenBatch::new(ids, Padding::none())
        });
        // For multiple choice, the rows of a batch are the choices of one question.
        let choices = match self.spec.task {
            Task::MultipleChoice => LENGTHS.len(),
            _ => 1,
        };
        Inputs { decoder, choices, ..inputs }
    }
}

impl Layout {
    /// Whether each position of a batch holds a token, row by row.
    pub(super) fn holds_token(self) -> Vec<Vec<bool>> {
        let row = |(index, &length): (usize, &usize)| -> Vec<bool> {
            let is_token = |i: usize| match self {
                Self::Right => i < length,
                Self::Left => i >= LENGTH - length,
                Self::EmptyRow => i < length && index != 1,
            };
            (0..LENGTH).map(is_token).collect()
        };
        LENGTHS.iter().enumerate().map(row).collect()
    }

    fn padding(self) -> Padding {
        Padding::from_rows(self.holds_token())
    }
}

/// Rows of token IDs, with the same tokens for each side of the padding. The first few IDs, from
/// which some families number positions, do not occur.
pub(super) fn text(layout: Layout, seed: usize) -> Vec<u32> {
    let mut ids = Vec::with_capacity(LENGTHS.len() * LENGTH);
    for (index, row) in layout.holds_token().iter().enumerate() {
        let mut token = 0;
        for holds_token in row {
            ids.push(if *holds_token { id(seed, index, token) } else { 1 });
            token += usize::from(*holds_token);
        }
    }
    ids
}

fn id(seed: usize, row: usize, token: usize) -> u32 {
    4 + ((row * seed + 3 * token * token + token) % (VOCABULARY - 4)) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_per_kind_contains_every_family_and_head() {
        let [all, few] = [ParityCase::all(FAMILIES), ParityCase::one_per_kind()];
        let of = |cases: &[ParityCase], name: fn(&ParityCase) -> String| -> HashSet<String> {
            cases.iter().map(name).collect()
        };
        let family = |case: &ParityCase| case.family.name().to_string();
        let task = |case: &ParityCase| format!("{:?}", case.spec.task);
        assert_eq!(of(&all, family), of(&few, family));
        assert_eq!(of(&all, task), of(&few, task));
        assert!(few.len() < all.len() / 2, "{} of {}", few.len(), all.len());
    }

    #[test]
    fn sample_contains_every_part() {
        let parts = |cases: &[ParityCase]| -> BTreeSet<String> {
            cases.iter().flat_map(ParityCase::parts).collect()
        };
        let (few, all) = (ParityCase::sample(), ParityCase::one_per_kind());
        assert_eq!(parts(&few), parts(&all));
        for part in ["wiring: Sandwich", "kind: Mixture", "positions: Alibi", "task: Span"] {
            assert!(parts(&few).contains(part), "{part} is not in {:?}", parts(&few));
        }
        assert!(few.len() < all.len() / 2, "{} of {}", few.len(), all.len());
    }

    #[test]
    fn rows_hold_the_same_tokens_on_either_side() {
        let kept = |layout: Layout| -> Vec<u32> {
            let holds: Vec<bool> = layout.holds_token().concat();
            text(layout, 5).into_iter().zip(holds).filter(|(_, h)| *h).map(|(id, _)| id).collect()
        };
        assert_eq!(kept(Layout::Left), kept(Layout::Right));
        assert_eq!(kept(Layout::Left).len(), LENGTHS.iter().sum::<usize>());
    }
}
