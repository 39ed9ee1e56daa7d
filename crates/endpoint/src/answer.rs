//! Many samples at a time: a thread for each request under way, replies in the order they come.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use data::{Answers, Ask, Reply, Unanswered};

use crate::budget::{Budget, Funds};
use crate::client::{Client, Failed, Outcome};
use crate::pace::Pace;
use crate::pause::{Halt, backoff};
use crate::request::{body, most_prompt_tokens};
use crate::{EndpointError, Settings};

/// How often those who wait for money look again.
const LOOK: Duration = Duration::from_millis(20);

/// So many samples without a reply in a row, more than are under way at once, mean that the server
/// is down.
const DOWN: usize = 16;

/// A model behind a server. Pace and budget hold over all calls.
pub struct Endpoint {
    settings: Settings,
    client: Client,
    pace: Mutex<Pace>,
    budget: Mutex<Budget>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// The model that `settings` describes, with the key of the environment. It is not asked anything
    /// yet.
    ///
    /// # Errors
    /// When a setting makes no sense, or its variable holds no key.
    pub fn new(settings: &Settings) -> Result<Self, EndpointError> {
        settings.validate()?;
        let held = |variable: &str| std::env::var(variable).ok();
        let key = match settings.key.as_str() {
            "" => None,
            variable => {
                let key = held(variable).map(|key| key.trim().to_owned());
                let sendable =
                    |key: &String| !key.is_empty() && key.chars().all(|c| c.is_ascii_graphic());
                let none = || EndpointError::NoKey {
                    variable: variable.to_owned(),
                };
                Some(key.filter(sendable).ok_or_else(none)?)
            }
        };
        Ok(Self::with(settings, key, Duration::from_secs(60)))
    }

    pub(crate) fn with(settings: &Settings, key: Option<String>, minute: Duration) -> Self {
        let (requests, tokens) = (settings.requests_per_minute, settings.tokens_per_minute);
        Self {
            client: Client::new(settings, key),
            pace: Mutex::new(Pace::new(requests, tokens, minute)),
            budget: Mutex::new(Budget::new(settings)),
            settings: settings.clone(),
        }
    }

    /// What was spent, in the currency of the prices. A request that may have been charged without a
    /// reply counts as the most it could cost.
    pub fn spent(&self) -> f64 {
        lock(&self.budget).spent()
    }

    /// Counts tokens paid for before, as those of a journal.
    pub fn charge(&self, prompt_tokens: u64, tokens: u64) {
        let mut budget = lock(&self.budget);
        let cost = budget.cost(prompt_tokens, tokens);
        budget.add(cost);
    }

    /// Asks until there is a reply or no hope of one; nothing where the call was ended meanwhile.
    fn ask(&self, ask: &Ask, halt: &Halt) -> Option<Result<Reply, Lost>> {
        let text = body(&self.settings, ask).to_string();
        let prompt = most_prompt_tokens(ask);
        let most = (prompt, self.settings.max_tokens);
        for failures in 1.. {
            let (outcome, pause) = match self.once(&text, most, halt)? {
                Outcome::Reply(reply, _) => return Some(Ok(reply)),
                Outcome::Never(reason) => return Some(Err(Lost::One(reason))),
                Outcome::Stop(error) => return Some(Err(Lost::All(error))),
                Outcome::Again(Failed { reason, pause, .. }) => (reason, pause),
            };
            if failures > self.settings.retries {
                let reason = match failures {
                    1 => outcome,
                    tries => format!("{outcome}, after {tries} tries"),
                };
                return Some(Err(Lost::Silent(reason)));
            }
            let longest = self.settings.longest_pause;
            let own = backoff(&self.settings, ask, failures);
            if let Some(asked) = pause {
                if asked.as_secs_f64() > longest {
                    return Some(Err(Lost::All(EndpointError::Wait {
                        url: self.client.url().to_owned(),
                        seconds: asked.as_secs_f64(),
                        longest,
                    })));
                }
                lock(&self.pace).hold(Instant::now() + asked);
            }
            if halt.wait(own) {
                return None;
            }
        }
        unreachable!("tries end")
    }

    /// Sends one request when pace and budget allow it.
    fn once(&self, text: &str, most: (u64, u64), halt: &Halt) -> Option<Outcome> {
        let (prompt, completion) = most;
        let worst = lock(&self.budget).cost(prompt, completion);
        loop {
            if halt.is_rung() {
                return None;
            }
            let funds = lock(&self.budget).reserve(worst);
            match funds {
                Err(error) => return Some(Outcome::Stop(error)),
                Ok(Funds::Reserved) => break,
                Ok(Funds::Later) => _ = halt.wait(LOOK),
            }
        }
        let number = loop {
            let admitted = lock(&self.pace).admit(Instant::now(), prompt + completion);
            match admitted {
                Ok(number) => break number,
                Err(pause) if halt.wait(pause) => {
                    lock(&self.budget).settle(worst, 0.0);
                    return None;
                }
                Err(_) => {}
            }
        };
        let outcome = self.client.send(text);
        let took = match &outcome {
            Outcome::Reply(reply, true) => (reply.prompt_tokens as u64, reply.tokens as u64),
            Outcome::Reply(_, false) | Outcome::Never(_) => most,
            Outcome::Again(failed) if failed.paid => most,
            Outcome::Again(_) | Outcome::Stop(_) => (0, 0),
        };
        lock(&self.pace).took(number, took.0 + took.1);
        let mut budget = lock(&self.budget);
        let cost = budget.cost(took.0, took.1);
        budget.settle(worst, cost);
        Some(outcome)
    }
}

/// Why there is no reply.
enum Lost {
    /// To this sample.
    One(String),
    /// To this sample, because nothing came; others may fare alike.
    Silent(String),
    /// To any.
    All(EndpointError),
}

type Answer = (Ask, Result<Reply, Unanswered>);

/// What the threads of one call share.
struct Call<'a> {
    asks: Mutex<&'a mut (dyn Iterator<Item = Ask> + Send)>,
    halt: Halt,
    error: Mutex<Option<EndpointError>>,
    /// Samples in a row to which nothing came.
    silent: Mutex<usize>,
}

impl Call<'_> {
    fn next(&self) -> Option<Ask> {
        let mut asks = lock(&self.asks);
        match self.halt.is_rung() {
            true => None,
            false => asks.next(),
        }
    }

    fn stop(&self, error: EndpointError) {
        lock(&self.error).get_or_insert(error);
        self.halt.ring();
    }
}

impl Endpoint {
    /// Asks one sample after the other.
    fn work(&self, call: &Call<'_>, replies: &SyncSender<Answer>) {
        while let Some(ask) = call.next() {
            let Some(outcome) = self.ask(&ask, &call.halt) else {
                return;
            };
            let silent = matches!(&outcome, Err(Lost::Silent(_)));
            let in_a_row = {
                let mut count = lock(&call.silent);
                *count = if silent { *count + 1 } else { 0 };
                *count
            };
            let reply = match outcome {
                Ok(reply) => Ok(reply),
                Err(Lost::All(error)) => return call.stop(error),
                Err(Lost::One(reason) | Lost::Silent(reason)) => {
                    if in_a_row >= DOWN + self.settings.concurrency {
                        call.stop(EndpointError::Down {
                            url: self.client.url().to_owned(),
                            samples: in_a_row,
                            reason: reason.clone(),
                        });
                    }
                    Err(Unanswered {
                        id: ask.id.clone(),
                        sample: ask.sample,
                        reason: format!("the server {reason}"),
                    })
                }
            };
            if replies.send((ask, reply)).is_err() {
                return;
            }
        }
    }
}

impl Answers for Endpoint {
    /// As [`Answers::answer`]: replies come in the order in which the server gives them. After an error,
    /// and after `each` breaks, the requests under way are waited for and their replies given: they are
    /// paid for.
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let call = Call {
            asks: Mutex::new(asks),
            halt: Halt::default(),
            error: Mutex::new(None),
            silent: Mutex::new(0),
        };
        let concurrency = self.settings.concurrency;
        thread::scope(|scope| {
            let (replies, came) = sync_channel(concurrency);
            for _ in 0..concurrency {
                let (call, replies) = (&call, replies.clone());
                scope.spawn(move || self.work(call, &replies));
            }
            drop(replies);
            for (ask, reply) in came {
                if each(ask, reply).is_break() {
                    call.halt.ring();
                }
            }
        });
        let error = lock(&call.error).take();
        error.map_or(Ok(()), |error| Err(error.into()))
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
