//! Colour for the labels, where the reader has it and wants it.

use std::io::IsTerminal;

/// Colours labels or leaves them alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    enabled: bool,
}

impl Paint {
    /// Text as it is.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { enabled: false };

    /// Colour when `stream` is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let incapable = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { enabled: stream.is_terminal() && !unwanted && !incapable }
    }

    /// Bold red.
    pub(crate) fn error(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    /// Bold yellow.
    pub(crate) fn warning(self, text: &str) -> String {
        self.wrap("1;33", text)
    }

    /// Bold cyan.
    pub(crate) fn hint(self, text: &str) -> String {
        self.wrap("1;36", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.enabled { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_ends_where_the_label_ends() {
        assert_eq!(Paint { enabled: true }.error("error"), "\u{1b}[1;31merror\u{1b}[0m");
        assert_eq!(Paint::PLAIN.error("error"), "error");
    }
}
