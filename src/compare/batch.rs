//! Converts examples into model inputs and targets.

use crate::datasets::batch::IGNORE;
use crate::datasets::task::{Example, Lengths, Target, Task, TaskKind, TokenTable};

use super::objective::ObjectiveKind;
use crate::train::{Rows, TextBatch, TextTargets};

/// The source, text and targets of a row.
type Row = (Option<Vec<u32>>, Vec<u32>, Vec<i64>);

/// A batch of examples for an objective. `start` is the first decoder token of an encoder-decoder.
pub fn text_batch(
    task: &Task,
    objective: ObjectiveKind,
    start: u32,
    examples: &[Example],
) -> TextBatch {
    let (mut sources, mut texts, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for example in examples {
        let (source, text, targets) = row(task, objective, start, example);
        sources.extend(source);
        texts.push(text);
        labels.push(targets);
    }
    let text = Rows::new(&texts, TokenTable::PADDING);
    if objective != ObjectiveKind::Pooled {
        labels.iter_mut().for_each(|targets| targets.resize(text.width, IGNORE));
    }
    let targets = TextTargets::Classes(labels.concat());
    let source =
        (objective == ObjectiveKind::Writes).then(|| Rows::new(&sources, TokenTable::PADDING));
    TextBatch { source, text, targets }
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
