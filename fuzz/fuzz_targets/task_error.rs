//! The error that a worker reports: read from its bytes, passed on to callers as JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stockade_protocol::TaskError;

fuzz_target!(|bytes: &[u8]| {
    let Ok(error) = serde_json::from_slice::<TaskError>(bytes) else { return };
    let written = serde_json::to_vec(&error).expect("an error that was read can be written");
    let read: TaskError = serde_json::from_slice(&written).expect("an error that was written can be read");
    assert_eq!(read, error);
});
