//! Paired tests of the best architecture against the others.

use crate::statistics::{PairedOutcome, PairedTest, StatisticsError, holm};
use crate::statistics::{paired_t_test, pairs_needed};
use crate::study::{Candidate, Comparison, Interval, Outcome, Study, Task, Tested};
use crate::verdict::{ALPHA, Ranking};

/// A paired t-test of the best architecture of each task against each of the others, with p-values
/// corrected by Holm's method for the number of tests on the task.
///
/// The best has the best mean of those whose runs all finished. Those that are still at chance are
/// not tested. Pairs are the seeds that both finished.
///
/// # Errors
///
/// A score is NaN or infinite.
pub fn comparisons(study: &Study) -> Result<Vec<Comparison>, StatisticsError> {
    let all: Result<Vec<_>, _> = study.tasks.iter().map(|task| on_task(study, task)).collect();
    Ok(all?.into_iter().flatten().collect())
}

fn on_task(study: &Study, task: &Task) -> Result<Vec<Comparison>, StatisticsError> {
    let Ranking { complete, partial, .. } = Ranking::of(study, task);
    let Some((best, others)) = complete.split_first() else { return Ok(Vec::new()) };
    let others: Vec<&Candidate> = others.iter().chain(&partial).copied().collect();
    let tests: Vec<Option<PairedTest>> = others
        .iter()
        .map(|other| Pairs::of(study, best, other).test())
        .collect::<Result<_, StatisticsError>>()?;
    let p: Vec<Option<f64>> = tests.iter().map(|test| test.and_then(|test| test.p())).collect();
    let corrected = holm(&p)?;
    let mut found = Vec::new();
    for (index, (other, test)) in others.iter().zip(tests).enumerate() {
        let because = |reason: &str| Tested::NotTestable { because: reason.into() };
        let tested = match test.map(|test| (test, test.outcome)) {
            None => because("no seed has finished runs of both architectures"),
            Some((_, PairedOutcome::Single)) => because("there is only one pair of runs"),
            Some((_, PairedOutcome::Constant)) => {
                because("the difference is the same for every seed")
            }
            Some((test, PairedOutcome::Tested { t, p: own, interval, .. })) => {
                let corrected = corrected[index].unwrap_or(own);
                // Holm's factor of this test: the tests with a smaller p are decided before it.
                let before = p.iter().flatten().filter(|other| **other < own).count();
                let level = ALPHA / (p.len() - before) as f64;
                let standardized = t / (test.n as f64).sqrt();
                let seeds_needed = match corrected < ALPHA {
                    true => None,
                    false => pairs_needed(standardized, level)?,
                };
                Tested::Test {
                    pairs: test.n,
                    difference: test.difference,
                    interval: Interval { low: interval.low, high: interval.high },
                    p: own,
                    corrected,
                    seeds_needed,
                }
            }
        };
        let (a, b) = (best.architecture.clone(), other.architecture.clone());
        found.push(Comparison { task: task.name.clone(), a, b, tested });
    }
    Ok(found)
}

/// The scores of two architectures with the same seeds.
struct Pairs {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Pairs {
    /// The scores of the seeds that both architectures finished.
    fn of(study: &Study, first: &Candidate, second: &Candidate) -> Self {
        let mut pairs = Self { first: Vec::new(), second: Vec::new() };
        for run in study.runs_of(first) {
            let other = study.runs_of(second).find(|other| other.seed == run.seed);
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

    /// The test; `None` without pairs.
    fn test(&self) -> Result<Option<PairedTest>, StatisticsError> {
        match self.first.len() {
            0 => Ok(None),
            _ => paired_t_test(&self.first, &self.second).map(Some),
        }
    }
}
