//! The name server of a worker, fed with whatever it sends.
//!
//! No question makes it look anything up, for nothing is allowed, and what it answers is an answer to that question.

#![no_main]

use std::cell::LazyCell;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use simple_dns::{Packet, PacketFlag, RCODE};
use stockade_egress::{EgressConfiguration, Session, name_server};
use stockade_protocol::Network;
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: LazyCell<Runtime> = LazyCell::new(|| Builder::new_current_thread().build().expect("a runtime"));
}

fuzz_target!(|input: &[u8]| {
    let session = Session::new(Arc::new(EgressConfiguration::default()), Network::default());
    let Some(answer) = RUNTIME.with(|runtime| runtime.block_on(name_server::answer(input, &session))) else { return };
    let (question, answer) = (Packet::parse(input).expect("a question"), Packet::parse(&answer).expect("an answer"));
    assert_eq!(question.id(), answer.id());
    assert!(answer.has_flags(PacketFlag::RESPONSE) && answer.answers.is_empty());
    assert!(matches!(answer.rcode(), RCODE::NameError | RCODE::NotImplemented));
    assert_eq!(session.usage().connections, 0);
});
