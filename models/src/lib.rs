//! The models of Burn Zoo: layers, backbones, heads, families, checkpoints and generation.
//!
//! Modules are layered; a module imports only from lower levels:
//!
//! | level | module | content |
//! |---|---|---|
//! | 0 | [`kernels`], [`parameters`], [`precision`] | custom kernels; visiting a module's parameters by path; float formats |
//! | 1 | [`layers`] | attention, cache, embedding, feed-forward, mask, norm, position |
//! | 2 | [`arch`] | blocks and backbones, each built from a config |
//! | 3 | [`heads`] | tasks on top of a backbone, such as causal language modeling |
//! | 4 | [`hf`] | the terms of Hugging Face's configs and checkpoints |
//! | 5 | [`families`] | one declarative file per Hugging Face `model_type` |
//! | 6 | [`checkpoint`] | checkpoints: loading, saving, key mapping in both directions |
//! | 7 | [`generate`] | sampling and the generation loop |
//!
//! `layers` and `arch` do not mention families, families do not use tensors, and `checkpoint` has
//! no branches on families.

#![recursion_limit = "256"]

/// A fingerprint of the code that decides what a model with a given config computes: its source without
/// comments, and the versions of the backends. It tells whether a measurement is of this code.
pub const FINGERPRINT: &str = env!("ZOO_MODELS_FINGERPRINT");

pub mod arch;
pub mod checkpoint;
pub mod families;
pub mod generate;
pub mod heads;
pub mod hf;
pub mod kernels;
pub mod layers;
pub mod parameters;
pub mod precision;
