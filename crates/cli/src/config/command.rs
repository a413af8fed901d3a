//! The steps of `stockade config show`.

use std::fmt::Write as _;
use std::io;

use super::arguments::{Action, ConfigArguments};
use super::reference::reference;
use crate::configuration::{Given, Origin, SETTINGS, environment, shown};
use crate::execution::{print_message, print_text};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::render::{Paint, failure, visible};
use crate::serve::ServeOptions;

/// Shows the settings, or the reference of them.
pub(crate) fn config(arguments: &ConfigArguments) -> ExitStatus {
    let done = match &arguments.action {
        Action::Show(options) => show(options),
        Action::Reference => print_text(&reference()),
    };
    match done {
        Ok(()) => ExitStatus::Ok,
        Err(error) => {
            print_message(&failure(&error, Paint::of(&io::stderr())));
            error.status
        }
    }
}

fn show(options: &ServeOptions) -> Result<(), Failure> {
    let configuration = options.load()?;
    let mut lines: Vec<Given> = SETTINGS
        .iter()
        .map(|setting| Given {
            key: setting.key.to_owned(),
            value: setting.default.to_owned(),
            origin: Origin::Default,
        })
        .collect();
    for given in configuration.given {
        match lines.iter_mut().find(|line| line.key == given.key) {
            Some(line) => *line = given,
            None => lines.push(given),
        }
    }
    let mut text = String::new();
    for Given { key, value, origin } in &lines {
        let value = if is_secret(key) { "\"…\"".into() } else { shown(value) };
        // Writing into a string cannot fail.
        let _ = match value.as_ref() {
            "" => writeln!(text, "# {key} is not set"),
            value => writeln!(text, "{key} = {value}  # {origin}"),
        };
    }
    text.push_str(&of_runner());
    print_text(&visible(&text))
}

/// Of the settings of `stockade runner` those that the environment sets.
fn of_runner() -> String {
    let environment = environment();
    let mut text = String::new();
    for variable in stockade_runner::VARIABLES.iter().filter(|variable| variable.name.starts_with("N8N_")) {
        if let Some(value) = environment.get(variable.name).filter(|value| !value.is_empty()) {
            let value = if is_secret(variable.key) { "…" } else { value.as_str() };
            let value = toml::Value::from(value);
            let _ = writeln!(text, "# for `stockade runner`: {} = {value}  # {}", variable.key, variable.name);
        }
    }
    text
}

/// Tokens of n8n are worth as much as the code that they let in.
fn is_secret(key: &str) -> bool {
    key.ends_with("token") || key.ends_with("dsn")
}
