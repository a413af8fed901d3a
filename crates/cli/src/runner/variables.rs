//! The settings of a runner as `--help` shows them.

use std::fmt::Write as _;

use stockade_runner::{Scope, VARIABLES, Variable};

/// Columns of a line of the table, the indentation included.
const WIDTH: usize = 100;
const INDENTATION: &str = "          ";

/// Every variable with its default and what it does.
pub(super) fn table() -> String {
    let mut text = wrapped(
        "Each variable can also be given as NAME_FILE, the path of a file with its value, and as a key of the \
         configuration file: the name in brackets, in the table that its heading names.",
        "",
    );
    let sections = [
        (Scope::Process, "Variables, [runner]:"),
        (Scope::EachType, "Variables for each task type, [runner], [runner.python] or [runner.javascript]:"),
        (Scope::Python, "Variables for Python, [runner.python]:"),
        (Scope::JavaScript, "Variables for JavaScript, [runner.javascript]:"),
    ];
    for (scope, heading) in sections {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "\n{heading}");
        for variable in VARIABLES.iter().filter(|variable| variable.scope == scope) {
            text.push_str(&entry(variable));
        }
    }
    text
}

fn entry(variable: &Variable) -> String {
    let Variable { name, key, default, description, .. } = variable;
    let sentence = match *default {
        "" => (*description).to_owned(),
        default => format!("{description} [default: {default}]"),
    };
    format!("      {name} [{key}]\n{}", wrapped(&sentence, INDENTATION))
}

/// Breaks at spaces, and after commas where a list is too long for a line.
fn wrapped(text: &str, indentation: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_inclusive([' ', ',']) {
        if indentation.len() + line.len() + word.trim_end().len() > WIDTH && !line.is_empty() {
            let _ = writeln!(lines, "{indentation}{}", line.trim_end());
            line.clear();
        }
        line.push_str(word);
    }
    let _ = writeln!(lines, "{indentation}{}", line.trim_end());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_there_and_no_line_is_too_long() {
        let table = table();
        for variable in VARIABLES {
            assert!(table.contains(&format!("      {} [{}]\n", variable.name, variable.key)), "{}", variable.name);
        }
        let longest = table.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(WIDTH), "{table}");
    }
}
