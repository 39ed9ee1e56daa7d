//! What is asked of the hub over HTTP: a list of files, what one file is, and its bytes.
//!
//! Redirections are followed here, so that the token goes to the hub and nowhere else.

use serde::Deserialize;
use ureq::Body;
use ureq::http::{Response, header};

use super::name::Repo;
use super::{Hub, HubError};

/// Redirections that are followed.
const HOPS: usize = 6;

/// The files of a repository.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
    /// The commit.
    pub(super) sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Debug, Deserialize)]
struct Sibling {
    rfilename: String,
}

/// What the hub says of a file before it is downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    /// Its name in the cache: a SHA-256 for large files, Git's number for others.
    pub(super) etag: String,
    /// Its bytes, where the hub says.
    pub(super) size: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Head,
    Get { from: u64 },
}

impl Listing {
    /// The files' paths; those that lead out of their folder are not taken.
    pub(super) fn files(&self) -> Vec<String> {
        let sane = |path: &String| {
            let mut steps = path.split('/');
            steps.all(|step| !["", ".", ".."].contains(&step)) && !path.contains(['\\', '\0'])
        };
        let names = self.siblings.iter().map(|file| file.rfilename.clone());
        names.filter(sane).collect()
    }
}

impl Hub {
    /// The files of a repository at its revision.
    pub(super) fn list(&self, repo: &Repo) -> Result<Listing, HubError> {
        let url = format!("{}{}", self.settings.endpoint, repo.listing());
        let mut response = self.ask(&url, Method::Get { from: 0 })?;
        let answer = |reason: String| HubError::Answer {
            url: url.clone(),
            reason,
        };
        // Lists of repositories with many files are long.
        let body = response.body_mut().with_config().limit(256 << 20);
        let text = body.read_to_string().map_err(|e| answer(e.to_string()))?;
        let listing: Listing = serde_json::from_str(&text)
            .map_err(|error| answer(format!("no list of files ({error})")))?;
        match super::name::is_hex(&listing.sha, 40) {
            true => Ok(listing),
            false => Err(answer(format!("the commit `{}`", listing.sha))),
        }
    }

    /// What the hub says of a file.
    pub(super) fn meta(&self, url: &str) -> Result<Meta, HubError> {
        let response = self.ask(url, Method::Head)?;
        let text = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let etag = text("x-linked-etag").or_else(|| text("etag"));
        let etag = etag.map(|etag| etag.trim_start_matches("W/").trim_matches('"').to_owned());
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let named = |etag: &String| !etag.is_empty() && etag.chars().all(allowed);
        let etag = etag.filter(named).ok_or_else(|| HubError::Answer {
            url: url.to_owned(),
            reason: "without saying which version it is (ETag)".to_owned(),
        })?;
        let size = text("x-linked-size").or_else(|| text("content-length"));
        let size = size.and_then(|size| size.parse().ok());
        Ok(Meta { etag, size })
    }

    /// A file's bytes from a place on; from its beginning where the hub cannot do otherwise.
    pub(super) fn bytes(&self, url: &str, from: u64) -> Result<(Response<Body>, u64), HubError> {
        let response = self.ask(url, Method::Get { from })?;
        let partial = response.status().as_u16() == 206;
        Ok((response, if partial { from } else { 0 }))
    }

    fn ask(&self, url: &str, method: Method) -> Result<Response<Body>, HubError> {
        let mut at = url.to_owned();
        for _ in 0..HOPS {
            let response = self.send(&at, method).map_err(|error| HubError::Network {
                url: at.clone(),
                reason: error.to_string(),
                cache: self.settings.cache.clone(),
            })?;
            let status = response.status().as_u16();
            if !(300..400).contains(&status) {
                return accept(response, &at);
            }
            // A large file is described by the hub itself, before it sends one on to a store.
            if method == Method::Head && response.headers().contains_key("x-linked-etag") {
                return Ok(response);
            }
            let next = response.headers().get(header::LOCATION);
            let next = next.and_then(|next| resolve(&at, next.to_str().ok()?));
            at = next.ok_or_else(|| HubError::Answer {
                url: at,
                reason: format!("status {status} without a place to go"),
            })?;
        }
        Err(HubError::Answer {
            url: url.to_owned(),
            reason: format!("with more than {HOPS} redirections"),
        })
    }

    fn send(&self, url: &str, method: Method) -> Result<Response<Body>, ureq::Error> {
        let request = match method {
            Method::Head => self.agent.head(url),
            Method::Get { from: 0 } => self.agent.get(url),
            Method::Get { from } => self
                .agent
                .get(url)
                .header("range", format!("bytes={from}-")),
        };
        let request = request.header("accept-encoding", "identity");
        match &self.settings.token {
            Some(token) if origin(url) == origin(&self.settings.endpoint) => request
                .header("authorization", format!("Bearer {token}"))
                .call(),
            _ => request.call(),
        }
    }
}

/// A response that is what was asked for.
fn accept(response: Response<Body>, url: &str) -> Result<Response<Body>, HubError> {
    let url = url.split('?').next().unwrap_or(url).to_owned();
    match response.status().as_u16() {
        200..300 => Ok(response),
        404 => Err(HubError::NotFound { url }),
        status @ (401 | 403) => Err(HubError::Refused { url, status }),
        status => Err(HubError::Answer {
            url,
            reason: format!("status {status}"),
        }),
    }
}

/// Scheme and host of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}

/// Where a redirection leads; never from an encrypted connection to one that is not.
fn resolve(from: &str, to: &str) -> Option<String> {
    if to.starts_with('/') && !to.starts_with("//") {
        return Some(format!("{}{to}", origin(from)));
    }
    let plain = to.starts_with("http://") && !from.starts_with("https://");
    (to.starts_with("https://") || plain).then(|| to.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections_stay_safe() {
        let from = "https://hub.co/a/b";
        assert_eq!(resolve(from, "/c").as_deref(), Some("https://hub.co/c"));
        assert_eq!(
            resolve(from, "https://cdn/x").as_deref(),
            Some("https://cdn/x")
        );
        assert_eq!(resolve(from, "http://cdn/x"), None);
        assert_eq!(resolve(from, "//cdn/x"), None);
        assert_ne!(origin("https://hub.co.evil/a"), origin(from));
        assert_eq!(origin("https://hub.co"), origin(from));
    }

    #[test]
    fn paths_that_lead_out_are_not_taken() {
        let siblings = ["a/b.json", "../x", "/etc/x", "a//b", "a/./b", "a\\b"];
        let siblings = siblings.map(|name| Sibling {
            rfilename: name.to_owned(),
        });
        let listing = Listing {
            sha: String::new(),
            siblings: siblings.into(),
        };
        assert_eq!(listing.files(), ["a/b.json"]);
    }
}
