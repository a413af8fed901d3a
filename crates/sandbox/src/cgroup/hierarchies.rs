//! The supervisor's groups in version 1, which has a hierarchy for each controller or for several together.

use std::path::Path;
use std::sync::Arc;

use super::directory::{Directory, SupervisorDirectory, remove_left_overs};
use super::error::CgroupError;
use super::kernel::Kernel;
use super::slot::Controls;
use super::version1;

/// A group in the hierarchy of each controller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups<'a> {
    pub(super) memory: &'a Path,
    pub(super) processes: &'a Path,
    pub(super) processor: Option<&'a Path>,
    pub(super) accounting: Option<&'a Path>,
}

/// The supervisor's group in each hierarchy.
#[derive(Debug)]
pub(super) struct Hierarchies {
    groups: Vec<SupervisorDirectory>,
    /// Where in `groups` each controller is; several may share a hierarchy.
    memory: usize,
    processes: usize,
    processor: Option<usize>,
    accounting: Option<usize>,
}

impl Hierarchies {
    pub(super) fn make(own: &Groups<'_>, kernel: &Arc<dyn Kernel>) -> Result<Self, CgroupError> {
        let mut hierarchies: Vec<&Path> = Vec::new();
        let mut groups = Vec::new();
        let mut place = |own| {
            if let Some(known) = hierarchies.iter().position(|other| *other == own) {
                return Ok(known);
            }
            remove_left_overs(own, kernel.as_ref())?;
            groups.push(SupervisorDirectory::make(own, kernel)?);
            hierarchies.push(own);
            Ok(hierarchies.len() - 1)
        };
        let (memory, processes) = (place(own.memory)?, place(own.processes)?);
        let processor = own.processor.map(&mut place).transpose()?;
        let accounting = own.accounting.map(place).transpose()?;
        Ok(Self { groups, memory, processes, processor, accounting })
    }

    /// The supervisor's group in the memory hierarchy.
    pub(super) fn path(&self) -> &Path {
        self.groups[self.memory].path()
    }

    pub(super) fn limits_processor(&self) -> bool {
        self.processor.is_some()
    }

    pub(super) fn counts_processor(&self) -> bool {
        self.accounting.is_some()
    }

    pub(super) fn make_slot(
        &self,
        name: &str,
        kernel: &Arc<dyn Kernel>,
    ) -> Result<(Controls, Vec<Directory>), CgroupError> {
        let made = self.groups.iter().map(|group| Directory::make(group.path().join(name), kernel));
        let directories = made.collect::<Result<Vec<_>, _>>()?;
        let path = |index: usize| directories[index].path();
        let controls = version1::Controls::open(&Groups {
            memory: path(self.memory),
            processes: path(self.processes),
            processor: self.processor.map(path),
            accounting: self.accounting.map(path),
        })?;
        Ok((Controls::Version1(controls), directories))
    }
}
