//! Whole numbers as JSON has them: `5` and `5.0` are the same number.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// The first number that a double cannot tell from its successor: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a whole number from 0; `null` is none.
pub(crate) fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct WholeNumber;

    impl<'de> Visitor<'de> for WholeNumber {
        type Value = Option<u64>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a whole number from 0")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number))
        }

        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to fit")]
        fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
            if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) {
                Ok(Some(number as u64))
            } else {
                Err(E::invalid_value(Unexpected::Float(number), &self))
            }
        }
    }

    deserializer.deserialize_any(WholeNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Option<u64>> {
        whole_number(&mut serde_json::Deserializer::from_str(json)).ok()
    }

    #[test]
    fn a_whole_number_may_have_a_point() {
        assert_eq!(
            (read("5"), read("5.0"), read("5e2"), read("-0.0")),
            (Some(Some(5)), Some(Some(5)), Some(Some(500)), Some(Some(0)))
        );
        assert_eq!((read("null"), read("18446744073709551615")), (Some(None), Some(Some(u64::MAX))));
        for wrong in ["5.5", "-1", "-1.0", "1e300", "\"5\"", "true", "[]"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
