//! The broker's end of a runner's WebSocket.

use std::future::poll_fn;
use std::pin::Pin;

use futures_util::{Sink, Stream as _};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use crate::broker::{PATIENCE, Stream};

/// The broker's end of one runner's WebSocket. Whatever takes longer than [`PATIENCE`] has failed.
pub struct RunnerSocket {
    socket: WebSocketStream<Box<dyn Stream>>,
    /// The path with its query.
    pub path: String,
    /// The grant token.
    pub token: String,
    /// What the runner said about itself.
    pub information: Value,
}

/// What came from the runner.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// A message of the protocol.
    Message(Value),
    /// The answer to a ping, with its payload.
    Pong(Vec<u8>),
    /// The connection has ended, with this code and reason.
    Closed(u16, String),
}

impl RunnerSocket {
    pub(crate) fn new(socket: WebSocketStream<Box<dyn Stream>>, path: String, token: String) -> Self {
        Self { socket, path, token, information: Value::Null }
    }

    /// Goes through the handshake.
    pub async fn register(&mut self) {
        self.send(json!({"type": "broker:inforequest"})).await;
        self.information = self.next_of("runner:info").await;
        self.send(json!({"type": "broker:runnerregistered"})).await;
    }

    /// Sends a message of the protocol.
    pub async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    /// Sends a message of the protocol that is written already.
    pub(crate) async fn send_text(&mut self, text: String) {
        self.send_raw(Message::text(text)).await;
    }

    /// Sends a frame.
    pub async fn send_raw(&mut self, message: Message) {
        let sending = async {
            poll_fn(|context| Pin::new(&mut self.socket).poll_ready(context)).await?;
            Pin::new(&mut self.socket).start_send(message)?;
            poll_fn(|context| Pin::new(&mut self.socket).poll_flush(context)).await
        };
        timeout(PATIENCE, sending).await.expect("the runner does not read").unwrap();
    }

    /// The next thing that comes.
    pub async fn hear(&mut self) -> Heard {
        loop {
            let next = poll_fn(|context| Pin::new(&mut self.socket).poll_next(context));
            match timeout(PATIENCE, next).await.expect("the runner says nothing") {
                Some(Ok(Message::Text(text))) => return Heard::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Pong(bytes))) => return Heard::Pong(bytes.to_vec()),
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) =
                        frame.map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                    return Heard::Closed(code, reason);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(1006, String::new()),
            }
        }
    }

    /// The next message of the protocol, as it was written. Unlike all else here, it waits for ever.
    pub(crate) async fn hear_text(&mut self) -> String {
        loop {
            match poll_fn(|context| Pin::new(&mut self.socket).poll_next(context)).await {
                Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
                Some(Ok(Message::Close(frame))) => panic!("the runner closed the connection: {frame:?}"),
                Some(Ok(_)) => {}
                other => panic!("the connection ended: {other:?}"),
            }
        }
    }

    /// The next message of this type; others are passed over.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            match self.hear().await {
                Heard::Message(message) if message["type"] == kind => return message,
                Heard::Message(_) | Heard::Pong(_) => {}
                closed @ Heard::Closed(..) => panic!("waiting for {kind}: {closed:?}"),
            }
        }
    }

    /// The next message that is not an offer.
    pub async fn next_word(&mut self) -> Value {
        loop {
            match self.hear().await {
                Heard::Message(message) if message["type"] == "runner:taskoffer" => {}
                Heard::Message(message) => return message,
                other => panic!("waiting for a message: {other:?}"),
            }
        }
    }

    /// Takes up the next offer for a task.
    pub async fn accept(&mut self, task_id: &str) {
        let offer = self.next_of("runner:taskoffer").await;
        self.accept_offer(task_id, &offer).await;
    }

    /// Takes up an offer for a task, and hears the runner agree.
    pub async fn accept_offer(&mut self, task_id: &str, offer: &Value) {
        self.send(json!({"type": "broker:taskofferaccept", "taskId": task_id, "offerId": offer["offerId"]})).await;
        assert_eq!(self.next_word().await, json!({"type": "runner:taskaccepted", "taskId": task_id}));
    }

    /// Gives a task this code to run, with no items.
    pub async fn give(&mut self, task_id: &str, code: &str) {
        let settings = json!({
            "code": code, "nodeMode": "runOnceForAllItems", "workflowMode": "manual", "continueOnFail": false,
            "items": [], "nodeId": "n1", "nodeName": "Code", "workflowId": "w1", "workflowName": "WF"
        });
        self.give_settings(task_id, &settings).await;
    }

    /// Gives a task its settings: for JavaScript they have no items, which the runner asks for.
    pub async fn give_settings(&mut self, task_id: &str, settings: &Value) {
        self.send(json!({"type": "broker:tasksettings", "taskId": task_id, "settings": settings})).await;
    }

    /// Cancels a task.
    pub async fn cancel(&mut self, task_id: &str) {
        self.send(json!({"type": "broker:taskcancel", "taskId": task_id, "reason": "Task cancelled by user"})).await;
    }

    /// Runs a task from offer to end.
    pub async fn run(&mut self, task_id: &str, code: &str) -> Value {
        self.accept(task_id).await;
        self.give(task_id, code).await;
        self.next_word().await
    }

    /// Closes the connection and waits until the runner has too.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
        self.send_raw(Message::Close(Some(frame))).await;
        while !matches!(self.hear().await, Heard::Closed(..)) {}
    }
}
