//! The protocol of Nautilus (spec/nautilus.md): run a Node.js task directory and sign what it did.
//!
//! - `process_data`: one task, from its request to the signed answer; `task_path`: which directories are tasks.
//! - `signature`: what is signed, byte for byte.
//! - `attestation`: the document of the Nitro Security Module; `endpoints`: which hosts can be reached.
//! - `refusal`: the errors, in the words of the reference.

mod attestation;
mod endpoints;
mod handlers;
mod process_data;
mod refusal;
mod signature;
mod task_path;

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

pub(crate) use handlers::router;
use signature::{KeyError, Signer};

/// How Nautilus tasks are served.
#[derive(Debug, Clone)]
pub struct NautilusConfiguration {
    /// The folder whose folders are tasks; that of the engine.
    pub tasks: PathBuf,
    /// A port of their own, open to every caller, as the protocol knows no keys. `None`: beside the API, with its keys.
    pub listen: Option<SocketAddr>,
    /// The longest time that a request may ask for.
    pub maximum_timeout: Duration,
    /// A file with the secret key, 64 hexadecimal digits, for development. `None`: a new key at every start, in
    /// memory only.
    pub signing_key: Option<PathBuf>,
    /// The hosts that `/health_check` tries. A file that is not there names none.
    pub allowed_endpoints: PathBuf,
}

impl NautilusConfiguration {
    /// Beside the API, with a new key.
    pub fn new(tasks: impl Into<PathBuf>) -> Self {
        Self {
            tasks: tasks.into(),
            listen: None,
            maximum_timeout: Duration::from_secs(300),
            signing_key: None,
            allowed_endpoints: PathBuf::from("allowed_endpoints.yaml"),
        }
    }
}

/// Why Nautilus tasks cannot be served.
#[derive(Debug, Error)]
pub enum NautilusError {
    /// Missing, or no folder.
    #[error("cannot use the tasks folder `{path}`: {source}", path = path.display())]
    Tasks {
        /// As configured.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Missing, or no key.
    #[error("cannot use the signing key `{path}`: {reason}", path = path.display())]
    SigningKey {
        /// As configured.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The kernel gives no random numbers.
    #[error("cannot make a signing key: {0}")]
    Random(getrandom::Error),
    /// Not readable, or not what it should be.
    #[error("cannot use the allowed endpoints `{path}`: {reason}", path = path.display())]
    Endpoints {
        /// As configured.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What the endpoints share.
#[derive(Debug)]
pub(crate) struct Nautilus {
    /// Absolute, without links.
    tasks: PathBuf,
    maximum_timeout: Duration,
    signer: Signer,
    endpoints: Vec<String>,
}

impl Nautilus {
    pub(crate) fn new(configuration: &NautilusConfiguration) -> Result<Self, NautilusError> {
        let NautilusConfiguration { tasks, maximum_timeout, signing_key, allowed_endpoints, .. } = configuration;
        let is_folder = |path: PathBuf| if path.is_dir() { Ok(path) } else { Err(io::ErrorKind::NotADirectory.into()) };
        let tasks = fs::canonicalize(tasks)
            .and_then(is_folder)
            .map_err(|source| NautilusError::Tasks { path: tasks.clone(), source })?;
        let signer = match signing_key {
            Some(path) => read_key(path)?,
            None => Signer::generate().map_err(NautilusError::Random)?,
        };
        Ok(Self { tasks, maximum_timeout: *maximum_timeout, signer, endpoints: endpoints::read(allowed_endpoints)? })
    }
}

fn read_key(path: &Path) -> Result<Signer, NautilusError> {
    let failed = |reason| NautilusError::SigningKey { path: path.to_owned(), reason };
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    Signer::from_hex(text.trim()).map_err(|KeyError| failed("expected 64 hexadecimal digits".to_owned()))
}
