//! Answers within bounds: what waits in memory until clients have taken it.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use stockade_protocol::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Kind, Problem};

/// Bytes of an answer that is not counted: as many as there are connections fit beside the others, and a caller with
/// large answers is in nobody's way.
const SMALL: usize = 64 * 1024;
/// Bytes that are counted as one.
const UNIT: usize = 1024;

/// The memory that large answers may take together.
#[derive(Debug)]
pub(crate) struct Answers {
    free: Arc<Semaphore>,
    units: u32,
    patience: Duration,
}

/// An answer in memory, and its share of what there is for all.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) bytes: Bytes,
    /// `None` for a small one. Held for as long as the bytes are.
    pub(crate) share: Option<OwnedSemaphorePermit>,
}

/// The beginning of an answer that may turn out to be large: then it is counted, and nothing of it is kept.
#[derive(Debug, Default)]
struct Draft {
    bytes: Vec<u8>,
    length: usize,
}

impl Answers {
    /// `maximum` bytes for all; an answer waits for others to be taken for `patience` at most.
    pub(crate) fn new(maximum: usize, patience: Duration) -> Self {
        let units = u32::try_from(maximum / UNIT).unwrap_or(u32::MAX).max(1);
        Self { free: Arc::new(Semaphore::new(units as usize)), units, patience }
    }

    /// Writes an answer, or says at once that there is no memory for it. `write` is called again for a large answer, and
    /// writes the same.
    pub(crate) fn write_now(&self, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<Answer, Problem> {
        let draft = Draft::of(&write)?;
        if draft.is_whole() {
            return Ok(draft.into());
        }
        let free = Arc::clone(&self.free);
        let share = free.try_acquire_many_owned(self.units_of(&draft)).map_err(|_| crowded())?;
        write_whole(&draft, &write, share)
    }

    /// The same, but waits for memory.
    pub(crate) async fn write(&self, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<Answer, Problem> {
        let draft = Draft::of(&write)?;
        if draft.is_whole() {
            return Ok(draft.into());
        }
        let share = Arc::clone(&self.free).acquire_many_owned(self.units_of(&draft));
        match tokio::time::timeout(self.patience, share).await {
            Ok(Ok(share)) => write_whole(&draft, &write, share),
            Ok(Err(_)) | Err(_) => Err(crowded()),
        }
    }

    /// What an answer takes. One that is larger than all that there is goes out alone.
    fn units_of(&self, draft: &Draft) -> u32 {
        u32::try_from(draft.length.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.units)
    }
}

fn write_whole(
    draft: &Draft,
    write: impl Fn(&mut dyn Write) -> io::Result<()>,
    share: OwnedSemaphorePermit,
) -> Result<Answer, Problem> {
    let mut bytes = Vec::with_capacity(draft.length);
    write(&mut bytes).map_err(|error| unwritable(&error))?;
    Ok(Answer { bytes: bytes.into(), share: Some(share) })
}

fn crowded() -> Problem {
    Problem::new(
        Kind::Unavailable,
        "too many large answers wait for their clients; an outcome that is kept can be asked for again",
    )
}

fn unwritable(error: &io::Error) -> Problem {
    Problem::new(Kind::Task(ErrorCode::InternalError), format!("the answer cannot be written: {error}"))
}

impl Answer {
    /// The body of a response, which gives the share back when it has been sent.
    pub(crate) fn into_body(self) -> Body {
        Body::from(self.into_bytes())
    }

    /// The bytes, which give the share back when they are dropped.
    pub(crate) fn into_bytes(self) -> Bytes {
        if self.share.is_none() { self.bytes } else { Bytes::from_owner(self) }
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Draft {
    fn of(write: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<Self, Problem> {
        let mut draft = Self::default();
        write(&mut draft).map_err(|error| unwritable(&error))?;
        Ok(draft)
    }

    fn is_whole(&self) -> bool {
        self.length <= SMALL
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.length += bytes.len();
        if self.is_whole() {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.bytes = Vec::new();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<Draft> for Answer {
    fn from(draft: Draft) -> Self {
        Self { bytes: draft.bytes.into(), share: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(answers: &Answers, length: usize) -> Result<Answer, Kind> {
        answers.write_now(|writer| writer.write_all(&vec![b'x'; length])).map_err(|problem| problem.kind())
    }

    #[test]
    fn large_answers_are_bounded_together_and_small_ones_always_fit() {
        let answers = Answers::new(3 * SMALL, Duration::ZERO);
        let first = answer(&answers, 2 * SMALL).unwrap();
        assert_eq!(first.bytes.len(), 2 * SMALL);
        assert_eq!(answer(&answers, SMALL + 1).unwrap_err(), Kind::Unavailable);
        assert_eq!(answer(&answers, SMALL).unwrap().bytes.len(), SMALL);
        drop(first.into_bytes());
        // Larger than all that there is.
        let alone = answer(&answers, 9 * SMALL).unwrap();
        assert_eq!(answer(&answers, SMALL + 1).unwrap_err(), Kind::Unavailable);
        drop(alone);
        assert!(answer(&answers, SMALL + 1).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_waits_for_another_to_be_taken() {
        let answers = Answers::new(SMALL, Duration::from_secs(1));
        let write = |writer: &mut dyn Write| writer.write_all(&[b'x'; 2 * SMALL]);
        let first = answers.write(write).await.unwrap();
        assert_eq!(answers.write(write).await.unwrap_err().kind(), Kind::Unavailable);
        let (second, ()) = tokio::join!(answers.write(write), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            drop(first);
        });
        assert!(second.is_ok());
    }
}
