//! Lists and maps of a body that are bounded while they are read.
//!
//! An entry takes more memory than its few bytes in the body. So one entry beyond the bound is kept, which tells
//! whoever checks that there were too many, and what follows is only skipped.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Texts; at most `MAXIMUM` + 1.
#[derive(Debug)]
pub(super) struct Texts<const MAXIMUM: usize>(pub(super) Vec<String>);

/// Texts by name; at most `MAXIMUM` + 1.
#[derive(Debug)]
pub(super) struct Variables<const MAXIMUM: usize>(pub(super) BTreeMap<String, String>);

impl<'de, const MAXIMUM: usize> Deserialize<'de> for Texts<MAXIMUM> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const MAXIMUM: usize>;
        impl<'de, const MAXIMUM: usize> Visitor<'de> for Reader<MAXIMUM> {
            type Value = Texts<MAXIMUM>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::new();
                while texts.len() <= MAXIMUM
                    && let Some(text) = list.next_element()?
                {
                    texts.push(text);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_seq(Reader::<MAXIMUM>)
    }
}

impl<'de, const MAXIMUM: usize> Deserialize<'de> for Variables<MAXIMUM> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const MAXIMUM: usize>;
        impl<'de, const MAXIMUM: usize> Visitor<'de> for Reader<MAXIMUM> {
            type Value = Variables<MAXIMUM>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut variables = BTreeMap::new();
                while variables.len() <= MAXIMUM
                    && let Some((name, value)) = map.next_entry()?
                {
                    variables.insert(name, value);
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Variables(variables))
            }
        }
        deserializer.deserialize_map(Reader::<MAXIMUM>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_not_kept() {
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let Texts(texts) = serde_json::from_str::<Texts<3>>(&serde_json::to_string(&many).unwrap()).unwrap();
        assert_eq!(texts, ["0", "1", "2", "3"]);
        assert!(texts.capacity() < many.len());
        let many: BTreeMap<&str, &str> = many.iter().map(|text| (text.as_str(), "")).collect();
        let Variables(variables) =
            serde_json::from_str::<Variables<3>>(&serde_json::to_string(&many).unwrap()).unwrap();
        assert_eq!(variables.len(), 4);
    }

    #[test]
    fn what_is_not_too_much_is_all_there() {
        let Texts(texts) = serde_json::from_str::<Texts<2>>(r#"["a", "b"]"#).unwrap();
        assert_eq!(texts, ["a", "b"]);
        assert!(serde_json::from_str::<Texts<2>>(r#"["a", 1]"#).is_err());
        let Variables(variables) = serde_json::from_str::<Variables<1>>(r#"{"a": "1", "a": "2"}"#).unwrap();
        assert_eq!(variables, [("a".to_owned(), "2".to_owned())].into());
    }
}
