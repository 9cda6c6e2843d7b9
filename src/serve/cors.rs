//! CORS: which web pages may use the server from a browser.

use std::time::Duration;

use axum::http::{HeaderValue, Method, Uri, header};
use thiserror::Error;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

/// How long browsers cache a preflight response.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The origins whose web pages may use the server: browsers send a preflight request before a
/// cross-origin request.
///
/// Reference: <https://fetch.spec.whatwg.org/#http-cors-protocol>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// No pages.
    #[default]
    None,
    /// Pages of these origins.
    Listed(Vec<HeaderValue>),
    /// All pages.
    All,
}

/// An invalid origin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not an origin; an origin is a scheme, a host and, if it is not the default, a port, \
     without a path: http://localhost:3000; * allows every page"
)]
pub struct OriginError(String);

impl Origins {
    /// Parses origins, such as `http://localhost:3000`; `*` allows all.
    ///
    /// # Errors
    ///
    /// An invalid origin.
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

    /// The CORS layer; `None` if no pages are allowed.
    pub(super) fn layer(&self) -> Option<CorsLayer> {
        let origin = match self {
            Self::None => return None,
            Self::All => AllowOrigin::from(Any),
            Self::Listed(origins) => AllowOrigin::list(origins.iter().cloned()),
        };
        let layer = CorsLayer::new()
            .allow_origin(origin)
            .allow_methods([Method::GET, Method::POST])
            // OpenAI's browser client sends custom headers; `Any` would exclude Authorization.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers([header::RETRY_AFTER])
            .max_age(REMEMBERED);
        Some(layer)
    }
}

/// An origin as sent by browsers.
fn origin(text: &str) -> Result<HeaderValue, OriginError> {
    let error = || OriginError(text.to_string());
    // The origin of local files and of opaque frames.
    if text == "null" {
        return Ok(HeaderValue::from_static("null"));
    }
    let uri: Uri = text.parse().map_err(|_| error())?;
    let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or_else(error)?;
    // Browsers compare the whole lowercase string.
    let written = format!("{scheme}://{authority}");
    let is_origin = written == text && text == text.to_lowercase() && !text.contains('@');
    HeaderValue::from_str(text).ok().filter(|_| is_origin).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_a_scheme_and_a_host_but_no_path() {
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
            assert!(error.starts_with(&format!("{bad:?} is not an origin")), "{error}");
        }
    }
}
