//! The way to n8n's task broker: address, TLS, tokens, the WebSocket, and when to try again.

mod access;
mod address;
mod backoff;
mod connection;
mod dial;
mod http;
mod tls;

pub(crate) use access::Access;
pub(crate) use address::BrokerAddress;
pub(crate) use backoff::Backoff;
pub(crate) use connection::{Connection, Received};
