//! How long to wait before a request is sent again, and waiting that can be broken off.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data::Ask;
use data::seed;
use rand::RngExt;

use crate::Settings;

/// The pause after a sample's `failures`th failure, from 1: it doubles from `pause` to `longest_pause`,
/// and half of it is left to chance, so that those who failed together do not come back together.
pub(crate) fn backoff(settings: &Settings, ask: &Ask, failures: u32) -> Duration {
    let doubled = settings.pause * 2f64.powi(failures.min(60) as i32 - 1);
    let most = doubled.min(settings.longest_pause);
    let (sample, failures) = (ask.sample.to_string(), failures.to_string());
    let own = u64::from(std::process::id());
    let mut chance = seed::stream(own, &["pause", &ask.id, &sample, &failures]);
    Duration::from_secs_f64(most * chance.random_range(0.5..=1.0))
}

/// The pause that a server asks for: seconds, or a time as HTTP writes it (RFC 9110, 10.2.3).
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let now = now.duration_since(UNIX_EPOCH).ok()?;
    Some(date(header)?.saturating_sub(now))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` since 1970.
fn date(text: &str) -> Option<Duration> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let rest = text.split_once(", ")?.1.strip_suffix(" GMT")?;
    let mut words = rest.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next().filter(|name| name.len() == 3)?;
    let month = MONTHS.find(name).filter(|at| at % 3 == 0)? as u64 / 3 + 1;
    let year: u64 = words
        .next()?
        .parse()
        .ok()
        .filter(|y| (1970..10_000).contains(y))?;
    let mut clock = words
        .next()?
        .split(':')
        .map(|part| part.parse::<u64>().ok());
    let (h, m, s) = (clock.next()??, clock.next()??, clock.next()??);
    // Years from March on, so that the leap day comes last.
    let (y, shifted) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day;
    let since = days.checked_sub(719_469)?;
    Some(Duration::from_secs(since * 86_400 + h * 3600 + m * 60 + s))
}

/// A bell that ends every wait of a call at once.
#[derive(Debug, Default)]
pub(crate) struct Halt {
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Halt {
    /// Ends all waiting.
    pub(crate) fn ring(&self) {
        *self.rung() = true;
        self.bell.notify_all();
    }

    /// Whether it has been rung.
    pub(crate) fn is_rung(&self) -> bool {
        *self.rung()
    }

    /// Waits; true where the bell ended it.
    pub(crate) fn wait(&self, pause: Duration) -> bool {
        let waited = self
            .bell
            .wait_timeout_while(self.rung(), pause, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn rung(&self) -> MutexGuard<'_, bool> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_a_limit_and_half_is_chance() {
        let mut settings = Settings::new("http://a", "m");
        (settings.pause, settings.longest_pause) = (1.0, 5.0);
        let pause = |sample, failures| {
            let id = "a".to_owned();
            let ask = Ask {
                id,
                sample,
                messages: vec![],
            };
            backoff(&settings, &ask, failures).as_secs_f64()
        };
        for (failures, most) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (100, 5.0)] {
            let pause = pause(0, failures);
            assert!((most / 2.0..=most).contains(&pause), "{failures}: {pause}");
        }
        assert_ne!(pause(0, 1), pause(1, 1));
    }

    #[test]
    fn a_server_names_seconds_or_a_time() {
        // RFC 9110's example is 784,111,777 seconds after 1970; 29 Feb 2024 noon is 1,709,208,000.
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let wait = |header: &str, now| retry_after(header, at(now)).map(|wait| wait.as_secs());
        assert_eq!(wait(" 120 ", 0), Some(120));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_770), Some(7));
        assert_eq!(
            wait("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_207_999),
            Some(1)
        );
        assert_eq!(
            wait("Thu, 29 Feb 2024 12:00:00 GMT", 1_800_000_000),
            Some(0)
        );
        for nonsense in [
            "",
            "soon",
            "-1",
            "Sun, 06 Nov",
            "Sun, 06 ovD 1994 08:49:37 GMT",
        ] {
            assert_eq!(wait(nonsense, 0), None, "{nonsense}");
        }
    }

    #[test]
    fn a_bell_ends_waiting() {
        let halt = Halt::default();
        assert!(!halt.wait(Duration::from_millis(1)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| halt.wait(Duration::from_secs(60)));
            halt.ring();
            assert!(waiting.join().unwrap());
        });
        assert!(halt.is_rung());
    }
}
