//! Files of a task in JSON: base64 by name.

use std::borrow::Cow;

use base64::display::Base64Display;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use stockade_protocol::file::MAXIMUM_FILES;
use stockade_protocol::{FileName, Files};

use super::request::{printable, read_object};
use crate::problem::Problem;

/// RFC 4648, with padding. Bits that belong to no byte may be anything: encoders leave them as they please.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Base64 by name; a name that comes twice is a mistake.
#[derive(Debug)]
struct Encoded<'body>(Vec<(String, Cow<'body, str>)>);

impl<'body> Deserialize<'body> for Encoded<'body> {
    fn deserialize<D: serde::Deserializer<'body>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'body> serde::de::Visitor<'body> for Visitor {
            type Value = Encoded<'body>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object of base64 texts")
            }

            fn visit_map<A: serde::de::MapAccess<'body>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut files = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let Text(contents) = map.next_value()?;
                    if files.len() == MAXIMUM_FILES {
                        return Err(serde::de::Error::custom(format!("more than {MAXIMUM_FILES} files")));
                    }
                    files.push((name, contents));
                }
                Ok(Encoded(files))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Text that is part of the body where it can be.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Text<'body>(#[serde(borrow)] Cow<'body, str>);

/// The files of a request.
pub(super) fn read(value: &RawValue) -> Result<Files, Problem> {
    let Encoded(encoded) = read_object("files", value)?;
    let mut files = Files::new();
    for (name, contents) in encoded {
        let shown = || printable(&name);
        let parsed: FileName =
            name.parse().map_err(|error| Problem::validation(format!("`files`: `{}`: {error}", shown())))?;
        let contents = BASE64
            .decode(contents.as_bytes())
            .map_err(|error| Problem::validation(format!("`files`: `{}` is not base64: {error}", shown())))?;
        if files.insert(parsed, contents.into()).is_some() {
            return Err(Problem::validation(format!("`files`: `{}` is there twice", shown())));
        }
    }
    Ok(files)
}

/// Bytes of all contents and names.
pub(super) fn size(files: &Files) -> usize {
    files.iter().map(|(name, contents)| name.as_str().len() + contents.len()).sum()
}

/// Files as an answer has them.
#[derive(Debug)]
pub(crate) struct Base64Files(pub(crate) Files);

impl Serialize for Base64Files {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, contents)| (name, Base64Contents(contents))))
    }
}

struct Base64Contents<'file>(&'file Bytes);

impl Serialize for Base64Contents<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &BASE64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    fn parsed(text: &str) -> Result<Files, String> {
        read(serde_json::from_str(text).unwrap()).map_err(|problem| problem.detail().to_owned())
    }

    fn shown(files: Files) -> String {
        serde_json::to_string(&Base64Files(files)).unwrap()
    }

    #[test]
    fn mistakes_are_named() {
        let many: BTreeMap<String, &str> = (0..=MAXIMUM_FILES).map(|number| (number.to_string(), "")).collect();
        let mistakes = [
            "[]",
            r#"{"a": 1}"#,
            r#"{"a": null}"#,
            r#"{"../a": ""}"#,
            r#"{"": ""}"#,
            r#"{"a\u0000": ""}"#,
            r#"{"a": "YQ"}"#,
            r#"{"a": "Y Q="}"#,
            r#"{"a": "YQ==\n"}"#,
            r#"{"a": "", "a": ""}"#,
            &serde_json::to_string(&many).unwrap(),
        ];
        insta::assert_snapshot!(mistakes.map(|text| parsed(text).unwrap_err()).join("\n"));
    }

    #[test]
    fn contents_may_be_escaped_and_have_bits_to_spare() {
        assert_eq!(
            shown(parsed(r#"{"a": "\u0059Q==", "b": "YR==", "c": ""}"#).unwrap()),
            r#"{"a":"YQ==","b":"YQ==","c":""}"#
        );
    }

    proptest! {
        #[test]
        fn files_come_back_as_they_were(names in proptest::collection::btree_map("[a-z.]{3,9}", any::<Vec<u8>>(), 0..9)) {
            let files: Files =
                names.into_iter().map(|(name, contents)| (name.parse().unwrap(), contents.into())).collect();
            prop_assert_eq!(parsed(&shown(files.clone())).unwrap(), files);
        }
    }
}
