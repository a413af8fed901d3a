//! Places for workers: each has a user id and a cgroup that it lends to one worker after the other.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use stockade_protocol::Limits;
use stockade_sandbox::cgroup::{self, Cgroups, SlotLimits, SlotUsage};
use stockade_sandbox::{FIRST_WORKER_USER, WORKER_USERS};

use crate::error::EngineError;

/// Percent of one processor that a task may use by default: one whole.
const PROCESSOR_PERCENT: u32 = 100;

/// A place for one worker at a time.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) user: u32,
    pub(crate) group: Option<cgroup::Slot>,
}

/// All places of an engine; made as they are needed, kept until the engine stops.
#[derive(Debug)]
pub(crate) struct Slots {
    cgroups: Option<Cgroups>,
    maximum: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: Vec<Slot>,
    made: u32,
}

/// A place that is lent to a worker; comes back when both the worker's holder and the watch for its end are done.
#[derive(Debug)]
pub(crate) struct SlotLease {
    /// Empty only while it is given back.
    slot: Option<Slot>,
    slots: Arc<Slots>,
}

impl Deref for SlotLease {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        static NOTHING: Slot = Slot { user: FIRST_WORKER_USER, group: None };
        self.slot.as_ref().unwrap_or(&NOTHING)
    }
}

impl Drop for SlotLease {
    fn drop(&mut self) {
        let mut state = self.slots.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.free.extend(self.slot.take());
    }
}

impl Slots {
    /// `cgroups` is `None` where that wall is missing or given up.
    pub(crate) fn new(cgroups: Option<Cgroups>, maximum: usize) -> Self {
        let maximum = u32::try_from(maximum).unwrap_or(WORKER_USERS).min(WORKER_USERS);
        Self { cgroups, maximum, state: Mutex::default() }
    }

    /// Whether each place has a control group.
    pub(crate) fn have_groups(&self) -> bool {
        self.cgroups.is_some()
    }

    /// A free place, ready for a worker with these limits; `None` when all are taken.
    pub(crate) fn take(self: &Arc<Self>, limits: &Limits) -> Result<Option<SlotLease>, EngineError> {
        let slot = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            match state.free.pop() {
                Some(slot) => slot,
                None if state.made == self.maximum => return Ok(None),
                None => {
                    let number = state.made;
                    let group = match &self.cgroups {
                        Some(cgroups) => Some(cgroups.create_slot(&format!("worker-{number}"))?),
                        None => None,
                    };
                    state.made += 1;
                    Slot { user: FIRST_WORKER_USER + number, group }
                }
            }
        };
        let lease = SlotLease { slot: Some(slot), slots: Arc::clone(self) };
        if let Some(group) = &lease.group {
            group.set_limits(&SlotLimits {
                memory_bytes: limits.memory_bytes,
                processes: limits.processes,
                cpu_percent: PROCESSOR_PERCENT,
            })?;
            group.reset()?;
        }
        Ok(Some(lease))
    }
}

impl Slot {
    /// What the worker in this place has used; `None` without a cgroup.
    pub(crate) fn usage(&self) -> Option<SlotUsage> {
        self.group.as_ref().and_then(|group| group.usage().ok())
    }
}
