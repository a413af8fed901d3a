//! The harnesses that this binary carries inside itself.

include!(concat!(env!("OUT_DIR"), "/harness.rs"));
