//! The bytes between supervisor and worker.
//!
//! A frame is its kind (one byte), the length of its payload (u32, little-endian) and the payload. A worker runs
//! untrusted code and may send anything: [`FrameReader`] never panics, never recurses, and never allocates for a
//! length that it would refuse.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;

use crate::file::{FileName, MAXIMUM_NAME_BYTES};

/// Bytes before the payload: kind and length.
pub const HEADER_LENGTH: usize = 5;

/// Length of the longest name in a request.
const MAXIMUM_NAME_LENGTH: usize = 256;

mod kind {
    pub(super) const TASK: u8 = 1;
    pub(super) const ANSWER: u8 = 2;
    pub(super) const REHEARSE: u8 = 3;
    pub(super) const GIVEN_FILE: u8 = 4;
    pub(super) const LISTENER: u8 = 16;
    pub(super) const WAITING: u8 = 17;
    pub(super) const LOG: u8 = 18;
    pub(super) const REQUEST: u8 = 19;
    pub(super) const RESULT: u8 = 20;
    pub(super) const ERROR: u8 = 21;
    pub(super) const FAILED: u8 = 22;
    pub(super) const FILE: u8 = 23;
}

/// What a worker sends. Payloads are not checked here beyond their framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerFrame {
    /// Walls are up: a task may come. The descriptor of the system call listener travels with this frame.
    Listener,
    /// The worker has rehearsed and is warm.
    Waiting,
    /// A message for the caller while the task runs: one JSON value.
    Log(Bytes),
    /// A question to the caller; the answer carries the same id.
    Request {
        /// Chosen by the worker.
        id: u32,
        /// What is asked for.
        name: String,
        /// JSON value.
        parameters: Bytes,
    },
    /// The task's result: a JSON value, or nothing when the code returned nothing.
    Result(Bytes),
    /// The task's error: a JSON object.
    Error(Bytes),
    /// A wall could not be built; the worker has ended. Encoded by the native library.
    Failed(Bytes),
    /// A file that the task leaves.
    File {
        /// A file name and no path.
        name: FileName,
        /// Everything in it.
        contents: Bytes,
    },
}

/// Why bytes from a worker are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// No frame has this kind.
    #[error("a frame of the unknown kind {0}")]
    UnknownKind(u8),
    /// The payload is longer than the reader accepts.
    #[error("a frame of {length} bytes where at most {maximum} are accepted")]
    TooLarge {
        /// Announced length in bytes.
        length: usize,
        /// Accepted length in bytes.
        maximum: usize,
    },
    /// The payload does not have the parts that its kind requires.
    #[error("a malformed {0} frame")]
    Malformed(&'static str),
}

/// Cuts a stream of bytes from a worker into frames.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: BytesMut,
}

impl FrameReader {
    /// Where the next bytes from the socket go.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole frame, or `None` until more bytes have come.
    ///
    /// A payload longer than `maximum` bytes is refused as soon as its header is there.
    pub fn next_frame(&mut self, maximum: usize) -> Result<Option<WorkerFrame>, FrameError> {
        if self.buffer.len() < HEADER_LENGTH {
            return Ok(None);
        }
        let kind = self.buffer[0];
        let length = (&self.buffer[1..HEADER_LENGTH]).get_u32_le() as usize;
        if !(kind::LISTENER..=kind::FILE).contains(&kind) {
            return Err(FrameError::UnknownKind(kind));
        }
        if length > maximum {
            return Err(FrameError::TooLarge { length, maximum });
        }
        if self.buffer.len() < HEADER_LENGTH + length {
            self.buffer.reserve(HEADER_LENGTH + length - self.buffer.len());
            return Ok(None);
        }
        self.buffer.advance(HEADER_LENGTH);
        let payload = self.buffer.split_to(length).freeze();
        parse(kind, payload).map(Some)
    }
}

fn parse(kind: u8, payload: Bytes) -> Result<WorkerFrame, FrameError> {
    match kind {
        kind::LISTENER => Ok(WorkerFrame::Listener),
        kind::WAITING => Ok(WorkerFrame::Waiting),
        kind::LOG => Ok(WorkerFrame::Log(payload)),
        kind::RESULT => Ok(WorkerFrame::Result(payload)),
        kind::ERROR => Ok(WorkerFrame::Error(payload)),
        kind::FAILED => Ok(WorkerFrame::Failed(payload)),
        kind::REQUEST => parse_request(payload).ok_or(FrameError::Malformed("request")),
        kind::FILE => parse_file(payload).ok_or(FrameError::Malformed("file")),
        other => Err(FrameError::UnknownKind(other)),
    }
}

fn parse_request(mut payload: Bytes) -> Option<WorkerFrame> {
    let id = payload.try_get_u32_le().ok()?;
    let name = take_name(&mut payload, MAXIMUM_NAME_LENGTH)?;
    Some(WorkerFrame::Request { id, name, parameters: payload })
}

fn parse_file(mut payload: Bytes) -> Option<WorkerFrame> {
    let name = take_name(&mut payload, MAXIMUM_NAME_BYTES)?.try_into().ok()?;
    Some(WorkerFrame::File { name, contents: payload })
}

/// A length (u16) and as many bytes of UTF-8, at most `maximum`.
fn take_name(payload: &mut Bytes, maximum: usize) -> Option<String> {
    let length = usize::from(payload.try_get_u16_le().ok()?);
    if length > maximum || length > payload.len() {
        return None;
    }
    std::str::from_utf8(&payload.split_to(length)).ok().map(str::to_owned)
}

/// The head of a task frame: everything before the inputs, so that these are written without being copied.
///
/// `settings` is a JSON object. The head together with the inputs must be shorter than 4 GiB; `None` if it is not.
pub fn task_head(settings: &[u8], code: &[u8], inputs_length: usize) -> Option<BytesMut> {
    let length = 4 + settings.len() + 4 + code.len() + inputs_length;
    let mut head = BytesMut::with_capacity(HEADER_LENGTH + length - inputs_length);
    head.put_u8(kind::TASK);
    head.put_u32_le(u32::try_from(length).ok()?);
    head.put_u32_le(u32::try_from(settings.len()).ok()?);
    head.put_slice(settings);
    head.put_u32_le(u32::try_from(code.len()).ok()?);
    head.put_slice(code);
    Some(head)
}

/// The head of a frame with a file that a task is given; the contents follow it. `None` if the frame would reach 4 GiB.
pub fn file_head(name: &FileName, contents_length: usize) -> Option<BytesMut> {
    let name = name.as_str().as_bytes();
    let mut head = BytesMut::with_capacity(HEADER_LENGTH + 2 + name.len());
    head.put_u8(kind::GIVEN_FILE);
    head.put_u32_le(u32::try_from(2 + name.len() + contents_length).ok()?);
    head.put_u16_le(u16::try_from(name.len()).ok()?);
    head.put_slice(name);
    Some(head)
}

/// A frame that asks a worker to rehearse.
pub const REHEARSE: [u8; HEADER_LENGTH] = [kind::REHEARSE, 0, 0, 0, 0];

/// The head of an answer frame; the JSON value follows it. `None` if the frame would reach 4 GiB.
pub fn answer_head(request: u32, succeeded: bool, value_length: usize) -> Option<BytesMut> {
    let mut head = BytesMut::with_capacity(HEADER_LENGTH + 5);
    head.put_u8(kind::ANSWER);
    head.put_u32_le(u32::try_from(5 + value_length).ok()?);
    head.put_u32_le(request);
    head.put_u8(u8::from(!succeeded));
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.put_u32_le(payload.len() as u32);
        bytes.extend_from_slice(payload);
        bytes
    }

    fn file_payload(name: &str, contents: &[u8]) -> Vec<u8> {
        let mut payload = Vec::new();
        payload.put_u16_le(name.len() as u16);
        payload.extend_from_slice(name.as_bytes());
        payload.extend_from_slice(contents);
        payload
    }

    fn read_all(bytes: &[u8], step: usize) -> (Vec<WorkerFrame>, Option<FrameError>) {
        let mut reader = FrameReader::default();
        let mut frames = Vec::new();
        for part in bytes.chunks(step.max(1)) {
            reader.buffer().extend_from_slice(part);
            loop {
                match reader.next_frame(1 << 20) {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(error) => return (frames, Some(error)),
                }
            }
        }
        (frames, None)
    }

    fn any_frame() -> impl Strategy<Value = (WorkerFrame, Vec<u8>)> {
        let payload = || proptest::collection::vec(any::<u8>(), 0..300);
        prop_oneof![
            Just((WorkerFrame::Listener, encoded(kind::LISTENER, b""))),
            Just((WorkerFrame::Waiting, encoded(kind::WAITING, b""))),
            payload().prop_map(|bytes| (WorkerFrame::Log(bytes.clone().into()), encoded(kind::LOG, &bytes))),
            payload().prop_map(|bytes| (WorkerFrame::Result(bytes.clone().into()), encoded(kind::RESULT, &bytes))),
            payload().prop_map(|bytes| (WorkerFrame::Error(bytes.clone().into()), encoded(kind::ERROR, &bytes))),
            (any::<u32>(), "[a-z.]{0,40}", payload()).prop_map(|(id, name, bytes)| {
                let mut body = Vec::new();
                body.put_u32_le(id);
                body.put_u16_le(name.len() as u16);
                body.extend_from_slice(name.as_bytes());
                body.extend_from_slice(&bytes);
                (WorkerFrame::Request { id, name, parameters: bytes.into() }, encoded(kind::REQUEST, &body))
            }),
            ("[a-z]{1,40}", payload()).prop_map(|(name, bytes)| {
                let name: FileName = name.parse().unwrap();
                let file = WorkerFrame::File { name: name.clone(), contents: bytes.clone().into() };
                (file, encoded(kind::FILE, &file_payload(name.as_str(), &bytes)))
            }),
        ]
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut(frames in proptest::collection::vec(any_frame(), 0..12), step in 1_usize..64) {
            let bytes: Vec<u8> = frames.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            let expected: Vec<WorkerFrame> = frames.into_iter().map(|(frame, _)| frame).collect();
            prop_assert_eq!(read_all(&bytes, step), (expected, None));
        }

        #[test]
        fn any_bytes_give_frames_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..600), step in 1_usize..64) {
            let _ = read_all(&bytes, step);
        }

        #[test]
        fn any_file_has_the_name_of_a_file_or_is_malformed(name in any::<String>(), contents in any::<Vec<u8>>()) {
            let read = read_all(&encoded(kind::FILE, &file_payload(&name, &contents)), 99);
            match name.parse::<FileName>() {
                Ok(name) => prop_assert_eq!(read, (vec![WorkerFrame::File { name, contents: contents.into() }], None)),
                Err(_) => prop_assert_eq!(read, (vec![], Some(FrameError::Malformed("file")))),
            }
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_at_the_header() {
        let mut reader = FrameReader::default();
        reader.buffer().extend_from_slice(&[kind::RESULT, 0xff, 0xff, 0xff, 0xff]);
        let capacity = reader.buffer().capacity();
        let error = reader.next_frame(1000).unwrap_err();
        assert_eq!(error, FrameError::TooLarge { length: u32::MAX as usize, maximum: 1000 });
        assert_eq!(reader.buffer().capacity(), capacity);
    }

    #[test]
    fn a_request_whose_name_overruns_is_malformed() {
        let bytes = encoded(kind::REQUEST, &[1, 0, 0, 0, 9, 0, b'x']);
        assert_eq!(read_all(&bytes, 99).1, Some(FrameError::Malformed("request")));
    }

    #[test]
    fn a_file_that_leads_elsewhere_or_overruns_is_malformed() {
        for payload in [&file_payload("../x", b""), &file_payload("", b"x"), &vec![9, 0, b'x'], &vec![1]] {
            assert_eq!(
                read_all(&encoded(kind::FILE, payload), 99).1,
                Some(FrameError::Malformed("file")),
                "{payload:?}"
            );
        }
    }

    #[test]
    fn the_head_of_a_file_counts_the_contents_that_follow() {
        let head = file_head(&"a.csv".parse().unwrap(), 3).unwrap();
        assert_eq!(&head[..], b"\x04\x0a\x00\x00\x00\x05\x00a.csv");
    }

    #[test]
    fn the_task_head_counts_the_inputs_that_follow() {
        let head = task_head(b"{}", b"return 1", 7).unwrap();
        assert_eq!(&head[..], b"\x01\x19\x00\x00\x00\x02\x00\x00\x00{}\x08\x00\x00\x00return 1");
    }
}
