//! Keys of heads with the same names in several families.

use crate::hf::keys::{Key, copy, drop, transpose, unprefixed};

/// The output projection, which may be a copy of the token embeddings.
pub(super) const LM_HEAD: &[Key] =
    &[transpose("lm_head", "lm_head"), copy("lm_head.weight", "embed_tokens.weight")];

/// The same for families in which the token embeddings have GPT-2's name.
pub(super) const WTE_LM_HEAD: &[Key] =
    &[transpose("lm_head", "lm_head"), copy("lm_head.weight", "wte.weight")];

/// The classifier of a decoder.
pub(super) const SCORE: &[Key] = &[transpose("score", "classifier")];

/// The classifier.
pub(super) const CLASSIFIER: &[Key] = &[transpose("classifier", "classifier")];

/// The projection to the start and the end of an answer.
pub(super) const QA_OUTPUTS: &[Key] = &[transpose("qa_outputs", "classifier")];

/// For files whose backbone keys have no prefix with this head.
pub(super) const UNPREFIXED: &[Key] = &[unprefixed()];

/// The encoder alone, also from the file of a whole model.
pub(super) const ENCODER: &[Key] = &[drop("decoder.*"), drop("lm_head.*")];
