//! A task live: what it writes, and its outcome.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde::Serialize;

use super::output::Stream;
use super::record::{Happening, Record};
use super::report::TaskView;
use crate::answer::Answer;
use crate::problem::Problem;
use crate::state::State;

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
    state: Arc<State>,
    record: Arc<Record>,
    place: usize,
    has_ended: bool,
}

/// Server-sent events. The id of each is the place after it, so that `Last-Event-ID` goes on where a stream broke off.
pub(crate) fn stream(state: Arc<State>, record: Arc<Record>, headers: &HeaderMap) -> Result<Response, Problem> {
    let place = match headers.get(LAST_EVENT_ID) {
        None => 0,
        Some(value) => value
            .to_str()
            .ok()
            .and_then(|place| place.parse().ok())
            .ok_or_else(|| Problem::validation("`Last-Event-ID` is not the id of an event"))?,
    };
    let start = Position { state, record, place, has_ended: false };
    let events = stream::unfold(start, |mut position| async move {
        if position.has_ended {
            return None;
        }
        let event = tokio::select! {
            happening = position.record.after(position.place) => match happening {
                Happening::Wrote { stream, text, place } => {
                    position.place = place;
                    Bytes::from(server_sent(stream.name(), place, &Text { text: &text }))
                }
                Happening::Ended => {
                    position.has_ended = true;
                    // Without memory for it the stream ends, and its reader comes back for the rest.
                    server_sent_outcome(&position).await?.into_bytes()
                }
            },
            () = tokio::time::sleep(HEARTBEAT) => Bytes::from_static(b":\n\n"),
        };
        Some((Ok::<_, Infallible>(Frame::data(event)), position))
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

async fn server_sent_outcome(position: &Position) -> Option<Answer> {
    let written = position.state.answers().write(|writer| {
        write!(writer, "event: outcome\nid: {}\ndata: ", position.place)?;
        serde_json::to_writer(&mut *writer, &position.record.view())?;
        writer.write_all(b"\n\n")
    });
    written.await.ok()
}

/// The same as JSON messages over a WebSocket, which the service closes after the outcome.
pub(crate) fn socket(state: Arc<State>, record: Arc<Record>, socket: WebSocketUpgrade) -> Response {
    socket
        .max_message_size(MAXIMUM_MESSAGE)
        .max_frame_size(MAXIMUM_MESSAGE)
        .on_upgrade(move |socket| async move { send(&state, &record, socket).await })
}

async fn send(state: &State, record: &Record, mut socket: WebSocket) {
    let mut place = 0;
    loop {
        let event = tokio::select! {
            happening = record.after(place) => match happening {
                Happening::Wrote { stream, text, place: next } => {
                    place = next;
                    match stream {
                        Stream::Stdout => SocketEvent::Stdout { text: &text }.message(),
                        Stream::Stderr => SocketEvent::Stderr { text: &text }.message(),
                    }
                }
                Happening::Ended => break,
            },
            received = socket.recv() => match received {
                // Pings are answered by the library; whatever else a client says has no meaning here.
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return,
            },
            () = tokio::time::sleep(HEARTBEAT) => Message::Ping(Bytes::new()),
        };
        if socket.send(event).await.is_err() {
            return;
        }
    }
    let outcome = state
        .answers()
        .write(|writer| Ok(serde_json::to_writer(writer, &SocketEvent::Outcome { outcome: &record.view() })?));
    let (code, reason) = match outcome.await {
        Ok(Answer { bytes, share }) => {
            let Ok(text) = Utf8Bytes::try_from(bytes) else { return };
            if socket.send(Message::Text(text)).await.is_err() {
                return;
            }
            // The library has a copy of its own until everything is sent.
            drop(share);
            (close_code::NORMAL, Utf8Bytes::from("the task has ended"))
        }
        Err(problem) => (close_code::AGAIN, Utf8Bytes::from(problem.detail())),
    };
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason }))).await;
}

impl SocketEvent<'_> {
    /// Text and outcomes always have a JSON form.
    fn message(&self) -> Message {
        Message::Text(serde_json::to_string(self).unwrap_or_default().into())
    }
}
