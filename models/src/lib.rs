//! The models of Burn Zoo: layers, backbones, heads, families, checkpoints and generation.
//!
//! Modules are numbered by the order in which they may use each other; a module imports only from
//! lower numbers:
//!
//! | level | module | holds |
//! |---|---|---|
//! | 0 | [`kernels`], [`parameters`], [`precision`] | operations of our own; walking a module's parameters by path; number formats |
//! | 1 | [`layers`] | attention, cache, embedding, feed-forward, mask, norm, position |
//! | 2 | [`arch`] | blocks and backbones, each built from a config |
//! | 3 | [`heads`] | what a backbone is asked to do: causal language modelling |
//! | 4 | [`hf`] | the terms of Hugging Face's configs and checkpoints |
//! | 5 | [`families`] | one file of data per Hugging Face `model_type` |
//! | 6 | [`checkpoint`] | checkpoints: reading, writing, keys in both directions |
//! | 7 | [`generate`] | sampling and the generation loop |
//!
//! `layers` and `arch` name no family, a family touches no tensor, and `checkpoint` branches on no
//! family.

#![recursion_limit = "256"]

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
