//! docs/n8n.md names every setting and every deliberate difference, in the words of the code.

use std::path::Path;

use stockade_runner::VARIABLES;

use crate::cases::{Differences, OWN_DIFFERENCES, read};
use crate::{javascript, python};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/n8n.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_setting_is_documented() {
    let page = page();
    for variable in VARIABLES {
        let default = if variable.default.is_empty() { String::new() } else { format!("`{}`", variable.default) };
        let line = format!("| `{}` | `{}` | {default} | {} |\n", variable.name, variable.key, variable.description);
        assert!(page.contains(&line), "docs/n8n.md lacks the line:\n{line}");
    }
    let lines = page.lines().filter(|line| line.starts_with("| `") && line.matches(" | ").count() == 3).count();
    assert_eq!(lines, VARIABLES.len(), "docs/n8n.md has settings that there are not");
}

#[test]
fn every_deliberate_difference_is_documented_with_its_cases() {
    let page = page();
    for file in [python::DIFFERENCES, javascript::DIFFERENCES, OWN_DIFFERENCES] {
        let differences: Differences = read(file);
        for (name, reason) in &differences.reasons {
            assert!(page.contains(&format!("\n| {reason} | `")), "docs/n8n.md lacks: {reason}");
            assert!(differences.cases.values().any(|case| case.reason == *name), "{name} is no case's reason");
        }
        for (name, case) in &differences.cases {
            let line =
                page.lines().find(|line| line.starts_with(&format!("| {} |", differences.reasons[&case.reason])));
            assert!(line.unwrap().contains(&format!("`{name}`")), "docs/n8n.md lacks the case {name}");
        }
    }
}
