//! The default input of a decoder: the encoder's input, shifted right by one position.

use burn::tensor::{Bool, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::TokenBatch;
use crate::layers::mask::Padding;

/// The first token of a text that is shifted right by one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shift {
    /// The decoder's start token.
    Start,
    /// The last token of the text: mBART's texts end in a language token.
    LastToken,
}

impl Shift {
    /// Shifts texts right by one position. Rows keep their length, so their last tokens are
    /// dropped.
    ///
    /// Right padding is not masked: under causal attention no token attends to it, and the hidden
    /// states at padding equal those of transformers.
    ///
    /// # Panics
    ///
    /// Panics if the texts are embeddings, which cannot be shifted behind a token id.
    pub fn apply(self, tokens: &TokenBatch, start: u32) -> TokenBatch {
        let Some(ids) = tokens.source.ids() else {
            panic!("the shifted input of a decoder needs token ids; pass a decoder input");
        };
        let device = ids.device();
        let [batch, seq] = ids.dims();
        let all = vec![vec![true; seq]; batch];
        let rows = tokens.padding.rows().unwrap_or(&all);
        let first = match self {
            Self::Start => Tensor::full([batch, 1], i64::from(start), &device),
            Self::LastToken => {
                let last = |row: &Vec<bool>| row.iter().rposition(|&is_token| is_token);
                let last: Vec<i64> = rows.iter().map(|row| last(row).unwrap_or(0) as i64).collect();
                let last = Tensor::<2, Int>::from_data(TensorData::new(last, [batch, 1]), &device);
                ids.clone().gather(1, last)
            }
        };
        let shifted = match seq {
            1 => first.clone(),
            _ => Tensor::cat(vec![first.clone(), ids.clone().slice_dim(1, 0..seq - 1)], 1),
        };
        // In a row with left padding, the text begins after the padding.
        let begins = |row: &Vec<bool>| row.iter().position(|&is_token| is_token).unwrap_or(0);
        let begins: Vec<usize> = rows.iter().map(begins).collect();
        if begins.iter().all(|&begin| begin == 0) {
            return TokenBatch::new(shifted, Padding::none());
        }
        let row = |&begin: &usize| (0..seq).map(move |i| i == begin);
        let at: Vec<bool> = begins.iter().flat_map(row).collect();
        let at = Tensor::<2, Bool>::from_data(TensorData::new(at, [batch, seq]), &device);
        let ids = shifted.mask_where(at, first.expand([batch, seq]));
        TokenBatch::new(ids, tokens.padding.clone())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn shifted(shift: Shift, padding: Padding) -> Vec<i64> {
        let ids = Tensor::<2, Int>::from_ints([[5, 6, 7, 8], [1, 2, 3, 4]], &Device::flex());
        shift
            .apply(&TokenBatch::new(ids, padding), 9)
            .source
            .ids()
            .unwrap()
            .clone()
            .into_data()
            .iter::<i64>()
            .collect()
    }

    #[test]
    fn text_is_shifted_by_one_position() {
        assert_eq!(shifted(Shift::Start, Padding::none()), [9, 5, 6, 7, 9, 1, 2, 3]);
        assert_eq!(shifted(Shift::LastToken, Padding::none()), [8, 5, 6, 7, 4, 1, 2, 3]);
        // The last token is the one before the padding.
        assert_eq!(shifted(Shift::LastToken, Padding::right(&[4, 2])), [8, 5, 6, 7, 2, 1, 2, 3]);
    }

    #[test]
    fn shifted_text_begins_after_left_padding() {
        let [_, _, third, fourth] = shifted(Shift::Start, Padding::left(&[4, 2]))[4..] else {
            panic!("a row has four positions");
        };
        assert_eq!([third, fourth], [9, 3]);
        let [_, _, third, fourth] = shifted(Shift::LastToken, Padding::left(&[4, 2]))[4..] else {
            panic!("a row has four positions");
        };
        assert_eq!([third, fourth], [4, 3]);
    }

    #[test]
    #[should_panic(expected = "needs token ids")]
    fn embeddings_are_not_shifted() {
        let embeddings = Tensor::<3>::zeros([1, 2, 4], &Device::flex());
        Shift::Start.apply(&TokenBatch::new(embeddings, Padding::none()), 9);
    }

    #[test]
    fn single_token_is_replaced_by_the_first_token() {
        let ids = Tensor::<2, Int>::from_ints([[5]], &Device::flex());
        let shifted = Shift::Start.apply(&TokenBatch::new(ids, Padding::none()), 9);
        assert_eq!(
            shifted.source.ids().unwrap().clone().into_data().iter::<i64>().collect::<Vec<i64>>(),
            [9]
        );
    }
}
