//! A task live: what it writes, and its outcome.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde::Serialize;

use super::record::{Happening, Record};
use super::report::TaskView;
use crate::problem::Problem;

/// How often a stream says that it is still there, for proxies that close silent connections.
const HEARTBEAT: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: &str = "last-event-id";
/// Events are read, never written: a client has nothing of length to say.
const MAXIMUM_MESSAGE: usize = 4096;

#[derive(Serialize)]
struct Text<'text> {
    text: &'text str,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum SocketEvent<'event> {
    Stdout { text: &'event str },
    Stderr { text: &'event str },
    Outcome { outcome: &'event TaskView },
}

/// Where a stream is.
struct Position {
    record: Arc<Record>,
    place: usize,
    has_ended: bool,
}

/// Server-sent events. The id of each is the place after it, so that `Last-Event-ID` goes on where a stream broke off.
pub(crate) fn stream(record: Arc<Record>, headers: &HeaderMap) -> Result<Response, Problem> {
    let place = match headers.get(LAST_EVENT_ID) {
        None => 0,
        Some(value) => value
            .to_str()
            .ok()
            .and_then(|place| place.parse().ok())
            .ok_or_else(|| Problem::validation("`Last-Event-ID` is not the id of an event"))?,
    };
    let start = Position { record, place, has_ended: false };
    let events = stream::unfold(start, |mut position| async move {
        if position.has_ended {
            return None;
        }
        let event = tokio::select! {
            happening = position.record.after(position.place) => match happening {
                Happening::Wrote { stream, text, place } => {
                    position.place = place;
                    server_sent(stream.name(), place, &Text { text: &text })
                }
                Happening::Ended(view) => {
                    position.has_ended = true;
                    server_sent("outcome", position.place, &view)
                }
            },
            () = tokio::time::sleep(HEARTBEAT) => ":\n\n".to_owned(),
        };
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(event))), position))
    });
    let mut response = axum::body::Body::new(StreamBody::new(events)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// JSON has no line ends outside of its values, so that it is one `data` line.
fn server_sent(name: &str, place: usize, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\nid: {place}\ndata: {data}\n\n")
}

/// The same as JSON messages over a WebSocket, which the service closes after the outcome.
pub(crate) fn socket(record: Arc<Record>, socket: WebSocketUpgrade) -> Response {
    socket.max_message_size(MAXIMUM_MESSAGE).max_frame_size(MAXIMUM_MESSAGE).on_upgrade(|socket| send(record, socket))
}

async fn send(record: Arc<Record>, mut socket: WebSocket) {
    let mut place = 0;
    loop {
        let (event, is_last) = tokio::select! {
            happening = record.after(place) => match happening {
                Happening::Wrote { stream: super::output::Stream::Stdout, text, place: next } => {
                    place = next;
                    (serde_json::to_string(&SocketEvent::Stdout { text: &text }), false)
                }
                Happening::Wrote { text, place: next, .. } => {
                    place = next;
                    (serde_json::to_string(&SocketEvent::Stderr { text: &text }), false)
                }
                Happening::Ended(view) => (serde_json::to_string(&SocketEvent::Outcome { outcome: &view }), true),
            },
            received = socket.recv() => match received {
                // Pings are answered by the library; whatever else a client says has no meaning here.
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return,
            },
            () = tokio::time::sleep(HEARTBEAT) => {
                if socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let sent = socket.send(Message::Text(event.unwrap_or_default().into())).await;
        if sent.is_err() {
            return;
        }
        if is_last {
            let close = CloseFrame { code: close_code::NORMAL, reason: "the task has ended".into() };
            let _ = socket.send(Message::Close(Some(close))).await;
            return;
        }
    }
}
