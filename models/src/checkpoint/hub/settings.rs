//! The Hub's address, cache and token.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

/// Whether to use the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Send requests to the Hub.
    Online,
    /// Use only the cache: `HF_HUB_OFFLINE`.
    Offline,
}

/// An access token. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub(super) String);

impl Token {
    /// Parses a token, without surrounding white space such as a line end; `None` if it is invalid.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        // Other characters are not allowed in a header.
        let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(text.to_string()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token of {} characters", self.0.len())
    }
}

/// The Hub's address, cache and token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The Hub's address.
    pub endpoint: String,
    /// The folder of the cache.
    pub cache: PathBuf,
    /// The token, sent to the Hub and to no other server.
    pub token: Option<Token>,
    /// Whether to use the network.
    pub network: Network,
}

impl Settings {
    /// Reads the environment variables of `huggingface_hub`: `HF_ENDPOINT`; `HF_HUB_CACHE`, or
    /// `hub` in `HF_HOME`; `HF_TOKEN`, or the file at `HF_TOKEN_PATH`, or `token` in `HF_HOME`;
    /// `HF_HUB_OFFLINE`.
    ///
    /// No other function of this module reads the environment.
    pub fn from_env() -> Self {
        let text = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let path = |name: &str| text(name).map(PathBuf::from);
        let user = || path("HOME").or_else(|| path("USERPROFILE")).unwrap_or_default();
        let home = path("HF_HOME").unwrap_or_else(|| {
            let caches = path("XDG_CACHE_HOME").unwrap_or_else(|| user().join(".cache"));
            caches.join("huggingface")
        });
        let is_on = |name: &str| {
            let value = text(name).unwrap_or_default().to_ascii_uppercase();
            matches!(value.as_str(), "1" | "ON" | "YES" | "TRUE")
        };
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".into());
        let file = path("HF_TOKEN_PATH").unwrap_or_else(|| home.join("token"));
        let token = text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN"));
        let token = match token {
            Some(token) => Token::new(&token),
            None if is_on("HF_HUB_DISABLE_IMPLICIT_TOKEN") => None,
            None => read_token(&file),
        };
        let is_offline = is_on("HF_HUB_OFFLINE") || is_on("TRANSFORMERS_OFFLINE");
        Self {
            endpoint: endpoint.trim().trim_end_matches('/').to_string(),
            cache: path("HF_HUB_CACHE")
                .or_else(|| path("HUGGINGFACE_HUB_CACHE"))
                .unwrap_or_else(|| home.join("hub")),
            token,
            network: if is_offline { Network::Offline } else { Network::Online },
        }
    }
}

fn read_token(file: &Path) -> Option<Token> {
    Token::new(&std::fs::read_to_string(file).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let token = Token::new(" hf_secret\n").unwrap();
        assert!(!format!("{token:?}").contains("secret"));
        assert_eq!(Token::new("a\r\nHost: evil"), None);
        assert_eq!(Token::new(" \n"), None);
    }
}
