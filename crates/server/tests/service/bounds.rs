//! More than the service takes, and requests that are no requests (hostile.md, O1 and O7).

use std::time::Duration;

use serde_json::json;
use stockade_protocol::Language;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::Stage;

const HEAD: &str = "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_too_large_is_refused_before_it_is_sent() {
    let stage = Stage::with(&[Language::Python], |_, configuration| configuration.maximum_body_bytes = 1000).await;
    let large = json!({ "language": "python", "code": "x".repeat(1000) });
    stage.post(&large).await.problem(413, "BODY_SIZE_ERROR");
    let answer = stage.raw(format!("{HEAD}Content-Length: 1000000000000\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // Without a length it is refused as soon as it is too large.
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    let answer = stage.raw(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_none_are_refused() {
    let stage = Stage::start().await;
    let long = "x".repeat(64 * 1024);
    let many = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect::<String>();
    for (request, statuses) in [
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n"), ["431", "431"]),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"), ["431", "431"]),
        (format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"), ["414", "431"]),
        (format!("{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"), ["400", "400"]),
        (format!("{HEAD}Content-Length: -1\r\n\r\n"), ["400", "400"]),
        (
            format!("{HEAD}Transfer-Encoding: identity, chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"),
            ["400", "400"],
        ),
        (format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n"), ["400", "400"]),
        ("GET / HTTP/1.1\nnonsense\r\n\r\n".to_owned(), ["400", "400"]),
        ("\x16\x03\x01\x02\x00\x01".to_owned() + &"x".repeat(64), ["400", "400"]),
    ] {
        let answer = stage.raw(request.as_bytes()).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(statuses.contains(&status), "{:?} … is answered {answer:?}", &request[..request.len().min(100)]);
    }
    // Two lengths that disagree: whichever is meant, no second request may hide in the body.
    let hidden = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let request = format!(
        "{HEAD}Content-Length: {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n{hidden}",
        5 + hidden.len()
    );
    let answer = stage.raw(request.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!(stage.python("return 1").await.result(), 1);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_nothing_is_let_go() {
    let stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.read_timeout = Duration::from_millis(200);
    })
    .await;
    assert_eq!(stage.raw(b"POST /v1/ta").await, "");
    let answer = stage.raw(format!("{HEAD}Content-Length: 5\r\nConnection: close\r\n\r\n{{").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_task_too_many_is_refused_at_once() {
    let stage =
        Stage::with(&[Language::Python], |engine, _| (engine.maximum_tasks, engine.maximum_queue) = (1, 1)).await;
    let running = [stage.begin("while True: pass").await, stage.begin("while True: pass").await];
    let refused = tokio::time::timeout(Duration::from_secs(5), stage.python("return 1")).await.expect("it waits");
    refused.problem(503, "CAPACITY_ERROR");
    assert_eq!(refused.header("retry-after"), "1");
    for path in running {
        stage.delete(&path).await;
    }
    assert_eq!(stage.python("return 1").await.result(), 1);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_answered_too() {
    let stage = Stage::with(&[Language::Python], |_, configuration| configuration.maximum_connections = 1).await;
    let mut first = TcpStream::connect(stage.address).await.unwrap();
    first.write_all(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut part = [0; 64];
    first.read_exact(&mut part).await.unwrap();
    let second = stage.raw(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(second.starts_with("HTTP/1.1 503 ") && second.contains("Retry-After: 1"), "{second}");
    drop(first);
    stage.stop().await;
}
