//! Scores of ranked documents, as `trec_eval` and BEIR compute them.
//!
//! ```text
//! precision@k = relevant in the first k / k      recall@k = relevant in the first k / relevant
//! MRR@k = mean 1 / rank of the first relevant document, 0 if it is not in the first k
//! nDCG@k = DCG@k / ideal DCG@k      DCG@k = Σ_{i=1..k} relevance_i / log2(i + 1)
//! AP@k = Σ_{i=1..k, i relevant} precision@i / relevant
//! ```
//!
//! A document is relevant if its relevance is at least 1; one without a judgement is not. The ideal
//! ranking has all documents with a judgement, the most relevant first. A list of fewer than k
//! documents still has precision relative to k. The scores of a query without relevant documents
//! are 0, as in `trec_eval`. Scores of several queries are their means.
//!
//! Reference: <https://github.com/usnistgov/trec_eval>; nDCG: Järvelin & Kekäläinen 2002,
//! <https://doi.org/10.1145/582415.582418>; BEIR: Thakur et al. 2021,
//! <https://arxiv.org/abs/2104.08663>

use super::checks::check_lengths;
use super::error::ScoreError;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// The scores of a query or the means over queries, each from 0 to 1.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RetrievalScores {
    /// The number of queries.
    pub queries: usize,
    /// Mean average precision of the whole lists.
    pub map: f64,
    /// The scores at each cutoff, in the order given.
    pub cutoffs: Vec<CutoffScores>,
}

/// Scores of the first documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct CutoffScores {
    /// The number of documents.
    pub k: usize,
    /// Recall.
    pub recall: f64,
    /// Precision.
    pub precision: f64,
    /// Mean reciprocal rank of the first relevant document.
    pub mrr: f64,
    /// Normalized discounted cumulative gain.
    pub ndcg: f64,
    /// Mean average precision.
    pub map: f64,
}

/// The scores of one query: `ranked` has the documents found, the best first, and `relevance` the
/// judgements.
///
/// # Errors
///
/// [`ScoreError`] if there are no cutoffs, one is 0, or a document is ranked twice; the query is 0.
pub fn query_scores<D: Eq + Hash>(
    ranked: &[D],
    relevance: &HashMap<D, u32>,
    cutoffs: &[usize],
) -> Result<RetrievalScores, ScoreError> {
    check_cutoffs(cutoffs)?;
    let mut seen = HashSet::new();
    if let Some(index) = ranked.iter().position(|document| !seen.insert(document)) {
        return Err(ScoreError::RepeatedDocument { query: 0, rank: index + 1 });
    }
    let gains: Vec<u32> =
        ranked.iter().map(|document| relevance.get(document).copied().unwrap_or(0)).collect();
    let mut ideal: Vec<u32> = relevance.values().copied().filter(|&gain| gain > 0).collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let query = Query { gains, ideal };
    Ok(RetrievalScores {
        queries: 1,
        map: query.at(query.gains.len()).map,
        cutoffs: cutoffs.iter().map(|&k| query.at(k)).collect(),
    })
}

/// The mean scores of queries: for each, the documents found, the best first, and the judgements.
///
/// BEIR removes the query itself from `ranked` where queries are documents too.
///
/// # Errors
///
/// [`ScoreError`] if there are no queries, their numbers differ, there are no cutoffs, one is 0, or
/// a document is ranked twice.
pub fn retrieval_scores<D: Eq + Hash>(
    ranked: &[Vec<D>],
    relevance: &[HashMap<D, u32>],
    cutoffs: &[usize],
) -> Result<RetrievalScores, ScoreError> {
    check_lengths("queries", ranked.len(), relevance.len())?;
    let queries = ranked.len();
    let mut mean = RetrievalScores {
        queries,
        map: 0.0,
        cutoffs: cutoffs.iter().map(|&k| CutoffScores { k, ..CutoffScores::default() }).collect(),
    };
    for (query, (ranked, relevance)) in ranked.iter().zip(relevance).enumerate() {
        let here = |error| match error {
            ScoreError::RepeatedDocument { rank, .. } => {
                ScoreError::RepeatedDocument { query, rank }
            }
            other => other,
        };
        let scores = query_scores(ranked, relevance, cutoffs).map_err(here)?;
        mean.map += scores.map / queries as f64;
        for (mean, scores) in mean.cutoffs.iter_mut().zip(&scores.cutoffs) {
            mean.add_share(scores, queries);
        }
    }
    Ok(mean)
}

fn check_cutoffs(cutoffs: &[usize]) -> Result<(), ScoreError> {
    check_lengths("cutoffs", cutoffs.len(), cutoffs.len())?;
    if cutoffs.contains(&0) { Err(ScoreError::ZeroCutoff) } else { Ok(()) }
}

impl CutoffScores {
    /// Adds a query's share of the mean over `queries`.
    fn add_share(&mut self, scores: &Self, queries: usize) {
        let queries = queries as f64;
        self.recall += scores.recall / queries;
        self.precision += scores.precision / queries;
        self.mrr += scores.mrr / queries;
        self.ndcg += scores.ndcg / queries;
        self.map += scores.map / queries;
    }
}

/// The relevance of a query's documents.
struct Query {
    /// Of the ranked documents.
    gains: Vec<u32>,
    /// Of all relevant documents, in decreasing order.
    ideal: Vec<u32>,
}

impl Query {
    fn at(&self, k: usize) -> CutoffScores {
        if self.ideal.is_empty() {
            return CutoffScores { k, ..CutoffScores::default() };
        }
        let relevant = self.ideal.len() as f64;
        let (mut hits, mut precisions, mut first) = (0, 0.0, None);
        for (index, _) in self.gains.iter().enumerate().take(k).filter(|(_, gain)| **gain > 0) {
            hits += 1;
            precisions += f64::from(hits) / (index + 1) as f64;
            first.get_or_insert(index + 1);
        }
        CutoffScores {
            k,
            recall: f64::from(hits) / relevant,
            precision: f64::from(hits) / k as f64,
            mrr: first.map_or(0.0, |rank| 1.0 / rank as f64),
            ndcg: discounted(&self.gains, k) / discounted(&self.ideal, k),
            map: precisions / relevant,
        }
    }
}

/// DCG@k.
fn discounted(gains: &[u32], k: usize) -> f64 {
    let discounted = |(index, &gain): (usize, &u32)| f64::from(gain) / ((index + 2) as f64).log2();
    gains.iter().take(k).enumerate().map(discounted).sum()
}
