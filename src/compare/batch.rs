//! Converts examples into model inputs and targets.

use crate::datasets::batch::IGNORE;
use crate::datasets::task::{Example, Lengths, Target, Task, TaskKind, TokenTable};

use super::objective::ObjectiveKind;

/// Rows of token ids, right-padded to the same length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// `[rows, width]`, row after row.
    pub ids: Vec<u32>,
    /// The number of tokens in each row, without padding.
    pub lengths: Vec<usize>,
    /// The longest length.
    pub width: usize,
}

/// Model inputs and targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The encoder input of an encoder-decoder.
    pub source: Option<Rows>,
    /// The input; the decoder input of an encoder-decoder.
    pub text: Rows,
    /// The target of each position, `[rows, width]`, or of each row, `[rows]`; [`IGNORE`] at
    /// positions without a target.
    pub targets: Vec<i64>,
}

impl Rows {
    /// Pads non-empty rows.
    pub fn new(rows: &[Vec<u32>]) -> Self {
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        let width = lengths.iter().copied().max().unwrap_or(0);
        let padded = |row: &Vec<u32>| {
            let padding = std::iter::repeat_n(TokenTable::PADDING, width - row.len());
            row.iter().copied().chain(padding).collect::<Vec<u32>>()
        };
        Self { ids: rows.iter().flat_map(padded).collect(), lengths, width }
    }

    /// The number of rows.
    pub fn count(&self) -> usize {
        self.lengths.len()
    }
}

/// The source, text and targets of a row.
type Row = (Option<Vec<u32>>, Vec<u32>, Vec<i64>);

impl Batch {
    /// A batch of examples for an objective. `start` is the first decoder token of an
    /// encoder-decoder.
    pub fn new(task: &Task, objective: ObjectiveKind, start: u32, examples: &[Example]) -> Self {
        let (mut sources, mut texts, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for example in examples {
            let (source, text, targets) = row(task, objective, start, example);
            sources.extend(source);
            texts.push(text);
            labels.push(targets);
        }
        let text = Rows::new(&texts);
        if objective != ObjectiveKind::Pooled {
            labels.iter_mut().for_each(|targets| targets.resize(text.width, IGNORE));
        }
        let targets = labels.concat();
        let source = (objective == ObjectiveKind::Writes).then(|| Rows::new(&sources));
        Self { source, text, targets }
    }

    /// The indices of `targets` other than [`IGNORE`], in order.
    pub fn target_positions(&self) -> Vec<usize> {
        (0..self.targets.len()).filter(|&position| self.targets[position] != IGNORE).collect()
    }

    /// The number of target positions in each of the rows.
    pub fn targets_by_row(&self, rows: usize) -> Vec<usize> {
        let count = |row: &[i64]| row.iter().filter(|&&target| target != IGNORE).count();
        self.targets.chunks_exact(self.targets.len() / rows).map(count).collect()
    }

    /// The number of input tokens, without padding.
    pub fn tokens(&self) -> usize {
        let count = |rows: &Rows| rows.lengths.iter().sum::<usize>();
        count(&self.text) + self.source.as_ref().map_or(0, count)
    }
}

/// The prompt of a generative model: the input, followed by a separator for
/// [`ObjectiveKind::Continues`].
pub fn prompt(objective: ObjectiveKind, input: &[u32]) -> Vec<u32> {
    match objective {
        ObjectiveKind::Continues => [input, &[TokenTable::SEPARATOR]].concat(),
        _ => input.to_vec(),
    }
}

/// The target as the tokens to generate; a sequence ends with the end token.
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
            // The last token of the answer is a target only, not an input.
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
            panic!("{objective:?} does not support the target {target:?}")
        }
    }
}

/// The longest input of a model with this objective, text or source.
pub fn longest(task: &Task, objective: ObjectiveKind) -> usize {
    let Lengths { input, target } = task.lengths;
    // Tags are generated one by one; a sequence ends with the end token.
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
