//! Why the service cannot start or go on; what is wrong with a request is a `Problem`.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::callers::KeyFileError;
use crate::nautilus::NautilusError;

/// Why the service cannot start.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The port is taken, or the address is not one of this machine.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// Without keys everybody who reaches the address could run code.
    #[error("{address} is not a loopback address, and there is no API key")]
    NeedsKeys {
        /// As configured.
        address: SocketAddr,
    },
    /// Who asks for an audit log does not want tasks without it.
    #[error("cannot open the audit log `{path}`: {source}", path = path.display())]
    Audit {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Spans were asked for and can never be sent there.
    #[error("spans cannot be sent to `{endpoint}`: {reason}")]
    Telemetry {
        /// As configured.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nautilus tasks were asked for and cannot be served.
    #[error(transparent)]
    Nautilus(#[from] NautilusError),
    /// The keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
}
