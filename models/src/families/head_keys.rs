//! Keys of heads that several families call the same.

use crate::hf::keys::{Key, copy, drop, transpose, unprefixed};

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

/// The same where the backbone's keys have no prefix beside it.
pub(super) const BARE_QA_OUTPUTS: &[Key] = &[unprefixed(), QA_OUTPUTS[0]];

/// Those of an encoder by itself, from the file of a whole model too.
pub(super) const ENCODER: &[Key] = &[drop("decoder.*"), drop("lm_head.*")];
