//! Attention: projections to queries, keys and values, and a mechanism that combines them.

mod config;
mod cross_attention;
mod heads;
mod mechanism;
mod qk_norm;
mod self_attention;
mod softmax;

pub use config::{AttentionConfig, HeadDims, ProjectionBias};
pub use cross_attention::{CrossAttention, CrossAttentionConfig};
pub use mechanism::{Mechanism, MechanismConfig, SdpaInput};
pub use qk_norm::{HeadNorm, QkNorm};
pub use self_attention::Attention;
pub use softmax::{SoftmaxAttention, SoftmaxConfig};
