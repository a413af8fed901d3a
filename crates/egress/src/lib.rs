//! The way from a task to the hosts that it may reach.
//!
//! A task has no network. For one that may reach some hosts, the supervisor makes each connection itself and hands the
//! worker one end of a pair of sockets; this crate says whether it may, and carries the bytes.
//!
//! - [`address`]: which addresses are public.
//! - [`session`]: what one task may do and has done: names, pinned addresses, counts.
//! - [`name_server`]: answers a worker's look-ups from its session.
//! - [`relay`]: carries bytes between a worker and a host.
//!
//! The rules are in `docs/network.md`.

pub mod address;
pub mod name_server;
pub mod relay;
pub mod session;

use std::net::SocketAddr;
use std::time::Duration;

pub use ipnet::IpNet;
use stockade_protocol::{AllowedHost, Network};

pub use session::Session;

/// Where the C library of a worker finds its name server (`resolv.conf(5)`).
pub const NAME_SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 53);

/// What holds for the network of every task, whatever its own list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressConfiguration {
    /// Hosts that a task may have at most; `None`: whatever its caller gives it.
    pub allowed_hosts: Option<Vec<AllowedHost>>,
    /// Networks whose addresses may be reached although they are not public.
    pub allowed_networks: Vec<IpNet>,
    /// Connections that a task may make.
    pub maximum_connections: u64,
    /// Bytes that a task may send and receive, together.
    pub maximum_bytes: u64,
    /// How long a host may take to accept a connection.
    pub connect_timeout: Duration,
}

impl Default for EgressConfiguration {
    fn default() -> Self {
        Self {
            allowed_hosts: None,
            allowed_networks: Vec::new(),
            maximum_connections: 256,
            maximum_bytes: 1 << 30,
            connect_timeout: Duration::from_secs(10),
        }
    }
}

impl EgressConfiguration {
    /// The first host that a task asks for and may not have.
    pub fn first_beyond<'network>(&self, network: &'network Network) -> Option<&'network AllowedHost> {
        let allowed = self.allowed_hosts.as_ref()?;
        network.first_beyond(allowed)
    }
}
