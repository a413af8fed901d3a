//! Control groups: memory, processes and processor time of all processes of a worker together.
//!
//! [`Cgroups::detect`] finds what is mounted and may be written. It makes one group of its own, below the group that
//! this process was started in and never elsewhere; a [`Slot`] is a group within it that serves one worker after the
//! other. A supervisor holds a lock on its group as long as it lives, so that the next one can tell what a killed one
//! has left behind, and removes that.
//!
//! Version 2 (`Documentation/admin-guide/cgroup-v2.rst` of the kernel) is used where it has the controllers, version 1
//! (`Documentation/admin-guide/cgroup-v1`) else. Version 1 has a hierarchy for each controller or for several together.

mod control_file;
mod detection;
mod directory;
mod error;
mod hierarchies;
mod kernel;
mod membership;
mod slot;
#[cfg(test)]
mod tests;
mod unified;
mod version1;
mod version2;

pub use detection::Cgroups;
pub use error::CgroupError;
pub use membership::{Controller, Version};
pub use slot::{Slot, SlotLimits, SlotUsage};
