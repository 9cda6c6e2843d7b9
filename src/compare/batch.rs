//! From examples to what a model reads, and what it should say.

use crate::datasets::batch::IGNORE;
use crate::datasets::task::{Example, Lengths, Target, Task, TaskKind, TokenTable};

use super::objective::ObjectiveKind;

/// Rows of symbols, padded on the right to one length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// `[rows, width]`, row after row.
    pub ids: Vec<u32>,
    /// The symbols of each row that are no padding.
    pub lengths: Vec<usize>,
    /// The longest of them.
    pub width: usize,
}

/// What a model reads, and what it should say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What an encoder reads beside the text, in models that have both.
    pub source: Option<Rows>,
    /// The text.
    pub text: Rows,
    /// What each position should say, `[rows, width]`, or each row, `[rows]`; [`IGNORE`] where
    /// nothing is asked.
    pub targets: Vec<i64>,
}

impl Rows {
    /// Pads rows, which are not empty.
    pub fn new(rows: &[Vec<u32>]) -> Self {
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        let width = lengths.iter().copied().max().unwrap_or(0);
        let padded = |row: &Vec<u32>| {
            let padding = std::iter::repeat_n(TokenTable::PADDING, width - row.len());
            row.iter().copied().chain(padding).collect::<Vec<u32>>()
        };
        Self { ids: rows.iter().flat_map(padded).collect(), lengths, width }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lengths.len()
    }
}

/// What a row reads and what it should say: the source, the text, the targets.
type Row = (Option<Vec<u32>>, Vec<u32>, Vec<i64>);

impl Batch {
    /// A batch of examples, for a model that does the task in this way. `start` is the symbol that a
    /// model which writes begins with.
    pub fn new(task: &Task, objective: ObjectiveKind, start: u32, examples: &[Example]) -> Self {
        let (mut sources, mut texts, mut said) = (Vec::new(), Vec::new(), Vec::new());
        for example in examples {
            let (source, text, targets) = row(task, objective, start, example);
            sources.extend(source);
            texts.push(text);
            said.push(targets);
        }
        let text = Rows::new(&texts);
        if objective != ObjectiveKind::Pooled {
            said.iter_mut().for_each(|targets| targets.resize(text.width, IGNORE));
        }
        let targets = said.concat();
        let source = (objective == ObjectiveKind::Writes).then(|| Rows::new(&sources));
        Self { source, text, targets }
    }

    /// The positions of `targets` at which something is asked, in order.
    pub fn target_positions(&self) -> Vec<usize> {
        (0..self.targets.len()).filter(|&position| self.targets[position] != IGNORE).collect()
    }

    /// How many of them each of the rows has.
    pub fn targets_by_row(&self, rows: usize) -> Vec<usize> {
        let count = |row: &[i64]| row.iter().filter(|&&target| target != IGNORE).count();
        self.targets.chunks_exact(self.targets.len() / rows).map(count).collect()
    }

    /// Tokens that are read, padding not among them.
    pub fn tokens(&self) -> usize {
        let count = |rows: &Rows| rows.lengths.iter().sum::<usize>();
        count(&self.text) + self.source.as_ref().map_or(0, count)
    }
}

/// What a model reads before it answers, if it goes on with the answer.
pub fn prompt(objective: ObjectiveKind, input: &[u32]) -> Vec<u32> {
    match objective {
        ObjectiveKind::Continues => [input, &[TokenTable::SEPARATOR]].concat(),
        _ => input.to_vec(),
    }
}

/// The answer as symbols that a model writes; a sequence has an end.
pub fn target_tokens(task: &Task, target: &Target) -> Vec<u32> {
    match target {
        Target::Class(_) | Target::Tags(_) => {
            target.ids().into_iter().map(|label| task.label_token(label)).collect()
        }
        Target::Sequence(tokens) => [tokens, &[TokenTable::END][..]].concat(),
    }
}

fn row(task: &Task, objective: ObjectiveKind, start: u32, example: &Example) -> Row {
    let Example { input, target } = example;
    let named = |label: Option<u32>| match label {
        None => IGNORE,
        Some(label) if objective.has_classifier() => i64::from(label),
        Some(label) => i64::from(task.label_token(label)),
    };
    match (objective, target) {
        (ObjectiveKind::Pooled, Target::Class(label)) => {
            (None, input.clone(), vec![i64::from(*label)])
        }
        (
            ObjectiveKind::Tags | ObjectiveKind::Unmasks | ObjectiveKind::Next,
            Target::Tags(tags),
        ) => (None, input.clone(), tags.iter().map(|tag| named(*tag)).collect()),
        (ObjectiveKind::Continues, _) => {
            let prompt = prompt(objective, input);
            let target_ids = target_tokens(task, target);
            // The last symbol of the answer is said and not read.
            let text = [&prompt, &target_ids[..target_ids.len() - 1]].concat();
            let ignored = std::iter::repeat_n(IGNORE, prompt.len() - 1);
            (None, text, ignored.chain(target_ids.iter().map(|&token| i64::from(token))).collect())
        }
        (ObjectiveKind::Writes, _) => {
            let target_ids = target_tokens(task, target);
            let text = [&[start], &target_ids[..target_ids.len() - 1]].concat();
            (Some(input.clone()), text, target_ids.iter().map(|&token| i64::from(token)).collect())
        }
        (
            ObjectiveKind::Pooled
            | ObjectiveKind::Tags
            | ObjectiveKind::Unmasks
            | ObjectiveKind::Next,
            _,
        ) => {
            panic!("{objective:?} does not answer with {target:?}")
        }
    }
}

/// The longest text, and the longest source, that a model reads which does the task in this way.
pub fn longest(task: &Task, objective: ObjectiveKind) -> usize {
    let Lengths { input, target } = task.lengths;
    // Tags are written one by one; a sequence has an end.
    let written = match task.kind {
        TaskKind::Transduction => target + 1,
        TaskKind::Classification => 1,
        _ => input,
    };
    match objective {
        ObjectiveKind::Pooled
        | ObjectiveKind::Tags
        | ObjectiveKind::Unmasks
        | ObjectiveKind::Next => input,
        ObjectiveKind::Continues => input + 1 + written,
        ObjectiveKind::Writes => input.max(written + 1),
    }
}
