//! One request, and what its failure means.

use std::time::{Duration, SystemTime};

use data::Reply;
use ureq::http::StatusCode;
use ureq::{Agent, Timeout};

use crate::pause::retry_after;
use crate::reply::{Said, read, short};
use crate::{EndpointError, Settings};

/// Longer replies are not read, in bytes.
const LONGEST: u64 = 64 << 20;

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A reply, and whether the server said what it took.
    Reply(Reply, bool),
    /// None for this sample.
    Never(String),
    /// None, but another request may have one.
    Again(Failed),
    /// None for any sample.
    Stop(EndpointError),
}

/// A failure that may pass.
#[derive(Debug)]
pub(crate) struct Failed {
    /// In words that go on after "the server".
    pub(crate) reason: String,
    /// The pause that the server asks for.
    pub(crate) pause: Option<Duration>,
    /// Whether the server may have done the work, and charge for it.
    pub(crate) paid: bool,
}

/// Whom to ask.
pub(crate) struct Client {
    agent: Agent,
    url: String,
    model: String,
    variable: String,
    /// Sent to the server and never shown.
    key: Option<String>,
}

impl Client {
    pub(crate) fn new(settings: &Settings, key: Option<String>) -> Self {
        Self {
            agent: Agent::config_builder()
                .timeout_global(Duration::try_from_secs_f64(settings.timeout).ok())
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .max_idle_connections_per_host(settings.concurrency)
                .max_idle_connections(settings.concurrency)
                .build()
                .into(),
            url: settings.endpoint(),
            model: settings.model.clone(),
            variable: settings.key.clone(),
            key,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sends `body` once.
    pub(crate) fn send(&self, body: &str) -> Outcome {
        let mut request = self.agent.post(&self.url).content_type("application/json");
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut reply = match request.send(body) {
            Ok(reply) => reply,
            Err(error) => return Outcome::Again(self.unreached(&error)),
        };
        let status = reply.status();
        let header = reply.headers().get("retry-after");
        let header = header.and_then(|value| value.to_str().ok());
        let pause = header.and_then(|value| retry_after(value, SystemTime::now()));
        let moved = reply.headers().get("location");
        let moved = moved.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let text = reply
            .body_mut()
            .with_config()
            .limit(LONGEST)
            .read_to_string();
        let text = match (text, status.is_success()) {
            (Ok(text), _) => text,
            (Err(_), false) => String::new(),
            (Err(error), true) => {
                let reason = self.hide(&format!("broke off its reply ({error})"));
                let (pause, paid) = (None, true);
                return Outcome::Again(Failed {
                    reason,
                    pause,
                    paid,
                });
            }
        };
        if !status.is_success() {
            let text = moved.map_or(text, |to| format!("moved to {to}"));
            return self.refused(status, &text, pause);
        }
        match read(&text) {
            Said::Reply(reply, known) => Outcome::Reply(reply, known),
            Said::Never(reason) => Outcome::Never(self.hide(&reason)),
            Said::Again(reason) => Outcome::Again(Failed {
                reason: self.hide(&reason),
                pause: None,
                paid: true,
            }),
        }
    }

    fn unreached(&self, error: &ureq::Error) -> Failed {
        use ureq::Error::{ConnectionFailed, HostNotFound, Io, Rustls, Tls};
        let refused =
            |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
        // The request did not go out.
        let unsent = match error {
            ConnectionFailed | HostNotFound | Tls(_) | Rustls(_) => true,
            ureq::Error::Timeout(at) => matches!(at, Timeout::Connect | Timeout::Resolve),
            Io(error) => refused(error),
            _ => false,
        };
        Failed {
            reason: self.hide(&format!("cannot be reached ({error})")),
            pause: None,
            paid: !unsent,
        }
    }

    fn refused(&self, status: StatusCode, text: &str, pause: Option<Duration>) -> Outcome {
        let said = self.hide(&short(&message(text)));
        let url = self.url.clone();
        let code = status.as_u16();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let again = |paid| {
            let reason = format!("answered with status {code} ({said})");
            Outcome::Again(Failed {
                reason,
                pause,
                paid,
            })
        };
        let status = code;
        Outcome::Stop(match code {
            402 => EndpointError::Unpaid { url, status, said },
            429 if says(&["insufficient_quota"]) => EndpointError::Unpaid { url, status, said },
            408 | 425 | 429 | 500..600 => return again(code == 504),
            401 | 403 => EndpointError::Refused {
                url,
                status,
                said,
                variable: match &*self.variable {
                    "" => "the variable that `key` names (none now)".to_owned(),
                    name => name.to_owned(),
                },
            },
            400 | 413 | 422 if code == 413 || says(&ONE_SAMPLE) => {
                return Outcome::Never(format!("refuses this prompt, status {code} ({said})"));
            }
            _ if code == 404 || code == 400 && says(&["model_not_found", "Model Not Exist"]) => {
                EndpointError::NotFound {
                    url,
                    model: self.model.clone(),
                    status,
                    said,
                }
            }
            _ => EndpointError::Request { url, status, said },
        })
    }

    /// A text without the key.
    fn hide(&self, text: &str) -> String {
        match self.key.as_deref().filter(|key| !key.is_empty()) {
            Some(key) => text.replace(key, "…"),
            None => text.to_owned(),
        }
    }
}

/// What servers say when it is the prompt that they do not take, and not the settings.
const ONE_SAMPLE: [&str; 5] = [
    "context_length_exceeded",
    "maximum context length",
    "context window",
    "content_filter",
    "Content Exists Risk",
];

/// The message of an error's body, or all of it.
fn message(text: &str) -> String {
    let body: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let said = body.as_ref().and_then(|body| {
        let error = &body["error"];
        let texts = [&error["message"], error, &body["message"], &body["detail"]];
        texts.into_iter().find_map(|text| text.as_str())
    });
    said.unwrap_or(text).to_owned()
}
