//! The launcher: the first process of a zygote's pid namespace.
//!
//! The supervisor clones it into new namespaces, writes its identity map and executes it. It builds the walls that
//! all workers of the zygote share, starts the zygote as its only child, and ends when that ends; with it the kernel
//! kills everything in its pid namespace. The zygote must not be process 1 itself: its workers are process 1 of
//! their own pid namespaces, and libraries that notice a fork by a changed process id, as OpenSSL does for its random
//! generator, would take a worker for its zygote.

use std::ffi::CString;
use std::io;
use std::os::fd::AsRawFd;

use crate::control::{self, Failure, ZygoteMessage};
use crate::plan::{HOST_PROCESSES, PLAN, Plan, SOCKET};
use crate::{capabilities, command, root, system, zygote};

/// Exit status of a launcher whose walls could not be built; the control socket has said why.
const FAILED: i32 = 70;

/// Builds the walls, starts the zygote and waits for its end. Gives the exit status of the process.
pub fn run() -> i32 {
    match prepare().and_then(|plan| start(&plan)) {
        Ok(zygote) => wait(zygote),
        Err(failure) => {
            // When the supervisor is gone nobody can be told; the status still says it.
            let _ = control::send(SOCKET, &ZygoteMessage::Failed(failure).encode(), &[]);
            FAILED
        }
    }
}

fn prepare() -> Result<Plan, Failure> {
    let failed = |wall: &'static str, step: &'static str| move |error: io::Error| Failure::new(wall, step, &error);
    // Whoever started the supervisor may have left it files that are not closed on execve.
    system::close_from(HOST_PROCESSES + 1).map_err(failed("start", "close what the supervisor has inherited"))?;
    let plan = read_plan().map_err(failed("start", "read the plan"))?;
    system::process_control(libc::PR_SET_NO_NEW_PRIVS, 1).map_err(failed("no-new-privileges", "set no_new_privs"))?;
    // Where the host gives large pages to everybody, the first write of a worker would fill one or break one up.
    system::process_control(libc::PR_SET_THP_DISABLE, 1).map_err(failed("start", "turn huge pages off"))?;
    // Under pressure the host's own programs outlive tasks. A process may always raise its own score.
    system::open_at(HOST_PROCESSES, c"self/oom_score_adj", libc::O_WRONLY)
        .and_then(|file| system::write_once(file.as_raw_fd(), b"500"))
        .map_err(failed("start", "raise the out-of-memory score"))?;
    system::set_host_name("stockade").map_err(failed("user-namespace", "set the host name"))?;
    root::build(&plan)?;
    Ok(plan)
}

fn read_plan() -> io::Result<Plan> {
    use std::io::{Read, Seek};
    use std::os::fd::FromRawFd;
    // SAFETY: the supervisor leaves the plan at this descriptor; the zygote still needs it, so it is not closed here.
    let mut file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(PLAN) });
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Plan::decode(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Forks the zygote; gives its process id.
fn start(plan: &Plan) -> Result<libc::pid_t, Failure> {
    match system::fork().map_err(|error| Failure::new("start", "fork the zygote", &error))? {
        0 => {
            let failure = match become_zygote(plan) {
                Ok(never) => match never {},
                Err(failure) => failure,
            };
            let _ = control::send(SOCKET, &ZygoteMessage::Failed(failure).encode(), &[]);
            system::exit_now(FAILED)
        }
        zygote => {
            for descriptor in [SOCKET, PLAN, HOST_PROCESSES] {
                system::close(descriptor);
            }
            Ok(zygote)
        }
    }
}

fn become_zygote(plan: &Plan) -> Result<std::convert::Infallible, Failure> {
    let failed = |step: &'static str| move |error: io::Error| Failure::new("user-namespace", step, &error);
    if let Some(user) = plan.zygote_user {
        system::process_control(libc::PR_SET_KEEPCAPS, 1).map_err(failed("keep capabilities over setuid"))?;
        system::become_user(user).map_err(failed("become the zygote's user"))?;
    }
    capabilities::keep_for_zygote().map_err(failed("drop capabilities"))?;
    if plan.arguments.is_empty() {
        command::serve(plan);
    }
    let strings = |list: &[Vec<u8>]| list.iter().map(|bytes| system::text(bytes)).collect::<io::Result<Vec<CString>>>();
    let error = strings(&plan.arguments)
        .and_then(|arguments| {
            let environment = strings(&plan.environment)?;
            Ok(system::execute(&arguments[0], &arguments, &environment))
        })
        .unwrap_or_else(|error| error);
    let program = String::from_utf8_lossy(&plan.arguments[0]).into_owned();
    Err(Failure::new("start", format!("execute `{program}`"), &error))
}

/// Reaps children until none is left; gives the zygote's exit status, 128 and more for a signal.
///
/// Workers outlive a zygote that dies, so that their tasks are not lost with it. When the supervisor dies the kernel
/// kills this process, and with it everything in its pid namespace.
fn wait(zygote: libc::pid_t) -> i32 {
    let mut result = FAILED;
    loop {
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        let ended = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
        if ended == zygote {
            result = zygote::shell_status(status);
        }
        if ended < 0 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return result;
        }
    }
}
