//! Durations: `30`, `0.5`, `500ms`, `30s`, `2m`, `1h`.

use std::fmt;
use std::time::Duration;

use super::decimal::{Amount, UnitError};

const EXPECTED: &str = "a time such as `30` (seconds), `0.5`, `500ms` or `2m`";
const UNITS: &str = "`ms`, `s`, `m` and `h`";

const MICROSECONDS_PER_MILLISECOND: u64 = 1_000;
const MICROSECONDS_PER_SECOND: u64 = 1_000_000;
const SECONDS_PER_MINUTE: u64 = 60;
const SECONDS_PER_HOUR: u64 = 3_600;

/// Reads a duration; a number without a unit counts seconds. What is below a microsecond is dropped.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let amount = Amount::parse(text, EXPECTED)?;
    let factor = match amount.unit {
        "ms" => MICROSECONDS_PER_MILLISECOND,
        "" | "s" => MICROSECONDS_PER_SECOND,
        "m" => SECONDS_PER_MINUTE * MICROSECONDS_PER_SECOND,
        "h" => SECONDS_PER_HOUR * MICROSECONDS_PER_SECOND,
        unit => return Err(UnitError::UnknownUnit { unit: unit.to_owned(), known: UNITS }),
    };
    amount.times(factor).map(Duration::from_micros)
}

/// A duration as [`parse_duration`] reads it, in the largest unit that needs no fraction, or in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DurationText(pub(crate) Duration);

impl fmt::Display for DurationText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, microseconds) = (self.0.as_secs(), u64::from(self.0.subsec_micros()));
        if microseconds == 0 {
            return match seconds {
                0 => formatter.write_str("0s"),
                _ if seconds.is_multiple_of(SECONDS_PER_HOUR) => write!(formatter, "{}h", seconds / SECONDS_PER_HOUR),
                _ if seconds.is_multiple_of(SECONDS_PER_MINUTE) => {
                    write!(formatter, "{}m", seconds / SECONDS_PER_MINUTE)
                }
                _ => write!(formatter, "{seconds}s"),
            };
        }
        if seconds == 0 && microseconds.is_multiple_of(MICROSECONDS_PER_MILLISECOND) {
            return write!(formatter, "{}ms", microseconds / MICROSECONDS_PER_MILLISECOND);
        }
        let fraction = format!("{microseconds:06}");
        write!(formatter, "{seconds}.{}s", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, milliseconds) in [
            ("30", 30_000),
            ("0.5", 500),
            ("30s", 30_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1.5 h", 5_400_000),
            (" 7 ", 7_000),
            ("0", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text:?}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "s", "abc", "1,5", "1.2.3", ".5", "5.", "1e3", "NaN", "inf", "0x10", "+5", "5 5", "٣", "--5"]
        {
            assert!(matches!(parse_duration(text), Err(UnitError::NotANumber(_))), "{text:?}");
        }
        assert_eq!(parse_duration("-5"), Err(UnitError::NotPositive));
        assert_eq!(parse_duration("-0.5s"), Err(UnitError::NotPositive));
        assert!(matches!(parse_duration("5 days"), Err(UnitError::UnknownUnit { .. })));
        assert_eq!(parse_duration(&"9".repeat(40)), Err(UnitError::TooLarge));
        assert_eq!(parse_duration(&"9".repeat(20)), Err(UnitError::TooLarge));
    }

    #[test]
    fn prints_the_largest_whole_unit() {
        for (milliseconds, text) in [
            (0, "0s"),
            (500, "500ms"),
            (1_500, "1.5s"),
            (30_000, "30s"),
            (90_000, "90s"),
            (120_000, "2m"),
            (7_200_000, "2h"),
        ] {
            assert_eq!(DurationText(Duration::from_millis(milliseconds)).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(microseconds in 0_u64..1 << 50) {
            let duration = Duration::from_micros(microseconds);
            prop_assert_eq!(parse_duration(&DurationText(duration).to_string()), Ok(duration));
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn digits_and_points_never_panic(text in "-?[0-9.]{0,60}(ms|s|m|h)?") {
            let _ = parse_duration(&text);
        }
    }
}
