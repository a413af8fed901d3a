//! What the machine says about itself: enough to tell why a wall is missing.

use std::fs;
use std::path::Path;

use crate::identity::Identity;

/// What is known before anything is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// Release of the kernel.
    pub(super) kernel: String,
    pub(super) user: u32,
    pub(super) container: Option<Container>,
    /// `user.max_user_namespaces` (`namespaces(7)`): how many may exist per user.
    pub(super) user_namespaces: Option<u64>,
    /// `kernel.unprivileged_userns_clone`, a sysctl of Debian: 0 keeps them for root.
    pub(super) unprivileged_user_namespaces: Option<u64>,
    /// `kernel.apparmor_restrict_unprivileged_userns`, a sysctl of Ubuntu: 1 takes the privilege that a process has
    /// inside them, unless its AppArmor profile allows `userns`.
    pub(super) restricted_by_apparmor: Option<u64>,
    pub(super) identity: Identity,
}

/// Software that runs containers, as far as a process inside can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Docker,
    Podman,
    Kubernetes,
    /// `systemd-nspawn`, LXC and others that set `container=` for their first process.
    Other,
}

impl Container {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
            Self::Kubernetes => "Kubernetes",
            Self::Other => "a container",
        }
    }
}

impl Facts {
    pub(super) fn gather() -> Self {
        let setting = |name: &str| fs::read_to_string(Path::new("/proc/sys").join(name)).ok()?.trim().parse().ok();
        Self {
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            user: rustix::process::geteuid().as_raw(),
            container: container(Path::new("/")),
            user_namespaces: setting("user/max_user_namespaces"),
            unprivileged_user_namespaces: setting("kernel/unprivileged_userns_clone"),
            restricted_by_apparmor: setting("kernel/apparmor_restrict_unprivileged_userns"),
            identity: Identity::of_this_process(),
        }
    }
}

/// Looks for the marks that container software leaves; `root` is `/`.
pub(super) fn container(root: &Path) -> Option<Container> {
    let environment = fs::read(root.join("proc/1/environ")).unwrap_or_default();
    let variable = environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"container="));
    if root.join("run/secrets/kubernetes.io").exists() || root.join("var/run/secrets/kubernetes.io").exists() {
        Some(Container::Kubernetes)
    } else if root.join("run/.containerenv").exists() || variable == Some(b"podman") {
        Some(Container::Podman)
    } else if root.join(".dockerenv").exists() || variable == Some(b"docker") {
        Some(Container::Docker)
    } else {
        variable.map(|_| Container::Other)
    }
}
