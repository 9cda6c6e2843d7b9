//! The models of Burn Zoo: layers, backbones, heads, families, checkpoints and generation.
//!
//! A small model of a family, its outputs, and the attention weights of a pass:
//!
//! ```
//! use burn::tensor::Device;
//! use zoo_models::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = Device::flex();
//! let size = Size {
//!     vocab_size: 30,
//!     context: 16,
//!     d_model: 16,
//!     n_layers: 2,
//!     n_heads: 2,
//!     n_kv_heads: None,
//!     d_ff: None,
//!     dropout: 0.0,
//!     eos: None,
//! };
//! let family = find("bert")?;
//! let spec = ModelSpec::new(family, family.sized(&size)?.config)?;
//! let model = spec.initialized(7, &device);
//!
//! let texts = TokenBatch::new(token_ids(&[1, 2, 3, 4, 5, 6], 2, &device), Padding::none());
//! let mut recorder = Recorder::with_attention_weights();
//! let outputs = model.observed_outputs(&Inputs::text(texts), &mut recorder)?;
//! assert_eq!(outputs[0].name, "logits");
//! assert_eq!(outputs[0].tensor.shape, [2, 3, 30]);
//! assert_eq!(model.attention_tensors(&recorder)?["attentions.1"].shape, [2, 2, 3, 3]);
//! # Ok(())
//! # }
//! ```
//!
//! A published model is read from its directory by [`checkpoint::load`].
//!
//! Modules are layered; a module imports only from lower levels:
//!
//! | level | module | content |
//! |---|---|---|
//! | 0 | [`parameters`], [`precision`] | visiting a module's parameters by path; float formats |
//! | 1 | [`layers`] | attention, cache, embedding, feed-forward, mask, norm, position |
//! | 2 | [`blocks`] | named wirings of attention, feed-forward and norms |
//! | 3 | [`backbones`] | models without a head, each built from a config |
//! | 4 | [`heads`] | tasks on top of a backbone, such as causal language modeling |
//! | 5 | [`hf`] | the terms of Hugging Face's configs and checkpoints |
//! | 6 | [`families`] | one declarative file per Hugging Face `model_type` |
//! | 7 | [`checkpoint`] | checkpoints: loading, saving, key mapping in both directions |
//! | 8 | [`generate`] | sampling and the generation loop |
//! | 9 | [`prelude`] | the names that most programs need |
//!
//! Custom operations are in a crate below, [`zoo_kernels`].
//!
//! `layers`, `blocks` and `backbones` do not mention families, families do not use tensors, and `checkpoint` has
//! no branches on families.

#![recursion_limit = "256"]

/// A fingerprint of this crate's code that decides what a model with a given config computes, without
/// comments. With [`zoo_kernels::FINGERPRINT`], which covers the operations and the versions of the
/// backends, it tells whether a stored measurement is of this code.
pub const FINGERPRINT: &str = env!("ZOO_MODELS_FINGERPRINT");

pub mod backbones;
pub mod blocks;
pub mod checkpoint;
pub mod families;
pub mod generate;
pub mod heads;
pub mod hf;
pub mod layers;
pub mod parameters;
pub mod precision;
pub mod prelude;
