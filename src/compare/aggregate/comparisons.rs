//! Tests between all pairs of architectures on a task.

use super::Ran;
use crate::compare::plan::{Plan, PlannedCandidate};
use crate::compare::statistics::{PairedOutcome, StatisticsError, holm, paired_t_test};
use crate::compare::study::{Comparison, Interval, Outcome, Tested};

/// A test for each pair of architectures on each task, corrected for the number of tests per task.
pub(super) fn comparisons(plan: &Plan, ran: &[Ran]) -> Result<Vec<Comparison>, StatisticsError> {
    let mut all = Vec::new();
    for index in 0..plan.tasks.len() {
        let of_task: Vec<(&PlannedCandidate, &Ran)> =
            plan.candidates.iter().zip(ran).filter(|(c, _)| c.task == index).collect();
        let mut tests = Vec::new();
        for (index, (a, ran_a)) in of_task.iter().enumerate() {
            for (b, ran_b) in &of_task[index + 1..] {
                tests.push((a.family.name(), b.family.name(), pairs(ran_a, ran_b)));
            }
        }
        let tested: Vec<_> = tests
            .iter()
            .map(|(.., [first, second])| match first.len() {
                0 => Ok(None),
                _ => paired_t_test(first, second).map(Some),
            })
            .collect::<Result<_, _>>()?;
        let p: Vec<Option<f64>> =
            tested.iter().map(|test| test.and_then(|test| test.p())).collect();
        let corrected = holm(&p)?;
        let task = plan.tasks[index].task.spec.to_string();
        for (((a, b, _), test), corrected) in tests.iter().zip(tested).zip(corrected) {
            let because = |reason: &str| Tested::NotTestable { because: reason.into() };
            let tested = match test.map(|test| (test, test.outcome)) {
                None => because("no seed has a finished run of both"),
                Some((_, PairedOutcome::Single)) => because("there is one pair of runs only"),
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

/// The scores of the seeds that both candidates finished.
fn pairs(a: &Ran, b: &Ran) -> [Vec<f64>; 2] {
    let mut scores = [Vec::new(), Vec::new()];
    for record in &a.runs {
        let other = b.runs.iter().find(|other| other.job.seed == record.job.seed);
        let outcomes = (Some(&record.outcome), other.map(|other| &other.outcome));
        if let (
            Some(Outcome::Finished { test: first, .. }),
            Some(Outcome::Finished { test: second, .. }),
        ) = outcomes
        {
            scores[0].push(*first);
            scores[1].push(*second);
        }
    }
    scores
}
