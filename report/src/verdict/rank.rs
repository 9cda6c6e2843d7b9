//! The order of architectures on a task.

use crate::number;
use crate::study::{Candidate, Outcome, Study, Task};

/// The candidates of a task, best first.
#[derive(Debug, Clone)]
pub struct Ranking<'a> {
    /// Candidates whose runs all finished: those that have a rank.
    pub complete: Vec<&'a Candidate>,
    /// Candidates whose runs all finished, and that are still at chance.
    pub untrained: Vec<&'a Candidate>,
    /// Candidates of which some runs finished.
    pub partial: Vec<&'a Candidate>,
    /// Candidates of which no run finished.
    pub none: Vec<&'a Candidate>,
}

/// The counts of a candidate's runs by outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    /// The number of planned runs.
    pub expected: usize,
    /// The number of finished runs.
    pub finished: usize,
    /// The outcomes of the other runs, such as `1 diverged at step 400`.
    pub lost: Vec<String>,
}

impl Runs {
    /// The runs of a candidate.
    pub fn of(study: &Study, candidate: &Candidate) -> Self {
        let mut runs = Self { expected: study.seeds.len(), finished: 0, lost: Vec::new() };
        let (mut failed, mut seen) = (0, 0);
        let mut steps = Vec::new();
        for run in study.runs_of(candidate) {
            seen += 1;
            match &run.outcome {
                Outcome::Finished { .. } => runs.finished += 1,
                Outcome::Failed { .. } => failed += 1,
                Outcome::Diverged { step, .. } => steps.push(step.to_string()),
                Outcome::Missing => seen -= 1,
            }
        }
        runs.expected = runs.expected.max(seen);
        if !steps.is_empty() {
            let noun = if steps.len() == 1 { "step" } else { "steps" };
            let steps_text = number::list(&steps);
            runs.lost.push(format!("{} diverged at {noun} {steps_text}", steps.len()));
        }
        if failed > 0 {
            runs.lost.push(format!("{failed} failed"));
        }
        if runs.expected > seen {
            runs.lost.push(format!("{} missing", runs.expected - seen));
        }
        runs
    }

    /// Whether all planned runs finished.
    pub fn complete(&self) -> bool {
        self.finished > 0 && self.finished == self.expected
    }

    /// A remark such as `2 of 3 runs; 1 diverged at step 400`.
    pub fn remark(&self) -> String {
        let lost = number::list(&self.lost);
        match self.finished {
            0 => format!("none of {}; {lost}", number::of(self.expected, "run")),
            n => format!("{n} of {}; {lost}", number::of(self.expected, "run")),
        }
    }
}

impl<'a> Ranking<'a> {
    /// The ranking of the candidates on a task.
    pub fn of(study: &'a Study, task: &'a Task) -> Self {
        let mut ranking =
            Self { complete: vec![], untrained: vec![], partial: vec![], none: vec![] };
        for candidate in study.candidates_on(&task.name) {
            match candidate.summary.mean.filter(|mean| mean.is_finite()) {
                None => ranking.none.push(candidate),
                Some(_) if !Runs::of(study, candidate).complete() => {
                    ranking.partial.push(candidate);
                }
                Some(_) if candidate.is_at_chance => ranking.untrained.push(candidate),
                Some(_) => ranking.complete.push(candidate),
            }
        }
        let key = |c: &&Candidate| -task.metric.better.gain(c.summary.mean.unwrap_or(f64::NAN));
        for group in [&mut ranking.complete, &mut ranking.untrained, &mut ranking.partial] {
            group.sort_by(|a, b| key(a).total_cmp(&key(b)));
        }
        ranking
    }

    /// The names of the candidates whose scores equal the best one exactly.
    pub fn equal_to_best(&self) -> impl Iterator<Item = &'a str> {
        let score = |c: &Candidate| (c.summary.mean, c.summary.interval);
        let best = self.complete.first().map(|best| score(best));
        let others = self.complete.iter().skip(1);
        others.filter(move |other| Some(score(other)) == best).map(|c| c.architecture.as_str())
    }

    /// All candidates: first those with a rank, then those at chance, with some runs, with none.
    pub fn all(&self) -> impl Iterator<Item = &'a Candidate> {
        let finished = self.complete.iter().chain(&self.untrained);
        finished.chain(&self.partial).chain(&self.none).copied()
    }
}
