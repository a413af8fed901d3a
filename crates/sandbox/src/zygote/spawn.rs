//! Starting a zygote: a clone into new namespaces, its identity map, then the launcher.

use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::mpsc;

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::pipe::PipeFlags;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stockade_native::plan::{HOST_PROCESSES, PLAN, SOCKET};
use stockade_native::zygote::shell_status;

use super::specification::ZygoteSpecification;
use crate::embedded::LAUNCHER;
use crate::error::SandboxError;
use crate::identity::Identity;
use crate::wall::Wall;

/// A started zygote. It ends when its control socket is dropped, and with it everything inside its pid namespace.
#[derive(Debug)]
pub struct Zygote {
    /// The control socket, non-blocking; [`stockade_native::control`] has its messages.
    pub control: OwnedFd,
    /// What launcher and zygote print, non-blocking: only ever a complaint.
    pub output: OwnedFd,
    /// Gives the exit status, as a shell shows it, once the launcher has ended.
    pub ended: mpsc::Receiver<i32>,
    /// Process id of the launcher on the host.
    pub process: u32,
}

/// Starts a zygote. It says hello on its control socket once its walls are up and its interpreter is warm.
pub fn start(specification: &ZygoteSpecification, identity: &Identity) -> Result<Zygote, SandboxError> {
    raise_open_files();
    let plan = specification.plan(identity)?;
    let mut namespaces = libc::CLONE_NEWUSER | libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWUTS;
    for (wall, flag) in [(Wall::NetworkNamespace, libc::CLONE_NEWNET), (Wall::IpcNamespace, libc::CLONE_NEWIPC)] {
        if specification.has(wall) {
            namespaces |= flag;
        }
    }
    let (control, control_inside) =
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|error| SandboxError::System { step: "make the control socket", error: error.into() })?;
    // Only the supervisor's end: the flag belongs to the open socket, not to the descriptor.
    rustix::io::ioctl_fionbio(&control, true)
        .map_err(|error| SandboxError::System { step: "make the control socket", error: error.into() })?;
    let (output, output_inside) = pipe()?;
    rustix::io::ioctl_fionbio(&output, true)
        .map_err(|error| SandboxError::System { step: "make a pipe", error: error.into() })?;
    let (go_inside, go) = pipe()?;

    let inside = Inside {
        launcher: launcher()?.as_raw_fd(),
        control: high(control_inside)?,
        plan: high(sealed("plan", &plan.encode(), MemfdFlags::empty())?)?,
        host_processes: high(open_host_processes()?)?,
        nothing: high(open("/dev/null", OFlags::RDONLY)?)?,
        output: high(output_inside)?,
        go: high(go_inside)?,
    };
    let (process, ended) = clone_on_own_thread(namespaces, inside)?;
    // On failure `go` is dropped without a byte, which ends the clone.
    write_identity_map(process, identity)?;
    fs::File::from(go).write_all(b"g").map_err(SandboxError::system("tell the launcher to go on"))?;
    Ok(Zygote { control, output, ended, process: process.cast_unsigned() })
}

/// Lets this process and its zygotes have as many descriptors as they may: tasks can fill the usual number with
/// connections and with descriptors on their way.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Refused only where it changes nothing.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// The descriptors of the clone, all above those that it puts them at.
struct Inside {
    launcher: RawFd,
    control: OwnedFd,
    plan: OwnedFd,
    host_processes: OwnedFd,
    nothing: OwnedFd,
    output: OwnedFd,
    go: OwnedFd,
}

/// Clones on a thread that lives as long as the launcher: the signal that a process gets when its parent dies comes
/// when the *thread* that made it ends (`PR_SET_PDEATHSIG(2const)`).
fn clone_on_own_thread(namespaces: i32, inside: Inside) -> Result<(libc::pid_t, mpsc::Receiver<i32>), SandboxError> {
    let (report_process, process) = mpsc::channel();
    let (report_end, ended) = mpsc::channel();
    std::thread::Builder::new()
        .name("zygote-parent".to_owned())
        .stack_size(64 * 1024)
        .spawn(move || {
            // SAFETY: with a null stack the clone goes on with a copy of this one, like `fork(2)`; it shares no
            // memory with this process.
            let result = unsafe { libc::syscall(libc::SYS_clone, namespaces | libc::SIGCHLD, 0, 0, 0, 0) };
            match result {
                0 => become_launcher(&inside),
                ..0 => {
                    let _ = report_process.send(Err(io::Error::last_os_error()));
                }
                process => {
                    drop(inside);
                    let process = process as libc::pid_t;
                    let _ = report_process.send(Ok(process));
                    let _ = report_end.send(wait(process));
                }
            }
        })
        .map_err(SandboxError::system("start a thread"))?;
    let process =
        process.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())).map_err(SandboxError::Clone)?;
    Ok((process, ended))
}

/// The clone's few steps up to the launcher. Other threads of the supervisor may have held locks when it was cloned,
/// so these are system calls only: no allocation, nothing of the standard library.
fn become_launcher(inside: &Inside) -> ! {
    let places = [
        (&inside.nothing, 0),
        (&inside.output, 1),
        (&inside.output, 2),
        (&inside.control, SOCKET),
        (&inside.plan, PLAN),
        (&inside.host_processes, HOST_PROCESSES),
    ];
    let arguments = [c"stockade-launcher".as_ptr(), std::ptr::null()];
    let environment = [std::ptr::null::<libc::c_char>()];
    let mut go = [0_u8; 1];
    // SAFETY: plain system calls on descriptors and buffers that live in this copy of the stack.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        if libc::read(inside.go.as_raw_fd(), go.as_mut_ptr().cast(), 1) != 1 {
            libc::_exit(1);
        }
        // An execve keeps the namespace's capabilities only for a user that is mapped to its root.
        if libc::syscall(libc::SYS_setresgid, 0, 0, 0) < 0 || libc::syscall(libc::SYS_setresuid, 0, 0, 0) < 0 {
            libc::_exit(2);
        }
        for (descriptor, place) in places {
            if libc::dup2(descriptor.as_raw_fd(), place) < 0 {
                libc::_exit(3);
            }
        }
        // The change of user has cleared it.
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        libc::syscall(
            libc::SYS_execveat,
            inside.launcher,
            c"".as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            libc::AT_EMPTY_PATH,
        );
        libc::_exit(4)
    }
}

fn wait(process: libc::pid_t) -> i32 {
    loop {
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        if unsafe { libc::waitpid(process, &raw mut status, 0) } == process {
            return shell_status(status);
        }
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return -1;
        }
    }
}

/// Writes who the clone is on the host (`user_namespaces(7)`).
fn write_identity_map(process: libc::pid_t, identity: &Identity) -> Result<(), SandboxError> {
    let write = |file: &str, text: &str| {
        let path = PathBuf::from(format!("/proc/{process}/{file}"));
        fs::write(&path, text).map_err(|error| SandboxError::IdentityMap { path, error })
    };
    if matches!(identity, Identity::Single { .. }) {
        // Without privilege a group map is only allowed once supplementary groups cannot be dropped any more.
        write("setgroups", "deny")?;
    }
    write("uid_map", &identity.map(false))?;
    write("gid_map", &identity.map(true))
}

/// The launcher as a sealed memory file, made once: nothing on the host to tamper with.
fn launcher() -> Result<&'static OwnedFd, SandboxError> {
    static FILE: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(file) = FILE.get() {
        return Ok(file);
    }
    let file = high(sealed("stockade-launcher", LAUNCHER, MemfdFlags::EXEC)?)?;
    Ok(FILE.get_or_init(|| file))
}

fn sealed(name: &str, contents: &[u8], flags: MemfdFlags) -> Result<OwnedFd, SandboxError> {
    let flags = flags | MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let make = |error: io::Error| SandboxError::System { step: "make a memory file", error };
    let descriptor = rustix::fs::memfd_create(name, flags)
        // Kernels before 6.3 do not know MFD_EXEC, and there every memory file is executable.
        .or_else(|_| rustix::fs::memfd_create(name, flags - MemfdFlags::EXEC))
        .map_err(|error| make(error.into()))?;
    let mut file = fs::File::from(descriptor);
    file.write_all(contents).map_err(make)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals).map_err(|error| make(error.into()))?;
    Ok(file.into())
}

fn open_host_processes() -> Result<OwnedFd, SandboxError> {
    open("/proc", OFlags::PATH | OFlags::DIRECTORY)
}

fn open(path: &str, flags: OFlags) -> Result<OwnedFd, SandboxError> {
    rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| SandboxError::Path { path: path.into(), error: error.into() })
}

fn pipe() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    rustix::pipe::pipe_with(PipeFlags::CLOEXEC)
        .map_err(|error| SandboxError::System { step: "make a pipe", error: error.into() })
}

/// A duplicate above every fixed place, so that putting one descriptor in its place never overwrites another.
fn high(descriptor: OwnedFd) -> Result<OwnedFd, SandboxError> {
    const FIRST: RawFd = 16;
    // SAFETY: takes no pointers.
    let duplicate = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, FIRST) };
    if duplicate < 0 {
        return Err(SandboxError::System { step: "duplicate a descriptor", error: io::Error::last_os_error() });
    }
    // SAFETY: the kernel made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(duplicate) })
}
