//! HTTP requests to the Hub.

use std::time::Duration;

use ureq::Body;
use ureq::http::{Response, Uri};

use super::cache::repo;
use super::listing::Listing;
use crate::checkpoint::hub::{HubError, ModelId, Settings};

/// The size limit of a model's file listing in bytes, larger than that of any model.
const MAX_LISTING: u64 = 50_000_000;

/// Files may be on another server, which may redirect again.
const MAX_REDIRECTS: usize = 8;

/// Sends requests to the Hub; the token is sent to no other server.
pub(super) struct Client<'a> {
    settings: &'a Settings,
    agent: ureq::Agent,
}

impl<'a> Client<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        let config = ureq::Agent::config_builder()
            .user_agent(concat!("burn-zoo/", env!("CARGO_PKG_VERSION")))
            // Redirects are followed in `get`, so that the token is sent only to the Hub.
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            // Per read, not for the whole body: a slow connection is fine, a stalled one is not.
            .timeout_per_read(Some(Duration::from_secs(60)))
            .build();
        Self { settings, agent: ureq::Agent::new_with_config(config) }
    }

    /// The address of a file.
    pub(super) fn file(&self, id: &ModelId, commit: &str, name: &str) -> String {
        format!("{}/{}/resolve/{commit}/{name}", self.settings.endpoint, repo(id).url())
    }

    /// Requests the commit of a revision and its files.
    pub(super) fn listing(&self, id: &ModelId) -> Result<Listing, HubError> {
        let address = format!("{}/api/{}?blobs=true", self.settings.endpoint, repo(id).api_url());
        let mut response = self.get(id, &address, 0)?;
        let answer = |reason: String| HubError::Answer { address: address.clone(), reason };
        let body = response.body_mut().with_config().limit(MAX_LISTING).read_to_vec();
        let listing = match body {
            Ok(body) => Listing::parse(&body).map_err(answer)?,
            Err(error) => return Err(self.unreachable(error.to_string())),
        };
        match id.commit() {
            Some(commit) if commit != listing.commit => {
                Err(answer(format!("requested commit {commit}, received {}", listing.commit)))
            }
            _ => Ok(listing),
        }
    }

    /// Requests an address, starting at the byte `from`, and follows redirects.
    pub(super) fn get(
        &self,
        id: &ModelId,
        address: &str,
        from: u64,
    ) -> Result<Response<Body>, HubError> {
        let mut place = self.parse(address)?;
        for _ in 0..MAX_REDIRECTS {
            // A compressed body could be neither measured nor resumed.
            let mut request = self.agent.get(&place).header("Accept-Encoding", "identity");
            if from > 0 {
                request = request.header("Range", format!("bytes={from}-"));
            }
            if let Some(token) = &self.settings.token
                && is_same_server(&place, &self.parse(&self.settings.endpoint)?)
            {
                request = request.header("Authorization", format!("Bearer {}", token.0));
            }
            let response = request.call().map_err(|error| self.unreachable(error.to_string()))?;
            if !response.status().is_redirection() {
                return self.accept(id, &place, response);
            }
            let next = header(&response, "location").unwrap_or_default();
            place = self.follow(&place, next)?;
        }
        Err(self.answer(address, "too many redirects"))
    }

    /// Checks the status of a response.
    fn accept(
        &self,
        id: &ModelId,
        place: &Uri,
        response: Response<Body>,
    ) -> Result<Response<Body>, HubError> {
        let status = response.status().as_u16();
        let code = header(&response, "x-error-code").unwrap_or_default();
        let endpoint = self.settings.endpoint.clone();
        let id = id.clone();
        let is_hub = is_same_server(place, &self.parse(&endpoint)?);
        match (status, code) {
            // The caller handles an unsatisfiable range (416).
            (200 | 206 | 416, _) => Ok(response),
            // A file server accepts the redirect's signed address for a limited time.
            _ if !is_hub => {
                Err(self.unreachable(format!("its file server returned status {status}")))
            }
            (_, "RevisionNotFound") => Err(HubError::NoRevision { id }),
            (_, "RepoNotFound") => Err(HubError::NoModel { id, endpoint }),
            (_, "GatedRepo") | (401 | 403, _) => {
                Err(HubError::Denied { reason: self.denial(&id, status, code), id })
            }
            (404, "") => Err(HubError::NoModel { id, endpoint }),
            (429, _) => Err(self.unreachable("too many requests; wait a while".into())),
            (500.., _) => Err(self.unreachable(format!("it returned status {status}"))),
            _ => Err(self.answer(&place.to_string(), &format!("status {status} {code}"))),
        }
    }

    /// Why the Hub denies access to a model, and how to get it.
    fn denial(&self, id: &ModelId, status: u16, code: &str) -> String {
        let endpoint = &self.settings.endpoint;
        let page = format!("{endpoint}/{}", id.name());
        match (&self.settings.token, code) {
            (None, "GatedRepo") => format!(
                "access requires that you agree to its terms: do so at {page}, create a token at \
                 {endpoint}/settings/tokens, and set HF_TOKEN to it"
            ),
            (None, _) => format!(
                "the Hub denies access without a token (status {status}): create a token at \
                 {endpoint}/settings/tokens, and set HF_TOKEN to it"
            ),
            (Some(_), "GatedRepo") => format!(
                "access requires that you agree to its terms; the account of the token has not, or \
                 the request is pending: see {page}"
            ),
            (Some(_), _) => format!(
                "the Hub rejects the token (status {status}); valid tokens are listed at \
                 {endpoint}/settings/tokens; set HF_TOKEN or the file `token` in HF_HOME to one"
            ),
        }
    }

    /// The target of a redirect.
    fn follow(&self, from: &Uri, to: &str) -> Result<Uri, HubError> {
        let next = self.parse(to)?;
        let next = match (next.host(), to.starts_with('/')) {
            (Some(_), _) => next,
            (None, true) => {
                let authority = from.authority().map_or("", |authority| authority.as_str());
                self.parse(&format!("{}://{authority}{to}", from.scheme_str().unwrap_or_default()))?
            }
            (None, false) => {
                return Err(self.answer(&from.to_string(), "the redirect has no valid target"));
            }
        };
        match (from.scheme_str(), next.scheme_str()) {
            (Some("https"), Some("https")) | (Some("http"), Some("http" | "https")) => Ok(next),
            _ => Err(self.answer(&from.to_string(), "it redirects to an unencrypted address")),
        }
    }

    fn parse(&self, address: &str) -> Result<Uri, HubError> {
        address.parse().map_err(|_| self.answer(address, "this is not a valid address"))
    }

    fn answer(&self, address: &str, reason: &str) -> HubError {
        // The query may contain a signature that grants access to the file.
        let address = address.split('?').next().unwrap_or_default().to_string();
        HubError::Answer { address, reason: reason.to_string() }
    }

    fn unreachable(&self, reason: String) -> HubError {
        HubError::Unreachable { endpoint: self.settings.endpoint.clone(), reason }
    }
}

/// The value of a header, if it is text.
pub(super) fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

/// Whether two addresses have the same scheme, host and port.
fn is_same_server(a: &Uri, b: &Uri) -> bool {
    let port = |uri: &Uri| {
        let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        uri.port_u16().unwrap_or(usual)
    };
    let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
    (a.scheme_str(), host(a), port(a)) == (b.scheme_str(), host(b), port(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_for_one_server() {
        let is_same = |a: &str, b: &str| is_same_server(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(is_same("https://huggingface.co/a", "https://HuggingFace.co:443"));
        assert!(is_same("http://127.0.0.1:8080/a", "http://127.0.0.1:8080"));
        assert!(!is_same("http://huggingface.co/a", "https://huggingface.co"));
        assert!(!is_same("https://cdn.huggingface.co/a", "https://huggingface.co"));
        assert!(!is_same("https://huggingface.co.evil.org/a", "https://huggingface.co"));
        assert!(!is_same("http://127.0.0.1:8081/a", "http://127.0.0.1:8080"));
        assert!(!is_same("https://huggingface.co@evil.org/a", "https://huggingface.co"));
    }
}
