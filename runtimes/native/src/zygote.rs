//! The fork loop of a zygote. It runs no user code: it waits for requests of the supervisor, forks workers and says
//! how they ended.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use crate::control::{self, Failure, MAXIMUM_MESSAGE, Request, WorkerExit, ZygoteMessage};
use crate::plan::{HOST_PROCESSES, PLAN, Plan, SOCKET, WorkerPlan};
use crate::{inheritance, large_pages, residence, system, worker};

/// What an interpreter needs done around a fork.
pub trait Interpreter {
    /// Once, before the first fork.
    fn before_first_fork(&mut self) {}
    /// In the zygote before each fork.
    fn before_fork(&mut self) {}
    /// In the zygote after each fork.
    fn after_fork_in_zygote(&mut self) {}
    /// In the worker, after its walls are up.
    fn after_fork_in_worker(&mut self) {}
}

/// A forked worker that has not ended.
struct Worker {
    number: u32,
    process: libc::pid_t,
    descriptor: OwnedFd,
}

/// Serves the supervisor. Returns in each worker, once its walls are up; in the zygote it never returns: the process
/// ends with the supervisor.
pub fn serve(hello: &[u8], interpreter: &mut dyn Interpreter) {
    match serve_until_end(hello, interpreter) {
        Ok(Role::Worker) => {}
        Ok(Role::ZygoteAtItsEnd) => system::exit_now(0),
        Err(failure) => {
            let _ = control::send(SOCKET, &ZygoteMessage::Failed(failure).encode(), &[]);
            system::exit_now(70)
        }
    }
}

enum Role {
    Worker,
    ZygoteAtItsEnd,
}

fn serve_until_end(hello: &[u8], interpreter: &mut dyn Interpreter) -> Result<Role, Failure> {
    let failed = |step: &'static str| move |error: io::Error| Failure::new("start", step, &error);
    let plan = read_worker_plan().map_err(failed("read the plan"))?;
    system::close(PLAN);
    let namespace = system::open_at(HOST_PROCESSES, c"self/ns/pid", libc::O_RDONLY)
        .map_err(|error| Failure::new("pid-namespace", "open the zygote's pid namespace", &error))?;
    let data = mapped_data_bytes().map_err(|error| Failure::new("rlimit", "measure the zygote", &error))?;
    // These are the same for every worker, and a zygote can live with them.
    for limit in &plan.limits {
        system::limit_resource(limit.resource, limit.value)
            .map_err(|error| Failure::new("rlimit", "set a resource limit", &error))?;
    }
    interpreter.before_first_fork();
    inheritance::keep_shared_memory_to_itself().map_err(failed("keep shared memory from workers"))?;
    let inherited = inheritance::open_files().map_err(failed("list open files"))?;
    large_pages::move_busy_parts();
    residence::leave_unchanged_pages();
    residence::leave_free_memory();
    send(&ZygoteMessage::Hello(hello.to_vec()), &[]).map_err(failed("say hello"))?;

    let mut workers: Vec<Worker> = Vec::new();
    let mut buffer = vec![0; MAXIMUM_MESSAGE];
    loop {
        let ready = wait(&workers).map_err(failed("wait for requests"))?;
        // Ends first, so that a request which follows finds their places free.
        for index in ready.ended.into_iter().rev() {
            let worker = workers.swap_remove(index);
            if let Some(exit) = reap(&worker) {
                send(&ZygoteMessage::Exited(exit), &[]).map_err(failed("report a worker's end"))?;
            }
        }
        if !ready.request {
            continue;
        }
        let (count, descriptors) = control::receive(SOCKET, &mut buffer).map_err(failed("receive a request"))?;
        if count == 0 {
            return Ok(Role::ZygoteAtItsEnd);
        }
        let mut request = match Request::decode(&buffer[..count]) {
            Some(Request::Fork(request)) => request,
            Some(Request::Measure { forks, in_flight }) => {
                let microseconds = measure(forks, in_flight, interpreter).map_err(failed("measure forks"))?;
                send(&ZygoteMessage::Measured { microseconds }, &[]).map_err(failed("report a measurement"))?;
                continue;
            }
            None => return Err(Failure::new("start", "read a request", &io::ErrorKind::InvalidData.into())),
        };
        if request.data_bytes > 0 {
            request.data_bytes += data;
        }
        interpreter.before_fork();
        let forked = fork_into_namespace(&namespace);
        match forked {
            Ok(0) => {
                drop(workers);
                // A worker that cannot build its walls tells the supervisor and ends; it never goes on without them.
                worker::set_up(&plan, &request, descriptors, namespace, &inherited);
                interpreter.after_fork_in_worker();
                return Ok(Role::Worker);
            }
            Ok(process) => {
                interpreter.after_fork_in_zygote();
                match system::open_process(process) {
                    Ok(descriptor) => {
                        let message = ZygoteMessage::Forked { worker: request.worker };
                        send(&message, &[descriptor.as_raw_fd()]).map_err(failed("report a fork"))?;
                        workers.push(Worker { number: request.worker, process, descriptor });
                    }
                    Err(error) => return Err(Failure::new("start", "open a worker's pidfd", &error)),
                }
            }
            Err(error) => {
                interpreter.after_fork_in_zygote();
                let error = error.raw_os_error().unwrap_or(0);
                send(&ZygoteMessage::ForkFailed { worker: request.worker, error }, &[])
                    .map_err(failed("report a failed fork"))?;
            }
        }
    }
}

/// Forks processes that end at once; gives how long all of them took, in microseconds.
fn measure(forks: u32, in_flight: u32, interpreter: &mut dyn Interpreter) -> io::Result<u64> {
    let started = std::time::Instant::now();
    let mut alive = Vec::new();
    for _ in 0..forks {
        if alive.len() >= in_flight.max(1) as usize {
            await_process(alive.remove(0))?;
        }
        interpreter.before_fork();
        match system::fork()? {
            0 => system::exit_now(0),
            process => alive.push(process),
        }
        interpreter.after_fork_in_zygote();
    }
    alive.into_iter().try_for_each(await_process)?;
    Ok(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX))
}

fn await_process(process: libc::pid_t) -> io::Result<()> {
    // SAFETY: a null status is allowed.
    let ended = unsafe { libc::waitpid(process, std::ptr::null_mut(), libc::__WALL) };
    if ended == process { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn send(message: &ZygoteMessage, descriptors: &[i32]) -> io::Result<()> {
    control::send(SOCKET, &message.encode(), descriptors)
}

fn read_worker_plan() -> io::Result<WorkerPlan> {
    use std::os::fd::FromRawFd;
    use std::os::unix::fs::FileExt;
    // SAFETY: the launcher leaves the plan at this descriptor; `serve_until_end` closes it afterwards.
    let file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(PLAN) });
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(0)];
    file.read_exact_at(&mut bytes, 0)?;
    Plan::decode(&bytes).map(|plan| plan.worker).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Bytes of private memory that this process has mapped, which is what `RLIMIT_DATA` counts: the sixth figure of
/// `/proc/self/statm` (`proc_pid_statm(5)`).
fn mapped_data_bytes() -> io::Result<u64> {
    const PAGE: u64 = 4096;
    let statm = system::read_at(HOST_PROCESSES, c"self/statm")?;
    let pages = std::str::from_utf8(&statm).ok().and_then(|text| text.split(' ').nth(5)).and_then(|n| n.parse().ok());
    pages.map(|pages: u64| pages * PAGE).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Forks a process that is the first of a new pid namespace.
///
/// `unshare` decides where *later* children go and works once; going back to the zygote's own namespace makes it
/// work again (`pid_namespaces(7)`).
fn fork_into_namespace(own: &OwnedFd) -> io::Result<libc::pid_t> {
    system::unshare(libc::CLONE_NEWPID)?;
    let forked = system::fork();
    if !matches!(forked, Ok(0)) {
        system::enter_namespace(own, libc::CLONE_NEWPID)?;
    }
    forked
}

struct Ready {
    request: bool,
    /// Indices of workers that have ended, ascending.
    ended: Vec<usize>,
}

fn wait(workers: &[Worker]) -> io::Result<Ready> {
    let watch = |descriptor| libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    let mut watched: Vec<libc::pollfd> =
        std::iter::once(SOCKET).chain(workers.iter().map(|worker| worker.descriptor.as_raw_fd())).map(watch).collect();
    loop {
        // SAFETY: `watched` has the stated length.
        let count = unsafe { libc::poll(watched.as_mut_ptr(), watched.len() as libc::nfds_t, -1) };
        if count >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let (control, rest) = watched.split_at(1);
    let ended = rest.iter().enumerate().filter(|(_, entry)| entry.revents != 0).map(|(index, _)| index).collect();
    Ok(Ready { request: control[0].revents != 0, ended })
}

fn reap(worker: &Worker) -> Option<WorkerExit> {
    let mut status = 0;
    // SAFETY: an all-zero rusage is a valid one.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both outlive the call.
    let reaped = unsafe { libc::wait4(worker.process, &raw mut status, libc::__WALL, &raw mut usage) };
    if reaped != worker.process {
        return None;
    }
    let microseconds = |time: libc::timeval| {
        u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(time.tv_usec).unwrap_or(0)
    };
    Some(WorkerExit {
        worker: worker.number,
        status,
        cpu_microseconds: microseconds(usage.ru_utime) + microseconds(usage.ru_stime),
        maximum_resident_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
    })
}

/// A wait status as a shell shows it: the exit status, or 128 and the signal.
pub fn shell_status(status: i32) -> i32 {
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) }
}
