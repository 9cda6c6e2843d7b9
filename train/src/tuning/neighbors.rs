//! Texts among the texts that they are related to.

use std::collections::HashMap;

use super::encoded::EncodedText;
use super::related::relation;
use crate::prediction::Prediction;

/// A text among others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbor {
    /// The rank of its second text among the second texts and negatives of all texts, from 1.
    pub(super) rank: usize,
    /// Whether the second text is nearer than the text's own negatives; `None` if it has none.
    pub(super) is_nearer: Option<bool>,
}

/// The vectors of a prediction; none if it has none.
pub(super) fn vectors(prediction: &Prediction) -> &[Vec<f32>] {
    match prediction {
        Prediction::Vectors(vectors) => vectors,
        _ => &[],
    }
}

pub(super) fn neighbors(predictions: &[&Prediction], examples: &[&EncodedText]) -> Vec<Neighbor> {
    // Equal texts are one document: which of them is found first says nothing.
    let mut places: HashMap<&[u32], usize> = HashMap::new();
    let mut documents: Vec<&[f32]> = Vec::new();
    let mut own = Vec::with_capacity(examples.len());
    for (prediction, example) in predictions.iter().zip(examples) {
        let Some(relation) = relation(example) else { continue };
        let texts = std::iter::once(&relation.second).chain(&relation.negatives);
        let found = texts.zip(vectors(prediction).iter().skip(1)).map(|(ids, vector)| {
            *places.entry(ids).or_insert_with(|| {
                documents.push(vector);
                documents.len() - 1
            })
        });
        own.push(found.collect::<Vec<usize>>());
    }
    let neighbor = |(prediction, own): (&&Prediction, &Vec<usize>)| {
        let [text, ..] = vectors(prediction) else { return Neighbor { rank: 1, is_nearer: None } };
        let similarities: Vec<f32> = documents.iter().map(|document| dot(text, document)).collect();
        let nearest = similarities[own[0]];
        let negatives = &own[1..];
        let is_nearer = negatives.iter().all(|&negative| similarities[negative] < nearest);
        Neighbor {
            rank: 1 + similarities.iter().filter(|similarity| **similarity > nearest).count(),
            is_nearer: (!negatives.is_empty()).then_some(is_nearer),
        }
    };
    predictions.iter().zip(&own).map(neighbor).collect()
}

/// The dot product, in eight parts that are computed at once.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}
