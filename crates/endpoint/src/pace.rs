//! How many requests and tokens go out in a minute, and pauses that a server asks of all.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What went out in the last minute.
#[derive(Debug)]
pub(crate) struct Pace {
    requests: Option<usize>,
    tokens: Option<u64>,
    /// How long a minute is; tests have short ones.
    minute: Duration,
    sent: VecDeque<Sent>,
    next: u64,
    /// Nothing goes out before.
    held: Option<Instant>,
}

#[derive(Debug)]
struct Sent {
    number: u64,
    at: Instant,
    tokens: u64,
}

impl Pace {
    pub(crate) fn new(requests: Option<usize>, tokens: Option<u64>, minute: Duration) -> Self {
        Self {
            requests,
            tokens,
            minute,
            sent: VecDeque::new(),
            next: 0,
            held: None,
        }
    }

    /// Lets a request of at most `tokens` tokens go out, under a number. One above the limit of a minute
    /// goes out alone.
    ///
    /// # Errors
    /// How long to wait before trying again.
    pub(crate) fn admit(&mut self, now: Instant, tokens: u64) -> Result<u64, Duration> {
        if let Some(held) = self.held.filter(|held| *held > now) {
            return Err(held - now);
        }
        let old = |sent: &Sent| now.duration_since(sent.at) >= self.minute;
        while self.sent.front().is_some_and(old) {
            self.sent.pop_front();
        }
        if self.requests.is_none() && self.tokens.is_none() {
            return Ok(0);
        }
        let full = self.requests.is_some_and(|most| self.sent.len() >= most);
        let used: u64 = self.sent.iter().map(|sent| sent.tokens).sum();
        let heavy = self.tokens.is_some_and(|most| used + tokens > most);
        match self.sent.front() {
            Some(first) if full || heavy => Err(first.at + self.minute - now),
            _ => {
                self.next += 1;
                let number = self.next;
                let at = now;
                self.sent.push_back(Sent { number, at, tokens });
                Ok(number)
            }
        }
    }

    /// Says how many tokens a request took.
    pub(crate) fn took(&mut self, number: u64, tokens: u64) {
        if let Some(sent) = self.sent.iter_mut().find(|sent| sent.number == number) {
            sent.tokens = tokens;
        }
    }

    /// Lets nothing out before.
    pub(crate) fn hold(&mut self, until: Instant) {
        self.held = self.held.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_minute_takes_so_many_requests() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(2), None, 60 * SECOND);
        assert!(pace.admit(start, 9).is_ok());
        assert!(pace.admit(start + 10 * SECOND, 9).is_ok());
        assert_eq!(pace.admit(start + 20 * SECOND, 9), Err(40 * SECOND));
        assert!(pace.admit(start + 60 * SECOND, 9).is_ok());
        assert_eq!(pace.admit(start + 60 * SECOND, 9), Err(10 * SECOND));
    }

    #[test]
    fn a_minute_takes_so_many_tokens() {
        let start = Instant::now();
        let mut pace = Pace::new(None, Some(100), 60 * SECOND);
        let first = pace.admit(start, 80).unwrap();
        assert_eq!(pace.admit(start, 30), Err(60 * SECOND));
        // It took only 70: 30 are left.
        pace.took(first, 70);
        assert!(pace.admit(start, 30).is_ok());
        assert!(pace.admit(start, 1).is_err());
        // More than a minute's worth goes alone.
        assert!(pace.admit(start + 60 * SECOND, 500).is_ok());
        assert!(pace.admit(start + 61 * SECOND, 1).is_err());
    }

    #[test]
    fn a_pause_holds_for_all() {
        let start = Instant::now();
        let mut pace = Pace::new(None, None, 60 * SECOND);
        pace.hold(start + 5 * SECOND);
        pace.hold(start + 3 * SECOND);
        assert_eq!(pace.admit(start, 1), Err(5 * SECOND));
        assert!(pace.admit(start + 5 * SECOND, 1).is_ok());
    }
}
