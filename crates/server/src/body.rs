//! Bodies of requests, within bounds: nothing is allocated for bytes that would be refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use crate::problem::{Kind, Problem};

/// Reserved for a body of unknown length at a time.
const STEP: usize = 64 * 1024;

/// The memory that bodies may take, each and together.
#[derive(Debug)]
pub(crate) struct Bodies {
    maximum: usize,
    maximum_together: usize,
    timeout: Duration,
    reserved: Arc<AtomicUsize>,
}

/// Memory that was given to one body; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    bytes: usize,
    reserved: Arc<AtomicUsize>,
}

impl Bodies {
    pub(crate) fn new(maximum: usize, maximum_together: usize, timeout: Duration) -> Self {
        Self { maximum, maximum_together, timeout, reserved: Arc::default() }
    }

    /// Bytes that are in memory now.
    pub(crate) fn reserved(&self) -> usize {
        self.reserved.load(Ordering::Relaxed)
    }

    /// Reads a whole body.
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<(Bytes, Reservation), Problem> {
        match tokio::time::timeout(self.timeout, self.collect(headers, body)).await {
            Ok(read) => read,
            Err(_) => {
                let seconds = self.timeout.as_secs_f64();
                Err(Problem::new(Kind::Slow, format!("the body was not there within {seconds} seconds")))
            }
        }
    }

    /// Gives a body that was read more memory: for what was decoded from it.
    pub(crate) fn extend(&self, reservation: &mut Reservation, more: usize) -> Result<(), Problem> {
        let maximum_together = self.maximum_together;
        self.reserved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |reserved| {
                reserved.checked_add(more).filter(|reserved| *reserved <= maximum_together)
            })
            .map_err(|_| crowded())?;
        reservation.bytes += more;
        Ok(())
    }

    async fn collect(&self, headers: &HeaderMap, mut body: Body) -> Result<(Bytes, Reservation), Problem> {
        let mut reservation = Reservation { bytes: 0, reserved: Arc::clone(&self.reserved) };
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(announced) = announced {
            self.grow(&mut reservation, announced)?;
        }
        let mut bytes = BytesMut::with_capacity(announced.unwrap_or(0));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Problem::validation(format!("the body broke off: {error}")))?;
            let Ok(data) = frame.into_data() else { continue };
            let length = bytes.len() + data.len();
            if length > reservation.bytes {
                self.grow(&mut reservation, length.next_multiple_of(STEP).min(self.maximum.max(length)))?;
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.freeze(), reservation))
    }

    fn grow(&self, reservation: &mut Reservation, bytes: usize) -> Result<(), Problem> {
        if bytes > self.maximum {
            let maximum = self.maximum;
            return Err(Problem::new(Kind::TooLarge, format!("the body has more than {maximum} bytes")));
        }
        self.extend(reservation, bytes.saturating_sub(reservation.bytes))
    }
}

fn crowded() -> Problem {
    Problem::new(Kind::Unavailable, "too many large requests at one time")
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.reserved.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn bodies() -> Bodies {
        Bodies::new(100, 150, Duration::from_secs(1))
    }

    fn length(bytes: usize) -> HeaderMap {
        [(header::CONTENT_LENGTH, HeaderValue::from(bytes))].into_iter().collect()
    }

    async fn read(bodies: &Bodies, headers: &HeaderMap, bytes: usize) -> Result<Reservation, Kind> {
        let read = bodies.read(headers, Body::from(vec![b'x'; bytes])).await;
        read.map(|(_, reservation)| reservation).map_err(|problem| problem.kind())
    }

    #[tokio::test]
    async fn a_body_is_bounded_with_and_without_a_length() {
        let bodies = bodies();
        assert_eq!(read(&bodies, &length(101), 101).await.unwrap_err(), Kind::TooLarge);
        assert_eq!(read(&bodies, &HeaderMap::new(), 101).await.unwrap_err(), Kind::TooLarge);
        assert!(read(&bodies, &length(100), 100).await.is_ok());
        assert!(read(&bodies, &HeaderMap::new(), 100).await.is_ok());
        assert_eq!(bodies.reserved(), 0);
    }

    #[tokio::test]
    async fn bodies_are_bounded_together() {
        let bodies = bodies();
        let first = read(&bodies, &length(100), 100).await.unwrap();
        assert_eq!(bodies.reserved(), 100);
        assert_eq!(read(&bodies, &length(51), 51).await.unwrap_err(), Kind::Unavailable);
        assert!(read(&bodies, &length(50), 50).await.is_ok());
        drop(first);
        let mut other = read(&bodies, &length(51), 51).await.unwrap();
        assert_eq!(bodies.extend(&mut other, 100).unwrap_err().kind(), Kind::Unavailable);
        bodies.extend(&mut other, 99).unwrap();
        assert_eq!(bodies.reserved(), 150);
        drop(other);
        assert_eq!(bodies.reserved(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let endless = Body::new(http_body_util::StreamBody::new(futures_util::stream::pending::<
            Result<hyper::body::Frame<Bytes>, std::io::Error>,
        >()));
        let problem = bodies().read(&HeaderMap::new(), endless).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::Slow);
    }
}
