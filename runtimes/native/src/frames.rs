//! The frames that the native library itself exchanges with the supervisor; `crates/protocol` describes them all.

use std::io;
use std::os::fd::RawFd;

use crate::control;
use crate::plan::SOCKET;

/// Bytes before the payload: kind and length.
pub const HEADER_LENGTH: usize = 5;
/// The listener of the system call filter, if there is one, travels with this frame.
pub const LISTENER: u8 = 16;
/// A wall could not be built: an encoded [`control::Failure`].
pub const FAILED: u8 = 22;
/// A task from the supervisor.
const TASK: u8 = 1;

/// Sends one short frame, with a descriptor if there is one.
pub(crate) fn send(kind: u8, payload: &[u8], descriptor: Option<RawFd>) -> io::Result<()> {
    let length = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut frame = vec![kind];
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(payload);
    control::send(SOCKET, &frame, descriptor.as_slice())
}

/// The parts of a task frame.
pub(crate) struct Task {
    pub(crate) settings: Vec<u8>,
    pub(crate) code: Vec<u8>,
    pub(crate) inputs: Vec<u8>,
}

/// Waits for the task.
pub(crate) fn receive_task() -> io::Result<Task> {
    let head = read(HEADER_LENGTH)?;
    if head[0] != TASK {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let total = length(&head[1..]);
    let settings_length = length(&read(4)?);
    let settings = read(settings_length)?;
    let code_length = length(&read(4)?);
    let code = read(code_length)?;
    let inputs = total.checked_sub(8 + settings_length + code_length).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Task { settings, code, inputs: read(inputs)? })
}

fn length(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte))
}

fn read(count: usize) -> io::Result<Vec<u8>> {
    use std::io::Read;
    use std::os::fd::FromRawFd;
    // SAFETY: the frame socket stays open as long as the worker lives; it is not closed here.
    let mut socket = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(SOCKET) });
    let mut bytes = vec![0; count];
    socket.read_exact(&mut bytes)?;
    Ok(bytes)
}
