//! Asking over the network.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use super::config::JudgeConfig;

/// Longer replies are not read, in bytes.
const LONGEST_REPLY: u64 = 1 << 20;

/// How long after a failure a request is sent again the first time.
const PAUSE: Duration = Duration::from_millis(500);

/// A connection to a judge, kept open between requests.
#[derive(Debug, Clone)]
pub(super) struct Client {
    agent: Agent,
    config: JudgeConfig,
    pub(super) pause: Duration,
}

/// Why a request failed, and whether another may not.
struct Failed {
    reason: String,
    again: bool,
}

impl Client {
    pub(super) fn new(config: &JudgeConfig) -> Self {
        let timeout = Duration::try_from_secs_f64(config.timeout).unwrap_or(Duration::MAX);
        let settings = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false);
        Self {
            agent: settings.build().into(),
            config: config.clone(),
            pause: PAUSE,
        }
    }

    /// The body of the reply to `messages`. Failures that may pass (no connection, no reply in time,
    /// status 408, 429 and 5xx) are tried again.
    ///
    /// # Errors
    /// Why there is none, in words that go on after the judge's name.
    pub(super) fn ask(&self, messages: &Value) -> Result<String, String> {
        let key = self.key()?;
        let body = json!({
            "model": self.config.model,
            "messages": messages,
            "temperature": 0,
        });
        let body = body.to_string();
        let mut pause = self.pause;
        let mut tries = 1;
        loop {
            match self.request(&body, key.as_deref()) {
                Ok(reply) => return Ok(reply),
                Err(failed) if !failed.again => return Err(failed.reason),
                Err(failed) if tries > self.config.retries => {
                    return Err(match tries {
                        1 => failed.reason,
                        tries => format!("{}, after {tries} tries", failed.reason),
                    });
                }
                Err(_) => {}
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2);
            tries += 1;
        }
    }

    fn key(&self) -> Result<Option<String>, String> {
        match self.config.key.as_str() {
            "" => Ok(None),
            name => std::env::var(name)
                .map(Some)
                .map_err(|_| format!("needs a key: set the environment variable {name}")),
        }
    }

    fn request(&self, body: &str, key: Option<&str>) -> Result<String, Failed> {
        let failed = |error: ureq::Error| Failed {
            again: !matches!(error, ureq::Error::BadUri(_)),
            reason: format!("cannot be reached: {error}"),
        };
        let mut request = self
            .agent
            .post(self.config.endpoint())
            .header("Content-Type", "application/json");
        if let Some(key) = key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut response = request.send(body).map_err(failed)?;
        let status = response.status();
        let limited = response.body_mut().with_config().limit(LONGEST_REPLY);
        let text = limited.read_to_string();
        if status.is_success() {
            return text.map_err(failed);
        }
        let said: String = text.unwrap_or_default().chars().take(200).collect();
        Err(Failed {
            reason: format!("answered with status {status} {}", said.trim()),
            again: status.is_server_error() || matches!(status.as_u16(), 408 | 429),
        })
    }
}
