//! A model that learns a task, and answers its questions.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};

use super::batch::{Batch, Rows, answer, prompt};
use super::way::Way;
use crate::datasets::batch::IGNORE;
use crate::datasets::task::{Example, Need, Symbols, Target, Task};
use crate::models::arch::{Input, Tokens};
use crate::models::generate::{Batch as Writing, GenerateError, Options, Request, Writer, writer};
use crate::models::heads::cross_entropy::{Targets, cross_entropy_sum};
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;
use crate::models::precision::numbers;
use crate::models::pretrained::Model;

/// Texts that are written at once.
const WRITTEN_AT_ONCE: usize = 64;

/// A model that does a task in one of the ways.
#[derive(Module, Debug)]
pub struct Pupil {
    /// The model.
    pub model: Model,
}

/// What a model answers to an example.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Labels: one, or one for each position that is asked about; `None` for what is no label.
    Labels(Vec<Option<u32>>),
    /// A sequence of symbols, without its end.
    Sequence(Vec<u32>),
    /// How improbable the right answers were, in nats, and how many there are.
    Nats(f64, usize),
}

impl Pupil {
    /// The symbol that it begins to write with.
    pub fn start(&self) -> u32 {
        match &self.model {
            Model::Seq2SeqLm(model) => model.backbone.start(),
            _ => Symbols::BEGIN,
        }
    }

    fn device(&self) -> Device {
        match &self.model {
            Model::SequenceClassifier(model) => model.backbone.device(),
            Model::TokenClassifier(model) => model.backbone.device(),
            Model::MaskedLm(model) => model.backbone.token_embedding().weight.lazy_device(),
            Model::CausalLm(model) => model.device(),
            Model::Seq2SeqLm(model) => model.device(),
            _ => panic!("no model of texts has this head"),
        }
    }

    /// The scores of a batch.
    ///
    /// # Shapes
    ///
    /// - result: `[targets, classes]`
    fn scores(&self, batch: &Batch) -> Tensor<2> {
        let device = self.device();
        let text = tokens(&batch.text, &device);
        let flat = |scores: Tensor<3>| {
            let [rows, width, classes] = scores.dims();
            scores.reshape([rows * width, classes])
        };
        match (&self.model, &batch.source) {
            (Model::SequenceClassifier(model), _) => model.forward(&Input::Tokens(text)),
            (Model::TokenClassifier(model), _) => flat(model.forward(&Input::Tokens(text))),
            (Model::MaskedLm(model), _) => flat(model.forward(&text)),
            (Model::CausalLm(model), _) => flat(model.forward(&text)),
            (Model::Seq2SeqLm(model), Some(source)) => {
                flat(model.forward(&tokens(source, &device), &text))
            }
            _ => panic!("no model of texts has this head"),
        }
    }

    /// The sum of the losses of a batch, in nats, and the number of its targets.
    pub fn loss(&self, batch: &Batch) -> (Tensor<1>, usize) {
        let scores = self.scores(batch);
        let targets = Targets::new(&batch.targets, &scores.device());
        (cross_entropy_sum(scores, &targets), targets.count())
    }

    /// What it answers to each example.
    ///
    /// # Errors
    ///
    /// Scores that are no numbers.
    pub fn answer(
        &self,
        (task, way): (&Task, Way),
        examples: &[Example],
    ) -> Result<Vec<Given>, GenerateError> {
        let is_written = match task.need {
            Need::Transduction => true,
            Need::Tagging(_) => matches!(way, Way::Continues | Way::Writes),
            _ => false,
        };
        if is_written {
            return self.write((task, way), examples);
        }
        let batch = Batch::new(task, way, self.start(), examples);
        let scores = self.scores(&batch);
        if matches!(task.need, Need::Language | Need::Masked) {
            return nats(scores, &batch, examples.len());
        }
        let classes = scores.dims()[1];
        // Only labels are answers, where a model could say any symbol.
        let (first, count) = match way.has_classifier() {
            true => (0, classes),
            false => (task.label_symbol(0) as usize, task.label_count()),
        };
        let scores = numbers(scores);
        let best = |row: &[f32]| {
            let labels = row[first..first + count].iter().enumerate();
            labels.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(label, _)| label as u32)
        };
        if scores.iter().any(|score| score.is_nan()) {
            return Err(GenerateError::NotFinite);
        }
        let per_row = batch.targets.len() / examples.len();
        let asked = |row: usize| {
            let places = row * per_row..(row + 1) * per_row;
            places.filter(|&place| batch.targets[place] != IGNORE)
        };
        let label = |place: usize| best(&scores[place * classes..(place + 1) * classes]);
        Ok((0..examples.len()).map(|row| Given::Labels(asked(row).map(label).collect())).collect())
    }

    /// Answers that are written symbol by symbol, always the likeliest one.
    fn write(
        &self,
        (task, way): (&Task, Way),
        examples: &[Example],
    ) -> Result<Vec<Given>, GenerateError> {
        let Some(model) = writer(&self.model) else {
            panic!("what writes answers is a model that writes");
        };
        let mut given = Vec::with_capacity(examples.len());
        for some in examples.chunks(WRITTEN_AT_ONCE) {
            let written = written(model, (task, way), some)?;
            given.extend(written.into_iter().map(|symbols| match task.need {
                Need::Transduction => {
                    let end = symbols.iter().position(|&symbol| symbol == Symbols::END);
                    Given::Sequence(symbols[..end.unwrap_or(symbols.len())].to_vec())
                }
                _ => {
                    let first = task.label_symbol(0);
                    let label = |symbol: u32| {
                        let label = symbol.checked_sub(first);
                        label.filter(|label| (*label as usize) < task.label_count())
                    };
                    Given::Labels(symbols.into_iter().map(label).collect())
                }
            }));
        }
        Ok(given)
    }
}

fn written(
    model: &dyn Writer,
    (task, way): (&Task, Way),
    examples: &[Example],
) -> Result<Vec<Vec<u32>>, GenerateError> {
    let mut batch = Writing::new(model);
    for (example, stream) in examples.iter().zip(0..) {
        let is_sequence = matches!(example.target, Target::Sequence(_));
        let options = Options {
            // A sequence may be longer than the right one; that is a mistake, and no matter how long.
            max_new_tokens: match is_sequence {
                true => task.lengths.target + 1,
                false => answer(task, &example.target).len(),
            },
            eos: if is_sequence { vec![Symbols::END] } else { Vec::new() },
            ..Options::default()
        };
        batch.admit(Request { prompt: prompt(way, &example.input), options, stream })?;
    }
    let mut written = vec![Vec::new(); examples.len()];
    while !batch.is_empty() {
        for event in batch.step()? {
            written[event.ticket.index()].push(event.token);
        }
    }
    Ok(written)
}

/// How improbable the right answers of each row were.
fn nats(scores: Tensor<2>, batch: &Batch, rows: usize) -> Result<Vec<Given>, GenerateError> {
    let device = scores.device();
    let classes: Vec<u32> = batch.targets.iter().map(|&target| target.max(0) as u32).collect();
    let index = token_ids(&classes, classes.len(), &device);
    let losses = numbers(activation::log_softmax(scores, 1).gather(1, index).neg());
    let per_row = batch.targets.len() / rows;
    let row = |(losses, targets): (&[f32], &[i64])| {
        let counted = losses.iter().zip(targets).filter(|(_, target)| **target != IGNORE);
        let (mut sum, mut count) = (0.0, 0);
        for (loss, _) in counted {
            sum += f64::from(*loss);
            count += 1;
        }
        if sum.is_finite() { Ok(Given::Nats(sum, count)) } else { Err(GenerateError::NotFinite) }
    };
    losses.chunks_exact(per_row).zip(batch.targets.chunks_exact(per_row)).map(row).collect()
}

fn tokens(rows: &Rows, device: &Device) -> Tokens {
    let padding = if rows.lengths.iter().all(|&length| length == rows.width) {
        Padding::none()
    } else {
        Padding::right(&rows.lengths)
    };
    Tokens::new(token_ids(&rows.ids, rows.count(), device), padding)
}
