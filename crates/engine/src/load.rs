//! How many tasks an engine has taken, for work that can wait until there are fewer.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The tasks of an engine, all languages together.
#[derive(Debug)]
pub(crate) struct Load {
    tasks: AtomicUsize,
    processors: usize,
}

impl Default for Load {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { tasks: AtomicUsize::new(0), processors }
    }
}

impl Load {
    /// Accepted tasks that have not ended, queued ones included.
    pub(crate) fn tasks(&self) -> usize {
        self.tasks.load(Ordering::SeqCst)
    }

    /// Whether the tasks leave a processor to something else.
    pub(crate) fn leaves_room(&self) -> bool {
        self.tasks() < self.processors
    }

    pub(crate) fn add(&self) {
        self.tasks.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether that was the last one.
    pub(crate) fn remove(&self) -> bool {
        self.tasks.fetch_sub(1, Ordering::SeqCst) == 1
    }
}
