//! Asking the Hub.

use std::time::Duration;

use ureq::Body;
use ureq::http::{Response, Uri};

use super::cache::repo;
use super::listing::Listing;
use crate::checkpoint::hub::{HubError, ModelId, Settings};

/// More than any model's list of files has.
const MAX_LISTING: u64 = 50_000_000;

/// A file may lie on another server, and that one may know yet another.
const MAX_REDIRECTS: usize = 8;

/// Asks the Hub, and shows the token to it alone.
pub(super) struct Client<'a> {
    settings: &'a Settings,
    agent: ureq::Agent,
}

impl<'a> Client<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        let config = ureq::Agent::config_builder()
            .user_agent(concat!("burn-zoo/", env!("CARGO_PKG_VERSION")))
            // Followed here, so that the token stays with the Hub.
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            // Per read, not for the whole body: a slow line is fine, a dead one is not.
            .timeout_per_read(Some(Duration::from_secs(60)))
            .build();
        Self { settings, agent: ureq::Agent::new_with_config(config) }
    }

    /// The address of a file.
    pub(super) fn file(&self, id: &ModelId, commit: &str, name: &str) -> String {
        format!("{}/{}/resolve/{commit}/{name}", self.settings.endpoint, repo(id).url())
    }

    /// The commit that a revision stands for, and its files.
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
                Err(answer(format!("{commit} was asked for, and {} came", listing.commit)))
            }
            _ => Ok(listing),
        }
    }

    /// Opens an address from a byte on.
    pub(super) fn get(
        &self,
        id: &ModelId,
        address: &str,
        from: u64,
    ) -> Result<Response<Body>, HubError> {
        let mut place = self.parse(address)?;
        for _ in 0..MAX_REDIRECTS {
            // Compressed bytes could neither be counted nor resumed.
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
        Err(self.answer(address, "it sends us on and on"))
    }

    /// What came, if it is the thing.
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
            // A range that does not exist is for the one to judge who asked for it.
            (200 | 206 | 416, _) => Ok(response),
            // A server of files lets in who comes from the Hub, for a while.
            _ if !is_hub => Err(self.unreachable(format!("its files' server says {status}"))),
            (_, "RevisionNotFound") => Err(HubError::NoRevision { id }),
            (_, "RepoNotFound") => Err(HubError::NoModel { id, endpoint }),
            (_, "GatedRepo") | (401 | 403, _) => {
                Err(HubError::Denied { reason: self.denial(&id, (status, code)), id })
            }
            (404, "") => Err(HubError::NoModel { id, endpoint }),
            (429, _) => Err(self.unreachable("it is asked too often; wait a while".into())),
            (500.., _) => Err(self.unreachable(format!("it answers status {status}"))),
            _ => Err(self.answer(&place.to_string(), &format!("status {status} {code}"))),
        }
    }

    /// Why the Hub does not show a model, and what to do.
    fn denial(&self, id: &ModelId, (status, code): (u16, &str)) -> String {
        let endpoint = &self.settings.endpoint;
        let page = format!("{endpoint}/{}", id.name());
        match (&self.settings.token, code) {
            (None, "GatedRepo") => format!(
                "its authors show it to those who agree to its terms: do so at {page}, make a token \
                 at {endpoint}/settings/tokens, and set HF_TOKEN to it"
            ),
            (None, _) => format!(
                "the Hub shows it to those who may see it (status {status}): make a token at \
                 {endpoint}/settings/tokens, and set HF_TOKEN to it"
            ),
            (Some(_), "GatedRepo") => format!(
                "its authors show it to those who agree to its terms, and the account of the token \
                 that was given has not, or waits for an answer: see {page}"
            ),
            (Some(_), _) => format!(
                "the Hub refuses the token that was given (status {status}); \
                 {endpoint}/settings/tokens lists those that hold, HF_TOKEN or the file `token` in \
                 HF_HOME gives one"
            ),
        }
    }

    /// Where an answer sends us.
    fn follow(&self, from: &Uri, to: &str) -> Result<Uri, HubError> {
        let next = self.parse(to)?;
        let next = match (next.host(), to.starts_with('/')) {
            (Some(_), _) => next,
            (None, true) => {
                let authority = from.authority().map_or("", |authority| authority.as_str());
                self.parse(&format!("{}://{authority}{to}", from.scheme_str().unwrap_or_default()))?
            }
            (None, false) => {
                return Err(self.answer(&from.to_string(), "it sends us nowhere"));
            }
        };
        match (from.scheme_str(), next.scheme_str()) {
            (Some("https"), Some("https")) | (Some("http"), Some("http" | "https")) => Ok(next),
            _ => Err(self.answer(&from.to_string(), "it sends us where nothing is encrypted")),
        }
    }

    fn parse(&self, address: &str) -> Result<Uri, HubError> {
        address.parse().map_err(|_| self.answer(address, "this is no address"))
    }

    fn answer(&self, address: &str, reason: &str) -> HubError {
        // What follows the question mark can be a key to the file.
        let address = address.split('?').next().unwrap_or_default().to_string();
        HubError::Answer { address, reason: reason.to_string() }
    }

    fn unreachable(&self, reason: String) -> HubError {
        HubError::Unreachable { endpoint: self.settings.endpoint.clone(), reason }
    }
}

/// A header's text.
pub(super) fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

/// Whether two addresses are of one server: scheme, host and port.
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
