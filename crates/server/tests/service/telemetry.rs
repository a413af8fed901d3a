//! Spans, decoded by a collector of a few lines, and collectors that hang or are not there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Value, json};
use stockade_protocol::Language;
use stockade_server::{ServerConfiguration, ServerError, Service, TelemetryConfiguration};
use tokio::net::TcpListener;

use crate::stage::Stage;

/// What came in one request.
type Batches = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A collector that answers at once with a status; its address, and what it has taken.
async fn collector(status: StatusCode) -> (String, Batches) {
    let batches = Batches::default();
    let taken = Arc::clone(&batches);
    let take = move |headers: HeaderMap, body: Bytes| async move {
        taken.lock().unwrap().push((headers, body));
        status
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, batches)
}

async fn stage(endpoint: &str) -> Stage {
    let telemetry = Some(TelemetryConfiguration { endpoint: endpoint.to_owned() });
    Stage::with(&[Language::Python], |_, server| server.telemetry = telemetry).await
}

fn values(attributes: &[KeyValue]) -> HashMap<String, Value> {
    let value = |value: Option<AnyValue>| match value.unwrap().value.unwrap() {
        Attribute::StringValue(text) => json!(text),
        Attribute::IntValue(number) => json!(number),
        Attribute::DoubleValue(number) => json!(number),
        other => panic!("{other:?}"),
    };
    attributes.iter().cloned().map(|attribute| (attribute.key, value(attribute.value))).collect()
}

fn spans(batches: &Batches) -> (HashMap<String, Value>, Vec<Span>) {
    let batches = batches.lock().unwrap();
    let mut resource = HashMap::new();
    let mut spans = Vec::new();
    for (headers, body) in batches.iter() {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        for of_resource in ExportTraceServiceRequest::decode(body.clone()).unwrap().resource_spans {
            resource = values(&of_resource.resource.unwrap().attributes);
            spans.extend(of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    (resource, spans)
}

fn of_name<'spans>(spans: &'spans [Span], name: &str) -> Vec<&'spans Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_a_span_below_that_of_its_request() {
    let (address, batches) = collector(StatusCode::OK).await;
    let stage = stage(&address).await;
    let ok = json!({ "language": "python", "code": "return secret", "inputs": { "secret": "sesame" } });
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let id = stage.send(stage.task(&ok).header("traceparent", parent)).await.json()["id"].clone();
    let failing = json!({ "language": "python", "code": "print('sesame')\nraise ValueError('sesame')" });
    stage.send(stage.task(&failing).header("traceparent", "nonsense")).await.problem(422, "RUNTIME_ERROR");
    stage.send(stage.task(&json!({}))).await.problem(400, "VALIDATION_ERROR");
    // The client asks not to be traced.
    stage.send(stage.task(&ok).header("traceparent", parent.replace("-01", "-00"))).await.result();
    stage.get("/v1/tasks/none").await.problem(404, "NOT_FOUND_ERROR");
    // Whoever may not come in makes no spans.
    stage.send(stage.task(&ok).header("host", "example.org")).await.problem(421, "HOST_ERROR");
    stage.stop().await;

    let (resource, spans) = spans(&batches);
    assert_eq!(resource["service.name"], "stockade");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    let (requests, tasks) = (of_name(&spans, "POST /v1/tasks"), of_name(&spans, "task"));
    assert_eq!((requests.len(), tasks.len(), spans.len()), (3, 2, 5), "{spans:?}");
    let trace = u128::from_str_radix("4bf92f3577b34da6a3ce929d0e0e4736", 16).unwrap().to_be_bytes();
    let request = requests.iter().find(|span| span.trace_id == trace).unwrap();
    assert_eq!(request.parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    let statuses: Vec<Value> =
        requests.iter().map(|span| values(&span.attributes)["http.response.status_code"].clone()).collect();
    assert_eq!(statuses, [200, 422, 400].map(Value::from));

    let task = tasks.iter().find(|span| span.trace_id == trace).unwrap();
    assert_eq!(task.parent_span_id, request.span_id);
    let within = request.start_time_unix_nano <= task.start_time_unix_nano
        && task.start_time_unix_nano < task.end_time_unix_nano;
    assert!(within, "{task:?}");
    let attributes = values(&task.attributes);
    for (name, value) in [("caller", "anonymous"), ("language", "python"), ("outcome", "ok")] {
        assert_eq!(attributes[&format!("stockade.{name}")], value);
    }
    assert_eq!(attributes["stockade.task.id"], id);
    let milliseconds = |name: &str| attributes[name].as_f64().unwrap();
    assert!(milliseconds("stockade.run_ms") > 0.0 && milliseconds("stockade.wait_ms") >= 0.0, "{attributes:?}");

    let failed = tasks.iter().find(|span| span.trace_id != trace).unwrap();
    let attributes = values(&failed.attributes);
    assert_eq!(
        (&attributes["stockade.outcome"], &attributes["error.type"]),
        (&json!("RUNTIME_ERROR"), &json!("RUNTIME_ERROR"))
    );
    assert_eq!(failed.status.as_ref().map(|status| (status.code, status.message.as_str())), Some((2, "")));
    for (_, body) in batches.lock().unwrap().iter() {
        assert!(!String::from_utf8_lossy(body).contains("sesame"), "data of a task is in its span");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_holds_nothing_up() {
    // It takes connections, as the kernel does for it, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stage = stage(&format!("http://{}", listener.local_addr().unwrap())).await;
    // More spans than the queue holds, most of them of requests that are refused.
    let sending = async {
        for _ in 0..3_000 {
            stage.post(&json!({})).await.problem(400, "VALIDATION_ERROR");
        }
        assert_eq!(stage.python("return 1").await.result(), 1);
    };
    tokio::time::timeout(Duration::from_secs(60), sending).await.expect("a request waits for the collector");
    // The stage has a time limit of its own for this.
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_or_refuses_is_no_concern_of_tasks() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (refusing, batches) = collector(StatusCode::SERVICE_UNAVAILABLE).await;
    for address in [format!("http://{closed}"), refusing] {
        let stage = stage(&address).await;
        assert_eq!(stage.python("return 1").await.result(), 1);
        stage.stop().await;
    }
    assert!(!batches.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_one_stops_the_start() {
    let telemetry = Some(TelemetryConfiguration { endpoint: "https://collector.example.com".to_owned() });
    let configuration =
        ServerConfiguration { listen: ([127, 0, 0, 1], 0).into(), telemetry, ..ServerConfiguration::default() };
    let error = Service::bind(configuration).await.unwrap_err();
    assert!(matches!(error, ServerError::Telemetry { .. }));
    insta::assert_snapshot!(error.to_string());
}
