//! The WebSocket to the broker.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use hyper::header::{AUTHORIZATION, HeaderValue};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::address::BrokerAddress;
use super::dial::{Wire, dial};
use crate::error::RunnerError;
use crate::message::Outbox;

/// After this long without a byte the runner asks whether the broker is still there.
const PING_AFTER: Duration = Duration::from_secs(20);
/// After this long without a byte the connection is given up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(40);
/// How long the broker gets to answer the end of the connection.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);
/// Code of a close frame that never came.
const NO_STATUS: u16 = 1005;

/// An open WebSocket. It answers pings by itself whenever it is polled.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: WebSocketStream<Wire>,
    maximum_payload: usize,
    /// When the last ping of ours went out.
    pinged_at: Option<Instant>,
}

/// What came from the broker.
#[derive(Debug)]
pub(crate) enum Received {
    /// The text of a message.
    Text(Utf8Bytes),
    /// A message of bytes that are not UTF-8.
    NotText,
    /// The end of the connection.
    End(RunnerError),
}

impl Connection {
    pub(crate) async fn open(
        address: &BrokerAddress,
        tls: Option<&TlsConnector>,
        grant_token: &str,
        runner_id: &str,
        maximum_payload: usize,
    ) -> Result<Self, RunnerError> {
        let scheme = if address.uses_tls { "wss" } else { "ws" };
        let url = format!("{scheme}://{}/runners/_ws?id={}", address.authority(), query_text(runner_id));
        let broken = |error| RunnerError::WebSocket(Box::new(error));
        let mut request = url.into_client_request().map_err(broken)?;
        let authorization = HeaderValue::from_str(&format!("Bearer {grant_token}"))
            .map_err(|error| RunnerError::TokenCharacters(error.to_string()))?;
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let limits =
            WebSocketConfig::default().max_message_size(Some(maximum_payload)).max_frame_size(Some(maximum_payload));
        let wire = dial(address, tls).await?;
        match client_async_with_config(request, wire, Some(limits)).await {
            Ok((socket, _)) => Ok(Self { socket, maximum_payload, pinged_at: None }),
            Err(Error::Http(response)) => Err(RunnerError::Upgrade(response.status().as_u16())),
            Err(error) => Err(broken(error)),
        }
    }

    /// Sends what is in the outbox until a message comes. Losing the future loses neither.
    ///
    /// Reading never waits for writing: a broker that is slow to read still gets its pings answered and can cancel.
    pub(crate) async fn exchange(&mut self, outbox: &mut Outbox) -> Received {
        poll_fn(|context| {
            if let Poll::Ready(Err(error)) = self.poll_send(context, outbox) {
                return Poll::Ready(Received::End(RunnerError::WebSocket(Box::new(error))));
            }
            self.poll_receive(context)
        })
        .await
    }

    fn poll_send(&mut self, context: &mut Context<'_>, outbox: &mut Outbox) -> Poll<Result<(), Error>> {
        let mut socket = Pin::new(&mut self.socket);
        loop {
            ready!(socket.as_mut().poll_ready(context))?;
            if let Some(part) = outbox.next_part() {
                socket.as_mut().start_send(part)?;
            } else if outbox.has_unconfirmed() {
                ready!(socket.as_mut().poll_flush(context))?;
                outbox.confirm();
            } else {
                return Poll::Pending;
            }
        }
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Received> {
        loop {
            let message = match ready!(Pin::new(&mut self.socket).poll_next(context)) {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(Received::End(self.end_of(error))),
                None => return Poll::Ready(Received::End(RunnerError::WebSocket(Box::new(Error::ConnectionClosed)))),
            };
            match message {
                Message::Text(text) => return Poll::Ready(Received::Text(text)),
                // n8n sends text only. The official runner reads binary frames too, as UTF-8.
                Message::Binary(bytes) => {
                    return Poll::Ready(Utf8Bytes::try_from(bytes).map_or(Received::NotText, Received::Text));
                }
                Message::Close(frame) => return Poll::Ready(Received::End(closed(frame))),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    fn end_of(&self, error: Error) -> RunnerError {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { size, .. }) => {
                RunnerError::MessageTooBig { size, maximum: self.maximum_payload }
            }
            error => RunnerError::WebSocket(Box::new(error)),
        }
    }

    /// When [`Connection::watch`] has to be called next.
    pub(crate) fn watch_deadline(&self) -> Instant {
        self.socket.get_ref().last_received() + if self.has_asked() { GIVE_UP_AFTER } else { PING_AFTER }
    }

    /// Whether a ping of ours went out after the last byte that came.
    fn has_asked(&self) -> bool {
        self.pinged_at.is_some_and(|pinged_at| pinged_at >= self.socket.get_ref().last_received())
    }

    /// Finds out whether the connection is half-open: a broker whose machine vanished sends nothing, not even an end,
    /// and a runner that waits for it looks healthy for ever.
    pub(crate) fn watch(&mut self, now: Instant, outbox: &mut Outbox) -> Result<(), RunnerError> {
        let silence = now.duration_since(self.socket.get_ref().last_received());
        if silence >= GIVE_UP_AFTER {
            return Err(RunnerError::Silent(GIVE_UP_AFTER.as_secs()));
        }
        if silence >= PING_AFTER && !self.has_asked() {
            self.pinged_at = Some(now);
            outbox.push_control(Message::Ping(Bytes::new()));
        }
        Ok(())
    }

    /// Ends the connection for the reason given, so that the broker knows too.
    pub(crate) async fn close_after(mut self, error: &RunnerError) {
        let frame = match error {
            RunnerError::MessageTooBig { size, maximum } => Some(CloseFrame {
                code: CloseCode::Size,
                reason: format!("frame with {size} bytes exceeds limit of {maximum} bytes").into(),
            }),
            // The broker has closed: its own close frame is to be answered.
            RunnerError::Closed { .. } => None,
            _ => Some(CloseFrame { code: CloseCode::Away, reason: "".into() }),
        };
        let closing = async {
            match frame {
                Some(frame) => self.socket.close(Some(frame)).await,
                None => poll_fn(|context| Pin::new(&mut self.socket).poll_flush(context)).await,
            }
        };
        // Nobody may be there to take it; the connection ends all the same.
        let _ = timeout(CLOSE_PATIENCE, closing).await;
    }

    /// Ends the connection in peace, and waits for the broker's agreement a moment.
    pub(crate) async fn close(mut self) {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        let closing = async {
            self.socket.close(Some(frame)).await?;
            while let Some(message) = poll_fn(|context| Pin::new(&mut self.socket).poll_next(context)).await {
                message?;
            }
            Ok::<_, Error>(())
        };
        // The same: whatever the broker does, the connection ends here.
        let _ = timeout(CLOSE_PATIENCE, closing).await;
    }
}

fn closed(frame: Option<CloseFrame>) -> RunnerError {
    let (code, reason) =
        frame.map_or((NO_STATUS, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
    RunnerError::Closed { code, reason }
}

/// A runner id as part of a query: an operator may have put anything into N8N_RUNNERS_ID.
fn query_text(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_place_in_the_query() {
        assert_eq!(query_text("aZ9-._~"), "aZ9-._~");
        assert_eq!(query_text("a&id=é "), "a%26id%3D%C3%A9%20");
    }
}
