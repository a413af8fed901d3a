//! Finding groups that can be used.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CgroupError;
use super::hierarchies::{Groups, Hierarchies};
use super::kernel::{Kernel, Linux};
use super::membership::{Controller, Membership, Version};
use super::slot::Slot;
use super::unified::{Unified, delegated};

/// The groups of this supervisor. They are removed when it and all its slots are dropped.
#[derive(Debug)]
pub struct Cgroups {
    tree: Arc<Tree>,
    kernel: Arc<dyn Kernel>,
}

/// This supervisor's part of the tree of groups.
#[derive(Debug)]
pub(super) enum Tree {
    Version1(Hierarchies),
    Version2(Unified),
}

impl Cgroups {
    /// Finds the group that this process is in, removes what killed supervisors have left below it, and makes one
    /// there.
    ///
    /// On version 2 this process may move to a group below its own: a group cannot have both processes and children
    /// with controllers. It moves back when the groups are dropped.
    ///
    /// # Errors
    /// What is missing or may not be written; [`CgroupError::remedy`] says what to do.
    pub fn detect() -> Result<Self, CgroupError> {
        let read =
            |path: &str| fs::read(path).map_err(|source| CgroupError::Read { path: PathBuf::from(path), source });
        let (groups, mounts) = (read("/proc/self/cgroup")?, read("/proc/self/mountinfo")?);
        Self::detect_with(&Membership { groups: &groups, mounts: &mounts }, Arc::new(Linux))
    }

    pub(super) fn detect_with(membership: &Membership<'_>, kernel: Arc<dyn Kernel>) -> Result<Self, CgroupError> {
        Ok(Self { tree: Arc::new(Tree::find(membership, &kernel)?), kernel })
    }

    /// Which interface is used.
    pub fn version(&self) -> Version {
        match self.tree.as_ref() {
            Tree::Version1(_) => Version::One,
            Tree::Version2(_) => Version::Two,
        }
    }

    /// This supervisor's group; on version 1 that in the memory hierarchy.
    pub fn path(&self) -> &Path {
        match self.tree.as_ref() {
            Tree::Version1(hierarchies) => hierarchies.path(),
            Tree::Version2(unified) => unified.path(),
        }
    }

    /// Controllers that are missing here and can be done without: without [`Controller::Processor`] processor time is
    /// not limited, without [`Controller::ProcessorAccounting`] it is not counted.
    pub fn missing(&self) -> Vec<Controller> {
        let (limits, counts) = match self.tree.as_ref() {
            Tree::Version1(hierarchies) => (hierarchies.limits_processor(), hierarchies.counts_processor()),
            Tree::Version2(unified) => (unified.limits_processor(), true),
        };
        [(Controller::Processor, limits), (Controller::ProcessorAccounting, counts)]
            .into_iter()
            .filter_map(|(controller, present)| (!present).then_some(controller))
            .collect()
    }

    /// Makes a group below this supervisor's. The name must be new.
    ///
    /// # Errors
    /// [`CgroupError::Make`], [`CgroupError::Open`] and [`CgroupError::Write`].
    pub fn create_slot(&self, name: &str) -> Result<Slot, CgroupError> {
        let (controls, directories) = match self.tree.as_ref() {
            Tree::Version1(hierarchies) => hierarchies.make_slot(name, &self.kernel)?,
            Tree::Version2(unified) => unified.make_slot(name)?,
        };
        Slot::new(controls, directories, Arc::clone(&self.tree))
    }
}

impl Tree {
    fn find(membership: &Membership<'_>, kernel: &Arc<dyn Kernel>) -> Result<Self, CgroupError> {
        let needed = [Controller::Memory, Controller::Processes];
        let unified = membership.unified();
        if let Some(own) = &unified
            && let Ok(delegated) = delegated(own)
            // A hybrid mounts version 2 as well, with few controllers or none.
            && needed.iter().all(|controller| delegated.contains(controller))
        {
            return Unified::make(own.clone(), delegated, kernel).map(Self::Version2);
        }
        match (needed.map(|controller| membership.version1(controller)), unified) {
            ([Some(memory), Some(processes)], _) => {
                let (processor, accounting) =
                    (membership.version1(Controller::Processor), membership.version1(Controller::ProcessorAccounting));
                let own = Groups {
                    memory: &memory,
                    processes: &processes,
                    processor: processor.as_deref(),
                    accounting: accounting.as_deref(),
                };
                Hierarchies::make(&own, kernel).map(Self::Version1)
            }
            ([None, None], Some(path)) => {
                let delegated = delegated(&path)?;
                let missing = needed.into_iter().find(|controller| !delegated.contains(controller));
                Err(CgroupError::NotDelegated { controller: missing.unwrap_or(Controller::Memory), path })
            }
            ([None, _], _) => Err(CgroupError::NotMounted(Controller::Memory)),
            ([_, None], _) => Err(CgroupError::NotMounted(Controller::Processes)),
        }
    }
}
