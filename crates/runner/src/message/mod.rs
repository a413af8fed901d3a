//! What runner and broker say to each other: one JSON object per WebSocket message.
//!
//! - [`inbound`]: reads what the broker says. Payloads stay the bytes that came.
//! - [`outbound`]: writes what the runner says, around payloads that stay the bytes of the worker.
//! - [`outbox`]: keeps it until it is sent.

mod inbound;
mod outbound;
mod outbox;
mod settings;

pub(crate) use inbound::{BrokerMessage, MessageError};
pub(crate) use outbound::Outgoing;
pub(crate) use outbox::Outbox;
pub(crate) use settings::TaskSettings;
