//! What is signed: Ed25519 over the BCS of an intent message. A change of order or type breaks every verifier.

use ed25519_dalek::{Signer as _, SigningKey};
use serde::Serialize;

use crate::callers::hex;

/// The intent scope of processed data.
const PROCESS_DATA: u8 = 0;

/// What a signature covers.
#[derive(Debug, Serialize)]
struct IntentMessage<'data, T> {
    intent: u8,
    timestamp_ms: u64,
    data: &'data T,
}

/// What a task did; the fields stand in the order in which they are signed.
#[derive(Debug, Serialize)]
pub(super) struct TaskResponse {
    pub(super) task_id: String,
    pub(super) status: &'static str,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) exit_code: i32,
    pub(super) execution_time_ms: u64,
}

/// The answer: the object of upstream, with `signature` and `timestamp` repeated where spec/seed-4 has them.
#[derive(Debug, Serialize)]
pub(super) struct SignedAnswer<'data, T> {
    response: SignedResponse<'data, T>,
    signature: String,
}

#[derive(Debug, Serialize)]
struct SignedResponse<'data, T> {
    intent: u8,
    timestamp_ms: u64,
    data: &'data T,
    signature: String,
    timestamp: u64,
}

/// A key in memory.
pub(super) struct Signer(SigningKey);

/// A text is no key.
#[derive(Debug)]
pub(super) struct KeyError;

impl std::fmt::Debug for Signer {
    /// The secret must not come into a log by way of `{:?}`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Signer").field(&self.public_key_hex()).finish()
    }
}

impl Signer {
    /// A new key from the kernel's random numbers.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self(SigningKey::from_bytes(&secret)))
    }

    /// The key of 64 hexadecimal digits.
    pub(super) fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut secret = [0; 32];
        if text.len() != 2 * secret.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(KeyError);
        }
        for (index, byte) in secret.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| KeyError)?;
        }
        Ok(Self(SigningKey::from_bytes(&secret)))
    }

    pub(super) fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub(super) fn public_key_hex(&self) -> String {
        hex(&self.public_key())
    }

    /// Signs data together with a moment in milliseconds since 1970.
    pub(super) fn sign<'data, T: Serialize>(
        &self,
        data: &'data T,
        timestamp_ms: u64,
    ) -> Result<SignedAnswer<'data, T>, bcs::Error> {
        let signature = hex(&self.0.sign(&message(data, timestamp_ms)?).to_bytes());
        let response = SignedResponse {
            intent: PROCESS_DATA,
            timestamp_ms,
            data,
            signature: signature.clone(),
            timestamp: timestamp_ms,
        };
        Ok(SignedAnswer { response, signature })
    }
}

/// The bytes that are signed.
fn message<T: Serialize>(data: &T, timestamp_ms: u64) -> Result<Vec<u8>, bcs::Error> {
    bcs::to_bytes(&IntentMessage { intent: PROCESS_DATA, timestamp_ms, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signature, Verifier, VerifyingKey};

    #[derive(Serialize)]
    struct Weather {
        location: String,
        temperature: u64,
    }

    #[test]
    fn the_published_vector() {
        let weather = Weather { location: "San Francisco".to_owned(), temperature: 13 };
        let bytes = message(&weather, 1_744_038_900_000).unwrap();
        assert_eq!(hex(&bytes), "0020b1d110960100000d53616e204672616e636973636f0d00000000000000");
    }

    fn response() -> TaskResponse {
        TaskResponse {
            task_id: "123e4567-e89b-12d3-a456-426614174000".to_owned(),
            status: "failed",
            stdout: "é".to_owned(),
            stderr: String::new(),
            exit_code: -2,
            execution_time_ms: 1250,
        }
    }

    #[test]
    fn a_task_is_signed_field_by_field() {
        let bytes = message(&response(), 1).unwrap();
        let mut expected = vec![0, 1, 0, 0, 0, 0, 0, 0, 0, 36];
        expected.extend_from_slice(b"123e4567-e89b-12d3-a456-426614174000\x06failed\x02\xc3\xa9\x00\xfe\xff\xff\xff");
        expected.extend_from_slice(&1250_u64.to_le_bytes());
        assert_eq!(bytes, expected);
    }

    #[test]
    fn the_signature_is_that_of_the_key() {
        let signer = Signer::from_hex(&"07".repeat(32)).unwrap();
        let data = response();
        let answer = signer.sign(&data, 1_744_038_900_000).unwrap();
        insta::assert_json_snapshot!(answer);
        let signature: Vec<u8> =
            (0..64).map(|index| u8::from_str_radix(&answer.signature[2 * index..2 * index + 2], 16).unwrap()).collect();
        let key = VerifyingKey::from_bytes(&signer.public_key()).unwrap();
        let signature = Signature::from_slice(&signature).unwrap();
        assert!(key.verify(&message(&response(), 1_744_038_900_000).unwrap(), &signature).is_ok());
        assert!(key.verify(&message(&response(), 1_744_038_900_001).unwrap(), &signature).is_err());
    }

    #[test]
    fn the_secret_is_not_shown() {
        let signer = Signer::from_hex(&"07".repeat(32)).unwrap();
        assert!(!format!("{signer:?}").contains("0707"));
        for text in ["", "07", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(Signer::from_hex(text).is_err());
        }
    }
}
