//! Batches of related texts.

use super::encoded::{EncodedRelation, EncodedTarget, EncodedText};
use crate::sentence_vectors::{RelatedTexts, SentenceLoss, SentenceVectors};
use crate::text_batch::{Rows, TextBatch, TextTargets};

/// The texts and their related texts as the rows of one batch, in the order of [`RelatedTexts`].
pub(super) fn related_batch(
    examples: &[EncodedText],
    vectors: SentenceVectors,
    padding: u32,
) -> TextBatch {
    let relations: Vec<&EncodedRelation> = examples.iter().filter_map(relation).collect();
    let negatives = relations.iter().map(|relation| relation.negatives.len()).min().unwrap_or(0);
    let mut rows: Vec<&[u32]> = examples.iter().map(|text| &text.ids[..]).collect();
    rows.extend(relations.iter().map(|relation| &relation.second[..]));
    for negative in 0..negatives {
        rows.extend(relations.iter().map(|relation| &relation.negatives[negative][..]));
    }
    let excluded = match vectors.loss {
        SentenceLoss::MultipleNegatives { .. } => excluded(&rows, examples.len()),
        SentenceLoss::Cosine | SentenceLoss::Triplet { .. } => Vec::new(),
    };
    let targets = TextTargets::Related(RelatedTexts {
        vectors,
        pairs: examples.len(),
        similarities: relations.iter().filter_map(|relation| relation.similarity).collect(),
        excluded,
    });
    TextBatch { source: None, text: Rows::new(&rows, padding), targets }
}

/// The relation of a text, if it has one.
pub(super) fn relation(text: &EncodedText) -> Option<&EncodedRelation> {
    match &text.target {
        EncodedTarget::Related(relation) => Some(relation),
        _ => None,
    }
}

/// The candidates of each text that equal it or its second text; nothing if there are none.
fn excluded(rows: &[&[u32]], pairs: usize) -> Vec<bool> {
    let (texts, candidates) = rows.split_at(pairs);
    let of = |index: usize| {
        let same = [texts[index], candidates[index]];
        let is_same =
            move |candidate: usize| candidate != index && same.contains(&candidates[candidate]);
        (0..candidates.len()).map(is_same)
    };
    let excluded: Vec<bool> = (0..pairs).flat_map(of).collect();
    if excluded.contains(&true) { excluded } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_no_candidates() {
        // Of the texts 1 and 2: the second texts are 3 and 3, the negatives 1 and 4.
        let rows: [&[u32]; 6] = [&[1], &[2], &[3], &[3], &[1], &[4]];
        let found = excluded(&rows, 2);
        assert_eq!(found, [false, true, true, false, true, false, false, false]);
        assert_eq!(excluded(&rows[..3], 1), Vec::<bool>::new());
    }
}
