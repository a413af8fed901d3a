//! The calls and their rules: those that all architectures have; `x86_64` adds its older ones.

use super::action::{Action, Rule};
use super::arguments;

/// Calls with the same rule.
pub(super) struct Group {
    pub(super) rule: Rule,
    /// Number and name.
    pub(super) calls: &'static [(libc::c_long, &'static str)],
}

/// A group from the names that `libc` gives the numbers.
macro_rules! group {
    ($rule:expr; $($call:ident)+) => {
        $crate::system_calls::policy::Group {
            rule: $rule,
            calls: &[$((libc::$call, stringify!($call).split_at("SYS_".len()).1)),+],
        }
    };
}
pub(super) use group;

pub(super) const ALLOW: Rule = Rule::Always(Action::Allow);
pub(super) const DENY: Rule = Rule::Always(Action::Deny);
pub(super) const ABSENT: Rule = Rule::Always(Action::ABSENT);
pub(super) const PRETEND: Rule = Rule::Always(Action::PRETEND);

/// Every group of this architecture.
pub(super) fn groups() -> impl Iterator<Item = &'static Group> {
    #[cfg(target_arch = "x86_64")]
    let own = super::x86_64::GROUPS;
    #[cfg(not(target_arch = "x86_64"))]
    let own: &[Group] = &[];
    COMMON.iter().chain(own)
}

/// The name of a system call of this architecture, such as `socket` for 41; `None` for numbers that the policy does
/// not list.
pub fn name(number: libc::c_long) -> Option<&'static str> {
    groups().flat_map(|group| group.calls).find(|(listed, _)| *listed == number).map(|(_, name)| *name)
}

const COMMON: &[Group] = &[
    // Reading and writing what is open. `vmsplice` is not among them: nothing needs it, and it has a history.
    group!(ALLOW;
        SYS_read SYS_write SYS_readv SYS_writev SYS_pread64 SYS_pwrite64 SYS_preadv SYS_pwritev
        SYS_pwritev2 SYS_lseek SYS_close SYS_close_range SYS_dup SYS_dup3 SYS_pipe2 SYS_flock SYS_ftruncate
        SYS_fallocate SYS_readahead SYS_sendfile SYS_copy_file_range SYS_splice SYS_tee),
    // The file system: the mount namespace decides what there is, and only `/tmp` can be written.
    group!(ALLOW;
        SYS_newfstatat SYS_fstat SYS_statx SYS_statfs SYS_fstatfs SYS_getdents64 SYS_faccessat SYS_faccessat2
        SYS_readlinkat SYS_getcwd SYS_chdir SYS_fchdir SYS_mkdirat SYS_unlinkat SYS_renameat2 SYS_linkat SYS_symlinkat
        SYS_truncate SYS_fchmod SYS_fchmodat SYS_fchown SYS_fchownat SYS_utimensat SYS_umask
        SYS_getxattr SYS_lgetxattr SYS_fgetxattr SYS_listxattr SYS_llistxattr SYS_flistxattr
        SYS_setxattr SYS_lsetxattr SYS_fsetxattr SYS_removexattr SYS_lremovexattr SYS_fremovexattr),
    group!(arguments::READ_WITH_FLAGS; SYS_preadv2),
    group!(arguments::OPEN_AT; SYS_openat),
    group!(arguments::FILE_CONTROL; SYS_fcntl),
    group!(arguments::DEVICE_CONTROL; SYS_ioctl),
    group!(arguments::MAKE_NODE_AT; SYS_mknodat),
    // What can be written is in memory, where these have nothing to do. On the shared, read-only files they would
    // flush the host's disk, and drop pages that others read.
    group!(PRETEND; SYS_fsync SYS_fdatasync SYS_fadvise64),
    // Waiting.
    group!(ALLOW;
        SYS_ppoll SYS_pselect6 SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_epoll_pwait2 SYS_eventfd2
        SYS_signalfd4 SYS_timerfd_create SYS_timerfd_settime SYS_timerfd_gettime),
    // Memory. Pages are counted by the cgroup.
    group!(ALLOW;
        SYS_brk SYS_munmap SYS_mremap SYS_mprotect SYS_munlock SYS_munlockall SYS_pkey_alloc SYS_pkey_free
        SYS_pkey_mprotect SYS_membarrier),
    group!(arguments::MAP_MEMORY; SYS_mmap),
    group!(arguments::ADVISE_MEMORY; SYS_madvise),
    group!(arguments::SYNCHRONIZE_MEMORY; SYS_msync),
    group!(arguments::CREATE_MEMORY_FILE; SYS_memfd_create),
    // Processes and threads, of which the pid namespace shows the task only its own.
    group!(ALLOW;
        SYS_execve SYS_execveat SYS_exit SYS_exit_group SYS_wait4 SYS_waitid SYS_getpid SYS_getppid SYS_gettid
        SYS_getpgid SYS_setpgid SYS_getsid SYS_setsid SYS_kill SYS_tkill SYS_tgkill SYS_pidfd_open
        SYS_pidfd_send_signal SYS_set_tid_address SYS_set_robust_list SYS_get_robust_list SYS_rseq SYS_futex
        SYS_futex_waitv),
    group!(arguments::CLONE; SYS_clone),
    group!(arguments::PROCESS_CONTROL; SYS_prctl),
    // Signals.
    group!(ALLOW;
        SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn SYS_rt_sigpending SYS_rt_sigsuspend SYS_rt_sigtimedwait
        SYS_rt_sigqueueinfo SYS_rt_tgsigqueueinfo SYS_sigaltstack SYS_restart_syscall),
    // Time: read it and wait for it.
    group!(ALLOW;
        SYS_clock_gettime SYS_clock_getres SYS_clock_nanosleep SYS_nanosleep SYS_gettimeofday SYS_times
        SYS_getitimer SYS_setitimer SYS_timer_create SYS_timer_settime SYS_timer_gettime SYS_timer_getoverrun
        SYS_timer_delete),
    // Scheduling: without capabilities and with RLIMIT_RTPRIO and RLIMIT_NICE at zero, a task can only step back.
    group!(ALLOW;
        SYS_sched_yield SYS_sched_getparam SYS_sched_setparam SYS_sched_getscheduler SYS_sched_setscheduler
        SYS_sched_getattr SYS_sched_setattr SYS_sched_getaffinity SYS_sched_setaffinity SYS_sched_rr_get_interval
        SYS_sched_get_priority_max SYS_sched_get_priority_min SYS_getpriority SYS_setpriority SYS_ioprio_get
        SYS_getcpu SYS_get_mempolicy),
    // Who am I, and what may I use. Changing ids without capabilities can only give up.
    group!(ALLOW;
        SYS_getuid SYS_geteuid SYS_getgid SYS_getegid SYS_getresuid SYS_getresgid SYS_getgroups SYS_capget
        SYS_setuid SYS_setgid SYS_setreuid SYS_setregid SYS_setresuid SYS_setresgid SYS_setfsuid SYS_setfsgid
        SYS_getrusage SYS_uname SYS_sysinfo SYS_getrandom),
    group!(arguments::LIMIT_RESOURCE; SYS_prlimit64),
    // Sockets: only pairs within the task.
    group!(arguments::SOCKET_PAIR; SYS_socketpair),
    group!(arguments::SET_SOCKET_OPTION; SYS_setsockopt),
    group!(ALLOW;
        SYS_sendto SYS_sendmsg SYS_sendmmsg SYS_recvfrom SYS_recvmsg SYS_recvmmsg SYS_shutdown SYS_getsockopt),
    group!(arguments::SOCKET; SYS_socket),
    // Not refused: the supervisor, which is asked, lets them through, or answers for a connection that it has made.
    group!(DENY; SYS_getsockname SYS_getpeername),
    group!(DENY; SYS_bind SYS_connect SYS_listen SYS_accept SYS_accept4),
    // Walls of its own: namespaces, mounts, roots, filters.
    group!(DENY;
        SYS_unshare SYS_setns SYS_mount SYS_umount2 SYS_pivot_root SYS_chroot SYS_seccomp SYS_sethostname
        SYS_setdomainname SYS_setgroups SYS_capset SYS_personality),
    // Other processes.
    group!(DENY; SYS_ptrace SYS_process_vm_readv SYS_process_vm_writev SYS_kcmp),
    // Files without a path: around the mount namespace.
    group!(DENY; SYS_name_to_handle_at SYS_open_by_handle_at),
    // Events of shared files tell of other tasks, and so does which of their pages are in memory.
    group!(DENY;
        SYS_inotify_init1 SYS_inotify_add_watch SYS_inotify_rm_watch SYS_fanotify_init SYS_fanotify_mark SYS_mincore),
    // Programs, probes and handlers inside the kernel.
    group!(DENY; SYS_bpf SYS_perf_event_open SYS_userfaultfd),
    // Keys and System V objects outlive their process, as do message queues.
    group!(DENY;
        SYS_add_key SYS_request_key SYS_keyctl SYS_shmget SYS_shmat SYS_shmctl SYS_shmdt SYS_semget SYS_semop
        SYS_semctl SYS_semtimedop SYS_msgget SYS_msgsnd SYS_msgrcv SYS_msgctl SYS_mq_open SYS_mq_unlink
        SYS_mq_timedsend SYS_mq_timedreceive SYS_mq_notify SYS_mq_getsetattr),
    // Memory that cannot be reclaimed, and where pages lie.
    group!(DENY; SYS_mlock SYS_mlock2 SYS_mlockall SYS_migrate_pages SYS_move_pages SYS_vmsplice),
    // The whole machine.
    group!(DENY;
        SYS_clock_settime SYS_settimeofday SYS_adjtimex SYS_clock_adjtime SYS_reboot SYS_kexec_load
        SYS_kexec_file_load SYS_init_module SYS_finit_module SYS_delete_module SYS_swapon SYS_swapoff SYS_quotactl
        SYS_nfsservctl SYS_acct SYS_syslog SYS_vhangup SYS_ioprio_set SYS_sync SYS_syncfs),
    // Asked first by a library that has another way: `clone` for `clone3` and `openat` for `openat2`, whose flags stand
    // behind a pointer; threads for asynchronous input and output, which would run past this filter; memory from any
    // node for OpenBLAS, which asks for the nearest.
    group!(ABSENT;
        SYS_clone3 SYS_openat2 SYS_mbind SYS_set_mempolicy SYS_io_uring_setup SYS_io_uring_enter SYS_io_uring_register SYS_io_setup
        SYS_io_destroy SYS_io_getevents SYS_io_submit SYS_io_cancel),
    // As on an older kernel, which every runtime still supports: newer forms of what is refused above.
    group!(ABSENT;
        SYS_open_tree SYS_move_mount SYS_fsopen SYS_fsconfig SYS_fsmount SYS_fspick SYS_mount_setattr SYS_pidfd_getfd
        SYS_process_madvise SYS_process_mrelease SYS_quotactl_fd SYS_landlock_create_ruleset SYS_landlock_add_rule
        SYS_landlock_restrict_self SYS_memfd_secret SYS_set_mempolicy_home_node SYS_mseal SYS_lookup_dcookie
        SYS_remap_file_pages),
];
