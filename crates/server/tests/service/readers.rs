//! Clients that take their answers slowly or not at all.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use stockade_protocol::Language;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::stage::{PATIENCE, Stage};

/// Prints what has six bytes in JSON for each that was printed; more than the kernel keeps for a client.
const LOUD: &str = "print('\\x01' * 2_000_000)";
const ENDLESS: &str = "import time\ntime.sleep(60)";

/// A client that takes a place for its requests only.
fn without_idle_connections() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0).build().unwrap()
}

/// The events of a task over a WebSocket, as soon as there is a place for it.
async fn connect(stage: &Stage, path: &str) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
    let url = format!("ws://{}{path}/events", stage.address);
    let connected = async {
        loop {
            match tokio_tungstenite::connect_async(&url).await {
                Ok((socket, _)) => return socket,
                Err(error) => assert!(error.to_string().contains("503"), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, connected).await.expect("there is no place")
}

/// Sends a request on a connection of its own until there is a place for it, and it is answered with this status.
async fn insist(stage: &Stage, request: &str, status: &str) {
    let request = format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answered = async {
        while !stage.raw(request.as_bytes()).await.starts_with(&format!("HTTP/1.1 {status} ")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.expect("the places are taken for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_is_a_connection_until_it_is_closed() {
    let mut stage = Stage::with(&[Language::Python], |_, configuration| configuration.maximum_connections = 2).await;
    stage.client = without_idle_connections();
    let path = stage.begin(ENDLESS).await;
    let sockets = [connect(&stage, &path).await, connect(&stage, &path).await];
    let refused = tokio_tungstenite::connect_async(format!("ws://{}{path}/events", stage.address)).await.unwrap_err();
    assert!(refused.to_string().contains("503"), "{refused}");
    drop(sockets);
    insist(&stage, "GET /healthz", "200").await;
    insist(&stage, &format!("DELETE {path}"), "204").await;
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_loses_its_place() {
    let stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.maximum_connections = 2;
        configuration.write_timeout = Duration::from_millis(300);
    })
    .await;
    let requests = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000);
    let mut deaf = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        stream.write_all(requests.as_bytes()).await.unwrap();
        deaf.push(stream);
    }
    insist(&stage, "GET /healthz", "200").await;
    drop(deaf);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_that_is_not_read_loses_its_place_and_a_silent_one_keeps_it() {
    let mut stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.maximum_connections = 8;
        configuration.write_timeout = Duration::from_millis(300);
    })
    .await;
    let endless = stage.begin(ENDLESS).await;
    let loud = stage.begin(LOUD).await;
    stage.ended(&loud).await;
    stage.client = without_idle_connections();
    let mut silent = connect(&stage, &endless).await;
    let mut others = Vec::new();
    for _ in 0..6 {
        others.push(connect(&stage, &endless).await);
    }
    let deaf = connect(&stage, &loud).await;
    insist(&stage, "GET /healthz", "200").await;
    drop(deaf);
    insist(&stage, &format!("DELETE {endless}"), "204").await;
    let mut last = String::new();
    while let Ok(Some(Ok(message))) = tokio::time::timeout(PATIENCE, silent.next()).await {
        if let Message::Text(text) = message {
            last = text.to_string();
        }
    }
    assert!(last.contains("CANCELLED_ERROR"), "{last}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_answers_that_are_not_taken_are_bounded_together() {
    let stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.maximum_answers_bytes = 1_000_000;
        configuration.write_timeout = 2 * PATIENCE;
    })
    .await;
    let path = stage.begin(LOUD).await;
    let mut deaf = TcpStream::connect(stage.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let refused = async {
        loop {
            let answer = stage.get(&path).await;
            match answer.status {
                503 => return answer,
                _ => deaf.write_all(request.as_bytes()).await.unwrap(),
            }
        }
    };
    let refused = tokio::time::timeout(PATIENCE, refused).await.expect("answers are not bounded");
    assert!(refused.problem(503, "UNAVAILABLE_ERROR")["detail"].as_str().unwrap().contains("large answers"));
    assert_eq!(refused.header("retry-after"), "1");
    // Small answers have nothing to wait for.
    assert_eq!(stage.python("return 1").await.result(), 1);
    // Whoever waited for a task waits for the memory too.
    let waiting = stage.python(LOUD);
    let mut waiting = Box::pin(waiting);
    let early = tokio::time::timeout(Duration::from_millis(1500), waiting.as_mut()).await;
    assert!(early.is_err(), "{}", early.unwrap().status);
    drop(deaf);
    assert_eq!(waiting.as_mut().await.json()["stdout"].as_str().unwrap().len(), 2_000_001);
    drop(waiting);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_in_pieces_and_the_outcome_when_there_is_memory_for_it() {
    let stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.maximum_answers_bytes = 1_000_000;
        configuration.write_timeout = 2 * PATIENCE;
    })
    .await;
    let path = stage.begin(LOUD).await;
    let mut socket = connect(&stage, &path).await;
    let mut read = 0;
    let outcome = loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("the stream hangs").unwrap().unwrap();
        let Message::Text(text) = message else { continue };
        let event: Value = serde_json::from_str(&text).unwrap();
        match event["text"].as_str() {
            Some(piece) => {
                assert!(piece.len() <= 16 * 1024, "{} bytes at once", piece.len());
                read += piece.len();
            }
            None => break event,
        }
    };
    assert_eq!((read, outcome["outcome"]["stdout"].as_str().unwrap().len()), (2_000_001, 2_000_001));
    let events = stage.get(&format!("{path}/events")).await.text;
    let pieces = events.matches("event: stdout\n").count();
    assert!(pieces >= 2_000_001 / (16 * 1024) && events.contains("event: outcome\n"), "{pieces}");
    stage.stop().await;
}
