//! What to do about a missing wall.

use super::facts::{Container, Facts};
use super::probe::Step;

/// The remedy for a step that the kernel refused, in one line.
pub(super) fn remedy(step: Step, error: i32, facts: &Facts) -> String {
    match step {
        Step::ResourceLimits | Step::NoNewPrivileges => {
            "let the service manager or container allow `setrlimit` and `prctl`".to_owned()
        }
        Step::Filter => filter(error, facts),
        _ => namespace(step, error, facts),
    }
}

fn filter(error: i32, facts: &Facts) -> String {
    match (error, facts.container) {
        // Only one filter of a process can have a listener (`seccomp_unotify(2)`).
        (libc::EBUSY, _) => "a filter that already supervises this process has a listener, as LXC's system call \
                             interception and some Podman profiles have: start it without that"
            .to_owned(),
        (libc::EPERM | libc::EACCES, Some(container)) => unconfined(container).to_owned(),
        _ => "use Linux 5.0 or later with CONFIG_SECCOMP_FILTER".to_owned(),
    }
}

fn namespace(step: Step, error: i32, facts: &Facts) -> String {
    let unprivileged = facts.user != 0;
    if error == libc::EINVAL {
        return format!("use a kernel with {}", option(step));
    }
    if error == libc::ENOSPC || facts.user_namespaces == Some(0) {
        // `namespaces(7)`: the limits of all enclosing namespaces count.
        return "allow more namespaces: `sysctl -w user.max_user_namespaces=10000`, also on the host of a container"
            .to_owned();
    }
    if unprivileged && facts.unprivileged_user_namespaces == Some(0) {
        return "allow user namespaces: `sysctl -w kernel.unprivileged_userns_clone=1`".to_owned();
    }
    if unprivileged && facts.container.is_none() && facts.restricted_by_apparmor == Some(1) {
        return "give `stockade` an AppArmor profile with `userns,`, or \
                `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
            .to_owned();
    }
    match facts.container {
        Some(container) => unconfined(container).to_owned(),
        None => "let the security policy of this machine (AppArmor, SELinux, a chroot, a service's \
                 `RestrictNamespaces=`) allow namespaces for `stockade`"
            .to_owned(),
    }
}

/// The kernel's build option for a namespace.
fn option(step: Step) -> &'static str {
    match step {
        Step::PidNamespace | Step::FirstProcess => "CONFIG_PID_NS",
        Step::NetworkNamespace => "CONFIG_NET_NS",
        Step::IpcNamespace => "CONFIG_IPC_NS",
        _ => "CONFIG_USER_NS",
    }
}

/// How to start the container so that its profiles do not forbid namespaces and mounts.
fn unconfined(container: Container) -> &'static str {
    match container {
        Container::Docker | Container::Podman => {
            "start the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`, or with \
             profiles that allow `unshare`, `clone`, `setns`, `mount`, `umount2`, `pivot_root` and `seccomp`"
        }
        Container::Kubernetes => {
            "set `seccompProfile: {type: Unconfined}` and `appArmorProfile: {type: Unconfined}` in the container's \
             securityContext, or profiles that allow namespaces and mounts"
        }
        Container::Other => "allow nesting for the container, in LXC `security.nesting=true`",
    }
}
