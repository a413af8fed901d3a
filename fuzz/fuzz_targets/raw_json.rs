//! The check that bytes from a worker are JSON which can be passed on unread.
//!
//! What passes is UTF-8, is nested no deeper than promised, and means the same to whoever reads it: another pass over
//! it gives the same bytes.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use stockade_protocol::RawJson;
use stockade_protocol::json::MAXIMUM_DEPTH;

fuzz_target!(|bytes: &[u8]| {
    let Ok(json) = RawJson::new(Bytes::copy_from_slice(bytes)) else { return };
    assert_eq!(json.as_str().as_bytes(), bytes, "the text is not what came");
    assert_eq!(json.bytes(), bytes);
    assert!(depth(&json) <= MAXIMUM_DEPTH);

    let written = serde_json::to_string(&json).expect("what was checked can be written");
    assert_eq!(written, json.as_str().trim_matches([' ', '\n', '\r', '\t']));
    let read: RawJson = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(read.as_str(), written);
    // Inside an object of ours it stays one value: nothing in it can end the object early.
    let envelope = format!("{{\"result\":{written},\"ours\":1}}");
    let members: std::collections::BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(&envelope).expect("the envelope is JSON");
    assert_eq!(members["result"].get(), written);
    assert_eq!(members["ours"].get(), "1");
});

/// Counts brackets in another way than the crate: by cutting the strings out first.
fn depth(json: &RawJson) -> usize {
    let mut rest = json.as_str();
    let mut brackets = Vec::new();
    while let Some(start) = rest.find('"') {
        brackets.extend(rest[..start].bytes());
        rest = &rest[start + 1..];
        loop {
            let end = rest.find(['"', '\\']).expect("a string has an end");
            let escape = rest.as_bytes()[end] == b'\\';
            rest = &rest[end + 1..];
            if !escape {
                break;
            }
            rest = &rest[1..];
        }
    }
    brackets.extend(rest.bytes());
    let change = |byte: &u8| match byte {
        b'[' | b'{' => 1,
        b']' | b'}' => -1,
        _ => 0,
    };
    let depths = brackets.iter().map(change).scan(0_isize, |depth, change| {
        *depth += change;
        Some(*depth)
    });
    depths.max().unwrap_or(0).unsigned_abs()
}
