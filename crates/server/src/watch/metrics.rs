//! `/metrics`: the names of spec/seed-0, and what else an operator needs. Labels come from fixed sets.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Extension;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{ErrorCode, Language, Outcome};

use crate::configuration::ServerConfiguration;
use crate::state::State;

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Milliseconds, from a trivial task to the longest that anybody waits for.
const DURATIONS: [f64; 14] =
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 5_000.0, 30_000.0, 300_000.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLanguage {
    language: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    language: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failed {
    language: String,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    path: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSet {
    package_set: String,
    language: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfWall {
    wall: String,
}

/// What is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    executions: Family<Ended, Counter>,
    durations: Family<OfLanguage, Histogram>,
    memory: Family<OfLanguage, Gauge<f64, std::sync::atomic::AtomicU64>>,
    processor: Family<OfLanguage, Gauge<f64, std::sync::atomic::AtomicU64>>,
    failures: Family<Failed, Counter>,
    timeouts: Family<OfLanguage, Counter>,
    denied: Family<OfLanguage, Counter>,
    connections: Counter,
    sent_bytes: Counter,
    received_bytes: Counter,
    refused_hosts: Counter,
    requests: Family<Answered, Counter>,
    signatures: Counter,
    audit_lines: Counter,
    tasks_running: Gauge,
    tasks_queued: Gauge,
    tasks_maximum: Gauge,
    waiting_workers: Family<OfLanguage, Gauge>,
    set_starts: Family<OfSet, Counter>,
    set_stops: Family<OfSet, Counter>,
    sets_running: Family<OfSet, Gauge>,
    set_bytes: Family<OfSet, Gauge>,
    outcomes_kept: Gauge,
    outcome_bytes: Gauge,
    body_bytes: Gauge,
    ready: Gauge,
    resident_bytes: Gauge,
    open_files: Gauge,
}

impl Metrics {
    pub(crate) fn new(configuration: &ServerConfiguration) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            executions: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            memory: Family::default(),
            processor: Family::default(),
            failures: Family::default(),
            timeouts: Family::default(),
            denied: Family::default(),
            connections: Counter::default(),
            sent_bytes: Counter::default(),
            received_bytes: Counter::default(),
            refused_hosts: Counter::default(),
            requests: Family::default(),
            signatures: Counter::default(),
            audit_lines: Counter::default(),
            tasks_running: Gauge::default(),
            tasks_queued: Gauge::default(),
            tasks_maximum: Gauge::default(),
            waiting_workers: Family::default(),
            set_starts: Family::default(),
            set_stops: Family::default(),
            sets_running: Family::default(),
            set_bytes: Family::default(),
            outcomes_kept: Gauge::default(),
            outcome_bytes: Gauge::default(),
            body_bytes: Gauge::default(),
            ready: Gauge::default(),
            resident_bytes: Gauge::default(),
            open_files: Gauge::default(),
        };
        metrics.register();
        let missing: Family<OfWall, Gauge> = Family::default();
        for wall in &configuration.missing_walls {
            missing.get_or_create(&OfWall { wall: wall.clone() }).set(1);
        }
        metrics.registry.register("stockade_wall_missing", "Walls that the operator has given up: 1 for each", missing);
        // A rate needs a zero to begin at.
        for language in configuration.languages.keys() {
            metrics.begin(language);
        }
        metrics
    }

    fn register(&mut self) {
        let Self { registry, .. } = self;
        registry.register("task_runner_executions", "Tasks that have ended", self.executions.clone());
        registry.register(
            "task_runner_execution_duration_ms",
            "Wall time of a task on its worker, in milliseconds",
            self.durations.clone(),
        );
        registry.register(
            "task_runner_memory_usage_mb",
            "Most memory that the last task held at one time, in MiB",
            self.memory.clone(),
        );
        registry.register(
            "task_runner_cpu_usage_percent",
            "Processor time of the last task in percent of its wall time; 100 is one processor",
            self.processor.clone(),
        );
        registry.register("task_runner_failures", "Tasks that ended with an error", self.failures.clone());
        registry.register("task_runner_timeouts", "Tasks that reached their time limit", self.timeouts.clone());
        registry.register("stockade_denied_tasks", "Tasks that were refused a system call", self.denied.clone());
        registry.register(
            "stockade_network_connections",
            "Connections to hosts that were made for tasks",
            self.connections.clone(),
        );
        registry.register("stockade_network_sent_bytes", "Bytes that tasks sent to hosts", self.sent_bytes.clone());
        registry.register(
            "stockade_network_received_bytes",
            "Bytes that tasks received from hosts",
            self.received_bytes.clone(),
        );
        registry.register(
            "stockade_network_refused_hosts",
            "Hosts that tasks were kept from, once for each task",
            self.refused_hosts.clone(),
        );
        registry.register("stockade_http_requests", "Requests that were answered", self.requests.clone());
        registry.register("stockade_nautilus_signatures", "Answers that were signed", self.signatures.clone());
        registry.register("stockade_audit_lines", "Lines that were written to the audit log", self.audit_lines.clone());
        registry.register("stockade_tasks_running", "Tasks that have a place", self.tasks_running.clone());
        registry.register("stockade_tasks_queued", "Tasks that wait for a place", self.tasks_queued.clone());
        registry.register("stockade_tasks_maximum", "Tasks that can run at one time", self.tasks_maximum.clone());
        registry.register(
            "stockade_waiting_workers",
            "Workers that wait, warmed, for a task",
            self.waiting_workers.clone(),
        );
        registry.register(
            "stockade_package_set_starts",
            "Zygotes that were started for a package set",
            self.set_starts.clone(),
        );
        registry.register(
            "stockade_package_set_stops",
            "Zygotes of a package set that were stopped or replaced",
            self.set_stops.clone(),
        );
        registry.register(
            "stockade_package_set_running",
            "1 while a package set has a zygote, else 0",
            self.sets_running.clone(),
        );
        registry.register(
            "stockade_package_set_bytes",
            "Proportional memory of a package set when it was last measured",
            self.set_bytes.clone(),
        );
        registry.register("stockade_outcomes_kept", "Outcomes that can be asked for", self.outcomes_kept.clone());
        registry.register("stockade_outcome_bytes", "Bytes of the outcomes that are kept", self.outcome_bytes.clone());
        registry.register("stockade_body_bytes", "Bytes of request bodies in memory", self.body_bytes.clone());
        registry.register("stockade_ready", "1 while tasks can be taken, else 0", self.ready.clone());
        registry.register(
            "stockade_resident_memory_bytes",
            "Memory of the service itself, in bytes",
            self.resident_bytes.clone(),
        );
        registry.register("stockade_open_files", "Open descriptors of the service", self.open_files.clone());
    }

    fn begin(&self, language: &Language) {
        let of_language = OfLanguage { language: language.name().to_owned() };
        for status in ["ok", "error"] {
            drop(self.executions.get_or_create(&Ended { language: language.name().to_owned(), status }));
        }
        for code in ErrorCode::ALL {
            drop(self.failures.get_or_create(&Failed { language: language.name().to_owned(), code: code.name() }));
        }
        drop(self.durations.get_or_create(&of_language));
        drop(self.memory.get_or_create(&of_language));
        drop(self.processor.get_or_create(&of_language));
        drop(self.denied.get_or_create(&of_language));
        drop(self.waiting_workers.get_or_create(&of_language));
        drop(self.timeouts.get_or_create(&of_language));
    }

    /// Counts a task that has ended.
    #[expect(clippy::cast_precision_loss, reason = "a metric of less than 2^53 microseconds and bytes")]
    pub(crate) fn task_ended(&self, language: &Language, outcome: &Outcome) {
        let name = || language.name().to_owned();
        let of_language = OfLanguage { language: name() };
        let status = if outcome.result.is_ok() { "ok" } else { "error" };
        self.executions.get_or_create(&Ended { language: name(), status }).inc();
        if let Err(error) = &outcome.result {
            self.failures.get_or_create(&Failed { language: name(), code: error.code.name() }).inc();
            if error.code == ErrorCode::TimeoutError {
                self.timeouts.get_or_create(&of_language).inc();
            }
        }
        if !outcome.denied.is_empty() {
            self.denied.get_or_create(&of_language).inc();
        }
        if let Some(network) = &outcome.network {
            self.connections.inc_by(network.connections);
            self.sent_bytes.inc_by(network.sent_bytes);
            self.received_bytes.inc_by(network.received_bytes);
            self.refused_hosts.inc_by(network.refused.len() as u64);
        }
        let usage = &outcome.usage;
        // Without wall time it never ran.
        if usage.wall_microseconds > 0 {
            self.durations.get_or_create(&of_language).observe(usage.wall_microseconds as f64 / 1_000.0);
            self.memory.get_or_create(&of_language).set(usage.peak_memory_bytes as f64 / MEBIBYTE as f64);
            let share = usage.cpu_microseconds as f64 / usage.wall_microseconds as f64;
            self.processor.get_or_create(&of_language).set(share * 100.0);
        }
    }

    /// Counts an answer that was signed.
    pub(crate) fn signed(&self) {
        self.signatures.inc();
    }

    /// Counts a line of the audit log.
    pub(crate) fn audit_lines(&self) -> Counter {
        self.audit_lines.clone()
    }

    /// The text of `/metrics`.
    fn text(&self, state: &State) -> String {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let status = state.engine().status();
        self.tasks_running.set(count(status.running));
        self.tasks_queued.set(count(status.queued));
        self.tasks_maximum.set(count(status.maximum_tasks));
        for runtime in &status.runtimes {
            let of_language = OfLanguage { language: runtime.language.name().to_owned() };
            self.waiting_workers.get_or_create(&of_language).set(count(runtime.waiting));
        }
        for set in &status.package_sets {
            let of_set = OfSet { package_set: set.name.clone(), language: set.language.name().to_owned() };
            // The engine counts; a counter of its own would count twice.
            self.set_starts.get_or_create(&of_set).inner().store(set.starts, Ordering::Relaxed);
            self.set_stops.get_or_create(&of_set).inner().store(set.stops, Ordering::Relaxed);
            self.sets_running.get_or_create(&of_set).set(i64::from(set.is_running));
            self.set_bytes.get_or_create(&of_set).set(i64::try_from(set.proportional_bytes).unwrap_or(i64::MAX));
        }
        let (kept, bytes) = state.registry().kept();
        self.outcomes_kept.set(count(kept));
        self.outcome_bytes.set(count(bytes));
        self.body_bytes.set(count(state.bodies().reserved()));
        self.ready.set(i64::from(state.problems().is_empty()));
        self.resident_bytes.set(count(resident_bytes().unwrap_or(0)));
        self.open_files.set(count(std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)));
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().ok()? * 1024)
}

/// `GET /metrics`.
pub(crate) async fn metrics(Extension(state): Extension<Arc<State>>) -> Response {
    let text = state.metrics().text(&state);
    ([(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], text).into_response()
}

/// Counts every answer. The path is that of the route: what a client made up is `other`.
pub(crate) async fn count(Extension(state): Extension<Arc<State>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let response = next.run(request).await;
    let status = response.status().as_u16();
    state.metrics().requests.get_or_create(&Answered { path, method, status }).inc();
    response
}
