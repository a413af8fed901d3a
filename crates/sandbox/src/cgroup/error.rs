//! What can go wrong with control groups, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::membership::Controller;

/// Why control groups cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// A file of `/proc` or of a group cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A file of a group cannot be opened.
    #[error("cannot open `{path}`: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A file of a group does not take a value.
    #[error("cannot write `{value}` to `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What was to be written.
        value: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A file of a group does not hold what its documentation says.
    #[error("`{path}` holds `{text}`, which is not understood")]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// Its first line.
        text: String,
    },
    /// No mounted hierarchy has the controller, or none that this process is in.
    #[error("the {0} controller is not mounted where this process can see its own group")]
    NotMounted(Controller),
    /// The group that this process was started in has no such controller (version 2).
    #[error("the {controller} controller is not delegated to `{path}`")]
    NotDelegated {
        /// Missing there.
        controller: Controller,
        /// The group that this process was started in.
        path: PathBuf,
    },
    /// A group has other processes, and version 2 gives controllers only to the children of an empty one.
    #[error(
        "`{path}` cannot hand its controllers on while it has other processes: {}",
        processes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    Crowded {
        /// The group that this process was started in.
        path: PathBuf,
        /// The other processes in it; 0 for one that this process cannot see.
        processes: Vec<i32>,
    },
    /// A group cannot be made.
    #[error("cannot make the group `{path}`: {source}")]
    Make {
        /// The new group.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The new group cannot be locked against the clean-up of other supervisors.
    #[error("cannot lock the group `{path}`: {source}")]
    Lock {
        /// The new group.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
}

impl CgroupError {
    /// What the operator can do, in one line.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotMounted(_) => {
                "mount the cgroup file system at /sys/fs/cgroup; in Docker: `--cgroupns=private` with \
                 `--security-opt writable-cgroups=true`"
            }
            Self::NotDelegated { .. } => {
                "under systemd: `Delegate=yes` in the unit, or `systemd-run --user --scope -p Delegate=yes`"
            }
            Self::Crowded { .. } => {
                "start it in a group of its own: as a systemd service with `Delegate=yes`, with `systemd-run --user \
                 --scope -p Delegate=yes`, or as the only process of its container"
            }
            Self::Make { source, .. } if source.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                "mount the cgroup file system writable; in Docker: `--cgroupns=private` with \
                 `--security-opt writable-cgroups=true`, or `-v /sys/fs/cgroup:/sys/fs/cgroup:rw`"
            }
            _ => {
                "start it where its own group is writable: as root, as a systemd service with `Delegate=yes`, or with \
                 `systemd-run --user --scope -p Delegate=yes`"
            }
        }
    }
}
