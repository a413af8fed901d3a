//! The limits of a task as options and as keys of the configuration file: the same words, ranges and messages.

use std::ops::RangeInclusive;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use stockade_protocol::Limits;
pub(crate) use stockade_protocol::task::range::{MEMORY, OUTPUT, PROCESSES, TEMPORARY_STORAGE, TIMEOUT};
use thiserror::Error;

use crate::units::{DurationText, SizeText, UnitError, parse_duration, parse_size};

/// Limits that were given; the others keep the default of the language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args, Deserialize)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitOptions {
    /// Stop after this time: seconds (`30`, `0.5`), or with a unit (`500ms`, `2m`)
    ///
    /// [default: 60s for Python, 30s for all others]
    #[arg(long, value_name = "TIME", value_parser = timeout, allow_hyphen_values = true)]
    #[serde(default, deserialize_with = "value::timeout")]
    pub(crate) timeout: Option<Duration>,

    /// Memory of all its processes and its files in /tmp: mebibytes (`256`), or with a unit (`256M`, `1G`)
    ///
    /// [default: 512M for Python, 256M for all others]
    #[arg(long, value_name = "SIZE", value_parser = memory, allow_hyphen_values = true)]
    #[serde(default, deserialize_with = "value::memory")]
    pub(crate) memory: Option<u64>,

    /// Files in /tmp: mebibytes, or with a unit
    ///
    /// [default: 64M]
    #[arg(long, value_name = "SIZE", value_parser = tmp, allow_hyphen_values = true)]
    #[serde(default, deserialize_with = "value::tmp")]
    pub(crate) tmp: Option<u64>,

    /// What it prints and returns, together: mebibytes, or with a unit
    ///
    /// [default: 16M]
    #[arg(long, value_name = "SIZE", value_parser = output_limit, allow_hyphen_values = true)]
    #[serde(default, deserialize_with = "value::output_limit")]
    pub(crate) output_limit: Option<u64>,

    /// Processes and threads at the same time
    ///
    /// [default: 64]
    #[arg(long, value_name = "COUNT", value_parser = processes, allow_hyphen_values = true)]
    #[serde(default, deserialize_with = "value::processes")]
    pub(crate) processes: Option<u32>,
}

impl LimitOptions {
    /// These, and where they are not given those of `other`.
    pub(crate) fn over(self, other: Self) -> Self {
        Self {
            timeout: self.timeout.or(other.timeout),
            memory: self.memory.or(other.memory),
            tmp: self.tmp.or(other.tmp),
            output_limit: self.output_limit.or(other.output_limit),
            processes: self.processes.or(other.processes),
        }
    }

    /// `limits` with what was given in its place.
    pub(crate) fn apply(self, limits: Limits) -> Limits {
        Limits {
            timeout: self.timeout.unwrap_or(limits.timeout),
            memory_bytes: self.memory.unwrap_or(limits.memory_bytes),
            temporary_storage_bytes: self.tmp.unwrap_or(limits.temporary_storage_bytes),
            processes: self.processes.unwrap_or(limits.processes),
            output_bytes: self.output_limit.unwrap_or(limits.output_bytes),
        }
    }
}

/// Why a text is not a limit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum LimitError {
    /// Not an amount at all.
    #[error(transparent)]
    Unit(UnitError),
    /// Not a whole number.
    #[error("expected a whole number such as `64`")]
    NotWhole,
    /// Zero or less.
    #[error("must be more than zero")]
    NotPositive,
    /// Below what a task needs to start.
    #[error("must be at least {0}")]
    TooSmall(String),
    /// Beyond what any task may have.
    #[error("must be at most {0}")]
    TooLarge(String),
}

pub(crate) fn timeout(text: &str) -> Result<Duration, LimitError> {
    within(parse_duration(text), &TIMEOUT, |limit| DurationText(limit).to_string())
}

pub(crate) fn memory(text: &str) -> Result<u64, LimitError> {
    size(text, &MEMORY)
}

pub(crate) fn tmp(text: &str) -> Result<u64, LimitError> {
    size(text, &TEMPORARY_STORAGE)
}

pub(crate) fn output_limit(text: &str) -> Result<u64, LimitError> {
    size(text, &OUTPUT)
}

pub(crate) fn processes(text: &str) -> Result<u32, LimitError> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LimitError::NotWhole);
    }
    if digits.len() < text.len() {
        return Err(LimitError::NotPositive);
    }
    within(digits.parse().map_err(|_| UnitError::TooLarge), &PROCESSES, |limit| limit.to_string())
}

fn size(text: &str, range: &RangeInclusive<u64>) -> Result<u64, LimitError> {
    within(parse_size(text), range, |limit| SizeText(limit).to_string())
}

fn within<T: Copy + PartialOrd + Default>(
    parsed: Result<T, UnitError>,
    range: &RangeInclusive<T>,
    print: impl Fn(T) -> String,
) -> Result<T, LimitError> {
    match parsed {
        Err(UnitError::TooLarge) => Err(LimitError::TooLarge(print(*range.end()))),
        Err(error) => Err(LimitError::Unit(error)),
        Ok(value) if value > *range.end() => Err(LimitError::TooLarge(print(*range.end()))),
        Ok(value) if value == T::default() => Err(LimitError::NotPositive),
        Ok(value) if value < *range.start() => Err(LimitError::TooSmall(print(*range.start()))),
        Ok(value) => Ok(value),
    }
}

/// The same limits where TOML gives a text or a number.
pub(crate) mod value {
    use std::fmt;
    use std::time::Duration;

    use serde::de::{Deserializer, Error, Visitor};

    use super::LimitError;

    /// Gives numbers to the parser as their text, so that there is one set of rules.
    struct Limit<T>(fn(&str) -> Result<T, LimitError>);

    impl<T> Visitor<'_> for Limit<T> {
        type Value = Option<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number, or a text such as \"30s\" or \"256M\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            (self.0)(text).map(Some).map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
            self.visit_str(&number.to_string())
        }
    }

    macro_rules! limit {
        ($name:ident, $type:ty) => {
            pub(crate) fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$type>, D::Error> {
                deserializer.deserialize_any(Limit(super::$name))
            }
        };
    }

    limit!(timeout, Duration);
    limit!(memory, u64);
    limit!(tmp, u64);
    limit!(output_limit, u64);
    limit!(processes, u32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockade_protocol::Language;

    #[test]
    fn messages_say_what_to_give() {
        let messages = [
            timeout("soon").unwrap_err(),
            timeout("0").unwrap_err(),
            timeout("-1").unwrap_err(),
            timeout("0.0001").unwrap_err(),
            timeout("99h").unwrap_err(),
            timeout("5 days").unwrap_err(),
            memory("lots").unwrap_err(),
            memory("0").unwrap_err(),
            memory("-256M").unwrap_err(),
            memory("100K").unwrap_err(),
            memory("2000G").unwrap_err(),
            memory("256X").unwrap_err(),
            output_limit("2G").unwrap_err(),
            processes("1.5").unwrap_err(),
            processes("0").unwrap_err(),
            processes("-4").unwrap_err(),
            processes("99999999999999999999").unwrap_err(),
        ];
        insta::assert_snapshot!(messages.map(|error| error.to_string()).join("\n"));
    }

    #[test]
    fn what_is_not_given_keeps_the_default() {
        let defaults = Limits::of(&Language::Python);
        assert_eq!(LimitOptions::default().apply(defaults), defaults);
        let given = LimitOptions { memory: Some(1 << 30), processes: Some(3), ..LimitOptions::default() };
        assert_eq!(given.apply(defaults), Limits { memory_bytes: 1 << 30, processes: 3, ..defaults });
    }

    #[test]
    fn the_file_takes_texts_and_numbers() {
        let limits: LimitOptions =
            toml::from_str("timeout = 0.5\nmemory = \"1G\"\ntmp = 8\noutput_limit = \"64K\"\nprocesses = 4").unwrap();
        let expected = LimitOptions {
            timeout: Some(Duration::from_millis(500)),
            memory: Some(1 << 30),
            tmp: Some(8 << 20),
            output_limit: Some(64 << 10),
            processes: Some(4),
        };
        assert_eq!(limits, expected);
        for text in ["timeout = -1", "timeout = nan", "timeout = inf", "memory = true", "memory = 1e300", "cpu = 1"] {
            assert!(toml::from_str::<LimitOptions>(text).is_err(), "{text}");
        }
    }
}
