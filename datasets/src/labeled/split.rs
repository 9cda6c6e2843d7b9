//! A part of the examples for validation.

use std::collections::BTreeMap;

use super::{LabeledImage, LabeledImages, LabeledText, LabeledTexts};
use crate::rng::SeededRng;

impl LabeledTexts {
    /// Splits off `share` of the examples, at least one, chosen with `seed`: the rest, and the part.
    ///
    /// Equal inputs stay together, so that nothing is validated on what was trained on. Both keep
    /// their order.
    pub fn split(self, share: f64, seed: u64) -> [Self; 2] {
        let Self { task, labels, examples } = self;
        let mut groups: BTreeMap<(String, Option<String>), Vec<usize>> = Default::default();
        for (index, example) in examples.iter().enumerate() {
            let input = (example.text.clone(), example.pair.clone());
            groups.entry(input).or_default().push(index);
        }
        // The first rows of a group decide its place, so that the split depends on the order of the
        // rows and not on that of their texts.
        let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
        groups.sort_by_key(|group| group[0]);
        let is_chosen = chosen(groups, share, seed);
        let (mut rest, mut part): (Vec<LabeledText>, Vec<LabeledText>) = Default::default();
        for (example, is_chosen) in examples.into_iter().zip(is_chosen) {
            if is_chosen { part.push(example) } else { rest.push(example) }
        }
        [rest, part].map(|examples| Self { task, labels: labels.clone(), examples })
    }
}

impl LabeledImages {
    /// Splits off `share` of the images, at least one, chosen with `seed`: the rest, and the part.
    /// Both keep their order.
    pub fn split(self, share: f64, seed: u64) -> [Self; 2] {
        let Self { labels, examples } = self;
        let is_chosen = chosen((0..examples.len()).map(|index| vec![index]).collect(), share, seed);
        let (mut rest, mut part): (Vec<LabeledImage>, Vec<LabeledImage>) = Default::default();
        for (example, is_chosen) in examples.into_iter().zip(is_chosen) {
            if is_chosen { part.push(example) } else { rest.push(example) }
        }
        [rest, part].map(|examples| Self { labels: labels.clone(), examples })
    }
}

/// Whether each example is among `share` of them: whole groups are chosen, and one is left.
fn chosen(mut groups: Vec<Vec<usize>>, share: f64, seed: u64) -> Vec<bool> {
    let examples = groups.iter().map(Vec::len).sum::<usize>();
    SeededRng::new(b"validate", [seed, 0, 0]).shuffle(&mut groups);
    let wanted = ((examples as f64 * share).round() as usize).max(1);
    let mut is_chosen = vec![false; examples];
    let mut chosen = 0;
    for group in groups.iter().take(groups.len().saturating_sub(1)) {
        if chosen >= wanted {
            break;
        }
        chosen += group.len();
        group.iter().for_each(|&index| is_chosen[index] = true);
    }
    is_chosen
}
