//! How many tasks an engine has taken, for work that can wait until there are fewer.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// The tasks of an engine, all languages together.
#[derive(Debug)]
pub(crate) struct Load {
    tasks: AtomicUsize,
    processors: usize,
    rehearsals: Semaphore,
}

impl Default for Load {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let rehearsals = Semaphore::new(processors);
        Self { tasks: AtomicUsize::new(0), processors, rehearsals }
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

    /// Waits for a processor that a worker may rehearse on, for as long as what it gives is kept.
    pub(crate) async fn rehearsal(&self) -> Option<SemaphorePermit<'_>> {
        self.rehearsals.acquire().await.ok()
    }

    pub(crate) fn add(&self) {
        self.tasks.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether that was the last one.
    pub(crate) fn remove(&self) -> bool {
        self.tasks.fetch_sub(1, Ordering::SeqCst) == 1
    }
}
