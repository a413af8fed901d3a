//! Addresses that a worker calls `connect(2)` with: whatever lies in its memory.

#![no_main]

use libfuzzer_sys::fuzz_target;

// Of the crate itself this one file is under test; the rest of it would bring the walls along.
#[path = "../../crates/sandbox/src/listener/socket_address.rs"]
mod socket_address;

use socket_address::{SIZE, encode, parse};

fuzz_target!(|input: &[u8]| {
    let Some(address) = parse(input) else { return };
    // An address of IPv4 has one form, so that no list is passed by in another.
    assert_eq!(address.ip(), address.ip().to_canonical());
    // What lies behind an address is not looked at.
    assert_eq!(parse(&input[..input.len().min(SIZE)]), Some(address));
    assert_eq!(parse(&encode(address)), Some(address));
});
