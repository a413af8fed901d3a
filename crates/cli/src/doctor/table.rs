//! Aligned columns.

/// Rows of equal length, each column as wide as its widest cell; the last one is not padded. Lines of a cell stand
/// below each other.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.flat_map(|cell| cell.lines()).map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let height = row.iter().map(|cell| cell.lines().count()).max().unwrap_or(0).max(1);
        for line in 0..height {
            let cells = row.iter().zip(&widths).map(|(cell, width)| {
                let part = cell.lines().nth(line).unwrap_or_default();
                format!("{part:<width$}")
            });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
    }
    text
}

/// Words in lines of at most `width` characters; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let table = aligned(&rows(&[&["a", "bb", "c"], &["długi", "", "two\nlines"], &["", "x", ""]]));
        assert_eq!(table, "a      bb  c\ndługi      two\n           lines\n       x\n");
        assert_eq!(aligned(&[]), "");
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("unbreakable a b", 3), "unbreakable\na b");
        assert_eq!(wrapped("", 5), "");
    }

    proptest! {
        #[test]
        fn no_word_is_lost(text in "[a-z ]{0,80}", width in 1_usize..20) {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&wrapped(&text, width)), words(&text));
        }
    }
}
