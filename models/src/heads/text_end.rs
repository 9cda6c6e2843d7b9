//! The end of a sequence, for heads that pool the hidden state of its last token.

use crate::backbones::TokenBatch;
use crate::layers::mask::Padding;

/// The padding that keeps the positions up to the last occurrence of a token. A row without any
/// token keeps none.
///
/// # Panics
///
/// Panics if a text lacks the token, or if the texts are embeddings.
pub(super) fn up_to(end: u32, tokens: &TokenBatch) -> Padding {
    let Some(ids) = tokens.source.ids() else {
        panic!("a head that reads at token {end} needs token ids, not embeddings");
    };
    let [batch, seq] = ids.dims();
    let ids: Vec<i64> = ids.clone().into_data().iter::<i64>().collect();
    let all = vec![vec![true; seq]; batch];
    let rows = tokens.padding.rows().unwrap_or(&all);
    let row = |(ids, is_token): (&[i64], &Vec<bool>)| {
        let last = (0..seq).rposition(|i| is_token[i] && ids[i] == i64::from(end));
        assert!(last.is_some() || !is_token.contains(&true), "a text lacks the end token {end}");
        (0..seq).map(|i| is_token[i] && Some(i) <= last).collect()
    };
    Padding::from_rows(ids.chunks_exact(seq).zip(rows).map(row).collect())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int, Tensor};

    use super::*;

    fn texts(padding: Padding) -> TokenBatch {
        let ids = Tensor::<2, Int>::from_ints([[5, 2, 6, 2], [7, 2, 2, 1]], &Device::flex());
        TokenBatch::new(ids, padding)
    }

    #[test]
    fn a_text_ends_in_its_last_end_token() {
        let found = up_to(2, &texts(Padding::right(&[4, 3])));
        assert_eq!(found, Padding::right(&[4, 3]));
        let rows = vec![vec![true, true, true, false], vec![true, true, false, false]];
        let found = up_to(2, &texts(Padding::from_rows(rows)));
        assert_eq!(found.rows().unwrap(), [[true, true, false, false]; 2]);
        // The result of a row of padding is not used.
        let found = up_to(2, &texts(Padding::right(&[4, 0])));
        assert_eq!(found.rows().unwrap()[1], [false; 4]);
    }

    #[test]
    #[should_panic(expected = "needs token ids")]
    fn embeddings_have_no_end_token() {
        let embeddings = Tensor::<3>::zeros([1, 2, 4], &Device::flex());
        up_to(6, &TokenBatch::new(embeddings, Padding::none()));
    }

    #[test]
    #[should_panic(expected = "a text lacks the end token 6")]
    fn a_text_without_its_end_token_is_rejected() {
        up_to(6, &texts(Padding::none()));
    }
}
