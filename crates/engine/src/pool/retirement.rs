//! Tasks that have a pool, and its end after the last of them.

use super::Pool;

impl Pool {
    /// Counts a task that has the pool.
    pub(crate) fn enter(&self) {
        self.lock().users += 1;
    }

    /// Takes leave of a task that had the pool. The last one ends a pool that is retired.
    pub(crate) fn leave(&self) {
        let is_last = {
            let mut state = self.lock();
            state.users -= 1;
            state.retired && state.users == 0
        };
        if is_last {
            self.stop();
        }
    }

    /// Ends the pool when no task has it any more. No task enters it from now on.
    pub(crate) fn retire(&self) {
        let (idle, is_last) = {
            let mut state = self.lock();
            state.retired = true;
            let idle = (std::mem::take(&mut state.waiting), std::mem::take(&mut state.cold));
            (idle, state.users == 0)
        };
        // Tasks that have entered and have no worker yet ask for one.
        drop(idle);
        if is_last {
            self.stop();
        }
    }

    /// Whether it was stopped and nothing of it is left.
    pub(crate) fn has_ended(&self) -> bool {
        let state = self.lock();
        state.stopped && state.living.is_empty() && state.control.is_none()
    }
}
