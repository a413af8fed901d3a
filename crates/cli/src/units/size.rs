//! Sizes: `256` (mebibytes), `256M`, `64MiB`, `1G`.

use std::fmt;

use stockade_protocol::task::MEBIBYTE;

use super::decimal::{Amount, UnitError};

const EXPECTED: &str = "a size such as `256` (mebibytes), `256M`, `64MiB` or `1.5G`";
const UNITS: &str = "`B`, `K`, `M`, `G` and `T`, each 1024 times the one before it";

const KIBIBYTE: u64 = 1024;
const GIBIBYTE: u64 = 1024 * MEBIBYTE;
const TEBIBYTE: u64 = 1024 * GIBIBYTE;

/// Reads a size in bytes; a number without a unit counts mebibytes. `M`, `MB` and `MiB` are the same, as for other
/// tools that limit memory. What is below a byte is dropped.
pub(crate) fn parse_size(text: &str) -> Result<u64, UnitError> {
    let amount = Amount::parse(text, EXPECTED)?;
    let factor = match amount.unit.to_ascii_lowercase().as_str() {
        "b" => 1,
        "k" | "kb" | "kib" => KIBIBYTE,
        "" | "m" | "mb" | "mib" => MEBIBYTE,
        "g" | "gb" | "gib" => GIBIBYTE,
        "t" | "tb" | "tib" => TEBIBYTE,
        _ => return Err(UnitError::UnknownUnit { unit: amount.unit.to_owned(), known: UNITS }),
    };
    amount.times(factor)
}

/// A size as [`parse_size`] reads it, in the largest unit that needs no fraction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SizeText(pub(crate) u64);

impl fmt::Display for SizeText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(TEBIBYTE, "TiB"), (GIBIBYTE, "GiB"), (MEBIBYTE, "MiB"), (KIBIBYTE, "KiB")];
        match units.into_iter().find(|(factor, _)| self.0 > 0 && self.0.is_multiple_of(*factor)) {
            Some((factor, unit)) => write!(formatter, "{}{unit}", self.0 / factor),
            None => write!(formatter, "{}B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, bytes) in [
            ("256", 256 << 20),
            ("256M", 256 << 20),
            ("64MiB", 64 << 20),
            ("64 mb", 64 << 20),
            ("1G", 1 << 30),
            ("1.5g", 3 << 29),
            ("0.5", 1 << 19),
            ("10k", 10 << 10),
            ("2T", 2 << 40),
            ("700B", 700),
            ("0", 0),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text:?}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "M", "lots", "1.2.3M", "1e3", "NaN", "256M!", "256 M iB"] {
            assert!(matches!(parse_size(text), Err(UnitError::NotANumber(_))), "{text:?}");
        }
        assert_eq!(parse_size("-256M"), Err(UnitError::NotPositive));
        assert!(matches!(parse_size("5 parsecs"), Err(UnitError::UnknownUnit { .. })));
        assert_eq!(parse_size("99999999999999T"), Err(UnitError::TooLarge));
        assert_eq!(parse_size(&"9".repeat(60)), Err(UnitError::TooLarge));
    }

    #[test]
    fn prints_the_largest_whole_unit() {
        for (bytes, text) in
            [(0, "0B"), (700, "700B"), (1536, "1536B"), (10 << 10, "10KiB"), (256 << 20, "256MiB"), (1 << 30, "1GiB")]
        {
            assert_eq!(SizeText(bytes).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(bytes in any::<u64>()) {
            prop_assert_eq!(parse_size(&SizeText(bytes).to_string()), Ok(bytes));
        }

        #[test]
        fn round_sizes_read_back(count in 0_u64..1 << 20, shift in 0_u32..44) {
            prop_assert_eq!(parse_size(&SizeText(count << shift).to_string()), Ok(count << shift));
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse_size(&text);
        }

        #[test]
        fn a_larger_number_is_never_a_smaller_size(small in 0_u32.., more in 0_u32..) {
            let large = u64::from(small) + u64::from(more);
            let bytes = |count: u64| parse_size(&format!("{count}K")).unwrap();
            prop_assert!(bytes(small.into()) <= bytes(large));
        }
    }
}
