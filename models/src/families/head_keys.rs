//! Keys of heads that several families call the same.

use crate::wire::keys::{Key, copy, transpose};

/// The output projection, which may repeat the token embeddings.
pub(super) const LM_HEAD: &[Key] =
    &[transpose("lm_head", "lm_head"), copy("lm_head.weight", "embed_tokens.weight")];

/// The same where the token embeddings have GPT-2's name.
pub(super) const WTE_LM_HEAD: &[Key] =
    &[transpose("lm_head", "lm_head"), copy("lm_head.weight", "wte.weight")];

/// The projection to classes, of a decoder.
pub(super) const SCORE: &[Key] = &[transpose("score", "classifier")];

/// The projection to classes.
pub(super) const CLASSIFIER: &[Key] = &[transpose("classifier", "classifier")];

/// The projection to the ends of an answer.
pub(super) const QA_OUTPUTS: &[Key] = &[transpose("qa_outputs", "classifier")];
