//! What a study computes from its runs.

use zoo_report::aggregate::aggregated;
use zoo_report::study::*;
use zoo_report::verdict::{Decision, Ranking, standings, verdict};
use zoo_report::{html, markdown};

use super::example;
use super::verdicts::End::{self, Diverged, Score};
use super::verdicts::study;

const BEST: [End; 4] = [Score(98.0), Score(99.9), Score(97.0), Score(99.0)];
const NEAR: [End; 4] = [Score(97.5), Score(98.5), Score(98.8), Score(97.0)];
const FAR: [End; 4] = [Score(60.0), Score(62.0), Score(59.0), Score(61.0)];
const GUESS: [End; 4] = [Score(9.0), Score(10.6), Score(10.2), Score(10.3)];
const LOST: [End; 4] = [Score(80.0), Score(82.0), Diverged(3), Score(81.0)];

fn whole() -> Study {
    let ends: [(&str, &[End]); 5] =
        [("t5", &GUESS), ("gpt2", &NEAR), ("llama", &BEST), ("lstm", &FAR), ("bert", &LOST)];
    aggregated(study(example::accuracy(), &ends)).unwrap()
}

#[test]
fn only_the_best_is_tested_against_the_others() {
    let study = whole();
    let tests: Vec<(&str, &str)> =
        study.comparisons.iter().map(|c| (c.a.as_str(), c.b.as_str())).collect();
    assert_eq!(tests, [("llama", "gpt2"), ("llama", "lstm"), ("llama", "bert")]);
    let Tested::Test { p, corrected, seeds_needed, pairs, .. } = study.comparisons[0].tested else {
        panic!("{:?}", study.comparisons[0])
    };
    // The largest of three p-values is not multiplied.
    assert_eq!((p, pairs), (corrected, 4));
    assert!(p > 0.05 && seeds_needed.unwrap() > 4, "{p}, {seeds_needed:?}");
    let Tested::Test { p, corrected, seeds_needed, .. } = study.comparisons[1].tested else {
        panic!("{:?}", study.comparisons[1])
    };
    assert!((corrected / p - 3.0).abs() < 1e-9 && seeds_needed.is_none());
}

#[test]
fn an_architecture_at_chance_takes_no_rank() {
    let study = whole();
    let ranking = Ranking::of(&study, &study.tasks[0]);
    let names =
        |of: &[&Candidate]| -> Vec<String> { of.iter().map(|c| c.architecture.clone()).collect() };
    assert_eq!(names(&ranking.complete), ["llama", "gpt2", "lstm"]);
    assert_eq!(
        (names(&ranking.untrained), names(&ranking.partial)),
        (vec!["t5".into()], vec!["bert".into()])
    );
    let verdict = verdict(&study, &study.tasks[0]);
    assert_eq!(verdict.decision, Decision::Tie);
    let text = verdict.text.join(" ");
    assert!(
        text.contains("t5 is not trained yet and takes no rank: its score does not differ"),
        "{text}"
    );
    let standings = standings(&study, &[verdict]);
    let t5 = standings.iter().find(|standing| standing.name == "t5").unwrap();
    assert_eq!((t5.rank, t5.complete, t5.at_chance, t5.leading), (None, 0, 1, 0));
    for text in [html(&study).unwrap(), markdown(&study)] {
        assert!(text.contains("not trained yet"));
    }
}

#[test]
fn an_interval_of_percentages_stays_within_them() {
    for candidate in whole().candidates {
        let (summary, interval) = (candidate.summary, candidate.summary.interval.unwrap());
        let mean = summary.mean.unwrap();
        assert!(0.0 < interval.low && interval.high < 100.0, "{interval:?}");
        assert!(interval.low < mean && mean < interval.high);
    }
    // Student's interval would end at 101.
    let best = whole().candidates[2].summary;
    assert!(best.mean.unwrap() + 3.182 * best.deviation.unwrap() / 2.0 > 100.0);
    let equal: [End; 3] = [Score(100.0); 3];
    let study = aggregated(study(example::accuracy(), &[("llama", &equal)])).unwrap();
    let interval = study.candidates[0].summary.interval.unwrap();
    assert_eq!((interval.low, interval.high), (100.0, 100.0));
}

#[test]
fn a_pretrained_candidate_is_called_that() {
    let mut study = whole();
    study.candidates[2].pretrained = Some("models/llama".into());
    let text = verdict(&study, &study.tasks[0]).text.join(" ");
    assert!(text.contains("llama is pretrained: it has its own size and tokenizer"), "{text}");
    for text in [html(&study).unwrap(), markdown(&study)] {
        assert!(text.contains("pretrained") && text.contains("from the weights of models"));
    }
    assert!(!markdown(&whole()).contains("pretrained"));
}

#[test]
fn aggregating_again_changes_nothing() {
    let study = whole();
    assert_eq!(aggregated(study.clone()).unwrap(), study);
}
