//! Which web pages may use the server from a browser.

use std::time::Duration;

use axum::http::{HeaderValue, Method, Uri, header};
use thiserror::Error;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

/// How long a browser remembers what it was allowed.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The web pages that may use a server: a browser asks it before it lets a page from elsewhere do so.
///
/// Reference: <https://fetch.spec.whatwg.org/#http-cors-protocol>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// No page.
    #[default]
    None,
    /// The pages of these origins.
    Listed(Vec<HeaderValue>),
    /// Every page.
    All,
}

/// A text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no origin; an origin is a scheme, a host and a port if it is not the usual one, and no \
     path: http://localhost:3000; * allows every page"
)]
pub struct OriginError(String);

impl Origins {
    /// Reads origins, such as `http://localhost:3000`; `*` among them stands for all.
    ///
    /// # Errors
    ///
    /// A text that is no origin.
    pub fn parse<T: AsRef<str>>(origins: &[T]) -> Result<Self, OriginError> {
        let listed: Result<Vec<HeaderValue>, OriginError> =
            origins.iter().map(AsRef::as_ref).filter(|origin| *origin != "*").map(origin).collect();
        let listed = listed?;
        Ok(match origins {
            [] => Self::None,
            _ if listed.len() < origins.len() => Self::All,
            _ => Self::Listed(listed),
        })
    }

    /// What answers browsers; nothing where no page is allowed.
    pub(super) fn layer(&self) -> Option<CorsLayer> {
        let origin = match self {
            Self::None => return None,
            Self::All => AllowOrigin::from(Any),
            Self::Listed(origins) => AllowOrigin::list(origins.iter().cloned()),
        };
        let layer = CorsLayer::new()
            .allow_origin(origin)
            .allow_methods([Method::GET, Method::POST])
            // OpenAI's client for browsers sends headers of its own; Any leaves out Authorization.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers([header::RETRY_AFTER])
            .max_age(REMEMBERED);
        Some(layer)
    }
}

/// An origin as browsers write it.
fn origin(text: &str) -> Result<HeaderValue, OriginError> {
    let error = || OriginError(text.to_string());
    // Pages of files and of frames without an origin.
    if text == "null" {
        return Ok(HeaderValue::from_static("null"));
    }
    let uri: Uri = text.parse().map_err(|_| error())?;
    let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or_else(error)?;
    // A browser compares all of it, in small letters.
    let written = format!("{scheme}://{authority}");
    let is_origin = written == text && text == text.to_lowercase() && !text.contains('@');
    HeaderValue::from_str(text).ok().filter(|_| is_origin).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_a_scheme_and_a_host_and_nothing_behind() {
        let all = ["http://localhost:3000", "https://ui.example", "null", "http://[::1]:8080"];
        let Origins::Listed(listed) = Origins::parse(&all).unwrap() else { panic!() };
        assert_eq!(listed, all);
        assert_eq!(Origins::parse(&["http://a", "*"]).unwrap(), Origins::All);
        assert_eq!(Origins::parse::<&str>(&[]).unwrap(), Origins::None);
        for bad in [
            "",
            "localhost:3000",
            "localhost",
            "http://a/",
            "http://a/b",
            "http://",
            "http://A",
            "*.example",
            "http://me@a",
            "http://a?x",
            "http://a b",
        ] {
            let error = Origins::parse(&[bad]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{bad:?} is no origin")), "{error}");
        }
    }
}
