//! The frame reader, fed with whatever a worker sends, in pieces of any size.
//!
//! However the bytes are cut, the same frames and the same error come out, and the reader asks for no more memory than
//! the longest payload that it accepts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stockade_protocol::frame::{FrameError, FrameReader, HEADER_LENGTH, WorkerFrame};

/// The buffer grows by doubling (`Vec`, and `BytesMut` on top of it); anything beyond is memory that a header claimed.
const GROWTH: usize = 2;
/// What a buffer takes for a few bytes.
const SMALL: usize = 4096;

fuzz_target!(|input: &[u8]| {
    let [step, low, high, bytes @ ..] = input else { return };
    let maximum = usize::from(u16::from_le_bytes([*low, *high]));
    let whole = read_all(bytes, bytes.len(), maximum);
    assert_eq!(whole, read_all(bytes, usize::from(*step), maximum), "the cut must not matter");
});

fn read_all(bytes: &[u8], step: usize, maximum: usize) -> (Vec<WorkerFrame>, Option<FrameError>) {
    let mut reader = FrameReader::default();
    let mut frames = Vec::new();
    for part in bytes.chunks(step.max(1)) {
        reader.buffer().extend_from_slice(part);
        loop {
            match reader.next_frame(maximum) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        let needed = bytes.len().max(HEADER_LENGTH + maximum).max(SMALL);
        assert!(reader.buffer().capacity() <= GROWTH * needed, "memory for {} bytes", reader.buffer().capacity());
    }
    (frames, None)
}
