//! The reference of the settings: docs/settings.md.

use std::fmt::Write as _;

use crate::configuration::{SEED_VARIABLES, SETTINGS};

const HEAD: &str = "\
# Settings of the service

This page is made from the code: `stockade config reference` prints it. Each setting has a key for the file, a variable
for the environment and perhaps an option for the command line; the later ones win.
[configuration.md](configuration.md) says how the file is found and read, and has what custom runtimes need.

An empty variable is not set. Lists are separated by commas in the environment. `stockade config show` prints every
setting with its value and the place that it comes from.
";

/// The page, Markdown.
pub(super) fn reference() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        let of = match setting.key.split('.').collect::<Vec<_>>()[..] {
            [_] => "Engine",
            ["runtimes", "python", ..] => "Python",
            ["runtimes", "javascript", ..] => "JavaScript",
            ["server", ..] => "Server",
            ["network", ..] => "Network",
            ["telemetry", ..] => "Telemetry",
            _ => "Nautilus",
        };
        if of != section {
            section = of;
            let _ = write!(text, "\n## {of}\n");
        }
        let default = if setting.default.is_empty() { "none".into() } else { format!("`{}`", setting.default) };
        let option = if setting.option.is_empty() { String::new() } else { format!(", `{}`", setting.option) };
        let _ = write!(
            text,
            "\n- `{}`, default {default}: {}\n  `{}`{option}\n",
            setting.key,
            setting.description,
            setting.variable()
        );
    }
    text.push_str(
        "\n## Variables of others\n\nEach stands for a setting above, unless that is set by its own variable. Lists of packages \
         are\nlists of all modules here, so name what tasks need of the standard library too.\n\n",
    );
    text.push_str("| variable | setting |\n| --- | --- |\n");
    for seed in SEED_VARIABLES {
        let keys: Vec<String> = seed.keys.iter().map(|key| format!("`{key}`")).collect();
        let _ = writeln!(text, "| `{}` | {} |", seed.name, keys.join(", "));
    }
    text.push_str("\nAll others of n8n are read by `stockade runner`; `stockade runner --help` lists them. Headers for the collector\n(`OTEL_EXPORTER_OTLP_HEADERS`), the name of the service (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`) and samplers\n(`OTEL_TRACES_SAMPLER`) have the variables of OpenTelemetry alone.\n");
    text
}
