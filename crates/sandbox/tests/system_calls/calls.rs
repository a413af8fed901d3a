//! Single calls: the kernel does what the published table says.

use crate::filtered::{errno_of, in_child};

const PATH: &std::ffi::CStr = c"/proc/self/exe";

fn path() -> usize {
    PATH.as_ptr() as usize
}

#[test]
fn denied_calls_get_eperm() {
    let namespaces = libc::CLONE_NEWUSER | libc::SIGCHLD;
    for (name, number, arguments) in [
        ("socket", libc::SYS_socket, [libc::AF_INET as usize, libc::SOCK_STREAM as usize, 0, 0, 0, 0]),
        ("socket vsock", libc::SYS_socket, [libc::AF_VSOCK as usize, libc::SOCK_STREAM as usize, 0, 0, 0, 0]),
        ("socketpair datagram", libc::SYS_socketpair, [libc::AF_UNIX as usize, libc::SOCK_DGRAM as usize, 0, 0, 0, 0]),
        ("socketpair inet", libc::SYS_socketpair, [libc::AF_INET as usize, libc::SOCK_STREAM as usize, 0, 0, 0, 0]),
        ("clone", libc::SYS_clone, [namespaces as usize, 0, 0, 0, 0, 0]),
        ("unshare", libc::SYS_unshare, [libc::CLONE_NEWUSER as usize, 0, 0, 0, 0, 0]),
        ("ptrace", libc::SYS_ptrace, [libc::PTRACE_TRACEME as usize, 0, 0, 0, 0, 0]),
        ("dumpable", libc::SYS_prctl, [libc::PR_SET_DUMPABLE as usize, 1, 0, 0, 0, 0]),
        ("ptracer", libc::SYS_prctl, [libc::PR_SET_PTRACER as usize, usize::MAX, 0, 0, 0, 0]),
        ("parent death", libc::SYS_prctl, [libc::PR_SET_PDEATHSIG as usize, 0, 0, 0, 0, 0]),
        ("filter", libc::SYS_seccomp, [libc::SECCOMP_SET_MODE_FILTER as usize, 0, 0, 0, 0, 0]),
        ("terminal injection", libc::SYS_ioctl, [0, libc::TIOCSTI as usize, path(), 0, 0, 0]),
        ("lease", libc::SYS_fcntl, [0, libc::F_SETLEASE as usize, libc::F_RDLCK as usize, 0, 0, 0]),
        ("watch", libc::SYS_inotify_init1, [0; 6]),
        ("device", libc::SYS_mknodat, [usize::MAX, path(), libc::S_IFBLK as usize, 0, 0, 0]),
        (
            "huge pages",
            libc::SYS_mmap,
            [0, 1 << 21, 3, (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB) as usize, usize::MAX, 0],
        ),
        ("huge file", libc::SYS_memfd_create, [path(), libc::MFD_HUGETLB as usize, 0, 0, 0, 0]),
        ("shared memory", libc::SYS_shmget, [1, 4096, 0o1600, 0, 0, 0]),
        ("key", libc::SYS_keyctl, [0; 6]),
        ("lock memory", libc::SYS_mlockall, [1, 0, 0, 0, 0, 0]),
        ("handle", libc::SYS_open_by_handle_at, [0; 6]),
        ("clock", libc::SYS_clock_settime, [0; 6]),
    ] {
        assert_eq!(errno_of(number, arguments), libc::EPERM, "{name}");
    }
}

#[test]
fn what_runtimes_probe_is_absent() {
    for (name, number) in [
        ("clone3", libc::SYS_clone3),
        ("io_uring_setup", libc::SYS_io_uring_setup),
        ("openat2", libc::SYS_openat2),
        ("landlock_create_ruleset", libc::SYS_landlock_create_ruleset),
        ("a future call", 700),
    ] {
        assert_eq!(errno_of(number, [0; 6]), libc::ENOSYS, "{name}");
    }
}

#[test]
fn the_disk_is_out_of_reach() {
    let direct = (libc::O_RDONLY | libc::O_DIRECT) as usize;
    assert_eq!(errno_of(libc::SYS_openat, [usize::MAX, path(), direct, 0, 0, 0]), libc::EINVAL);
    assert_eq!(errno_of(libc::SYS_fcntl, [0, libc::F_SETFL as usize, direct, 0, 0, 0]), libc::EINVAL);
    // Pretended: descriptor 999 is not open.
    assert_eq!(errno_of(libc::SYS_fsync, [999, 0, 0, 0, 0, 0]), 0);
    assert_eq!(errno_of(libc::SYS_msync, [4096, 4096, libc::MS_SYNC as usize, 0, 0, 0]), 0);
}

#[test]
fn other_arguments_of_the_same_calls_are_allowed() {
    let mut pair = [0_i32; 2];
    let pair = pair.as_mut_ptr() as usize;
    let plain = libc::O_RDONLY as usize;
    for (name, number, arguments) in [
        (
            "socketpair",
            libc::SYS_socketpair,
            [libc::AF_UNIX as usize, (libc::SOCK_STREAM | libc::SOCK_CLOEXEC) as usize, 0, pair, 0, 0],
        ),
        ("openat", libc::SYS_openat, [usize::MAX, path(), plain, 0, 0, 0]),
        ("prctl", libc::SYS_prctl, [libc::PR_SET_NAME as usize, path(), 0, 0, 0, 0]),
        ("memfd_create", libc::SYS_memfd_create, [path() + 1, 0, 0, 0, 0, 0]),
        ("fcntl", libc::SYS_fcntl, [2, libc::F_GETFL as usize, 0, 0, 0, 0]),
    ] {
        assert_eq!(errno_of(number, arguments), 0, "{name}");
    }
}

/// The upper half of an argument is not tested, because the kernel does not look at it either.
#[test]
fn the_upper_half_of_an_argument_hides_nothing() {
    let hidden = libc::PR_SET_DUMPABLE as usize | 1 << 40;
    assert_eq!(errno_of(libc::SYS_prctl, [hidden, 1, 0, 0, 0, 0]), libc::EPERM);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn other_entries_into_the_kernel_kill() {
    let x32 = in_child(|| {
        // SAFETY: takes no pointers, and does not return.
        unsafe { libc::syscall(0x4000_0000 | libc::SYS_getpid) as i32 }
    });
    assert!(libc::WIFSIGNALED(x32) && libc::WTERMSIG(x32) == libc::SIGSYS, "{x32:#x}");
    let i386 = in_child(|| {
        let result: i32;
        // SAFETY: `getpid` of the 32-bit interface, which has number 20 and takes nothing; it does not return.
        unsafe { std::arch::asm!("int 0x80", inlateout("eax") 20 => result) };
        result
    });
    assert!(libc::WIFSIGNALED(i386) && libc::WTERMSIG(i386) == libc::SIGSYS, "{i386:#x}");
}
