//! Custom runtimes: the launcher itself is the zygote, and its workers execute a configured command.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::frames::{self, Task};
use crate::plan::{Plan, TEMPORARY_DIRECTORY};
use crate::system;
use crate::zygote::{self, Interpreter};

/// Stands for the path of the code in a command.
const FILE: &[u8] = b"{file}";
/// Exit status of a worker that could not execute its command, as in a shell.
const NOT_EXECUTABLE: i32 = 126;

/// A zygote without an interpreter has nothing to do around a fork.
struct NoInterpreter;

impl Interpreter for NoInterpreter {}

/// Serves the supervisor; each worker waits for its task and becomes the command.
pub(crate) fn serve(plan: &Plan) -> ! {
    zygote::serve(b"{}", &mut NoInterpreter);
    let error = frames::receive_task().and_then(|task| execute(plan, &task)).unwrap_or_else(|error| error);
    let program = plan.command.first().map(|program| String::from_utf8_lossy(program)).unwrap_or_default();
    eprintln!("stockade: cannot execute `{program}`: {error}");
    system::exit_now(NOT_EXECUTABLE)
}

/// The task's settings are the file's name and the environment, each ended by a NUL byte. The inputs are the command's
/// standard input.
fn execute(plan: &Plan, task: &Task) -> io::Result<io::Error> {
    let mut settings = task.settings.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    let name = settings.next().unwrap_or(b"code");
    let path = Path::new(TEMPORARY_DIRECTORY).join(OsStr::from_bytes(name));
    fs::write(&path, &task.code)?;
    if !task.inputs.is_empty() {
        let inputs = Path::new(TEMPORARY_DIRECTORY).join("inputs.json");
        fs::write(&inputs, &task.inputs)?;
        system::duplicate_onto(fs::File::open(&inputs)?.as_raw_fd(), 0)?;
    }
    let arguments = plan
        .command
        .iter()
        .map(|argument| system::text(&replaced(argument, path.as_os_str().as_bytes())))
        .collect::<io::Result<Vec<_>>>()?;
    let environment = merged(&plan.environment, &settings.collect::<Vec<_>>());
    let environment = environment.into_iter().map(system::text).collect::<io::Result<Vec<_>>>()?;
    let program = arguments.first().ok_or(io::ErrorKind::InvalidInput)?.clone();
    // Programs expect to end when nobody reads their output; Rust's start-up has turned that off.
    // SAFETY: SIG_DFL is a valid disposition.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    // The frame socket is not the command's to keep: it ends with a status, not with a frame.
    system::close_from(crate::plan::SOCKET)?;
    Ok(system::execute(&program, &arguments, &environment))
}

/// The runtime's environment and the task's, which comes first where both have a name: with two of one name, programs
/// differ in which they take.
fn merged<'bytes>(of_runtime: &'bytes [Vec<u8>], of_task: &[&'bytes [u8]]) -> Vec<&'bytes [u8]> {
    fn name(variable: &[u8]) -> &[u8] {
        variable.split(|byte| *byte == b'=').next().unwrap_or_default()
    }
    let is_kept = |variable: &&[u8]| !of_task.iter().any(|other| name(other) == name(variable));
    of_runtime.iter().map(Vec::as_slice).filter(is_kept).chain(of_task.iter().copied()).collect()
}

fn replaced(argument: &[u8], path: &[u8]) -> Vec<u8> {
    match argument.windows(FILE.len()).position(|window| window == FILE) {
        Some(start) => [&argument[..start], path, &argument[start + FILE.len()..]].concat(),
        None => argument.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::{merged, replaced};

    #[test]
    fn a_variable_of_the_task_takes_the_place_of_the_runtimes() {
        let of_runtime = [b"PATH=/bin".to_vec(), b"TZ=UTC".to_vec()];
        assert_eq!(merged(&of_runtime, &[b"TZ=Europe/Rome", b"A="]), [&b"PATH=/bin"[..], b"TZ=Europe/Rome", b"A="]);
    }

    #[test]
    fn the_file_takes_its_place_in_an_argument() {
        assert_eq!(replaced(b"--script={file}", b"/tmp/a.rb"), b"--script=/tmp/a.rb");
        assert_eq!(replaced(b"-n", b"/tmp/a.rb"), b"-n");
    }
}
