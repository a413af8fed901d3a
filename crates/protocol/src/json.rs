//! Proof that bytes from a worker are JSON that others can read.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use thiserror::Error;

/// Deepest nesting of arrays and objects that is passed on. Readers that recurse (n8n's validators, `json.loads`)
/// fail beyond about a thousand levels; no real result comes near this.
pub const MAXIMUM_DEPTH: usize = 512;

/// Bytes that were checked once to be one valid JSON value, and are never parsed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawJson(Bytes);

/// Why bytes are not JSON that can be passed on.
#[derive(Debug, Error)]
pub enum JsonError {
    /// Not valid JSON or not UTF-8.
    #[error("not valid JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Nested deeper than [`MAXIMUM_DEPTH`].
    #[error("arrays and objects are nested more than {MAXIMUM_DEPTH} deep")]
    TooDeep,
}

impl RawJson {
    /// Checks `bytes` without building a value and without copying.
    pub fn new(bytes: Bytes) -> Result<Self, JsonError> {
        if depth(&bytes) > MAXIMUM_DEPTH {
            return Err(JsonError::TooDeep);
        }
        serde_json::from_slice::<&RawValue>(&bytes)?;
        Ok(Self(bytes))
    }

    /// The JSON text of a value of ours.
    pub fn from_value(value: &serde_json::Value) -> Self {
        Self(Bytes::from(value.to_string()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        // `new` has checked that the bytes are UTF-8; serde_json refuses anything else.
        std::str::from_utf8(&self.0).unwrap_or("null")
    }

    /// The JSON text as shared bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

/// How deep arrays and objects nest in `text`, brackets within strings left out. An upper bound for text that is not
/// JSON, exact for text that is.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => in_string = true,
                b'[' | b'{' => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    deepest
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_slice(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::new(Bytes::from(Box::<str>::from(raw).into_string())).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) -> Result<RawJson, JsonError> {
        RawJson::new(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn accepts_json_and_keeps_its_bytes() {
        for text in ["null", " [1, 2.50e3, \"\\u00e9\"] ", "{\"a\":{\"b\":[]}}", "1e400"] {
            assert_eq!(check(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_what_other_parsers_choke_on() {
        for text in ["", "NaN", "[1", "1 2", "{\"a\":1,}", "'x'", "\"\u{1}\""] {
            assert!(matches!(check(text), Err(JsonError::Syntax(_))), "{text:?}");
        }
        assert!(RawJson::new(Bytes::from_static(b"\"\xff\"")).is_err());
    }

    #[test]
    fn refuses_a_million_nested_arrays_without_recursion() {
        let text = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert!(matches!(check(&text), Err(JsonError::TooDeep)));
        assert!(check(&("[".repeat(MAXIMUM_DEPTH) + &"]".repeat(MAXIMUM_DEPTH))).is_ok());
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert_eq!(depth(br#"["[[[\"[[", {"]": 1}]"#), 2);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RawJson::new(Bytes::from(bytes));
        }
    }
}
