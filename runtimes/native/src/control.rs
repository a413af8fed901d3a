//! The messages between supervisor and zygote, one per packet of a `SOCK_SEQPACKET` socket. Both ends are ours: user
//! code never holds this socket.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use crate::encoding::{Decoder, Encoder};

/// Longest message, in bytes.
pub const MAXIMUM_MESSAGE: usize = 64 * 1024;
/// Most descriptors that one message carries.
pub const MAXIMUM_DESCRIPTORS: usize = 16;

/// What a supervisor asks of a zygote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Fork a worker.
    Fork(ForkRequest),
    /// Fork `forks` processes that end at once, `in_flight` of them at a time, and tell how long that took: the floor
    /// under everything that is built on forking this interpreter.
    Measure {
        /// How many.
        forks: u32,
        /// How many at the same time.
        in_flight: u32,
    },
}

impl Request {
    /// The message's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::default();
        match self {
            Self::Fork(request) => request.encode(encoder.byte(1)),
            Self::Measure { forks, in_flight } => {
                encoder.byte(2).number(*forks).number(*in_flight);
            }
        }
        encoder.finish()
    }

    /// The message from its bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        match decoder.byte()? {
            1 => ForkRequest::decode(&mut decoder).map(Self::Fork),
            2 => Some(Self::Measure { forks: decoder.number()?, in_flight: decoder.number()? }),
            _ => None,
        }
    }
}

/// A worker to fork. Travels with its descriptors: frame socket, stdout, stderr, then the cgroup files to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkRequest {
    /// Chosen by the supervisor; every message about the worker carries it.
    pub worker: u32,
    /// User and group id inside the zygote's user namespace.
    pub user: u32,
    /// Size of `/tmp` in bytes.
    pub temporary_storage_bytes: u64,
    /// Files and directories that `/tmp` can hold.
    pub temporary_storage_files: u64,
    /// Processes and threads, as the second wall beside the cgroup; 0: no such limit.
    pub processes: u64,
    /// Bytes of one file; 0: no such limit.
    pub file_bytes: u64,
    /// Bytes of private memory that one process may map beyond what its zygote has, as the second wall beside the
    /// cgroup; 0: no such limit.
    pub data_bytes: u64,
    /// Path of the task's directory below the task directories; empty for none.
    pub directory: Vec<u8>,
}

/// What a zygote tells the supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZygoteMessage {
    /// The interpreter is warm; a JSON object from the harness.
    Hello(Vec<u8>),
    /// A worker was forked. Travels with its pidfd.
    Forked {
        /// Which worker.
        worker: u32,
    },
    /// A worker and all its processes are gone.
    Exited(WorkerExit),
    /// A worker could not be forked.
    ForkFailed {
        /// Which worker.
        worker: u32,
        /// `errno`.
        error: i32,
    },
    /// The launcher could not build a wall; it ends.
    Failed(Failure),
    /// How long the forks of [`Request::Measure`] took, in microseconds.
    Measured {
        /// All of them together.
        microseconds: u64,
    },
}

/// Stands in [`Failure::wall`] when it is the task's directory that cannot be shown: the caller's mistake and no wall's.
pub const TASK_DIRECTORY_FAILURE: &str = "task-directory";

/// A wall that could not be built, or another step that failed inside the launcher or a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Name of the wall as `stockade doctor` shows it, `start` for a step that belongs to none, or
    /// [`TASK_DIRECTORY_FAILURE`].
    pub wall: String,
    /// The step, such as ``mount a tmpfs on `/tmp` ``.
    pub step: String,
    /// `errno`.
    pub error: i32,
}

impl Failure {
    /// The failure of a step that the kernel answered with `error`.
    pub fn new(wall: &str, step: impl Into<String>, error: &io::Error) -> Self {
        Self { wall: wall.to_owned(), step: step.into(), error: error.raw_os_error().unwrap_or(0) }
    }

    /// The failure's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encoder.string(self.wall.as_bytes()).string(self.step.as_bytes()).number(self.error.cast_unsigned());
        encoder.finish()
    }

    /// The failure from its bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        Some(Self {
            wall: String::from_utf8_lossy(decoder.string()?).into_owned(),
            step: String::from_utf8_lossy(decoder.string()?).into_owned(),
            error: decoder.number()?.cast_signed(),
        })
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "cannot {}: {}", self.step, io::Error::from_raw_os_error(self.error))
    }
}

/// How a worker ended, from `wait4(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerExit {
    /// Which worker.
    pub worker: u32,
    /// Wait status.
    pub status: i32,
    /// User and system time of the worker and of the children that it waited for, in microseconds.
    pub cpu_microseconds: u64,
    /// Largest resident set of any of them, in bytes.
    pub maximum_resident_bytes: u64,
}

impl ForkRequest {
    fn encode(&self, encoder: &mut Encoder) {
        encoder
            .number(self.worker)
            .number(self.user)
            .long(self.temporary_storage_bytes)
            .long(self.temporary_storage_files)
            .long(self.processes)
            .long(self.file_bytes)
            .long(self.data_bytes)
            .string(&self.directory);
    }

    fn decode(decoder: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            worker: decoder.number()?,
            user: decoder.number()?,
            temporary_storage_bytes: decoder.long()?,
            temporary_storage_files: decoder.long()?,
            processes: decoder.long()?,
            file_bytes: decoder.long()?,
            data_bytes: decoder.long()?,
            directory: decoder.string()?.to_vec(),
        })
    }
}

impl ZygoteMessage {
    /// The message's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::default();
        match self {
            Self::Hello(json) => encoder.byte(1).string(json),
            Self::Forked { worker } => encoder.byte(2).number(*worker),
            Self::Exited(exit) => encoder
                .byte(3)
                .number(exit.worker)
                .number(exit.status.cast_unsigned())
                .long(exit.cpu_microseconds)
                .long(exit.maximum_resident_bytes),
            Self::ForkFailed { worker, error } => encoder.byte(4).number(*worker).number(error.cast_unsigned()),
            Self::Failed(failure) => encoder.byte(5).string(&failure.encode()),
            Self::Measured { microseconds } => encoder.byte(6).long(*microseconds),
        };
        encoder.finish()
    }

    /// The message from its bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        match decoder.byte()? {
            1 => Some(Self::Hello(decoder.string()?.to_vec())),
            2 => Some(Self::Forked { worker: decoder.number()? }),
            3 => Some(Self::Exited(WorkerExit {
                worker: decoder.number()?,
                status: decoder.number()?.cast_signed(),
                cpu_microseconds: decoder.long()?,
                maximum_resident_bytes: decoder.long()?,
            })),
            4 => Some(Self::ForkFailed { worker: decoder.number()?, error: decoder.number()?.cast_signed() }),
            5 => Some(Self::Failed(Failure::decode(decoder.string()?)?)),
            6 => Some(Self::Measured { microseconds: decoder.long()? }),
            _ => None,
        }
    }
}

/// Room for the ancillary data of [`MAXIMUM_DESCRIPTORS`] descriptors, aligned as `cmsg(3)` asks.
#[repr(C, align(8))]
struct Ancillary([u8; 128]);

/// Sends one message with descriptors, `sendmsg(2)`; the caller keeps the descriptors.
pub fn send(socket: RawFd, bytes: &[u8], descriptors: &[RawFd]) -> io::Result<()> {
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut ancillary = Ancillary([0; 128]);
    // SAFETY: an all-zero msghdr is a valid empty one.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    if !descriptors.is_empty() {
        let size = u32::try_from(size_of_val(descriptors)).map_err(|_| io::ErrorKind::InvalidInput)?;
        if descriptors.len() > MAXIMUM_DESCRIPTORS {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        message.msg_control = (&raw mut ancillary).cast();
        // SAFETY: CMSG_SPACE and CMSG_LEN only compute; the header and the data behind it lie within `ancillary`,
        // which holds CMSG_SPACE(16 descriptors) = 80 bytes and is aligned to 8.
        unsafe {
            message.msg_controllen = libc::CMSG_SPACE(size) as usize;
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(size) as usize;
            std::ptr::copy_nonoverlapping(descriptors.as_ptr().cast::<u8>(), libc::CMSG_DATA(header), size as usize);
        }
    }
    // SAFETY: `message` points to live buffers of the stated lengths.
    if unsafe { libc::sendmsg(socket, &raw const message, libc::MSG_NOSIGNAL) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Receives one message and its descriptors, `recvmsg(2)`, all closed on `execve`. Zero bytes: the other end is gone.
pub fn receive(socket: RawFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut ancillary = Ancillary([0; 128]);
    // SAFETY: an all-zero msghdr is a valid empty one.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut ancillary).cast();
    message.msg_controllen = size_of::<Ancillary>();
    // SAFETY: `message` points to live buffers of the stated lengths.
    let count = unsafe { libc::recvmsg(socket, &raw mut message, libc::MSG_CMSG_CLOEXEC) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    let mut descriptors = Vec::new();
    // SAFETY: the kernel filled `ancillary` with well-formed headers up to msg_controllen; each SCM_RIGHTS header is
    // followed by descriptors that now belong to this process and to nobody else in it.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&raw const message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS {
                let size = (*header).cmsg_len - libc::CMSG_LEN(0) as usize;
                let data = libc::CMSG_DATA(header).cast::<RawFd>();
                for index in 0..size / size_of::<RawFd>() {
                    descriptors.push(OwnedFd::from_raw_fd(data.add(index).read_unaligned()));
                }
            }
            header = libc::CMSG_NXTHDR(&raw const message, header);
        }
    }
    Ok((count, descriptors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn messages_survive_their_encoding() {
        let request = ForkRequest {
            worker: 7,
            user: 1003,
            temporary_storage_bytes: 1 << 26,
            temporary_storage_files: 4096,
            processes: 64,
            file_bytes: 1 << 27,
            data_bytes: 0,
            directory: b"reports/daily".to_vec(),
        };
        for request in [Request::Fork(request), Request::Measure { forks: 100, in_flight: 2 }] {
            assert_eq!(Request::decode(&request.encode()), Some(request));
        }
        let exit = WorkerExit { worker: 1, status: -1, cpu_microseconds: 2, maximum_resident_bytes: 3 };
        for message in [
            ZygoteMessage::Hello(b"{}".to_vec()),
            ZygoteMessage::Forked { worker: 9 },
            ZygoteMessage::Measured { microseconds: 5 },
            ZygoteMessage::Exited(exit),
            ZygoteMessage::ForkFailed { worker: 2, error: libc::EAGAIN },
            ZygoteMessage::Failed(Failure { wall: "landlock".to_owned(), step: "x".to_owned(), error: 1 }),
        ] {
            assert_eq!(ZygoteMessage::decode(&message.encode()), Some(message));
        }
        assert_eq!(ZygoteMessage::decode(&[9]), None);
    }

    #[test]
    fn descriptors_travel_with_a_message() {
        let mut pair = [0; 2];
        // SAFETY: `pair` has room for the two descriptors.
        let made = unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, pair.as_mut_ptr()) };
        assert_eq!(made, 0);
        // SAFETY: socketpair made both and nobody else owns them.
        let (left, right) = unsafe { (OwnedFd::from_raw_fd(pair[0]), OwnedFd::from_raw_fd(pair[1])) };
        send(left.as_raw_fd(), b"two", &[left.as_raw_fd(), right.as_raw_fd()]).unwrap();
        let mut buffer = [0; 16];
        let (count, descriptors) = receive(right.as_raw_fd(), &mut buffer).unwrap();
        assert_eq!((&buffer[..count], descriptors.len()), (&b"two"[..], 2));
    }
}
