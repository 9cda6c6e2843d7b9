//! Rows that end where a document ends.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{BatchAt, BatchError, BatchShape, ExampleOrder, LmBatch};
use crate::encoded::{OfSplits, TokenIds};

/// What decides the order of rows beside their lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowOrder {
    /// Seed of the run.
    pub seed: u64,
    /// Micro-batches of a step.
    pub accumulate: usize,
}

/// Rows of one document each: a longer one has several rows, which overlap by a token, so that each
/// token but the first of a document is a target once.
#[derive(Clone, Debug)]
pub(super) struct DocumentRows {
    train: Arc<Vec<Row>>,
    /// `None` without rows to train on.
    order: Option<Arc<ExampleOrder>>,
    accumulate: usize,
    /// The longest first.
    valid: Arc<Vec<Row>>,
}

/// A part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    start: u64,
    /// Tokens, at least two.
    length: u32,
}

impl DocumentRows {
    /// The rows of documents that end at these tokens.
    ///
    /// # Errors
    ///
    /// [`BatchError::Empty`] for an empty shape.
    pub(super) fn new(
        ends: &OfSplits<Vec<u64>>,
        shape: BatchShape,
        order: RowOrder,
    ) -> Result<Self, BatchError> {
        shape.check()?;
        let train = rows(&ends.train, shape.context);
        let lengths: Vec<usize> = train.iter().map(|row| row.length as usize).collect();
        let RowOrder { seed, accumulate } = order;
        let order = || Arc::new(ExampleOrder::new(lengths, shape.rows * accumulate, seed));
        let order = (!train.is_empty()).then(order);
        let mut valid = rows(&ends.valid, shape.context);
        valid.sort_by_key(|row| Reverse(row.length));
        Ok(Self { train: Arc::new(train), order, accumulate, valid: Arc::new(valid) })
    }

    pub(super) fn steps(&self, epochs: f64) -> Option<usize> {
        self.order.as_ref().map(|order| order.steps(epochs))
    }

    pub(super) fn train(&self, at: BatchAt, ids: &TokenIds) -> Result<LmBatch, BatchError> {
        let Some(order) = &self.order else {
            return Err(BatchError::NoRows { split: "training" });
        };
        let examples = order.examples(at, self.accumulate);
        let rows: Vec<Row> = examples.into_iter().map(|example| self.train[example]).collect();
        batch(&rows, ids)
    }

    /// The number of validation rows.
    pub(super) fn n_valid(&self) -> usize {
        self.valid.len()
    }

    pub(super) fn validation<'a>(
        &'a self,
        ids: &'a TokenIds,
        rows: usize,
    ) -> Result<impl Iterator<Item = Result<LmBatch, BatchError>> + 'a, BatchError> {
        if self.valid.is_empty() {
            return Err(BatchError::NoRows { split: "validation" });
        }
        Ok(self.valid.chunks(rows).map(|rows| batch(rows, ids)))
    }
}

fn rows(ends: &[u64], context: usize) -> Vec<Row> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let parts = starts.zip(ends).flat_map(|(start, &end)| {
        let firsts = (start..end.saturating_sub(1)).step_by(context);
        firsts.map(move |start| Row { start, length: (end - start).min(context as u64 + 1) as u32 })
    });
    parts.collect()
}

fn batch(rows: &[Row], ids: &TokenIds) -> Result<LmBatch, BatchError> {
    let longest = rows.iter().map(|row| row.length as usize - 1).max().unwrap_or(0);
    // Encoder and decoder have a half each.
    let shape = BatchShape { rows: rows.len(), context: longest.max(2) };
    let mut batch = LmBatch::with_capacity(shape);
    for row in rows {
        let start = row.start as usize;
        batch.push_window(&ids.read(start..start + row.length as usize)?);
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::IGNORE;

    #[test]
    fn each_token_but_the_first_of_a_document_is_a_target_once() {
        // Documents of 1, 2, 9 and 4 tokens.
        let ends = vec![1, 3, 12, 16];
        let ids = TokenIds::in_memory((0..16).collect());
        let ends = OfSplits { train: ends.clone(), valid: ends };
        let shape = BatchShape { rows: 2, context: 4 };
        let order = RowOrder { seed: 1, accumulate: 2 };
        let rows = DocumentRows::new(&ends, shape, order).unwrap();
        assert_eq!((rows.n_valid(), rows.steps(1.0), rows.steps(2.0)), (4, Some(1), Some(2)));
        let expected: Vec<i64> = vec![2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15];
        let check = |batches: Vec<LmBatch>| {
            let mut targets = Vec::new();
            for batch in batches {
                assert!(batch.context <= 4);
                for (input, target) in batch.inputs.iter().zip(batch.targets) {
                    if target != IGNORE {
                        assert_eq!(target, i64::from(*input) + 1);
                        targets.push(target);
                    }
                }
            }
            targets.sort_unstable();
            assert_eq!(targets, expected);
        };
        check(rows.validation(&ids, 3).unwrap().map(Result::unwrap).collect());
        let at = |micro_step| BatchAt { seed: 1, step: 3, micro_step };
        check([0, 1].map(|micro_step| rows.train(at(micro_step), &ids).unwrap()).into());
        let none = OfSplits { train: vec![1, 2], valid: vec![] };
        let none = DocumentRows::new(&none, shape, order).unwrap();
        assert!(none.train(at(0), &ids).is_err() && none.validation(&ids, 1).is_err());
    }
}
