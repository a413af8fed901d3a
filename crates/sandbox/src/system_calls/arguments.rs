//! Rules that look at arguments.
//!
//! The constants are those of the kernel's `include/uapi`; those that `libc` lacks stand here with their header.

use super::action::{Action, Check, Rule, any_bit, masked, one_of};

/// `clone(2)`: threads and processes, but no namespaces. Inside a new user namespace a task would have every
/// capability, and with it the part of the kernel that the other walls keep away.
///
/// `CLONE_NEWTIME` is missing on purpose: its bit belongs to the exit signal here (`clone(2)`).
pub(super) const CLONE: Rule = Rule::Checked {
    checks: &[Check {
        conditions: &[any_bit(
            0,
            (libc::CLONE_NEWNS
                | libc::CLONE_NEWCGROUP
                | libc::CLONE_NEWUTS
                | libc::CLONE_NEWIPC
                | libc::CLONE_NEWUSER
                | libc::CLONE_NEWPID
                | libc::CLONE_NEWNET) as u32,
        )],
        action: Action::Deny,
    }],
    otherwise: Action::Allow,
};

/// `socket(2)`: none at all. The C library asks the name service cache daemon for every user name through a socket of
/// just this kind and reads the files when there is none, so that this one is not worth a message.
pub(super) const SOCKET: Rule = Rule::Checked {
    checks: &[Check {
        conditions: &[
            one_of(0, &[libc::AF_UNIX as u32]),
            one_of(1, &[(libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) as u32]),
        ],
        action: Action::Answer(libc::EAFNOSUPPORT),
    }],
    otherwise: Action::Deny,
};

/// `socketpair(2)`: connected pairs within the task.
///
/// Datagram sockets are refused: such a socket takes a name by itself when it sends with `SO_PASSCRED`
/// (`unix_autobind`), and can send to the names of others. Workers of one zygote share its network namespace, in which
/// those names live. Streams and sequenced packets only ever reach the other end of their pair.
pub(super) const SOCKET_PAIR: Rule = Rule::Checked {
    checks: &[Check {
        conditions: &[
            one_of(0, &[libc::AF_UNIX as u32]),
            masked(1, SOCKET_TYPE_MASK, &[libc::SOCK_STREAM as u32, libc::SOCK_SEQPACKET as u32]),
        ],
        action: Action::Allow,
    }],
    otherwise: Action::Deny,
};

/// `SOCK_TYPE_MASK` of `include/linux/net.h`: the bits above are flags.
const SOCKET_TYPE_MASK: u32 = 0xf;

/// `setsockopt(2)`: sizes of buffers, which Node.js sets for the pipes of its children, and timeouts. Programs for the
/// kernel (`SO_ATTACH_FILTER`, `SO_ATTACH_BPF`) are refused with all the rest.
pub(super) const SET_SOCKET_OPTION: Rule = Rule::Checked {
    checks: &[Check {
        conditions: &[
            one_of(1, &[libc::SOL_SOCKET as u32]),
            one_of(
                2,
                &[libc::SO_SNDBUF as u32, libc::SO_RCVBUF as u32, libc::SO_RCVTIMEO as u32, libc::SO_SNDTIMEO as u32],
            ),
        ],
        action: Action::Allow,
    }],
    otherwise: Action::Deny,
};

/// `prctl(2)`: what names threads and memory, and what libraries ask of the processor.
///
/// Everything else is refused. Above all `PR_SET_DUMPABLE` and `PR_SET_PTRACER`, which would open the process to
/// others; `PR_SET_PDEATHSIG`, with which a worker would outlive its zygote; `PR_SET_MM`, `PR_SET_SECCOMP` and
/// `PR_SET_SYSCALL_USER_DISPATCH`.
pub(super) const PROCESS_CONTROL: Rule = Rule::Checked {
    checks: &[Check {
        conditions: &[one_of(
            0,
            &[
                libc::PR_SET_NAME as u32,
                libc::PR_GET_NAME as u32,
                libc::PR_SET_VMA as u32,
                libc::PR_GET_DUMPABLE as u32,
                libc::PR_SET_NO_NEW_PRIVS as u32,
                libc::PR_GET_NO_NEW_PRIVS as u32,
                libc::PR_SET_THP_DISABLE as u32,
                libc::PR_GET_THP_DISABLE as u32,
                PR_SVE_GET_VL,
            ],
        )],
        action: Action::Allow,
    }],
    otherwise: Action::Deny,
};

/// `linux/prctl.h`: the width of vectors on 64-bit ARM.
const PR_SVE_GET_VL: u32 = 51;

/// `ioctl(2)`: what tells a terminal from a file, and what stands in for `fcntl`.
///
/// Copying tools ask for shared blocks first and copy when the file system has none, as `tmpfs` would answer: that is
/// nothing to report.
pub(super) const DEVICE_CONTROL: Rule = Rule::Checked {
    checks: &[
        Check {
            conditions: &[one_of(
                1,
                &[
                    libc::TCGETS as u32,
                    TCGETS2,
                    libc::TIOCGPGRP as u32,
                    libc::TIOCGWINSZ as u32,
                    libc::FIONREAD as u32,
                    libc::FIONBIO as u32,
                    libc::FIOCLEX as u32,
                    libc::FIONCLEX as u32,
                ],
            )],
            action: Action::Allow,
        },
        Check { conditions: &[one_of(1, &[FICLONE])], action: Action::Answer(libc::EOPNOTSUPP) },
    ],
    otherwise: Action::Deny,
};

/// `asm-generic/ioctls.h`: how `isatty(3)` asks since glibc 2.42.
const TCGETS2: u32 = 0x802c_542a;
/// `linux/fs.h`
const FICLONE: u32 = 0x4004_9409;

/// `mknod(2)`, mode in argument 1.
#[cfg(target_arch = "x86_64")]
pub(super) const MAKE_NODE: Rule = Rule::Checked {
    checks: &[Check { conditions: &[any_bit(1, DEVICE)], action: Action::Deny }],
    otherwise: Action::Allow,
};

/// `mknodat(2)`, mode in argument 2.
pub(super) const MAKE_NODE_AT: Rule = Rule::Checked {
    checks: &[Check { conditions: &[any_bit(2, DEVICE)], action: Action::Deny }],
    otherwise: Action::Allow,
};

/// The bit that `S_IFCHR` and `S_IFBLK` have and regular files, FIFOs and sockets have not (`inode(7)`).
const DEVICE: u32 = libc::S_IFCHR & libc::S_IFBLK;

/// `fcntl(2)`: no leases and no notifications, which work on the files that all tasks share and would tell one task of
/// the others. Reading around the page cache is answered as by a file system that cannot, see [`OPEN_AT`].
pub(super) const FILE_CONTROL: Rule = Rule::Checked {
    checks: &[
        Check { conditions: &[one_of(1, &[libc::F_SETLEASE as u32, libc::F_NOTIFY as u32])], action: Action::Deny },
        Check {
            conditions: &[one_of(1, &[libc::F_SETFL as u32]), any_bit(2, libc::O_DIRECT as u32)],
            action: Action::Answer(libc::EINVAL),
        },
    ],
    otherwise: Action::Allow,
};

/// `preadv2(2)`, flags in argument 5: none. Reading without waiting (`RWF_NOWAIT`) tells which pages of the shared
/// interpreter are in memory, and reading without keeping (`RWF_DONTCACHE`) drops them for the neighbours. The answer is
/// that of a file system without the flag.
pub(super) const READ_WITH_FLAGS: Rule = Rule::Checked {
    checks: &[Check { conditions: &[any_bit(5, u32::MAX)], action: Action::Answer(libc::EOPNOTSUPP) }],
    otherwise: Action::Allow,
};

/// `prlimit(2)`, resource in argument 1, a pointer to the new limit in argument 2: the size of core files stays what it
/// is, see `resource_limits` of the zygote's specification. Whoever sets it, most often to 0, is told that it is done.
/// Reading it is refused, since a new limit may hide behind an address whose lower half is 0.
pub(super) const LIMIT_RESOURCE: Rule = Rule::Checked {
    checks: &[
        Check { conditions: &[one_of(1, &[libc::RLIMIT_CORE]), any_bit(2, u32::MAX)], action: Action::PRETEND },
        Check { conditions: &[one_of(1, &[libc::RLIMIT_CORE])], action: Action::Answer(libc::EPERM) },
    ],
    otherwise: Action::Allow,
};

/// `open(2)`, flags in argument 1.
#[cfg(target_arch = "x86_64")]
pub(super) const OPEN: Rule = Rule::Checked {
    checks: &[Check { conditions: &[any_bit(1, libc::O_DIRECT as u32)], action: Action::Answer(libc::EINVAL) }],
    otherwise: Action::Allow,
};

/// `openat(2)`, flags in argument 2: no `O_DIRECT`, with which a task would read the shared interpreter from the disk
/// again and again and slow its neighbours. `EINVAL` is the answer of a file system without it (`open(2)`).
pub(super) const OPEN_AT: Rule = Rule::Checked {
    checks: &[Check { conditions: &[any_bit(2, libc::O_DIRECT as u32)], action: Action::Answer(libc::EINVAL) }],
    otherwise: Action::Allow,
};

/// `mmap(2)`: huge pages come from a pool that memory limits do not count, locked pages cannot be reclaimed.
pub(super) const MAP_MEMORY: Rule = Rule::Checked {
    checks: &[Check { conditions: &[any_bit(3, (libc::MAP_HUGETLB | libc::MAP_LOCKED) as u32)], action: Action::Deny }],
    otherwise: Action::Allow,
};

/// `mmap(2)` where memory is counted by looking at processes: nor shared memory without a file, which stays in memory
/// when a process no longer has it mapped, or lets go of its pages (`MADV_DONTNEED`).
pub(super) const MAP_PRIVATE_MEMORY: Rule = Rule::Checked {
    checks: &[
        Check { conditions: &[any_bit(3, (libc::MAP_HUGETLB | libc::MAP_LOCKED) as u32)], action: Action::Deny },
        Check {
            conditions: &[
                any_bit(3, libc::MAP_ANONYMOUS as u32),
                masked(3, libc::MAP_TYPE as u32, &[libc::MAP_SHARED as u32, libc::MAP_SHARED_VALIDATE as u32]),
            ],
            action: Action::Deny,
        },
    ],
    otherwise: Action::Allow,
};

/// `memfd_create(2)`: no huge pages, as in [`MAP_MEMORY`].
pub(super) const CREATE_MEMORY_FILE: Rule = Rule::Checked {
    checks: &[Check { conditions: &[any_bit(1, libc::MFD_HUGETLB)], action: Action::Deny }],
    otherwise: Action::Allow,
};

/// `madvise(2)`: merged pages tell by their timing what is in the memory of others; pushing pages out of memory slows
/// others that read the same files. The second is only a hint, so it may as well succeed.
pub(super) const ADVISE_MEMORY: Rule = Rule::Checked {
    checks: &[
        Check { conditions: &[one_of(2, &[libc::MADV_MERGEABLE as u32])], action: Action::Deny },
        Check { conditions: &[one_of(2, &[libc::MADV_PAGEOUT as u32])], action: Action::PRETEND },
    ],
    otherwise: Action::Allow,
};

/// `msync(2)`: waiting for the disk is pretended for the reason that `fsync` is, see the policy. Libraries use the
/// form that does not wait to ask whether memory is mapped.
pub(super) const SYNCHRONIZE_MEMORY: Rule = Rule::Checked {
    checks: &[Check { conditions: &[any_bit(2, libc::MS_SYNC as u32)], action: Action::PRETEND }],
    otherwise: Action::Allow,
};
