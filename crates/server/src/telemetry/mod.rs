//! Spans of requests and tasks, sent to a collector with OTLP over HTTP (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! - `span`: what a span says: who, which language, how it ended, how long it waited and ran. Nothing of what a task was
//!   given, printed or returned is in one, the message of its error included.
//! - `transport`: how spans get to the collector.
//!
//! Spans wait in a bounded queue for a thread of their own. When the collector is slow or gone they are dropped; no
//! request and no task waits for it.

mod span;
mod transport;

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;

use crate::error::ServerError;
use transport::Transport;

pub(crate) use span::{EndedTask, Parent, TaskTrace, trace};

/// Of a service that is not named by `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES`.
const SERVICE_NAME: &str = "stockade";
/// What the library calls a service without a name.
const UNKNOWN_SERVICE: &str = "unknown_service";
/// Where a collector takes spans, below its address.
const PATH_OF_TRACES: &str = "/v1/traces";
/// How long the last spans may take when the service stops.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// Where spans go.
#[derive(Debug, Clone)]
pub struct TelemetryConfiguration {
    /// Address of a collector, such as `http://127.0.0.1:4318`.
    pub endpoint: String,
}

/// Makes spans, and sends them on its own thread. Copies share it.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Telemetry {
    /// Must be called within a tokio runtime, which carries the bytes. The collector need not be there yet.
    pub(crate) fn start(configuration: &TelemetryConfiguration) -> Result<Self, ServerError> {
        let refused = |reason: String| ServerError::Telemetry { endpoint: configuration.endpoint.clone(), reason };
        let endpoint = format!("{}{PATH_OF_TRACES}", configuration.endpoint.trim_end_matches('/'));
        let transport = Transport::to(&endpoint, Handle::current()).map_err(refused)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(transport)
            .with_endpoint(&endpoint)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
        let tracer = provider.tracer(SERVICE_NAME);
        Ok(Self { provider, tracer })
    }

    /// Sends what is left, for a bounded time.
    pub(crate) async fn end(self) {
        let ending = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(LAST_SPANS));
        if !matches!(ending.await, Ok(Ok(()))) {
            tracing::warn!("the last spans could not be sent");
        }
    }
}

fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version.clone()).build();
    let name = resource.get(&Key::new("service.name")).map(|name| name.to_string()).unwrap_or_default();
    if name.starts_with(UNKNOWN_SERVICE) {
        Resource::builder().with_attribute(version).with_service_name(SERVICE_NAME).build()
    } else {
        resource
    }
}
