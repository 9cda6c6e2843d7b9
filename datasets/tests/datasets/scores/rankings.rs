use serde::Deserialize;
use std::collections::HashMap;

use super::{assert_close, evaluation, read};
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::retrieval::{RetrievalScores, query_scores, retrieval_scores};

/// MAP, and recall, precision, MRR, nDCG and MAP at each cutoff.
#[derive(Deserialize)]
struct Scores {
    map: f64,
    at: Vec<[f64; 5]>,
}

#[derive(Deserialize)]
struct Query {
    ranked: Vec<String>,
    relevance: HashMap<String, u32>,
    #[serde(flatten)]
    scores: Scores,
}

#[derive(Deserialize)]
struct Cases {
    cutoffs: Vec<usize>,
    queries: Vec<Query>,
    mean: Scores,
}

fn assert_scores(what: &str, found: &RetrievalScores, expected: &Scores) {
    assert_close(what, found.map, expected.map);
    assert_eq!(found.cutoffs.len(), expected.at.len());
    for (at, [recall, precision, mrr, ndcg, map]) in found.cutoffs.iter().zip(&expected.at) {
        let what = format!("{what}, the first {}", at.k);
        assert_close(&what, at.recall, *recall);
        assert_close(&what, at.precision, *precision);
        assert_close(&what, at.mrr, *mrr);
        assert_close(&what, at.ndcg, *ndcg);
        assert_close(&what, at.map, *map);
    }
}

#[test]
fn rankings_are_scored_as_by_trec_eval() {
    let cases: Cases = read(&evaluation("rankings"));
    assert!(cases.queries.len() >= 13);
    for Query { ranked, relevance, scores } in &cases.queries {
        let what = format!("{ranked:?}, {relevance:?}");
        let found = query_scores(ranked, relevance, &cases.cutoffs).unwrap();
        assert_scores(&what, &found, scores);
    }
    let ranked: Vec<_> = cases.queries.iter().map(|query| query.ranked.clone()).collect();
    let relevance: Vec<_> = cases.queries.iter().map(|query| query.relevance.clone()).collect();
    let found = retrieval_scores(&ranked, &relevance, &cases.cutoffs).unwrap();
    assert_scores("all", &found, &cases.mean);
    assert_eq!(found.queries, cases.queries.len());
}

#[test]
fn a_query_without_relevant_documents_scores_zero() {
    for relevance in [HashMap::new(), HashMap::from([("a", 0)])] {
        let found = query_scores(&["a", "b"], &relevance, &[1, 2]).unwrap();
        assert_scores("nothing", &found, &Scores { map: 0.0, at: vec![[0.0; 5]; 2] });
    }
}

#[test]
fn invalid_rankings_are_errors() {
    let relevance = HashMap::from([("a", 1)]);
    let repeated = query_scores(&["a", "b", "a"], &relevance, &[1]).unwrap_err();
    assert_eq!(repeated, ScoreError::RepeatedDocument { query: 0, rank: 3 });
    let lists = [vec!["a"], vec!["b", "b"]];
    let repeated =
        retrieval_scores(&lists, &[relevance.clone(), relevance.clone()], &[1]).unwrap_err();
    assert_eq!(repeated, ScoreError::RepeatedDocument { query: 1, rank: 2 });
    assert_eq!(query_scores(&["a"], &relevance, &[5, 0]).unwrap_err(), ScoreError::ZeroCutoff);
    let empty = |what| ScoreError::Empty { what };
    assert_eq!(query_scores(&["a"], &relevance, &[]).unwrap_err(), empty("cutoffs"));
    assert_eq!(retrieval_scores::<&str>(&[], &[], &[1]).unwrap_err(), empty("queries"));
    let lengths = ScoreError::Lengths { what: "queries", found: 2, expected: 1 };
    assert_eq!(retrieval_scores(&lists, &[relevance], &[1]).unwrap_err(), lengths);
}
