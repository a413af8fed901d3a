//! A filter between the output of untrusted code and a terminal.
//!
//! A terminal obeys escape sequences: some change its title, some write its clipboard, some make it answer as if the
//! user had typed. Colours are harmless and common, so they pass; everything else is shown instead of obeyed.

/// Longest list of parameters of a colour sequence that is still believed.
const MAXIMUM_PARAMETERS: usize = 32;

const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;
/// First byte of U+0080 to U+00BF in UTF-8; the first half of them are control characters.
const LEAD_OF_CONTROLS: u8 = 0xc2;

/// Passes bytes on as they come; remembers a sequence that is not complete.
#[derive(Debug, Default)]
pub(crate) struct TerminalFilter {
    pending: Vec<u8>,
    coloured: bool,
}

impl TerminalFilter {
    /// What to send to the terminal for `bytes`.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(bytes.len());
        for byte in bytes {
            self.pass_one(*byte, &mut shown);
        }
        shown
    }

    /// What to send at the end: a sequence that never became complete, and the end of a colour.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let mut shown = Vec::new();
        self.give_up(&mut shown);
        if std::mem::take(&mut self.coloured) {
            shown.extend_from_slice(b"\x1b[0m");
        }
        shown
    }

    fn pass_one(&mut self, byte: u8, shown: &mut Vec<u8>) {
        match (self.pending.as_slice(), byte) {
            ([], _) => self.begin(byte, shown),
            ([LEAD_OF_CONTROLS], 0x80..=0x9f) => {
                self.pending.clear();
                shown.extend_from_slice(format!("\\u{{{byte:x}}}").as_bytes());
            }
            ([LEAD_OF_CONTROLS], 0xa0..=0xbf) => {
                shown.append(&mut self.pending);
                shown.push(byte);
            }
            ([ESCAPE], b'[') => self.pending.push(byte),
            ([ESCAPE, b'[', parameters @ ..], b'0'..=b'9' | b';' | b':') if parameters.len() < MAXIMUM_PARAMETERS => {
                self.pending.push(byte);
            }
            ([ESCAPE, b'[', ..], b'm') => {
                shown.append(&mut self.pending);
                shown.push(byte);
                self.coloured = true;
            }
            _ => {
                self.give_up(shown);
                self.begin(byte, shown);
            }
        }
    }

    fn begin(&mut self, byte: u8, shown: &mut Vec<u8>) {
        match byte {
            ESCAPE | LEAD_OF_CONTROLS => self.pending.push(byte),
            b'\n' | b'\r' | b'\t' => shown.push(byte),
            0..=0x1f | DELETE => shown.extend_from_slice(&caret(byte)),
            _ => shown.push(byte),
        }
    }

    fn give_up(&mut self, shown: &mut Vec<u8>) {
        for byte in self.pending.drain(..) {
            if byte == ESCAPE {
                shown.extend_from_slice(&caret(byte));
            } else {
                shown.push(byte);
            }
        }
    }
}

/// `^[` and the like, as terminals show control characters that are typed.
fn caret(byte: u8) -> [u8; 2] {
    [b'^', byte ^ 0x40]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filtered(bytes: &[u8]) -> String {
        let mut filter = TerminalFilter::default();
        let mut shown = filter.pass(bytes);
        shown.extend(filter.finish());
        String::from_utf8_lossy(&shown).into_owned()
    }

    #[test]
    fn text_and_colours_pass() {
        assert_eq!(filtered("20 % ░░\r\n\tżółw £\n".as_bytes()), "20 % ░░\r\n\tżółw £\n");
        assert_eq!(filtered(b"\x1b[1;31mred\x1b[0m"), "\x1b[1;31mred\x1b[0m\x1b[0m");
        assert_eq!(filtered(b"\x1b[38:2::255:0:0mred"), "\x1b[38:2::255:0:0mred\x1b[0m");
    }

    #[test]
    fn everything_else_is_shown() {
        assert_eq!(filtered(b"\x1b]0;title\x07"), "^[]0;title^G");
        assert_eq!(filtered(b"\x1b[2J\x1b[6n\x1bc"), "^[[2J^[[6n^[c");
        assert_eq!(filtered(b"\x1b\x1b[31m"), "^[\x1b[31m\x1b[0m");
        assert_eq!(filtered("\u{9b}6n \u{a3}".as_bytes()), "\\u{9b}6n \u{a3}");
        assert_eq!(filtered(b"\x1b[1;2"), "^[[1;2");
        assert_eq!(filtered(b"\x7f\x08\0"), "^?^H^@");
        assert_eq!(filtered(&[b"\x1b[".as_slice(), &[b'1'; 40], b"m"].concat()), format!("^[[{}m", "1".repeat(40)));
    }

    proptest! {
        #[test]
        fn only_colours_reach_the_terminal(bytes in proptest::collection::vec(any::<u8>(), 0..200), step in 1_usize..9) {
            let mut filter = TerminalFilter::default();
            let mut shown: Vec<u8> = bytes.chunks(step).flat_map(|part| filter.pass(part)).collect();
            shown.extend(filter.finish());
            let mut rest = shown.as_slice();
            while let Some(position) = rest.iter().position(|byte| *byte == ESCAPE) {
                rest = &rest[position + 1..];
                let end = rest.iter().position(|byte| *byte == b'm');
                prop_assert!(rest.starts_with(b"["));
                prop_assert!(end.is_some_and(|end| rest[1..end].iter().all(|byte| b"0123456789;:".contains(byte))));
            }
            prop_assert!(!shown.iter().any(|byte| *byte == 7 || *byte == DELETE));
            let controls = |character: char| ('\u{80}'..='\u{9f}').contains(&character);
            prop_assert!(!String::from_utf8_lossy(&shown).contains(controls));
        }

        #[test]
        fn how_the_bytes_are_cut_does_not_matter(bytes in proptest::collection::vec(any::<u8>(), 0..100), step in 1_usize..9) {
            let mut filter = TerminalFilter::default();
            let mut shown: Vec<u8> = bytes.chunks(step).flat_map(|part| filter.pass(part)).collect();
            shown.extend(filter.finish());
            prop_assert_eq!(String::from_utf8_lossy(&shown).into_owned(), filtered(&bytes));
        }
    }
}
