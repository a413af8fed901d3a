//! How many requests a caller may send.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many requests in a period. As many may come at once; they come back evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Rate {
    /// Requests in one period.
    pub requests: NonZeroU32,
    /// How long a period is.
    pub period: Period,
}

/// The period of a [`Rate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `10/s`
    Second,
    /// `10/m`
    Minute,
    /// `10/h`
    Hour,
}

impl Rate {
    /// The time after which one request more may be sent.
    pub(crate) fn interval(self) -> Duration {
        let period = match self.period {
            Period::Second => Duration::from_secs(1),
            Period::Minute => Duration::from_secs(60),
            Period::Hour => Duration::from_secs(3600),
        };
        // More than one request per nanosecond is no limit that anybody could meet.
        (period / self.requests.get()).max(Duration::from_nanos(1))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = match self.period {
            Period::Second => "s",
            Period::Minute => "m",
            Period::Hour => "h",
        };
        write!(formatter, "{}/{period}", self.requests)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.trim().split_once('/').and_then(|(requests, period)| {
            let period = match period.trim() {
                "s" | "second" => Period::Second,
                "m" | "minute" => Period::Minute,
                "h" | "hour" => Period::Hour,
                _ => return None,
            };
            Some(Self { requests: requests.trim().parse().ok()?, period })
        });
        parsed.ok_or_else(|| "expected a rate such as `10/s`, `600/m` or `1000/h`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_they_are_read() {
        for text in ["10/s", "600/m", "1/h"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for text in ["", "10", "0/s", "-1/s", "10/d", "1.5/s", "10/s/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        assert_eq!("120/m".parse::<Rate>().unwrap().interval(), Duration::from_millis(500));
    }
}
