//! Clients that take their answers slowly or not at all.

use std::time::Duration;

use futures_util::StreamExt;
use stockade_protocol::Language;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::stage::{PATIENCE, Stage};

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

/// Asks until the service has a place for a connection more.
async fn until_there_is_a_place(stage: &Stage) {
    let request = || stage.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let served = async {
        while !request().await.starts_with("HTTP/1.1 200 ") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, served).await.expect("the places are taken for ever");
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
    until_there_is_a_place(&stage).await;
    stage.delete(&path).await;
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
    until_there_is_a_place(&stage).await;
    drop(deaf);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_that_is_not_read_loses_its_place_and_a_silent_one_keeps_it() {
    let mut stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.maximum_connections = 2;
        configuration.write_timeout = Duration::from_millis(300);
    })
    .await;
    stage.client = without_idle_connections();
    let endless = stage.begin(ENDLESS).await;
    // More than the kernel keeps for a client.
    let loud = stage.begin("print('\\x01' * 6_000_000)").await;
    stage.ended(&loud).await;
    let mut silent = connect(&stage, &endless).await;
    let deaf = connect(&stage, &loud).await;
    until_there_is_a_place(&stage).await;
    drop(deaf);
    stage.delete(&endless).await;
    let mut last = String::new();
    while let Ok(Some(Ok(message))) = tokio::time::timeout(PATIENCE, silent.next()).await {
        if let Message::Text(text) = message {
            last = text.to_string();
        }
    }
    assert!(last.contains("CANCELLED_ERROR"), "{last}");
    stage.stop().await;
}
