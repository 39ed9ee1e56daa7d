//! Asking over the network.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::{Agent, Error};

use super::config::JudgeConfig;

/// How long after a failure a request is sent again the first time.
const PAUSE: Duration = Duration::from_millis(500);

/// Longer replies are not read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Whom to ask, and how often.
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
        Self {
            agent: Agent::config_builder()
                .timeout_global(Duration::try_from_secs_f64(config.timeout).ok())
                .http_status_as_error(false)
                .max_redirects(0)
                .build()
                .into(),
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
        let mut request = self
            .agent
            .post(self.config.endpoint())
            .content_type("application/json");
        if let Some(key) = key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let unreachable = |error: Error| Failed {
            again: !matches!(error, Error::BadUri(_) | Error::Http(_)),
            reason: format!("cannot be reached: {error}"),
        };
        let mut reply = request.send(body).map_err(unreachable)?;
        let status = reply.status();
        let body = reply.body_mut().with_config().limit(LONGEST);
        let body = body.read_to_string().map_err(unreachable)?;
        if status.is_success() {
            return Ok(body);
        }
        let said: String = body.chars().take(200).collect();
        Err(Failed {
            reason: format!("answered with status {}: {}", status.as_u16(), said.trim()),
            again: status.is_server_error() || matches!(status.as_u16(), 408 | 429),
        })
    }
}
