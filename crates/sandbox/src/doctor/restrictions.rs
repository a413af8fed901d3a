//! Tries what a worker gives up: resources, privileges, system calls.

use std::io;

use super::probe::{Answer, Reporter, Step, try_in_child};
use crate::system_calls::{Denial, worker_filter};

/// Gives everything up in one forked process.
pub(super) fn try_all() -> io::Result<Vec<Answer>> {
    let filter = worker_filter(Denial::Notify);
    // SAFETY: `give_up` makes system calls only; the filter was made before the fork.
    unsafe { try_in_child(|reporter| give_up(reporter, &filter), |_| true) }
}

fn give_up(reporter: &Reporter<'_>, filter: &[libc::sock_filter]) {
    let limits = [
        (libc::RLIMIT_CORE, 1),
        (libc::RLIMIT_MEMLOCK, 0),
        (libc::RLIMIT_NPROC, 1),
        (libc::RLIMIT_FSIZE, 1 << 20),
        (libc::RLIMIT_DATA, 1 << 30),
        (libc::RLIMIT_NOFILE, 1 << 16),
    ];
    let set = |(resource, value)| {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `limit` outlives both calls.
        unsafe {
            if libc::getrlimit(resource, &raw mut limit) < 0 {
                return -1;
            }
            // Hard limits can be lowered only.
            let value = limit.rlim_max.min(value);
            limit = libc::rlimit { rlim_cur: value, rlim_max: value };
            libc::setrlimit(resource, &raw const limit)
        }
    };
    let result = limits.into_iter().map(set).find(|result| *result < 0).unwrap_or(0);
    reporter.answer(Step::ResourceLimits, result.into());

    // SAFETY: takes no pointers.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    reporter.answer(Step::NoNewPrivileges, result.into());

    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // SAFETY: `program` and the filter that it points to outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    reporter.answer(Step::Filter, result);
}
