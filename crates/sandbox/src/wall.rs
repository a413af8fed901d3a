//! The names of the walls.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One kernel mechanism between a task and everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wall {
    /// No privilege on the host.
    UserNamespace,
    /// Killing its first process kills everything that a task started.
    PidNamespace,
    /// No host files, nothing left over.
    MountNamespace,
    /// No network.
    NetworkNamespace,
    /// No System V objects and message queues of others.
    IpcNamespace,
    /// Memory, processes and processor time of all the task's processes together.
    Cgroup,
    /// The same per process, and the fallback without cgroups.
    Rlimit,
    /// A small part of the kernel's system calls.
    Seccomp,
    /// Second wall for files.
    Landlock,
    /// No capabilities, and none to be gained by `execve`.
    NoNewPrivileges,
}

impl Wall {
    /// All walls, outermost first.
    pub const ALL: [Self; 10] = [
        Self::UserNamespace,
        Self::PidNamespace,
        Self::MountNamespace,
        Self::NetworkNamespace,
        Self::IpcNamespace,
        Self::Cgroup,
        Self::Rlimit,
        Self::Seccomp,
        Self::Landlock,
        Self::NoNewPrivileges,
    ];

    /// Whether the others stand on it, so that the operator cannot give it up.
    pub fn is_indispensable(self) -> bool {
        matches!(self, Self::UserNamespace | Self::PidNamespace | Self::MountNamespace | Self::NoNewPrivileges)
    }

    /// The name on the command line, in configuration, metrics and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserNamespace => "user-namespace",
            Self::PidNamespace => "pid-namespace",
            Self::MountNamespace => "mount-namespace",
            Self::NetworkNamespace => "network-namespace",
            Self::IpcNamespace => "ipc-namespace",
            Self::Cgroup => "cgroup",
            Self::Rlimit => "rlimit",
            Self::Seccomp => "seccomp",
            Self::Landlock => "landlock",
            Self::NoNewPrivileges => "no-new-privileges",
        }
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A name that no wall has.
#[derive(Debug, thiserror::Error)]
#[error("no wall is called `{0}`; the walls are {names}", names = Wall::ALL.map(Wall::name).join(", "))]
pub struct UnknownWall(String);

impl FromStr for Wall {
    type Err = UnknownWall;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|wall| wall.name() == name).ok_or_else(|| UnknownWall(name.to_owned()))
    }
}
