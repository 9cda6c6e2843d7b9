//! The search for a learning rate: which rates are tried, and which one is chosen.

use super::job::Record;
use crate::report::study::Outcome;

/// The largest number of rates that are tried beyond an end of the given ones.
const FURTHER: usize = 3;

/// The learning rate of the trial with the lowest validation loss; the lowest rate where no trial
/// finished.
pub fn best_rate(trials: &[Record], rates: &[f64]) -> f64 {
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    best(trials).unwrap_or(lowest)
}

/// The rates that are tried first: the two in the middle, because the loss usually has one minimum.
/// None where there is only one rate.
pub fn first_rates(rates: &[f64]) -> Vec<f64> {
    let given = sorted(rates.iter().copied());
    match given.len() {
        0 | 1 => Vec::new(),
        n => given[(n - 1) / 2..=(n - 1) / 2 + 1].to_vec(),
    }
}

/// The next rate to try, beyond the end of the tried rates at which the best one is: a given one if
/// there is one left, or one step further. `None` where the best rate lies between others, or three
/// further rates were tried.
///
/// A step is that of the given rates: `1e-3, 3e-3, 1e-2` goes on with `3e-2`, and `1e-2, 2e-2` with
/// `4e-2`. Where no trial finished, the search goes on below.
pub fn next_rate(trials: &[Record], rates: &[f64]) -> Option<f64> {
    let given = sorted(rates.iter().copied());
    let tried = sorted(trials.iter().map(|trial| trial.job.rate));
    let (low, high) = (*tried.first()?, *tried.last()?);
    let best = best(trials).unwrap_or(low);
    let left = match () {
        () if best == low => given.iter().rev().find(|rate| **rate < low),
        () if best == high => given.iter().find(|rate| **rate > high),
        () => return None,
    };
    if left.is_some() {
        return left.copied();
    }
    if tried.iter().filter(|rate| !given.contains(rate)).count() >= FURTHER {
        return None;
    }
    let all = sorted(given.into_iter().chain(tried));
    let beyond = match best == low {
        true => low / step(all.iter().copied())?,
        false => high * step(all.iter().rev().copied())?,
    };
    // Three digits: 0.03 rather than 0.030000000000000002.
    format!("{beyond:.2e}").parse().ok().filter(|rate: &f64| *rate > 0.0 && rate.is_finite())
}

fn sorted(rates: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut rates: Vec<f64> = rates.collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    rates
}

fn best(trials: &[Record]) -> Option<f64> {
    let losses = trials.iter().filter_map(|record| match record.outcome {
        Outcome::Finished { validation, .. } => Some((record.job.rate, validation)),
        _ => None,
    });
    losses.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(rate, _)| rate)
}

/// The factor from the end of rates, which come first, to the next one outward. Rates such as 1, 3,
/// 10 have two alternating factors, and the outward factor is that of the second pair.
fn step(mut rates: impl Iterator<Item = f64>) -> Option<f64> {
    let (end, next) = (rates.next()?, rates.next()?);
    let (a, b) = rates.next().map_or((end, next), |third| (next, third));
    Some((a / b).max(b / a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::job::{Job, Scored, TrainingConfig, optimizer};
    use crate::compare::objective::ObjectiveKind;
    use crate::report::study::Speed;
    use crate::train::TrainLength;

    /// Trials whose loss is the distance to a rate in factors; `None` diverges.
    fn trials(rates: &[f64], best: Option<f64>) -> Vec<Record> {
        let trial = |rate: &f64| Record {
            job: Job {
                task: "sort".into(),
                data_hash: String::new(),
                architecture: "gpt2".into(),
                config: serde_json::json!({}),
                init_from: None,
                objective: ObjectiveKind::Continues,
                seed: 0,
                rate: *rate,
                training: TrainingConfig {
                    length: TrainLength::Steps(1),
                    batch_size: 1,
                    warmup: 0.1,
                    decay: 0.1,
                    optimizer: optimizer(0.1),
                    clip: 1.0,
                    evaluations: 1,
                },
                scored: Scored { validation: 1, test: None },
                device: "flex".into(),
                version: String::new(),
            },
            outcome: match best {
                Some(best) => {
                    let validation = (rate / best).ln().abs();
                    Outcome::Finished { test: validation, validation, secondary: vec![] }
                }
                None => Outcome::Diverged { step: 1, reason: String::new() },
            },
            curve: vec![],
            seconds: 0.0,
            speed: Speed::default(),
        };
        rates.iter().map(trial).collect()
    }

    /// The rates that are tried in turn.
    fn search(given: &[f64], best: Option<f64>) -> Vec<f64> {
        let mut tried = first_rates(given);
        while let Some(next) = next_rate(&trials(&tried, best), given) {
            tried.push(next);
        }
        tried
    }

    #[test]
    fn the_search_goes_on_until_the_best_lies_between_others() {
        let three = [3e-4, 1e-3, 3e-3];
        assert_eq!(search(&three, Some(1e-3)), [1e-3, 3e-3, 3e-4]);
        assert_eq!(search(&three, Some(2e-3)), [1e-3, 3e-3, 1e-2]);
        assert_eq!(search(&three, Some(2e-2)), [1e-3, 3e-3, 1e-2, 3e-2, 1e-1]);
        assert_eq!(search(&three, Some(1e-4)), [1e-3, 3e-3, 3e-4, 1e-4, 3e-5]);
        let four = [1e-3, 3e-3, 1e-2, 3e-2];
        assert_eq!(search(&four, Some(3e-3)), [3e-3, 1e-2, 1e-3]);
        assert_eq!(search(&four, Some(1e-2)), [3e-3, 1e-2, 3e-2]);
        assert_eq!(search(&[1e-2, 2e-2], Some(3e-2)), [1e-2, 2e-2, 4e-2, 8e-2]);
        let found = trials(&search(&three, Some(2e-2)), Some(2e-2));
        assert_eq!(best_rate(&found, &three), 3e-2);
    }

    #[test]
    fn the_search_ends() {
        let three = [3e-4, 1e-3, 3e-3];
        assert_eq!(search(&three, Some(1e9)), [1e-3, 3e-3, 1e-2, 3e-2, 1e-1]);
        assert_eq!(search(&three, None), [1e-3, 3e-3, 3e-4, 1e-4, 3e-5, 1e-5]);
        assert!(search(&[1e-2], Some(1.0)).is_empty());
    }

    #[test]
    fn the_lowest_rate_is_chosen_where_every_trial_diverges() {
        assert_eq!(best_rate(&trials(&[1e-2, 1e-3], None), &[1e-2, 1e-3]), 1e-3);
    }
}
