//! The steps of `stockade keys`.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use stockade_server::{Ceilings, KeyEntry, KeyFile, KeyFileError, Policy};

use super::arguments::{Action, AddArguments, KeysArguments};
use crate::configuration::DEFAULT_KEYS;
use crate::execution::{print_json, print_message, print_text};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::limits::LimitOptions;
use crate::render::{Paint, failure};

/// The file of the keys.
fn file(named: Option<&Path>) -> PathBuf {
    named.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new(DEFAULT_KEYS)).to_owned()
}

/// Makes, lists or revokes.
pub(crate) fn keys(arguments: &KeysArguments) -> ExitStatus {
    let file = KeyFile::new(file(arguments.keys.as_deref()));
    let done = match &arguments.action {
        Action::Add(arguments) => add(&file, arguments),
        Action::List { json } => list(&file, *json),
        Action::Revoke { name } => file.revoke(name).map_err(|error| refused(&error)),
    };
    match done {
        Ok(()) => ExitStatus::Ok,
        Err(error) => {
            print_message(&failure(&error, Paint::of(&io::stderr())));
            error.status
        }
    }
}

fn add(file: &KeyFile, arguments: &AddArguments) -> Result<(), Failure> {
    let policy = Policy {
        rate: arguments.rate,
        concurrency: arguments.concurrency.map(|count| count as usize),
        languages: arguments.language.as_ref().map(|languages| languages.iter().cloned().collect()),
        hosts: arguments.host.clone(),
        package_sets: arguments.package_set.clone(),
        packages: arguments.package.as_ref().map(|packages| packages.iter().cloned().collect()),
        ceilings: ceilings(arguments.ceilings.limits()),
    };
    let key = file.add(&arguments.name, policy).map_err(|error| refused(&error))?;
    print_text(&format!("{}\n", key.reveal()))?;
    print_message("This is the only time that the key is shown; its hash is kept.\n");
    Ok(())
}

fn ceilings(limits: LimitOptions) -> Ceilings {
    Ceilings {
        timeout_ms: limits.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        memory_bytes: limits.memory,
        temporary_storage_bytes: limits.tmp,
        processes: limits.processes,
        output_bytes: limits.output_limit,
    }
}

/// A key without its hash.
#[derive(Serialize)]
struct Line<'key> {
    name: &'key str,
    id: &'key str,
    created: &'key str,
    #[serde(flatten)]
    policy: &'key Policy,
}

fn list(file: &KeyFile, json: bool) -> Result<(), Failure> {
    let keys = file.read().map_err(|error| refused(&error))?;
    if json {
        let lines: Vec<Line<'_>> =
            keys.iter().map(|KeyEntry { name, id, created, policy, .. }| Line { name, id, created, policy }).collect();
        let text = serde_json::to_string(&lines)
            .map_err(|error| Failure::internal(format!("cannot write the list: {error}")))?;
        return print_json(&text);
    }
    let width = keys.iter().map(|key| key.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for key in &keys {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{:width$}  {}  {}  {}", key.name, key.id, key.created, summary(&key.policy));
    }
    print_text(&text)
}

/// What a key may do, in one line.
fn summary(policy: &Policy) -> String {
    let mut parts = Vec::new();
    if let Some(rate) = policy.rate {
        parts.push(rate.to_string());
    }
    if let Some(count) = policy.concurrency {
        parts.push(format!("{count} at one time"));
    }
    if let Some(languages) = &policy.languages {
        parts.push(languages.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"));
    }
    if let Some(packages) = &policy.packages {
        parts.push(format!("imports {}", packages.iter().map(String::as_str).collect::<Vec<_>>().join("+")));
    }
    if let Some(sets) = &policy.package_sets {
        parts.push(format!("package set {}", sets.join("+")));
    }
    if let Some(hosts) = &policy.hosts {
        parts.push(format!("reaches {}", hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")));
    }
    if policy.ceilings != Ceilings::default() {
        parts.push("ceilings".to_owned());
    }
    if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") }
}

fn refused(error: &KeyFileError) -> Failure {
    match error {
        KeyFileError::Read { .. } | KeyFileError::Write { .. } => {
            Failure::validation(error, Some("name the file with `--keys FILE`".to_owned()))
        }
        KeyFileError::NoSuchName(_) => {
            Failure::validation(error, Some("`stockade keys list` shows the names".to_owned()))
        }
        KeyFileError::Random(_) => Failure::setup(error, None),
        _ => Failure::validation(error, None),
    }
}
