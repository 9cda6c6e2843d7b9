//! Tests between all pairs of architectures on a task.

use crate::statistics::{PairedOutcome, StatisticsError, holm, paired_t_test};
use crate::study::{Comparison, Interval, Outcome, Run, Tested};

/// The scores of two architectures with the same seeds.
struct Pairs<'a> {
    a: &'a str,
    b: &'a str,
    first: Vec<f64>,
    second: Vec<f64>,
}

/// A paired t-test for each pair of architectures on each of the tasks, with p-values corrected by
/// Holm's method for the number of tests on the task.
///
/// Architectures are in the order of their first runs. Pairs are the seeds that both finished.
///
/// # Errors
///
/// A score is NaN or infinite.
pub fn comparisons(tasks: &[String], runs: &[Run]) -> Result<Vec<Comparison>, StatisticsError> {
    let mut all = Vec::new();
    for task in tasks {
        let tests = pairs_on(task, runs);
        let tested: Vec<_> = tests
            .iter()
            .map(|Pairs { first, second, .. }| match first.len() {
                0 => Ok(None),
                _ => paired_t_test(first, second).map(Some),
            })
            .collect::<Result<_, _>>()?;
        let p: Vec<Option<f64>> =
            tested.iter().map(|test| test.and_then(|test| test.p())).collect();
        let corrected = holm(&p)?;
        for ((Pairs { a, b, .. }, test), corrected) in tests.iter().zip(tested).zip(corrected) {
            let because = |reason: &str| Tested::NotTestable { because: reason.into() };
            let tested = match test.map(|test| (test, test.outcome)) {
                None => because("no seed has finished runs of both architectures"),
                Some((_, PairedOutcome::Single)) => because("there is only one pair of runs"),
                Some((_, PairedOutcome::Constant)) => {
                    because("the difference is the same for every seed")
                }
                Some((test, PairedOutcome::Tested { p, interval, .. })) => Tested::Test {
                    pairs: test.n,
                    difference: test.difference,
                    interval: Interval { low: interval.low, high: interval.high },
                    p,
                    corrected: corrected.unwrap_or(p),
                },
            };
            let (a, b) = (a.to_string(), b.to_string());
            all.push(Comparison { task: task.clone(), a, b, tested });
        }
    }
    Ok(all)
}

/// All pairs of architectures on a task, with their scores.
fn pairs_on<'a>(task: &str, runs: &'a [Run]) -> Vec<Pairs<'a>> {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.task == task).collect();
    let mut architectures: Vec<&str> = Vec::new();
    for run in &runs {
        if !architectures.contains(&run.architecture.as_str()) {
            architectures.push(&run.architecture);
        }
    }
    let of = |name: &str| -> Vec<&Run> {
        runs.iter().copied().filter(|run| run.architecture == name).collect()
    };
    let mut all = Vec::new();
    for (index, a) in architectures.iter().enumerate() {
        for b in &architectures[index + 1..] {
            all.push(pairs(a, b, &of(a), &of(b)));
        }
    }
    all
}

/// The scores of the seeds that both architectures finished.
fn pairs<'a>(a: &'a str, b: &'a str, of_a: &[&Run], of_b: &[&Run]) -> Pairs<'a> {
    let mut pairs = Pairs { a, b, first: Vec::new(), second: Vec::new() };
    for run in of_a {
        let other = of_b.iter().find(|other| other.seed == run.seed);
        let outcomes = (Some(&run.outcome), other.map(|other| &other.outcome));
        if let (
            Some(Outcome::Finished { test: first, .. }),
            Some(Outcome::Finished { test: second, .. }),
        ) = outcomes
        {
            pairs.first.push(*first);
            pairs.second.push(*second);
        }
    }
    pairs
}
