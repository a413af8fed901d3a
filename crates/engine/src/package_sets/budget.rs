//! Which idle package set is stopped when there are too many.

use std::sync::Arc;

use super::set_pool::{SetPool, Weight};

/// How much of named package sets may run at the same time.
///
/// Tasks go first: as long as all are in use, there may be more, and the first one to be idle is stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Pools: each language of a set counts.
    pub(crate) maximum: usize,
    /// Proportional memory of all of them together.
    pub(crate) bytes: u64,
}

impl Budget {
    /// Stops the idle ones that were used longest ago, until no more are too many.
    pub(super) fn keep<'sets>(self, sets: impl Iterator<Item = &'sets Arc<SetPool>>) {
        let mut running: Vec<_> = sets.filter_map(|of| Some((of, of.weight()?))).collect();
        while let Some(index) = self.superfluous(running.iter().map(|(_, weight)| weight)) {
            running.swap_remove(index).0.stop_if_idle();
        }
    }

    /// The place of the one to be stopped, if one has to be and can be.
    fn superfluous<'weights>(self, running: impl Iterator<Item = &'weights Weight> + Clone) -> Option<usize> {
        let bytes = running.clone().fold(0_u64, |sum, weight| sum.saturating_add(weight.bytes));
        if running.clone().count() <= self.maximum && bytes <= self.bytes {
            return None;
        }
        let idle = running.enumerate().filter(|(_, weight)| weight.is_idle);
        idle.min_by_key(|(_, weight)| weight.used).map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// The places of those that are stopped, each as megabytes, whether it is idle, and seconds since its last use.
    fn stopped(budget: Budget, running: &[(u64, bool, u64)]) -> Vec<usize> {
        let now = Instant::now();
        let weight = |&(bytes, is_idle, age): &(u64, bool, u64)| Weight {
            bytes,
            is_idle,
            used: now.checked_sub(Duration::from_secs(age)).unwrap(),
        };
        let mut left: Vec<(usize, Weight)> = running.iter().map(weight).enumerate().collect();
        let mut stopped = Vec::new();
        while let Some(index) = budget.superfluous(left.iter().map(|(_, weight)| weight)) {
            stopped.push(left.remove(index).0);
        }
        stopped
    }

    #[test]
    fn the_longest_idle_go_first() {
        let budget = Budget { maximum: 2, bytes: 100 };
        assert_eq!(stopped(budget, &[(50, true, 9), (50, true, 1)]), Vec::<usize>::new());
        assert_eq!(stopped(budget, &[(10, true, 3), (10, true, 9), (10, true, 1)]), [1]);
        assert_eq!(stopped(budget, &[(60, true, 3), (60, true, 9)]), [1]);
        assert_eq!(stopped(budget, &[(200, true, 3), (60, true, 9)]), [1, 0]);
    }

    #[test]
    fn what_is_in_use_stays() {
        let budget = Budget { maximum: 1, bytes: 100 };
        assert_eq!(stopped(budget, &[(90, false, 9), (90, false, 1)]), Vec::<usize>::new());
        assert_eq!(stopped(budget, &[(90, false, 9), (90, true, 1)]), [1]);
    }
}
