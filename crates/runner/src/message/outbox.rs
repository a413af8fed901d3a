//! Messages on their way to the broker.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::outbound::Outgoing;

/// A longer message goes out in WebSocket frames of this length.
///
/// The receiver puts them together again. Between them pongs can go out, so a result of a gigabyte does not cost the
/// runner its heartbeat; and only one frame at a time is copied and masked.
const FRAME_LENGTH: usize = 256 * 1024;

/// Messages in order, each kept until it is out.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    control: VecDeque<Message>,
    waiting: VecDeque<Outgoing>,
    sending: Option<Sending>,
    /// Ends of tasks that are written but may still be in a buffer of ours.
    unconfirmed: Vec<Outgoing>,
    needs_flush: bool,
}

#[derive(Debug)]
struct Sending {
    message: Outgoing,
    /// What is left of it, in order.
    parts: VecDeque<Bytes>,
    is_first: bool,
}

impl Outbox {
    pub(crate) fn push(&mut self, message: Outgoing) {
        self.waiting.push_back(message);
    }

    /// A ping: goes out before everything else, between the frames of a message too.
    pub(crate) fn push_control(&mut self, message: Message) {
        self.control.push_back(message);
    }

    /// Nothing is on its way.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.sending.is_none() && !self.needs_flush
    }

    /// The next frame to write.
    pub(crate) fn next_part(&mut self) -> Option<Message> {
        if let Some(control) = self.control.pop_front() {
            self.needs_flush = true;
            return Some(control);
        }
        let sending = match &mut self.sending {
            Some(sending) => sending,
            None => self.sending.insert(Sending::new(self.waiting.pop_front()?)),
        };
        let part = sending.parts.pop_front().unwrap_or_default();
        let kind = if sending.is_first { Data::Text } else { Data::Continue };
        sending.is_first = false;
        let is_last = sending.parts.is_empty();
        if is_last && let Some(sent) = self.sending.take() {
            self.unconfirmed.extend(Some(sent.message).filter(|message| message.ended_task().is_some()));
        }
        self.needs_flush = true;
        Some(Message::Frame(Frame::message(part, OpCode::Data(kind), is_last)))
    }

    /// Something was written and not yet flushed.
    pub(crate) fn has_unconfirmed(&self) -> bool {
        self.needs_flush
    }

    /// Everything that was written has left the process.
    pub(crate) fn confirm(&mut self) {
        self.needs_flush = false;
        self.unconfirmed.clear();
    }

    /// Empties the box after the loss of a connection; returns the ends of tasks that did not get out. All else has
    /// lost its meaning with the connection.
    pub(crate) fn take_ends_of_tasks(&mut self) -> Vec<Outgoing> {
        let Self { waiting, sending, unconfirmed, .. } = std::mem::take(self);
        unconfirmed
            .into_iter()
            .chain(sending.map(|sending| sending.message))
            .chain(waiting)
            .filter(|message| message.ended_task().is_some())
            .collect()
    }

    /// The texts of the messages that wait, for tests.
    #[cfg(test)]
    pub(crate) fn take_texts(&mut self) -> Vec<String> {
        self.waiting.drain(..).map(|message| message.text()).collect()
    }
}

impl Sending {
    fn new(message: Outgoing) -> Self {
        let parts = if message.len() <= FRAME_LENGTH {
            let mut whole = BytesMut::with_capacity(message.len());
            whole.extend_from_slice(&message.head);
            whole.extend_from_slice(&message.body);
            whole.extend_from_slice(message.tail.as_bytes());
            VecDeque::from([whole.freeze()])
        } else {
            let chunks = |bytes: &Bytes| {
                let mut rest = bytes.clone();
                std::iter::from_fn(move || (!rest.is_empty()).then(|| rest.split_to(rest.len().min(FRAME_LENGTH))))
            };
            let tail = Bytes::from_static(message.tail.as_bytes());
            chunks(&message.head).chain(chunks(&message.body)).chain(chunks(&tail)).collect()
        };
        Self { message, parts, is_first: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(outbox: &mut Outbox) -> Vec<(OpCode, bool, Bytes)> {
        std::iter::from_fn(|| outbox.next_part())
            .map(|message| match message {
                Message::Frame(frame) => (frame.header().opcode, frame.header().is_final, frame.into_payload()),
                other => (
                    OpCode::Control(tokio_tungstenite::tungstenite::protocol::frame::coding::Control::Ping),
                    true,
                    other.into_data(),
                ),
            })
            .collect()
    }

    #[test]
    fn a_short_message_is_one_frame() {
        let mut outbox = Outbox::default();
        outbox.push(Outgoing::done("t", Bytes::from_static(b"{}")));
        let frames = frames(&mut outbox);
        assert_eq!(frames.len(), 1);
        assert_eq!((frames[0].0, frames[0].1), (OpCode::Data(Data::Text), true));
        assert_eq!(&frames[0].2[..], br#"{"type":"runner:taskdone","taskId":"t","data":{}}"#);
    }

    #[test]
    fn a_long_message_goes_out_in_pieces_and_is_the_same_put_together() {
        let payload = Bytes::from(vec![b'7'; 3 * FRAME_LENGTH + 1]);
        let message = Outgoing::done("t", payload);
        let whole = message.text();
        let mut outbox = Outbox::default();
        outbox.push(message);
        let frames = frames(&mut outbox);
        assert!(frames.iter().all(|(_, _, bytes)| bytes.len() <= FRAME_LENGTH));
        assert_eq!(frames[0].0, OpCode::Data(Data::Text));
        assert!(frames[1..].iter().all(|(kind, _, _)| *kind == OpCode::Data(Data::Continue)));
        assert_eq!(frames.iter().filter(|(_, is_last, _)| *is_last).count(), 1);
        assert!(frames.last().unwrap().1);
        let put_together: Vec<u8> = frames.iter().flat_map(|(_, _, bytes)| bytes.to_vec()).collect();
        assert_eq!(String::from_utf8(put_together).unwrap(), whole);
    }

    #[test]
    fn a_ping_goes_out_between_the_frames_of_a_message() {
        let mut outbox = Outbox::default();
        outbox.push(Outgoing::done("t", Bytes::from(vec![b'7'; 2 * FRAME_LENGTH])));
        outbox.next_part();
        outbox.push_control(Message::Ping(Bytes::new()));
        assert!(matches!(outbox.next_part(), Some(Message::Ping(_))));
        assert!(matches!(outbox.next_part(), Some(Message::Frame(_))));
    }

    #[test]
    fn the_end_of_a_task_outlives_the_connection_until_it_is_flushed() {
        let mut outbox = Outbox::default();
        for message in [
            Outgoing::accepted("a"),
            Outgoing::done("written", Bytes::from_static(b"{}")),
            Outgoing::done("half", Bytes::from(vec![b'7'; 2 * FRAME_LENGTH])),
            Outgoing::accepted("b"),
            Outgoing::failed("waiting", Bytes::from_static(b"{}")),
        ] {
            outbox.push(message);
        }
        for _ in 0..3 {
            outbox.next_part();
        }
        let kept: Vec<_> = outbox.take_ends_of_tasks();
        assert_eq!(kept.iter().filter_map(Outgoing::ended_task).collect::<Vec<_>>(), ["written", "half", "waiting"]);
        assert!(outbox.is_empty());

        outbox.push(Outgoing::done("flushed", Bytes::new()));
        outbox.next_part();
        assert!(outbox.has_unconfirmed() && !outbox.is_empty());
        outbox.confirm();
        assert!(outbox.is_empty());
        assert!(outbox.take_ends_of_tasks().is_empty());
    }
}
