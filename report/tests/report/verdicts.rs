//! The verdict on a study, tested on small studies.

use zoo_report::study::*;
use zoo_report::verdict::{
    Decision, Difference, Ranking, Runs, Verdict, difference, overall, standings, verdict,
};
use zoo_report::{html, markdown};

use super::example;

/// How a run ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Score(f64),
    Diverged(usize),
    Failed,
}
use End::{Diverged, Failed, Score};

/// A study of one task with these runs; `gru` and `lstm` are recurrent.
pub(crate) fn study(metric: Metric, ends: &[(&str, &[End])]) -> Study {
    let task = example::task("recall", metric);
    let mut study = example::study();
    let like = study.candidates[0].clone();
    let sample = study.runs[0].clone();
    study.candidates.clear();
    study.runs.clear();
    study.comparisons.clear();
    study.seeds = (1..=ends[0].1.len() as u64).collect();
    for (name, ends) in ends {
        let mut scores = Vec::new();
        for (seed, end) in study.seeds.iter().zip(*ends) {
            let outcome = match *end {
                Score(test) => {
                    scores.push(test);
                    Outcome::Finished { test, validation: test, secondary: vec![] }
                }
                Diverged(step) => Outcome::Diverged { step, reason: "the loss was 31".into() },
                Failed => Outcome::Failed { reason: "out of memory".into() },
            };
            let (architecture, task) = (name.to_string(), task.name.clone());
            study.runs.push(Run { architecture, task, seed: *seed, outcome, ..sample.clone() });
        }
        let backbone =
            if name.ends_with('u') { BackboneKind::Recurrent } else { BackboneKind::Decoder };
        study.candidates.push(Candidate {
            architecture: name.to_string(),
            task: task.name.clone(),
            backbone,
            summary: example::summary(&scores),
            secondary: vec![],
            ..like.clone()
        });
    }
    study.tasks = vec![task];
    study
}

/// Adds a test of `a - b`.
fn test(study: &mut Study, a: &str, b: &str, (difference, corrected): (f64, f64)) {
    let interval = Interval { low: difference - 0.5, high: difference + 0.5 };
    let seeds_needed = (corrected >= 0.05).then_some(17);
    let p = corrected / 3.0;
    let tested = Tested::Test { pairs: 3, difference, interval, p, corrected, seeds_needed };
    let task = study.tasks[0].name.clone();
    study.comparisons.push(Comparison { task, a: a.into(), b: b.into(), tested });
}

fn of(study: &Study) -> Verdict {
    // Every study with a verdict can be rendered.
    html(study).unwrap();
    assert!(markdown(study).contains("recall"));
    verdict(study, &study.tasks[0])
}

const HIGH: [End; 3] = [Score(90.0), Score(91.0), Score(92.0)];
const MIDDLE: [End; 3] = [Score(80.0), Score(81.0), Score(82.0)];
const LOW: [End; 3] = [Score(40.0), Score(41.0), Score(42.0)];

#[test]
fn a_winner_is_ahead_of_all_by_every_test() {
    let mut study =
        study(example::accuracy(), &[("gru", &LOW), ("llama", &HIGH), ("bert", &MIDDLE)]);
    test(&mut study, "llama", "gru", (50.0, 0.001));
    test(&mut study, "bert", "llama", (-10.0, 0.012));
    test(&mut study, "bert", "gru", (40.0, 0.001));
    let verdict = of(&study);
    assert_eq!(verdict.decision, Decision::Winner);
    assert_eq!(verdict.heading, "llama is best");
    assert_eq!(verdict.leaders, ["llama"]);
    let text = verdict.text.join(" ");
    assert!(text.contains("91.0\u{a0}% (95\u{a0}% interval 88.5 to 93.5, 3 seeds)"), "{text}");
    assert!(
        text.contains("significantly ahead of bert, the second best, by 10.0\u{a0}points (95\u{a0}% interval 9.5 to 10.5 before correction, p = 0.012 after)"),
        "{text}"
    );
    assert!(
        text.contains("against the best without: llama is significantly ahead of gru by 50"),
        "{text}"
    );
}

#[test]
fn a_tie_names_all_that_share_it() {
    let near: [End; 3] = [Score(89.0), Score(91.0), Score(91.5)];
    let ends: [(&str, &[End]); 3] = [("llama", &HIGH), ("bert", &near), ("gru", &LOW)];
    let mut study = study(example::accuracy(), &ends);
    test(&mut study, "llama", "bert", (0.5, 0.61));
    test(&mut study, "llama", "gru", (50.0, 0.001));
    let verdict = of(&study);
    assert_eq!(verdict.decision, Decision::Tie);
    assert_eq!(verdict.leaders, ["llama", "bert"]);
    assert_eq!(
        verdict.heading,
        "llama and bert lead, without a significant difference with 3 seeds"
    );
    let text = verdict.text.join(" ");
    assert!(text.contains("lead over bert is not significant"), "{text}");
    assert!(text.contains("With 17 seeds, a difference and a spread as observed"), "{text}");
    assert!(text.contains("significantly ahead of gru"), "{text}");

    study.comparisons.pop();
    test(&mut study, "llama", "gru", (50.0, 0.07));
    let verdict = of(&study);
    assert!(verdict.heading.starts_with("No significant difference with 3 seeds"), "{verdict:?}");
    assert_eq!(verdict.leaders.len(), 3);
}

#[test]
fn only_what_is_level_is_called_that() {
    // The next one is significantly behind, one further down is not, and one could not be tested.
    let ends: [(&str, &[End]); 4] =
        [("llama", &HIGH), ("bert", &MIDDLE), ("t5", &LOW), ("bart", &LOW)];
    let mut study = study(example::accuracy(), &ends);
    test(&mut study, "llama", "bert", (10.0, 0.01));
    test(&mut study, "llama", "t5", (50.0, 0.3));
    let verdict = of(&study);
    assert_eq!((verdict.decision, verdict.leaders.len()), (Decision::Tie, 3));
    let text = verdict.text.join(" ");
    assert!(text.contains("Its lead over t5 is not significant"), "{text}");
    assert!(!text.contains("over bert") && text.contains("significantly ahead of bert"), "{text}");
    assert!(text.contains("Its lead over bart could not be tested, because no test"), "{text}");
}

#[test]
fn lower_scores_win_where_lower_is_better() {
    let (less, more) =
        ([Score(1.8), Score(1.81), Score(1.79)], [Score(2.0), Score(2.1), Score(2.2)]);
    let mut study = study(example::bits(), &[("bert", &more), ("gru", &less)]);
    test(&mut study, "bert", "gru", (0.3, 0.01));
    let found = difference(&study, &study.tasks[0], "gru", "bert");
    assert!(
        matches!(found, Difference::Tested { gain, interval, .. }
        if gain == 0.3 && interval.low == -0.2 && interval.high == 0.8),
        "{found:?}"
    );
    assert!(!difference(&study, &study.tasks[0], "bert", "gru").is_ahead());
    let verdict = of(&study);
    assert_eq!((verdict.decision, verdict.heading.as_str()), (Decision::Winner, "gru is best"));
    assert!(verdict.text.join(" ").contains("gru is significantly ahead of bert by 0.3"));
}

#[test]
fn a_lost_run_is_said_and_never_ranks_with_complete_ones() {
    let lost: [End; 3] = [Score(99.0), Score(99.5), Diverged(400)];
    let ends: [(&str, &[End]); 3] = [("llama", &lost), ("bert", &MIDDLE), ("gru", &LOW)];
    let mut study = study(example::accuracy(), &ends);
    test(&mut study, "bert", "gru", (40.0, 0.001));
    let ranking = Ranking::of(&study, &study.tasks[0]);
    let order: Vec<&str> = ranking.all().map(|c| c.architecture.as_str()).collect();
    assert_eq!(order, ["bert", "gru", "llama"]);
    let remark = Runs::of(&study, ranking.partial[0]).remark();
    assert_eq!(remark, "2 of 3 runs; 1 diverged at step 400");
    let verdict = of(&study);
    assert_eq!(verdict.heading, "bert is best");
    let text = verdict.text.join(" ");
    assert!(text.contains("llama finished 2 of 3 runs; 1 diverged at step 400. Its finished runs have a better mean, but it ranks below"), "{text}");
    assert!(html(&study).unwrap().contains("2 of 3 runs; 1 diverged at step 400"));
}

#[test]
fn a_run_that_is_not_there_is_missing() {
    let mut study = study(example::accuracy(), &[("llama", &HIGH), ("bert", &MIDDLE)]);
    study.runs.remove(0);
    study.candidates[0].summary.finished = 2;
    let runs = Runs::of(&study, &study.candidates[0]);
    assert!(!runs.complete());
    assert_eq!(runs.remark(), "2 of 3 runs; 1 missing");
}

#[test]
fn nothing_is_said_where_nothing_finished() {
    let ends: [(&str, &[End]); 2] =
        [("llama", &[Failed, Failed, Failed]), ("bert", &[Diverged(3), Diverged(7), Failed])];
    let verdict = of(&study(example::accuracy(), &ends));
    assert_eq!(verdict.decision, Decision::Nothing);
    assert!(verdict.leaders.is_empty());
    let text = verdict.text.join(" ");
    assert!(text.contains("llama: none of 3 runs; 3 failed."), "{text}");
    assert!(text.contains("2 diverged at steps 3 and 7 and 1 failed"), "{text}");
}

#[test]
fn one_seed_shows_no_spread_and_no_test() {
    let ends: [(&str, &[End]); 2] = [("llama", &[Score(90.0)]), ("bert", &[Score(80.0)])];
    let mut study = study(example::accuracy(), &ends);
    study.comparisons.push(Comparison {
        task: "recall".into(),
        a: "llama".into(),
        b: "bert".into(),
        tested: Tested::NotTestable { because: "one seed gives no spread".into() },
    });
    let verdict = of(&study);
    assert_eq!(verdict.decision, Decision::Untested);
    assert!(!verdict.heading.contains("is best"), "{verdict:?}");
    let text = verdict.text.join(" ");
    assert!(text.contains("one seed, so the spread is unknown"), "{text}");
    assert!(text.contains("could not be tested, because one seed gives no spread"), "{text}");
}

#[test]
fn equal_scores_are_called_that() {
    let ends: [(&str, &[End]); 3] =
        [("bert", &[Score(90.0)]), ("gpt2", &[Score(90.0)]), ("llama", &[Score(80.0)])];
    let mut study = study(example::accuracy(), &ends);
    for b in ["gpt2", "llama"] {
        study.comparisons.push(Comparison {
            task: "recall".into(),
            a: "bert".into(),
            b: b.into(),
            tested: Tested::NotTestable { because: "one seed gives no spread".into() },
        });
    }
    let verdict = of(&study);
    assert!(verdict.heading.starts_with("bert and gpt2 share the best score"), "{verdict:?}");
    let text = verdict.text.join(" ");
    assert!(text.contains("bert and gpt2 share the best mean accuracy: 90"), "{text}");
}

#[test]
fn one_architecture_is_compared_with_nothing() {
    let verdict = of(&study(example::accuracy(), &[("llama", &HIGH)]));
    assert_eq!(verdict.decision, Decision::Alone);
    let text = verdict.text.join(" ");
    assert!(text.contains("llama has a mean accuracy of") && !text.contains("best"), "{text}");

    let failed: [End; 3] = [Failed, Failed, Failed];
    let verdict = of(&study(example::accuracy(), &[("llama", &HIGH), ("bert", &failed)]));
    assert_eq!(verdict.decision, Decision::Alone);
    let text = verdict.text.join(" ");
    assert!(text.contains("llama has the best mean") && text.contains("nothing to compare"));
}

#[test]
fn guessing_is_called_that() {
    let guess: [End; 3] = [Score(9.0), Score(10.2), Score(10.4)];
    let mut guessing = study(example::accuracy(), &[("llama", &guess)]);
    guessing.candidates[0].is_at_chance = true;
    guessing.tasks[0].notes = vec!["all words are unknown".into()];
    let verdict = of(&guessing);
    assert_eq!(verdict.heading, "No verdict: no architecture is trained yet");
    let text = verdict.text.join(" ");
    assert!(text.contains("llama is not trained yet and takes no rank"), "{text}");
    assert!(text.contains("Note on the data: all words are unknown."), "{text}");
    let better = of(&study(example::accuracy(), &[("llama", &HIGH)]));
    assert!(!better.text.join(" ").contains("guessing"));
}

#[test]
fn the_whole_is_the_sum_of_the_tasks() {
    let study = example::study();
    let verdicts: Vec<Verdict> = study.tasks.iter().map(|task| verdict(&study, task)).collect();
    let standings = standings(&study, &verdicts);
    assert_eq!(standings.len(), 8);
    for standing in &standings {
        let led = verdicts.iter().filter(|v| v.leaders.contains(&standing.name)).count();
        assert_eq!(standing.leading, led);
        let lost = ["gru", "t5"].contains(&standing.name.as_str());
        assert_eq!(standing.complete, if lost { 3 } else { 4 }, "{}", standing.name);
    }
    let finding = overall(&study, &verdicts).unwrap();
    assert!(finding.text.join(" ").contains("t5 and gru did not finish all runs"));
    assert!(overall(&study, &verdicts[..1]).is_none(), "one task has its own verdict");
}
