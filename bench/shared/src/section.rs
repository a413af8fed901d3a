//! The place of a benchmark in BENCHMARKS.md.

use std::path::Path;
use std::{fs, io};

/// Puts a section, which begins with its heading and a line end, in the place of the one that is there, or at the end.
///
/// # Errors
/// The file cannot be written.
pub fn write(file: &Path, heading: &str, section: &str) -> io::Result<()> {
    let old = fs::read_to_string(file).unwrap_or_default();
    fs::write(file, with_section(&old, heading, section))
}

fn with_section(old: &str, heading: &str, section: &str) -> String {
    let Some((before, after)) = old.split_once(heading) else {
        return format!("{}\n\n{section}", old.trim_end());
    };
    match after.find("\n## ") {
        Some(next) => format!("{before}{section}{}", &after[next..]),
        None => format!("{before}{section}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "## This\n";

    #[test]
    fn the_section_replaces_itself_and_nothing_else() {
        let section = format!("{HEADING}\nnew\n");
        let with_old = format!("# Benchmarks\n\nfirst\n\n{HEADING}\nold\n\n## Next\n\nlast\n");
        assert_eq!(
            with_section(&with_old, HEADING, &section),
            format!("# Benchmarks\n\nfirst\n\n{section}\n## Next\n\nlast\n")
        );
        assert_eq!(
            with_section("# Benchmarks\n\nfirst\n", HEADING, &section),
            format!("# Benchmarks\n\nfirst\n\n{section}")
        );
        let once = with_section("# Benchmarks\n", HEADING, &section);
        assert_eq!(with_section(&once, HEADING, &section), once);
    }
}
