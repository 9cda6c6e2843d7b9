//! The settings of a server.

use super::Origins;

/// Server settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// The model's name, which requests must specify.
    pub name: String,
    /// The maximum number of texts that are generated concurrently.
    pub batch: usize,
    /// The maximum number of queued texts; for embeddings, of queued requests.
    pub queue: usize,
    /// The maximum prompt length in tokens, if it is less than the model's.
    pub max_prompt_tokens: Option<usize>,
    /// The maximum number of new tokens per text.
    pub max_new_tokens: usize,
    /// The maximum size of a request body.
    pub max_body_bytes: usize,
    /// The bearer token that clients must send, if any.
    pub api_key: Option<String>,
    /// The web pages that may use the server (CORS).
    pub origins: Origins,
    /// The seed of sampling for requests without a seed.
    pub seed: u64,
}

impl ServerSettings {
    /// The default settings.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            batch: 16,
            queue: 128,
            max_prompt_tokens: None,
            max_new_tokens: 4096,
            max_body_bytes: 8 << 20,
            api_key: None,
            origins: Origins::None,
            seed: 0,
        }
    }
}
