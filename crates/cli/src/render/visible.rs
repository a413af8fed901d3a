//! Text from untrusted code, made harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters that a terminal obeys instead of showing them: control characters and the ones that reverse the
/// direction of the text around them.
fn is_obeyed(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` with such characters written out, line ends and tabs excepted.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let hidden = |character: char| is_obeyed(character) && !matches!(character, '\n' | '\t');
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .fold(String::with_capacity(text.len()), |mut shown, character| {
            if hidden(character) {
                shown.extend(character.escape_unicode());
            } else {
                shown.push(character);
            }
            shown
        })
        .into()
}

/// JSON text with such characters escaped; still the same value, because they only stand in strings.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    let hidden = |character: char| is_obeyed(character) && !matches!(character, '\n' | '\t' | '\r');
    if !json.contains(hidden) {
        return Cow::Borrowed(json);
    }
    json.chars()
        .fold(String::with_capacity(json.len()), |mut shown, character| {
            if hidden(character) {
                // All of them lie in the basic plane. Writing into a string cannot fail.
                let _ = write!(shown, "\\u{:04x}", u32::from(character));
            } else {
                shown.push(character);
            }
            shown
        })
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert!(matches!(visible("zażółć\n\tgęślą 🚀"), Cow::Borrowed(_)));
        assert!(matches!(visible_json("{\"a\": \"é\",\n\t\"b\": 1}"), Cow::Borrowed(_)));
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(visible("a\u{1b}]0;title\u{7}b\r\u{202e}c"), "a\\u{1b}]0;title\\u{7}b\\u{d}\\u{202e}c");
        assert_eq!(visible_json("\"\u{9b}31m\u{7f}\""), "\"\\u009b31m\\u007f\"");
    }

    proptest! {
        #[test]
        fn json_keeps_its_value(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let shown = visible_json(&json);
            prop_assert!(!shown.contains(is_obeyed));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
