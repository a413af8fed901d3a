//! When to try again.

use std::time::Duration;

use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A connection that lived this long was not part of a row of failures.
const SOUND_CONNECTION: Duration = Duration::from_secs(30);

/// Growing pauses between attempts to connect.
///
/// Every pause is shortened by chance, up to half: n8n admits five runners per second, and after a restart of n8n all
/// runners come at once.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    registered_at: Option<Instant>,
}

impl Backoff {
    /// The runner was registered.
    pub(crate) fn registered(&mut self, now: Instant) {
        self.registered_at = Some(now);
    }

    /// The pause after one more failure, or after the end of a connection.
    ///
    /// A connection that ends as soon as it is made counts as a failure too: two runners with one name would otherwise
    /// push each other out as fast as they can.
    pub(crate) fn next_pause(&mut self, now: Instant) -> Duration {
        if self.registered_at.take().is_some_and(|since| now.duration_since(since) >= SOUND_CONNECTION) {
            self.failures = 0;
        }
        let pause = (FIRST_PAUSE * 2_u32.pow(self.failures.min(10))).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        pause.mul_f64(0.5 + 0.5 * fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_vary() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        for longest in [500, 1000, 2000, 4000, 8000, 10_000, 10_000] {
            let pause = backoff.next_pause(now).as_millis();
            assert!((longest / 2..=longest).contains(&pause), "{pause} is not within {longest}");
        }
    }

    #[test]
    fn only_a_connection_that_lasted_starts_the_row_again() {
        let start = Instant::now();
        let mut backoff = Backoff::default();
        for _ in 0..4 {
            backoff.next_pause(start);
        }
        backoff.registered(start);
        assert!(backoff.next_pause(start + Duration::from_secs(1)) >= Duration::from_secs(4));
        backoff.registered(start);
        assert!(backoff.next_pause(start + SOUND_CONNECTION) <= FIRST_PAUSE);
    }
}
