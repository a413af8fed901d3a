//! Builds a whole worker as the engine does, and ends it before it has a task: with the capabilities that a zygote
//! keeps, in the order in which its walls stand on each other.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use stockade_native::control::{self, Failure, ForkRequest, MAXIMUM_MESSAGE, Request, ZygoteMessage};
use stockade_native::frames::{FAILED, HEADER_LENGTH, LISTENER};

use crate::error::SandboxError;
use crate::identity::{FIRST_WORKER_USER, Identity};
use crate::wall::Wall;
use crate::zygote::{self, Program, Zygote, ZygoteSpecification};

/// How long each step may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// The zygote of a command does not execute it before a task comes; every machine has this one.
const COMMAND: &str = "/bin/sh";

/// Builds a worker that joins the groups behind `join_files`.
///
/// # Errors
/// The first wall that cannot be built, as the engine would tell it.
pub(super) fn build_worker(identity: &Identity, without: &[Wall], join_files: &[OwnedFd]) -> Result<(), SandboxError> {
    let specification = ZygoteSpecification {
        program: Program::Command { executable: PathBuf::from(COMMAND), arguments: Vec::new() },
        environment: Vec::new(),
        files: Vec::new(),
        mounts: Vec::new(),
        task_directory: None,
        has_cgroups: !join_files.is_empty(),
        without_walls: without.to_vec(),
    };
    let zygote = zygote::start(&specification, identity)?;
    let result = fork_worker(&zygote, join_files);
    // Ends the zygote, and with it everything in its pid namespace.
    drop(zygote.control);
    let _ = zygote.ended.recv_timeout(PATIENCE);
    result
}

fn fork_worker(zygote: &Zygote, join_files: &[OwnedFd]) -> Result<(), SandboxError> {
    let failed = SandboxError::system;
    let control = &zygote.control;
    rustix::io::ioctl_fionbio(control, false).map_err(io::Error::from).map_err(failed("make a socket wait"))?;
    be_patient(control)?;
    match receive(control) {
        Ok(ZygoteMessage::Hello(_)) => {}
        Ok(ZygoteMessage::Failed(failure)) => return Err(SandboxError::from_failure(failure)),
        Ok(_) => return Err(unexpected("hear the zygote's hello")),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(ended_early(zygote)),
        Err(error) => return Err(SandboxError::System { step: "hear the zygote", error }),
    }
    let (outside, inside) =
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .map_err(io::Error::from)
            .map_err(failed("make a worker's socket"))?;
    be_patient(&outside)?;
    let output = std::fs::File::options().write(true).open("/dev/null").map_err(failed("open `/dev/null`"))?;
    let mut descriptors = vec![inside.as_raw_fd(), output.as_raw_fd(), output.as_raw_fd()];
    descriptors.extend(join_files.iter().map(AsRawFd::as_raw_fd));
    let request = Request::Fork(ForkRequest {
        worker: 0,
        user: FIRST_WORKER_USER,
        temporary_storage_bytes: 1 << 20,
        temporary_storage_files: 64,
        processes: 64,
        file_bytes: 1 << 20,
        data_bytes: 1 << 30,
        directory: Vec::new(),
    });
    control::send(control.as_raw_fd(), &request.encode(), &descriptors).map_err(failed("ask for a worker"))?;
    drop(inside);
    match receive(control).map_err(failed("hear the zygote"))? {
        ZygoteMessage::Forked { .. } => {}
        ZygoteMessage::ForkFailed { error, .. } => {
            let error = io::Error::from_raw_os_error(error);
            return Err(SandboxError::Wall(Failure::new(Wall::PidNamespace.name(), "fork a worker", &error)));
        }
        _ => return Err(unexpected("fork a worker")),
    }
    hear_worker(&outside)
}

/// The worker's first frame says whether its walls are up.
fn hear_worker(socket: &OwnedFd) -> Result<(), SandboxError> {
    let mut frame = Vec::new();
    loop {
        let mut part = [0; 1024];
        let (count, _listener) =
            control::receive(socket.as_raw_fd(), &mut part).map_err(SandboxError::system("hear the worker"))?;
        frame.extend_from_slice(&part[..count]);
        match frame.first() {
            Some(&LISTENER) => return Ok(()),
            Some(&FAILED) if count > 0 => {
                // Undecodable as long as a part of it is missing.
                let payload = frame.get(HEADER_LENGTH..).unwrap_or_default();
                if let Some(failure) = Failure::decode(payload) {
                    return Err(SandboxError::from_failure(failure));
                }
            }
            _ => return Err(unexpected("build the walls of a worker")),
        }
    }
}

fn receive(control: &OwnedFd) -> io::Result<ZygoteMessage> {
    let mut message = vec![0; MAXIMUM_MESSAGE];
    let (count, _descriptors) = control::receive(control.as_raw_fd(), &mut message)?;
    ZygoteMessage::decode(&message[..count]).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn ended_early(zygote: &Zygote) -> SandboxError {
    let status = zygote.ended.recv_timeout(PATIENCE);
    SandboxError::EndedEarly {
        program: "the launcher".to_owned(),
        status: status
            .map_or_else(|_| "it has closed its control socket".to_owned(), |code| format!("exit status {code}")),
        output: String::new(),
    }
}

fn be_patient(socket: impl AsFd) -> Result<(), SandboxError> {
    set_socket_timeout(socket, Timeout::Recv, Some(PATIENCE))
        .map_err(io::Error::from)
        .map_err(SandboxError::system("limit the patience of a socket"))
}

fn unexpected(step: &'static str) -> SandboxError {
    SandboxError::System { step, error: io::ErrorKind::UnexpectedEof.into() }
}
