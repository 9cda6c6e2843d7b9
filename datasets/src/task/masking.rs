//! Examples of masked and of next-token prediction.

use super::example::{Example, Target};
use super::token_table::TokenTable;
use crate::batch::Masking;
use crate::rng::SeededRng;

/// Masks a text with the task's own tokens; see [`Masking`].
pub(super) fn masked(text: &[u32], tokens: &TokenTable, rng: &mut SeededRng) -> Example {
    let masking = Masking::of_tokens(TokenTable::MASK, TokenTable::FIRST..tokens.len() as u32);
    let mut input = text.to_vec();
    let tags = masking.hide(&mut input, rng);
    Example { input, target: Target::Tags(tags) }
}

/// Next-token targets: `window` has one token more than the input.
pub(super) fn next(window: &[u32]) -> Example {
    let (input, following) = (&window[..window.len() - 1], &window[1..]);
    let tags = following.iter().copied().map(Some).collect();
    Example { input: input.to_vec(), target: Target::Tags(tags) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seventh_is_targeted_and_most_of_it_masked() {
        let tokens = TokenTable::characters("abcdefghijklmnopqrstuvwxyz".chars());
        let text: Vec<u32> = (0..20_000).map(|i| TokenTable::FIRST + i % 26).collect();
        let example = masked(&text, &tokens, &mut SeededRng::new(b"test    ", [0; 3]));
        let Target::Tags(tags) = &example.target else { panic!("tags") };
        let (mut targets, mut hidden, mut kept) = (0, 0, 0);
        for ((&shown, &tag), &real) in example.input.iter().zip(tags).zip(&text) {
            assert!(tag.is_none_or(|tag| tag == real));
            assert!(tag.is_some() || shown == real);
            targets += usize::from(tag.is_some());
            hidden += usize::from(shown == TokenTable::MASK);
            kept += usize::from(tag.is_some() && shown == real);
        }
        assert!((2800..3200).contains(&targets), "{targets} of 20000");
        let share = |count: usize| 100 * count / targets;
        assert!((77..83).contains(&share(hidden)), "{hidden} of {targets}");
        // 10 % left unchanged, and one in 26 of the 10 % replaced.
        assert!((8..13).contains(&share(kept)), "{kept} of {targets}");
    }

    #[test]
    fn there_is_always_a_target() {
        let tokens = TokenTable::characters("ab".chars());
        for seed in 0..100 {
            let example = masked(&[6, 7], &tokens, &mut SeededRng::new(b"test    ", [seed, 0, 0]));
            assert!(!example.target.ids().is_empty());
        }
    }
}
