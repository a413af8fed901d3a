//! What an API key looks like, and what is kept of it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Begins every key, so that programs that look for leaked secrets know one.
const PREFIX: &str = "stockade";
/// Bytes of the part that tells keys apart.
const ID_LENGTH: usize = 4;
/// Bytes of the secret: nobody guesses it, so that one round of SHA-256 is enough to keep it.
const SECRET_LENGTH: usize = 32;

/// A new key. It is shown once; only its hash is kept.
pub struct Key(String);

impl Key {
    /// A key from the kernel's random numbers.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; ID_LENGTH + SECRET_LENGTH];
        getrandom::fill(&mut bytes)?;
        let (id, secret) = bytes.split_at(ID_LENGTH);
        Ok(Self(format!("{PREFIX}_{}_{}", hex(id), hex(secret))))
    }

    /// The key itself: for whoever it is made for, and nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn id(&self) -> &str {
        id_of(&self.0).unwrap_or_default()
    }

    pub(crate) fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

impl fmt::Debug for Key {
    /// Keys must not come into a log by way of `{:?}`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

/// The part of a key that tells keys apart; `None` for what has not the form of a key.
pub(crate) fn id_of(key: &str) -> Option<&str> {
    let (id, secret) = key.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?;
    let is_hex = |text: &str, bytes: usize| {
        text.len() == 2 * bytes && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    (is_hex(id, ID_LENGTH) && is_hex(secret, SECRET_LENGTH)).then_some(id)
}

/// SHA-256 of a key; 64 hexadecimal digits in the key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    pub(crate) fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// Whether this is the hash of `key`. Takes the same time for every other key.
    pub(crate) fn is_of(&self, key: &str) -> bool {
        self.0.ct_eq(&Self::of(key).0).into()
    }
}

impl Serialize for KeyHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        let is_hash = text.is_ascii()
            && text.len() == 64
            && bytes.iter_mut().enumerate().all(|(index, byte)| {
                u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map(|value| *byte = value).is_ok()
            });
        if is_hash { Ok(Self(bytes)) } else { Err(serde::de::Error::custom("expected 64 hexadecimal digits")) }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_known_by_its_hash() {
        let (key, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert!(key.hash().is_of(key.reveal()) && !key.hash().is_of(other.reveal()));
        assert_eq!((key.reveal().len(), key.id().len()), (82, 8));
        assert_eq!(format!("{key:?}"), "Key(…)");
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_not(text in any::<String>()) {
            prop_assert!(id_of(&text).is_none());
        }
    }
}
