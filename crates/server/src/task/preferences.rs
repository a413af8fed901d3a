//! What the headers of a request ask for.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use super::registry::Fingerprint;
use crate::problem::{Kind, Problem};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Characters of an idempotency key; a UUID has 36.
const MAXIMUM_KEY_LENGTH: usize = 255;

/// Whether `Prefer: respond-async` (RFC 7240) asks for an answer before the task has ended.
pub(crate) fn wants_no_wait(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|preference| preference.split([';', '=']).next())
        .any(|name| name.trim().eq_ignore_ascii_case("respond-async"))
}

/// The `Idempotency-Key`, if there is one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<Box<str>>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().map(str::trim);
    // In the form of the draft it has quotes.
    let key = text.map(|text| text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text));
    let is_visible = |key: &str| key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    match key.filter(|key| (1..=MAXIMUM_KEY_LENGTH).contains(&key.len()) && is_visible(key) && values.next().is_none())
    {
        Some(key) => Ok(Some(key.into())),
        None => Err(Problem::validation(format!(
            "`Idempotency-Key` must be one text of 1 to {MAXIMUM_KEY_LENGTH} visible ASCII characters without quotes"
        ))),
    }
}

/// Tells a repetition of a request from another one.
pub(crate) fn fingerprint(body: &[u8]) -> Fingerprint {
    Sha256::digest(body).into()
}

/// Refuses what is not plain JSON, before anything of it is read.
pub(crate) fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Kind::MediaType, "the body must be sent with `Content-Type: application/json`"));
    }
    match headers.get(header::CONTENT_ENCODING) {
        // A small compressed body can be a very large one.
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            Err(Problem::new(Kind::MediaType, "the body must be sent without `Content-Encoding`"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        [(name.try_into().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())].into_iter().collect()
    }

    #[test]
    fn preferences_come_in_lists() {
        for value in
            ["respond-async", "Respond-Async", "wait=10, respond-async", "respond-async; x=1", " respond-async"]
        {
            assert!(wants_no_wait(&headers("prefer", value)), "{value}");
        }
        for value in ["", "wait=10", "return=minimal", "\"respond-async\"", "respond"] {
            assert!(!wants_no_wait(&headers("prefer", value)), "{value}");
        }
    }

    #[test]
    fn keys_may_have_quotes() {
        let key = |value: &str| idempotency_key(&headers(IDEMPOTENCY_KEY, value)).map(|key| key.unwrap().into_string());
        assert_eq!(key("order-7").unwrap(), "order-7");
        assert_eq!(key("\"order-7\"").unwrap(), "order-7");
        assert!(key("\"").is_err() && key("a\"b").is_err() && key("a b").is_err());
        assert!(key("").is_err() && key(&"x".repeat(256)).is_err() && key("é").is_err());
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn only_plain_json_is_taken() {
        assert!(check_media_type(&headers("content-type", "application/json; charset=utf-8")).is_ok());
        assert!(check_media_type(&headers("content-type", "text/plain")).is_err());
        assert!(check_media_type(&HeaderMap::new()).is_err());
        let mut compressed = headers("content-type", "application/json");
        compressed.insert("content-encoding", HeaderValue::from_static("gzip"));
        assert!(check_media_type(&compressed).is_err());
    }
}
