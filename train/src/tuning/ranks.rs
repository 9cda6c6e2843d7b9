//! Scores of related texts and of rankings.

use std::collections::HashMap;

use zoo_datasets::score::ScoreError;
use zoo_datasets::score::accuracy::accuracy;
use zoo_datasets::score::regression::{pearson, spearman};
use zoo_datasets::score::retrieval::query_scores;

use super::encoded::{EncodedTarget, EncodedText};
use super::neighbors::{Neighbor, dot, neighbors, vectors};
use super::related::relation;
use crate::prediction::Prediction;
use crate::train_data::Score;

/// The documents of a query that its scores are about.
const CUTOFF: usize = 10;

/// A document with this relevance or more fits its query.
const RELEVANT: f32 = 0.5;

/// What is found for each text, pair or query: scores are means over some of them.
#[derive(Debug)]
pub(super) enum Ranks {
    /// Of each text that has a second text with the same meaning.
    Neighbors(Vec<Neighbor>),
    /// The similarity of two texts, or the score of a pair.
    Numbers { found: Vec<f64>, expected: Vec<f64> },
    /// Of each query with several documents.
    Queries(Vec<QueryRank>),
}

/// The scores of a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryRank {
    ndcg: f64,
    mrr: f64,
    map: f64,
}

impl Ranks {
    /// Ranks the predictions of encoded texts.
    ///
    /// # Errors
    ///
    /// There are no predictions.
    pub(super) fn new(
        predictions: &[&Prediction],
        examples: &[&EncodedText],
    ) -> Result<Self, ScoreError> {
        let is_pair = |text: &&EncodedText| matches!(text.target, EncodedTarget::Relevance(_));
        if examples.first().is_some_and(is_pair) {
            return rankings(predictions, examples);
        }
        let expected: Vec<f64> =
            examples.iter().filter_map(|text| relation(text)?.similarity.map(f64::from)).collect();
        if expected.len() == examples.len() && !expected.is_empty() {
            let found = predictions.iter().map(|prediction| match vectors(prediction) {
                [text, second, ..] => f64::from(dot(text, second)),
                _ => 0.0,
            });
            return Ok(Self::Numbers { found: found.collect(), expected });
        }
        Ok(Self::Neighbors(neighbors(predictions, examples)))
    }

    /// The number of texts, pairs or queries.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Neighbors(all) => all.len(),
            Self::Numbers { found, .. } => found.len(),
            Self::Queries(all) => all.len(),
        }
    }

    /// The scores of some of them, the most important one first: shares in percent, others from 0
    /// to 1.
    ///
    /// # Errors
    ///
    /// There are none.
    pub(super) fn scores(&self, some: &[usize]) -> Result<Vec<Score>, ScoreError> {
        let score = |name: &str, value: f64| Score { name: name.to_string(), value };
        let mean = |value: &dyn Fn(usize) -> f64| {
            some.iter().map(|&index| value(index)).sum::<f64>() / some.len().max(1) as f64
        };
        match self {
            Self::Neighbors(all) => {
                let within =
                    |ranks: usize| mean(&|index| f64::from(all[index].rank <= ranks)) * 100.0;
                let mrr = mean(&|index| match all[index].rank {
                    rank if rank <= CUTOFF => 1.0 / rank as f64,
                    _ => 0.0,
                });
                let mut scores = vec![
                    score("recall@1", within(1)),
                    score("recall@10", within(CUTOFF)),
                    score("mrr@10", mrr),
                ];
                if all.iter().all(|text| text.is_nearer.is_some()) {
                    let nearer = mean(&|index| f64::from(all[index].is_nearer == Some(true)));
                    scores.push(score("triplet_accuracy", 100.0 * nearer));
                }
                Ok(scores)
            }
            Self::Numbers { found, expected } => {
                let of = |all: &[f64]| some.iter().map(|&index| all[index]).collect::<Vec<f64>>();
                let (found, expected) = (of(found), of(expected));
                let mut scores = Vec::new();
                // A constant has no correlation.
                scores.extend(spearman(&found, &expected).ok().map(|r| score("spearman", r)));
                scores.extend(pearson(&found, &expected).ok().map(|r| score("pearson", r)));
                if expected.iter().all(|value| matches!(value, 0.0 | 1.0)) {
                    let halves = |all: &[f64]| all.iter().map(|x| *x >= 0.5).collect::<Vec<_>>();
                    let share = accuracy(&halves(&found), &halves(&expected))?.share;
                    scores.push(score("accuracy", 100.0 * share));
                }
                Ok(scores)
            }
            Self::Queries(all) => Ok(vec![
                score("ndcg@10", mean(&|index| all[index].ndcg)),
                score("mrr@10", mean(&|index| all[index].mrr)),
                score("map", mean(&|index| all[index].map)),
            ]),
        }
    }
}

/// The pairs by their queries, if a query has several documents of which some fit.
fn rankings(predictions: &[&Prediction], examples: &[&EncodedText]) -> Result<Ranks, ScoreError> {
    let value = |prediction: &&Prediction| match prediction {
        Prediction::Values(values) => values.first().copied().unwrap_or(0.0),
        _ => 0.0,
    };
    let relevance = |example: &&EncodedText| match example.target {
        EncodedTarget::Relevance(relevance) => relevance,
        _ => 0.0,
    };
    let mut queries: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<&[u32], usize> = HashMap::new();
    for (index, example) in examples.iter().enumerate() {
        let place = *places.entry(&example.ids[..example.second.start]).or_insert_with(|| {
            queries.push(Vec::new());
            queries.len() - 1
        });
        queries[place].push(index);
    }
    let mut ranks = Vec::new();
    for mut query in queries {
        let gains: HashMap<usize, u32> = query
            .iter()
            .filter(|&&index| relevance(&examples[index]) >= RELEVANT)
            .map(|&index| (index, 1))
            .collect();
        if query.len() < 2 || gains.is_empty() {
            continue;
        }
        query.sort_by(|&a, &b| value(&predictions[b]).total_cmp(&value(&predictions[a])));
        let scores = query_scores(&query, &gains, &[CUTOFF])?;
        let at = scores.cutoffs[0];
        ranks.push(QueryRank { ndcg: at.ndcg, mrr: at.mrr, map: scores.map });
    }
    if !ranks.is_empty() {
        return Ok(Ranks::Queries(ranks));
    }
    let sigmoid = |logit: f32| 1.0 / (1.0 + f64::from(-logit).exp());
    Ok(Ranks::Numbers {
        found: predictions.iter().map(|prediction| sigmoid(value(prediction))).collect(),
        expected: examples.iter().map(|example| f64::from(relevance(example))).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::encoded::EncodedRelation;
    use super::*;

    fn text(ids: &[u32], second: &[u32], negatives: &[&[u32]]) -> EncodedText {
        let negatives = negatives.iter().map(|ids| ids.to_vec()).collect();
        let relation = EncodedRelation { second: second.to_vec(), negatives, similarity: None };
        let target = EncodedTarget::Related(relation);
        EncodedText { ids: ids.to_vec(), types: Vec::new(), target, second: 0..0, example: 0 }
    }

    fn values(ranks: &Ranks) -> Vec<(String, f64)> {
        let all: Vec<usize> = (0..ranks.count()).collect();
        let scores = ranks.scores(&all).expect("scores");
        scores.into_iter().map(|score| (score.name, score.value)).collect()
    }

    #[test]
    fn equal_documents_have_one_rank() {
        let vectors =
            |all: &[[f32; 2]]| Prediction::Vectors(all.iter().map(|v| v.to_vec()).collect());
        let (near, far, own) = ([0.8, 0.6], [0.0, 1.0], [1.0, 0.0]);
        let examples =
            [text(&[1], &[5], &[&[6]]), text(&[2], &[5], &[&[7]]), text(&[3], &[8], &[&[6]])];
        let predictions = [
            vectors(&[own, near, far]),
            vectors(&[own, near, far]),
            // Its second text is behind that of the others, and behind its own negative.
            vectors(&[own, [-1.0, 0.0], far]),
        ];
        let ranks = Ranks::new(
            &predictions.iter().collect::<Vec<_>>(),
            &examples.iter().collect::<Vec<_>>(),
        );
        let found = values(&ranks.expect("ranks"));
        // Documents 5, 6, 7 and 8: the last one has rank 4 for the third text.
        let expected = [
            ("recall@1", 200.0 / 3.0),
            ("recall@10", 100.0),
            ("mrr@10", 2.25 / 3.0),
            ("triplet_accuracy", 200.0 / 3.0),
        ];
        for ((name, value), (expected_name, expected)) in found.iter().zip(expected) {
            assert_eq!(name, expected_name);
            assert!((value - expected).abs() < 1e-9, "{name} is {value}");
        }
        assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn documents_are_ranked_by_query() {
        let pair = |query: u32, document: u32, relevance: f32| EncodedText {
            ids: vec![query, document],
            types: Vec::new(),
            target: EncodedTarget::Relevance(relevance),
            second: 1..2,
            example: 0,
        };
        let examples = [
            pair(1, 10, 0.0),
            pair(1, 11, 1.0),
            pair(2, 10, 1.0),
            pair(2, 12, 0.0),
            // Nothing fits, so that there is no rank.
            pair(3, 10, 0.0),
            pair(3, 11, 0.0),
        ];
        let predictions = [2.0, 1.0, 3.0, -1.0, 0.0, 0.0].map(|x| Prediction::Values(vec![x]));
        let (predictions, examples): (Vec<_>, Vec<_>) = predictions.iter().zip(&examples).unzip();
        let ranks = Ranks::new(&predictions, &examples).expect("ranks");
        assert_eq!(ranks.count(), 2);
        let mean = (1.0 + 1.0 / 3f64.log2()) / 2.0;
        let expected = [("ndcg@10", mean), ("mrr@10", 0.75), ("map", 0.75)];
        for ((name, value), (expected_name, expected)) in values(&ranks).iter().zip(expected) {
            assert_eq!(name, expected_name);
            assert!((value - expected).abs() < 1e-9, "{name} is {value}");
        }
        // One document for each query: the scores themselves are compared.
        let ranks = Ranks::new(&predictions[..1], &examples[..1]).expect("numbers");
        assert!(matches!(ranks, Ranks::Numbers { .. }));
    }
}
