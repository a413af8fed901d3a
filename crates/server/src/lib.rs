//! Stockade as an HTTP service. Knows HTTP and the engine, and no walls.
//!
//! - [`Service`]: from listening to the end; `connection`: HTTP/1.1 within bounds; `routes`: which path is whose.
//! - `task`: `/v1/tasks`, from a body to an outcome.
//! - `callers`: who may do what.
//! - `nautilus`: Node.js task directories, with signed answers.
//! - `watch`: metrics, health, the audit log; `telemetry`: spans for a collector.
//! - `documentation`: the OpenAPI document, and the page made from it.
//! - `problem`: every error of the API, RFC 9457; `body`: bodies of requests within bounds;
//!   `number`: whole numbers as JSON has them.
//!
//! Payloads stay bytes: inputs and results are checked to be JSON and never parsed.

mod answer;
mod body;
mod callers;
mod client_socket;
mod clock;
mod configuration;
mod connection;
mod documentation;
mod error;
mod nautilus;
mod number;
mod problem;
mod routes;
mod service;
mod state;
mod task;
mod telemetry;
mod watch;

pub use callers::{Ceilings, Key, KeyEntry, KeyFile, KeyFileError, Policy, Rate};
pub use configuration::{DEFAULT_PORT, LanguageSettings, Retention, ServerConfiguration};
pub use error::ServerError;
pub use nautilus::{NautilusConfiguration, NautilusError};
pub use service::Service;
pub use telemetry::TelemetryConfiguration;
pub use watch::AuditConfiguration;
