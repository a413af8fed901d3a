//! A number with a unit, split and multiplied without rounding on the way.

use thiserror::Error;

/// Digits after the point that still count; a limit needs no more.
const MAXIMUM_FRACTION_DIGITS: usize = 9;

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum UnitError {
    /// No digits, or something between them.
    #[error("expected {0}")]
    NotANumber(&'static str),
    /// Starts with a minus.
    #[error("must be more than zero")]
    NotPositive,
    /// The number is fine, what follows is not.
    #[error("unknown unit `{unit}`; the units are {known}")]
    UnknownUnit {
        /// As it was given.
        unit: String,
        /// For the reader.
        known: &'static str,
    },
    /// More digits than any limit has.
    #[error("too large")]
    TooLarge,
}

/// A number without sign and exponent, and the unit after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount<'text> {
    scaled: u128,
    scale: u128,
    /// Empty when there is none.
    pub(super) unit: &'text str,
}

impl<'text> Amount<'text> {
    /// Splits `text`; `expected` says what should have been there, with examples.
    pub(super) fn parse(text: &'text str, expected: &'static str) -> Result<Self, UnitError> {
        let text = text.trim();
        match text.strip_prefix('-') {
            None => Self::parse_unsigned(text, expected),
            Some(rest) => Err(match Self::parse_unsigned(rest, expected) {
                Ok(_) | Err(UnitError::TooLarge) => UnitError::NotPositive,
                Err(other) => other,
            }),
        }
    }

    fn parse_unsigned(text: &'text str, expected: &'static str) -> Result<Self, UnitError> {
        let end = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
            return Err(UnitError::NotANumber(expected));
        }
        let unit = unit.trim();
        if !unit.chars().all(char::is_alphabetic) {
            return Err(UnitError::NotANumber(expected));
        }
        let fraction = &fraction[..fraction.len().min(MAXIMUM_FRACTION_DIGITS)];
        let scaled = whole
            .chars()
            .chain(fraction.chars())
            .try_fold(0_u128, |number, digit| number.checked_mul(10)?.checked_add(u128::from(digit.to_digit(10)?)));
        let scale = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        Ok(Self { scaled: scaled.ok_or(UnitError::TooLarge)?, scale, unit })
    }

    /// The number times `factor`, rounded down.
    pub(super) fn times(self, factor: u64) -> Result<u64, UnitError> {
        let product = self.scaled.checked_mul(u128::from(factor)).ok_or(UnitError::TooLarge)? / self.scale;
        u64::try_from(product).map_err(|_| UnitError::TooLarge)
    }
}
