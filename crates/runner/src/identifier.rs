//! Identifiers of offers, calls and runners.

use std::iter::repeat_with;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH: usize = 22;

/// A new identifier in the form that n8n's runners use: 22 letters and digits.
///
/// It need not be hard to guess, only unlike any other: whoever can send one to n8n is already its runner.
pub(crate) fn new_identifier() -> String {
    repeat_with(|| char::from(ALPHABET[fastrand::usize(..ALPHABET.len())])).take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_form_of_the_official_runners_and_does_not_repeat() {
        let first = new_identifier();
        assert_eq!(first.len(), 22);
        assert!(first.chars().all(|character| character.is_ascii_alphanumeric()));
        assert_ne!(first, new_identifier());
    }
}
