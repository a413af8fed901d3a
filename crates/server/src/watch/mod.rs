//! How the service is watched: `metrics`, `health`, and `audit`, the log of who ran what.

mod audit;
mod health;
mod metrics;

pub use audit::AuditConfiguration;
pub(crate) use audit::{Audit, TaskLine};
pub(crate) use health::{healthz, readyz};
pub(crate) use metrics::{Metrics, count, metrics};
