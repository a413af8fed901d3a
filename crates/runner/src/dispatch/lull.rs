//! Why the runner takes no tasks, said in one line: what n8n's users miss most.

use std::time::Duration;

use tokio::time::Instant;

/// A short pause is nothing to speak of.
const PATIENCE: Duration = Duration::from_secs(2);
/// Being busy is what a runner is for; being busy for long may be a lack of slots.
const PATIENCE_WHILE_BUSY: Duration = Duration::from_secs(10);
/// How often it is said again.
const REPETITION: Duration = Duration::from_secs(60);

/// Why no tasks are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lull {
    /// No connection.
    Disconnected,
    /// A connection over which n8n has not registered the runner.
    Unregistered,
    /// The runner is ending.
    Stopping,
    /// n8n is ending.
    Draining,
    /// The engine cannot run tasks of this type.
    Broken(usize),
    /// This type has no slots.
    NoSlots(usize),
    /// All slots of this type are taken.
    Busy(usize),
}

impl Lull {
    /// Whether the runner does what it should.
    pub(crate) fn is_healthy(self) -> bool {
        matches!(self, Self::Busy(_))
    }

    fn patience(self) -> Duration {
        if self.is_healthy() { PATIENCE_WHILE_BUSY } else { PATIENCE }
    }
}

/// Decides when to speak.
#[derive(Debug, Default)]
pub(super) struct Notice {
    current: Option<(Lull, Instant)>,
    said_at: Option<Instant>,
}

/// What to say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remark {
    /// No tasks are taken for this reason.
    NotTaking(Lull),
    /// They are again.
    Taking,
}

impl Notice {
    /// Takes note of the state; returns what to say about it now.
    pub(super) fn update(&mut self, lull: Option<Lull>, now: Instant) -> Option<Remark> {
        let Some(lull) = lull else {
            self.current = None;
            return self.said_at.take().map(|_| Remark::Taking);
        };
        if self.current.is_none_or(|(known, _)| known != lull) {
            self.current = Some((lull, now));
        }
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        self.said_at = Some(now);
        Some(Remark::NotTaking(lull))
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let (lull, since) = self.current?;
        let first = since + lull.patience();
        Some(match self.said_at {
            Some(said_at) if said_at >= since => said_at + REPETITION,
            _ => first,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_after_a_while_and_then_once_a_minute() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut notice = Notice::default();
        assert_eq!(notice.update(Some(Lull::Disconnected), start), None);
        assert_eq!(notice.deadline(), Some(after(2)));
        assert_eq!(notice.update(Some(Lull::Disconnected), after(2)), Some(Remark::NotTaking(Lull::Disconnected)));
        assert_eq!(notice.update(Some(Lull::Disconnected), after(3)), None);
        assert_eq!(notice.update(Some(Lull::Disconnected), after(62)), Some(Remark::NotTaking(Lull::Disconnected)));
        assert_eq!(notice.update(None, after(63)), Some(Remark::Taking));
        assert_eq!(notice.update(None, after(64)), None);
    }

    #[test]
    fn a_short_pause_and_a_busy_moment_are_not_spoken_of() {
        let start = Instant::now();
        let mut notice = Notice::default();
        notice.update(Some(Lull::Unregistered), start);
        assert_eq!(notice.update(None, start + Duration::from_secs(1)), None);
        notice.update(Some(Lull::Busy(0)), start);
        assert_eq!(notice.update(Some(Lull::Busy(0)), start + Duration::from_secs(9)), None);
        assert!(notice.update(Some(Lull::Busy(0)), start + Duration::from_secs(10)).is_some());
    }

    #[test]
    fn another_reason_is_said_anew() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut notice = Notice::default();
        notice.update(Some(Lull::Disconnected), start);
        notice.update(Some(Lull::Disconnected), after(5));
        assert_eq!(notice.update(Some(Lull::Draining), after(6)), None);
        assert_eq!(notice.update(Some(Lull::Draining), after(8)), Some(Remark::NotTaking(Lull::Draining)));
    }
}
