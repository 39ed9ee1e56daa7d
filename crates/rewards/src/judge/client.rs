//! Asking over the network.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::config::JudgeConfig;
use super::http::Connector;

/// How long after a failure a request is sent again the first time.
const PAUSE: Duration = Duration::from_millis(500);

/// Whom to ask, and how often.
#[derive(Debug, Clone)]
pub(super) struct Client {
    connector: Connector,
    timeout: Duration,
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
        Self {
            connector: Connector::default(),
            timeout: Duration::try_from_secs_f64(config.timeout).unwrap_or(Duration::MAX),
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
        let url = self.config.endpoint();
        let reply = self
            .connector
            .post(&url, key, body, self.timeout)
            .map_err(|error| Failed {
                again: error.kind() != std::io::ErrorKind::InvalidInput,
                reason: format!("cannot be reached: {error}"),
            })?;
        if (200..300).contains(&reply.status) {
            return Ok(reply.body);
        }
        let said: String = reply.body.chars().take(200).collect();
        Err(Failed {
            reason: format!("answered with status {}: {}", reply.status, said.trim()),
            again: reply.status >= 500 || matches!(reply.status, 408 | 429),
        })
    }
}
