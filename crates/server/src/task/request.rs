//! From the body of a request to a task. Inputs stay the bytes that came.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use stockade_protocol::task::{DEFAULT_PACKAGE_SET, range};
use stockade_protocol::{Language, Limits, Network, Program, RawJson, Task, TaskFiles};

use super::bounded::{Texts, Variables};
use super::files;
use crate::callers::Caller;
use crate::configuration::{LanguageSettings, ServerConfiguration};
use crate::number::whole_number;
use crate::problem::Problem;

/// Environment variables that a task may bring, and bytes of their names and values together.
const MAXIMUM_VARIABLES: usize = 64;
const MAXIMUM_ENVIRONMENT_BYTES: usize = 32 * 1024;
/// Modules that a task may list.
const MAXIMUM_ALLOWED: usize = 1024;
/// Hosts that a task may list.
const MAXIMUM_HOSTS: usize = 256;
/// Characters of a file name.
const MAXIMUM_FILE_NAME: usize = 255;

/// The body of `POST /v1/tasks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskRequest<'body> {
    #[serde(borrow)]
    language: Cow<'body, str>,
    #[serde(borrow, default)]
    package_set: Option<Cow<'body, str>>,
    #[serde(borrow)]
    code: Cow<'body, str>,
    #[serde(borrow, default)]
    inputs: Option<&'body RawValue>,
    #[serde(default, deserialize_with = "whole_number")]
    timeout_ms: Option<u64>,
    #[serde(borrow, default)]
    limits: Option<&'body RawValue>,
    #[serde(default)]
    allow: Option<Texts<MAXIMUM_ALLOWED>>,
    #[serde(default)]
    environment: Option<Variables<MAXIMUM_VARIABLES>>,
    #[serde(borrow, default)]
    network: Option<&'body RawValue>,
    #[serde(default)]
    file_name: Option<String>,
    #[serde(borrow, default)]
    files: Option<&'body RawValue>,
    #[serde(default)]
    output_files: Option<bool>,
}

/// Hosts that the task may reach.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NetworkRequest {
    enabled: Option<bool>,
    allowed_hosts: Option<Texts<MAXIMUM_HOSTS>>,
}

/// Limits other than those that the language has by default.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LimitsRequest {
    #[serde(deserialize_with = "whole_number")]
    memory_bytes: Option<u64>,
    #[serde(deserialize_with = "whole_number")]
    temporary_storage_bytes: Option<u64>,
    #[serde(deserialize_with = "whole_number")]
    processes: Option<u64>,
    #[serde(deserialize_with = "whole_number")]
    output_bytes: Option<u64>,
}

/// Reads a body; gives the task as the caller may have it.
pub(crate) fn parse(body: &Bytes, caller: &Caller, configuration: &ServerConfiguration) -> Result<Task, Problem> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::validation("the body is not a JSON object"));
    }
    let request: TaskRequest<'_> = serde_json::from_slice(body)
        .map_err(|error| Problem::validation(format!("the body is not a task: {error}")))?;
    let language = Language::from(request.language.clone().into_owned());
    let Some(settings) = configuration.languages.get(&language) else {
        let known: Vec<&str> = configuration.languages.keys().map(Language::name).collect();
        return Err(Problem::validation(format!(
            "there is no runtime for the language `{}`; there are: {}",
            printable(language.name()),
            known.join(", ")
        )));
    };
    caller.may_use(&language)?;
    let package_set = package_set(request.package_set.as_deref(), caller, configuration)?;
    let limits = limits(&request, caller, settings)?;
    let allow = caller.allowed_modules(
        &language,
        allowed(request.allow.map(|Texts(modules)| modules))?,
        settings.allow.as_ref(),
    )?;
    let inputs = request.inputs.map(|inputs| check_inputs(body, inputs)).transpose()?.unwrap_or_default();
    let environment = check_environment(request.environment.map(|Variables(variables)| variables).unwrap_or_default())?;
    let network = request.network.map(first_network).transpose()?.unwrap_or_default();
    caller.may_reach(&network)?;
    let file_name = match request.file_name {
        Some(name) => check_file_name(name)?,
        None => default_file_name(&language).to_owned(),
    };
    let code = match request.code {
        Cow::Borrowed(code) => body.slice_ref(code.as_bytes()),
        Cow::Owned(code) => code.into(),
    };
    let files = TaskFiles {
        given: request.files.map(files::read).transpose()?.unwrap_or_default(),
        wants_output: request.output_files.unwrap_or(false),
    };
    Ok(Task {
        language,
        package_set,
        program: Program::Code { file_name, code },
        inputs,
        limits,
        allow,
        environment,
        network,
        files,
    })
}

/// The set that the task names if its caller may have it, else the first that its caller may have.
fn package_set(
    named: Option<&str>,
    caller: &Caller,
    configuration: &ServerConfiguration,
) -> Result<Option<String>, Problem> {
    let name = caller.package_set(named)?;
    if name == DEFAULT_PACKAGE_SET {
        return Ok(None);
    }
    if configuration.package_sets.contains(name) {
        return Ok(Some(name.to_owned()));
    }
    let known = configuration.package_sets.iter().map(String::as_str).chain([DEFAULT_PACKAGE_SET]);
    let known: Vec<&str> = known.filter(|known| caller.package_set(Some(known)).is_ok()).collect();
    let name = printable(name);
    Err(Problem::validation(format!("there is no package set `{name}`; there are: {}", known.join(", "))))
}

/// The hosts that a task begins with. A network without any would be none.
fn first_network(value: &RawValue) -> Result<Network, Problem> {
    let request: NetworkRequest = read_object("network", value)?;
    if request.allowed_hosts.as_ref().is_none_or(|Texts(hosts)| hosts.is_empty()) {
        return Err(Problem::validation("`network.allowed_hosts` is empty: list the hosts, or leave `network` out"));
    }
    read_network(request)
}

/// Reads the body of `PUT /v1/tasks/{id}/network`: the hosts that a task is left with, perhaps none.
pub(crate) fn parse_network(body: &[u8]) -> Result<Network, Problem> {
    let body: &RawValue =
        serde_json::from_slice(body).map_err(|error| Problem::validation(format!("the body is not JSON: {error}")))?;
    let request: NetworkRequest = read_object("network", body)?;
    if request.allowed_hosts.is_none() {
        return Err(Problem::validation("`network.allowed_hosts` is missing: it may be empty"));
    }
    read_network(request)
}

/// A list that is switched off is no list.
fn read_network(request: NetworkRequest) -> Result<Network, Problem> {
    let asked = request.allowed_hosts.map(|Texts(hosts)| hosts).unwrap_or_default();
    if asked.len() > MAXIMUM_HOSTS {
        return Err(Problem::validation(format!("`network.allowed_hosts` lists more than {MAXIMUM_HOSTS} hosts")));
    }
    let hosts = asked.iter().map(|host| {
        host.parse().map_err(|error| {
            Problem::validation(format!("`network.allowed_hosts`: {}", printable(&format!("{error}"))))
        })
    });
    let allowed_hosts = hosts.collect::<Result<_, _>>()?;
    Ok(if request.enabled == Some(false) { Network::default() } else { Network { allowed_hosts } })
}

fn limits(request: &TaskRequest<'_>, caller: &Caller, settings: &LanguageSettings) -> Result<Limits, Problem> {
    let asked: Option<LimitsRequest> = request.limits.map(|limits| read_object("limits", limits)).transpose()?;
    let asked = asked.as_ref();
    let ceilings = caller.ceilings(settings.ceilings);
    // A default above the caller's ceiling is lowered; only what was asked for is refused.
    let bounded = |name, asked: Option<u64>, default: u64, ceiling: u64, least: u64| match asked {
        None => Ok(default.min(ceiling)),
        Some(value) if value < least => Err(Problem::validation(format!("`{name}` must be at least {least}"))),
        Some(value) if value > ceiling => Err(Problem::validation(format!(
            "`{name}` must be at most {ceiling}, which is the ceiling for this caller"
        ))),
        Some(value) => Ok(value),
    };
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let Limits { timeout, memory_bytes, temporary_storage_bytes, processes, output_bytes } = settings.limits;
    Ok(Limits {
        timeout: Duration::from_millis(bounded(
            "timeout_ms",
            request.timeout_ms,
            milliseconds(timeout),
            milliseconds(ceilings.timeout),
            milliseconds(*range::TIMEOUT.start()),
        )?),
        memory_bytes: bounded(
            "limits.memory_bytes",
            asked.and_then(|limits| limits.memory_bytes),
            memory_bytes,
            ceilings.memory_bytes,
            *range::MEMORY.start(),
        )?,
        temporary_storage_bytes: bounded(
            "limits.temporary_storage_bytes",
            asked.and_then(|limits| limits.temporary_storage_bytes),
            temporary_storage_bytes,
            ceilings.temporary_storage_bytes,
            *range::TEMPORARY_STORAGE.start(),
        )?,
        processes: u32::try_from(bounded(
            "limits.processes",
            asked.and_then(|limits| limits.processes),
            processes.into(),
            ceilings.processes.into(),
            (*range::PROCESSES.start()).into(),
        )?)
        .unwrap_or(u32::MAX),
        output_bytes: bounded(
            "limits.output_bytes",
            asked.and_then(|limits| limits.output_bytes),
            output_bytes,
            ceilings.output_bytes,
            *range::OUTPUT.start(),
        )?,
    })
}

/// An object: the list that the format would take as well is not part of the API.
pub(super) fn read_object<'body, T: Deserialize<'body>>(name: &str, value: &'body RawValue) -> Result<T, Problem> {
    if !value.get().starts_with('{') {
        return Err(Problem::validation(format!("`{name}` is not an object")));
    }
    serde_json::from_str(value.get()).map_err(|error| Problem::validation(format!("`{name}`: {error}")))
}

fn allowed(allow: Option<Vec<String>>) -> Result<Option<Vec<String>>, Problem> {
    if allow.as_ref().is_some_and(|allow| allow.len() > MAXIMUM_ALLOWED) {
        return Err(Problem::validation(format!("`allow` lists more than {MAXIMUM_ALLOWED} modules")));
    }
    Ok(allow)
}

fn check_inputs(body: &Bytes, inputs: &RawValue) -> Result<Bytes, Problem> {
    let inputs = body.slice_ref(inputs.get().as_bytes());
    if inputs.first() != Some(&b'{') {
        return Err(Problem::validation(
            "`inputs` is not an object; its keys become variables of the code: wrap the value, as in {\"items\": …}",
        ));
    }
    let inputs = RawJson::new(inputs).map_err(|error| Problem::validation(format!("`inputs`: {error}")))?;
    Ok(inputs.bytes().clone())
}

fn check_environment(environment: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Problem> {
    if environment.len() > MAXIMUM_VARIABLES {
        return Err(Problem::validation(format!("`environment` has more than {MAXIMUM_VARIABLES} variables")));
    }
    if environment.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAXIMUM_ENVIRONMENT_BYTES {
        return Err(Problem::validation(format!("`environment` has more than {MAXIMUM_ENVIRONMENT_BYTES} bytes")));
    }
    for (name, value) in &environment {
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        if !is_name {
            let name = printable(name);
            return Err(Problem::validation(format!("`environment`: `{name}` is not the name of a variable")));
        }
        if value.contains('\0') {
            return Err(Problem::validation(format!("`environment`: the value of `{name}` has a zero byte")));
        }
    }
    Ok(environment)
}

fn check_file_name(name: String) -> Result<String, Problem> {
    let is_wrong = name.is_empty()
        || name.chars().count() > MAXIMUM_FILE_NAME
        || matches!(name.as_str(), "." | "..")
        || name.chars().any(|character| character == '/' || character.is_control());
    if is_wrong {
        return Err(Problem::validation(format!(
            "`file_name` must be a file name of 1 to {MAXIMUM_FILE_NAME} characters, without `/`"
        )));
    }
    Ok(name)
}

fn default_file_name(language: &Language) -> &'static str {
    match language {
        Language::Python => "task.py",
        Language::JavaScript => "task.js",
        Language::Custom(_) => "task",
    }
}

/// What a caller wrote, as part of a message: short, and without what could command a terminal.
pub(crate) fn printable(text: &str) -> String {
    const LONGEST: usize = 64;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(|character| {
            let is_harmless = !character.is_control();
            is_harmless
                .then_some(character)
                .into_iter()
                .chain((!is_harmless).then(|| character.escape_default()).into_iter().flatten())
        })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stockade_protocol::ErrorCode;

    use crate::problem::Kind;

    fn parsed(body: &str) -> Result<Task, Problem> {
        parse(&Bytes::copy_from_slice(body.as_bytes()), &Caller::anonymous(), &ServerConfiguration::default())
    }

    fn refused(body: &str) -> String {
        let problem = parsed(body).unwrap_err();
        assert_eq!(problem.kind(), Kind::Task(ErrorCode::ValidationError));
        problem.detail().to_owned()
    }

    #[test]
    fn inputs_keep_their_bytes() {
        let task = parsed(r#"{"language": "python", "code": "return x", "inputs": {"x":  1.50, "x": 2e400}}"#).unwrap();
        assert_eq!(&task.inputs[..], br#"{"x":  1.50, "x": 2e400}"#);
        assert_eq!(task.limits, Limits::of(&Language::Python));
        let Program::Code { file_name, code } = task.program else { panic!("not code") };
        assert_eq!((file_name.as_str(), &code[..]), ("task.py", &b"return x"[..]));
    }

    #[test]
    fn limits_may_be_lowered() {
        let task = parsed(
            r#"{"language": "javascript", "code": "", "timeout_ms": 5, "limits": {"memory_bytes": 67108864, "processes": 3}}"#,
        )
        .unwrap();
        let defaults = Limits::of(&Language::JavaScript);
        let expected = Limits { timeout: Duration::from_millis(5), memory_bytes: 64 << 20, processes: 3, ..defaults };
        assert_eq!(task.limits, expected);
    }

    #[test]
    fn mistakes_are_named() {
        let mistakes = [
            "",
            "[]",
            "{}",
            r#"{"language": "python"}"#,
            r#"{"language": "python", "code": 1}"#,
            r#"{"language": "python", "code": "", "cod": ""}"#,
            r#"{"language": "python", "code": "", "code": ""}"#,
            r#"{"language": "python", "code": "\ud800"}"#,
            r#"{"language": "perl\u001b[2J", "code": ""}"#,
            r#"{"language": "python", "code": "", "inputs": [1]}"#,
            r#"{"language": "python", "code": "", "timeout_ms": -1}"#,
            r#"{"language": "python", "code": "", "timeout_ms": 0}"#,
            r#"{"language": "python", "code": "", "timeout_ms": 60001}"#,
            r#"{"language": "python", "code": "", "limits": {"memory_bytes": 1}}"#,
            r#"{"language": "python", "code": "", "limits": {"memory_bytes": 99999999999}}"#,
            r#"{"language": "python", "code": "", "limits": {"cpu": 1}}"#,
            r#"{"language": "python", "code": "", "limits": [null, null, null, null]}"#,
            r#"{"language": "python", "code": "", "environment": {"A B": "1"}}"#,
            r#"{"language": "python", "code": "", "environment": {"A": "\u0000"}}"#,
            r#"{"language": "python", "code": "", "file_name": "../x.py"}"#,
            r#"{"language": "python", "code": ""} x"#,
        ];
        insta::assert_snapshot!(mistakes.map(refused).join("\n"));
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        let body = format!(r#"{{"language": "python", "code": "", "inputs": {{"x": {deep}}}}}"#);
        assert!(refused(&body).contains("nested more than 512 deep"));
        // Where no value of ours can be.
        refused(&format!(r#"{{"language": {deep}, "code": ""}}"#));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_task_or_a_problem(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes.into(), &Caller::anonymous(), &ServerConfiguration::default());
        }

        #[test]
        fn any_json_of_the_right_shape_is_a_task_or_a_problem(
            code in any::<String>(), name in any::<String>(), number in any::<i64>(), text in any::<String>(),
        ) {
            let body = serde_json::json!({
                "language": "python", "code": code, "file_name": name, "timeout_ms": number,
                "environment": {text.clone(): text.clone()}, "allow": [text.clone()], "files": {text.clone(): text.clone()},
                "inputs": {text.clone(): text},
            });
            let _ = parsed(&body.to_string());
        }
    }
}
