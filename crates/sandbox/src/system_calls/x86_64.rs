//! Calls that only `x86_64` has: mostly older forms of those in the [`policy`](super::policy), with the same rules.

use super::arguments;
use super::policy::{ABSENT, ALLOW, DENY, Group, group};

pub(super) const GROUPS: &[Group] = &[
    group!(ALLOW;
        SYS_creat SYS_stat SYS_lstat SYS_access SYS_readlink SYS_getdents SYS_mkdir SYS_rmdir SYS_unlink SYS_rename
        SYS_renameat SYS_link SYS_symlink SYS_chmod SYS_fchmodat2 SYS_chown SYS_lchown SYS_utime SYS_utimes
        SYS_futimesat SYS_dup2 SYS_pipe SYS_poll SYS_select SYS_epoll_create SYS_epoll_wait SYS_eventfd SYS_signalfd
        SYS_fork SYS_vfork SYS_getpgrp SYS_pause SYS_alarm SYS_time SYS_getrlimit SYS_arch_prctl),
    group!(arguments::OPEN; SYS_open),
    group!(arguments::MAKE_NODE; SYS_mknod),
    group!(ALLOW; SYS_sync_file_range),
    group!(DENY; SYS_inotify_init SYS_iopl SYS_ioperm SYS_modify_ldt),
    // Libraries use `prlimit64`.
    group!(ABSENT; SYS_setrlimit),
    // Never implemented, or removed from the kernel.
    group!(DENY;
        SYS_uselib SYS_ustat SYS_sysfs SYS__sysctl SYS_getpmsg SYS_putpmsg
        SYS_afs_syscall SYS_tuxcall SYS_security SYS_vserver),
    Group { rule: DENY, calls: &[(174, "create_module"), (177, "get_kernel_syms"), (178, "query_module")] },
    group!(ABSENT; SYS_epoll_ctl_old SYS_epoll_wait_old SYS_set_thread_area SYS_get_thread_area),
];
