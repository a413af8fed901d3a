//! The supervisor's group in version 2, which has one hierarchy for all controllers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::control_file::{PROCESSES, processes};
use super::directory::{Directory, SupervisorDirectory, remove_left_overs};
use super::error::CgroupError;
use super::kernel::Kernel;
use super::membership::Controller;
use super::slot::Controls;
use super::version2;

/// The controllers that a group hands on to its children.
const HANDED_ON: &str = "cgroup.subtree_control";

/// The supervisor's group, and what had to be done to the one around it.
#[derive(Debug)]
pub(super) struct Unified {
    /// The group that this process was started in.
    own: PathBuf,
    controllers: Vec<Controller>,
    /// The controllers that `own` did not hand on before.
    handed_on: Vec<Controller>,
    kernel: Arc<dyn Kernel>,
    /// Where this process has moved to.
    moved_to: Option<Directory>,
    group: SupervisorDirectory,
}

impl Unified {
    pub(super) fn make(
        own: PathBuf,
        controllers: Vec<Controller>,
        kernel: &Arc<dyn Kernel>,
    ) -> Result<Self, CgroupError> {
        remove_left_overs(&own, kernel.as_ref())?;
        let before = listed(&own.join(HANDED_ON))?;
        let handed_on = controllers.iter().copied().filter(|controller| !before.contains(controller)).collect();
        let group = SupervisorDirectory::make(&own, kernel)?;
        let mut unified = Self { own, controllers, handed_on, kernel: Arc::clone(kernel), moved_to: None, group };
        // On failure `unified` is dropped, which undoes what was done.
        unified.hand_on()?;
        write(kernel.as_ref(), &unified.group.path().join(HANDED_ON), &change('+', &unified.controllers))?;
        Ok(unified)
    }

    /// Gives the children of `own` its controllers. For that it must not have processes itself.
    fn hand_on(&mut self) -> Result<(), CgroupError> {
        if self.handed_on.is_empty() {
            return Ok(());
        }
        let file = self.own.join(HANDED_ON);
        let value = change('+', &self.handed_on);
        match write(self.kernel.as_ref(), &file, &value) {
            Err(CgroupError::Write { source, .. }) if source.kind() == io::ErrorKind::ResourceBusy => {}
            result => return result,
        }
        let others = self.other_processes()?;
        if !others.is_empty() {
            return Err(CgroupError::Crowded { path: self.own.clone(), processes: others });
        }
        let leaf = Directory::make(self.group.path().join("supervisor"), &self.kernel)?;
        let leaf = self.moved_to.insert(leaf);
        write(self.kernel.as_ref(), &leaf.path().join(PROCESSES), "0")?;
        write(self.kernel.as_ref(), &file, &value)
    }

    fn other_processes(&self) -> Result<Vec<i32>, CgroupError> {
        let all =
            processes(&self.own).map_err(|source| CgroupError::Read { path: self.own.join(PROCESSES), source })?;
        Ok(all.into_iter().filter(|process| process.cast_unsigned() != std::process::id()).collect())
    }

    pub(super) fn path(&self) -> &Path {
        self.group.path()
    }

    pub(super) fn limits_processor(&self) -> bool {
        self.controllers.contains(&Controller::Processor)
    }

    pub(super) fn make_slot(&self, name: &str) -> Result<(Controls, Vec<Directory>), CgroupError> {
        let directory = Directory::make(self.group.path().join(name), &self.kernel)?;
        let controls = version2::Controls::open(directory.path(), self.limits_processor())?;
        Ok((Controls::Version2(controls), vec![directory]))
    }
}

impl Drop for Unified {
    fn drop(&mut self) {
        // Outwards: what a child hands on its parent cannot take back, and a group that hands on cannot be moved to.
        // Another supervisor below the same group may still need its controllers; then they stay, as EBUSY tells.
        let _ = write(self.kernel.as_ref(), &self.group.path().join(HANDED_ON), &change('-', &self.controllers));
        if !self.handed_on.is_empty() {
            let _ = write(self.kernel.as_ref(), &self.own.join(HANDED_ON), &change('-', &self.handed_on));
        }
        if self.moved_to.is_some()
            && let Err(error) = write(self.kernel.as_ref(), &self.own.join(PROCESSES), "0")
        {
            tracing::warn!(%error, "this process stays in its own control group");
        }
    }
}

/// What the group may use and hand on, of the controllers that matter here.
pub(super) fn delegated(own: &Path) -> Result<Vec<Controller>, CgroupError> {
    listed(&own.join("cgroup.controllers"))
}

fn listed(path: &Path) -> Result<Vec<Controller>, CgroupError> {
    let text = fs::read_to_string(path).map_err(|source| CgroupError::Read { path: path.to_owned(), source })?;
    let wanted = [Controller::Memory, Controller::Processes, Controller::Processor];
    Ok(wanted.into_iter().filter(|controller| text.split_whitespace().any(|word| word == controller.name())).collect())
}

/// A value for `cgroup.subtree_control`, such as `+memory +pids`.
fn change(sign: char, controllers: &[Controller]) -> String {
    controllers.iter().map(|controller| format!("{sign}{controller}")).collect::<Vec<_>>().join(" ")
}

fn write(kernel: &dyn Kernel, path: &Path, value: &str) -> Result<(), CgroupError> {
    kernel.write(path, value).map_err(|source| CgroupError::Write {
        path: path.to_owned(),
        value: value.to_owned(),
        source,
    })
}
