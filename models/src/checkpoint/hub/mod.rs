//! Downloads models by name from the Hugging Face Hub.
//!
//! The cache has the folder layout of `huggingface_hub`, so that both share downloads. Files are
//! downloaded one by one, interrupted transfers are resumed, and a file gets its final name only
//! when its size and checksum match the Hub's listing.

mod error;
mod event;
mod fetch;
mod id;
mod settings;

#[cfg(feature = "hub")]
mod remote;

pub use error::HubError;
pub use event::HubEvent;
pub use fetch::{Artifact, Snapshot, fetch};
pub use id::ModelId;
pub use settings::{Network, Settings, Token};
