//! Where in a file something is.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A place in a file, shown as `stockade.toml:3:1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    path: PathBuf,
    line: usize,
    column: usize,
}

impl Place {
    /// The place of the first byte of `span` in `text`; the start of the text if that is not a place in it.
    pub(super) fn of(path: &Path, text: &str, span: &Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |position| position + 1);
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let place = |at: usize| Place::of(Path::new("f"), "a = 1\n\u{e9}b = 2\n", &(at..at)).to_string();
        assert_eq!(
            (place(0), place(4), place(6), place(8), place(99)),
            ("f:1:1".to_owned(), "f:1:5".to_owned(), "f:2:1".to_owned(), "f:2:2".to_owned(), "f:1:1".to_owned(),)
        );
    }
}
