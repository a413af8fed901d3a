//! The table of settings, the code that reads them and the page about them say the same.

use std::fs;
use std::path::Path;

use stockade_protocol::Language;

use super::reference::reference;
use crate::configuration::{SETTINGS, Sources, load};

#[test]
fn the_reference_is_that_of_the_code() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md")).unwrap_or_default();
    assert_eq!(page, reference(), "write it with `stockade config reference > docs/settings.md`");
}

#[test]
fn the_defaults_in_the_table_are_those_of_the_code() {
    let load = |file: Option<&Path>| {
        let configuration = load(&Sources { file, is_service: true, ..Sources::default() }).unwrap();
        let (mut engine, mut server) = (configuration.engine, configuration.server);
        // Relative paths start at the file, or at the current folder.
        server.keys = server.keys.and_then(|path| path.file_name().map(Into::into));
        // Who names the file of the default wants keys; the default itself does not.
        assert_eq!(server.requires_key, file.is_some());
        server.requires_key = false;
        server.nautilus = None;
        engine.task_directory = None;
        format!("{engine:#?}\n{server:#?}")
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stockade.toml");
    let lines = SETTINGS.iter().filter(|setting| !setting.default.is_empty());
    let text: String = lines.map(|setting| format!("{} = {}\n", setting.key, setting.default)).collect();
    fs::write(&path, &text).unwrap();
    assert_eq!(load(Some(&path)), load(None), "{text}");
}

#[test]
fn every_setting_can_be_set_by_its_variable() {
    let value = |key: &str| match key.rsplit('.').next().unwrap() {
        "listen" => "127.0.0.1:7",
        "enabled" | "audit_code" => "true",
        "timeout" | "read_timeout" | "write_timeout" | "stop_deadline" | "time" | "maximum_timeout"
        | "connect_timeout" => "7s",
        "memory" | "tmp" | "output_limit" | "maximum_body" | "maximum_bodies" | "maximum_answers" | "size"
        | "maximum_bytes" => "7M",
        "packages" => "/",
        "allowed_hosts" => "api.example.com,*.example.org",
        "allowed_networks" => "10.0.0.0/8",
        "without_walls" => "cgroup,landlock",
        _ => "7",
    };
    let environment = SETTINGS.iter().map(|setting| (setting.variable(), value(setting.key).to_owned())).collect();
    let configuration = load(&Sources { environment, is_service: true, ..Sources::default() }).unwrap();
    assert_eq!(configuration.given.len(), SETTINGS.len());
    // Relative paths of variables start at the current folder.
    let folder = std::env::current_dir().unwrap();
    let shown = format!("{:#?}\n{:#?}\n", configuration.engine, configuration.server);
    insta::assert_snapshot!(shown.replace(&*folder.to_string_lossy(), "[folder]"));
}

#[test]
fn variables_of_n8n_count_less_than_our_own() {
    let load = |variables: &[(&str, &str)]| {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(&Sources { environment, is_service: true, ..Sources::default() })
    };
    let configuration = load(&[
        ("N8N_RUNNERS_MAX_CONCURRENCY", "5"),
        ("N8N_JS_RUNNER_ENABLED", "false"),
        ("N8N_PYTHON_RUNNER_MAX_MEMORY_MB", "128"),
        ("N8N_PYTHON_RUNNER_TIMEOUT_MS", "1500"),
        ("N8N_RUNNERS_MAX_PAYLOAD", "1048576"),
        ("N8N_TASK_RUNNER_PYTHON_ALLOWED_PACKAGES", "pandas, numpy"),
        ("STOCKADE_MAXIMUM_TASKS", "6"),
    ])
    .unwrap();
    let shown = |key: &str| configuration.given.iter().rfind(|given| given.key == key).unwrap().value.clone();
    let values = ["maximum_tasks", "runtimes.python.limits.memory", "runtimes.python.limits.timeout"].map(shown);
    assert_eq!(values, ["6", "128", "\"1500ms\""]);
    let limits = configuration.engine.runtimes[0].limits;
    assert_eq!((configuration.engine.maximum_tasks, configuration.engine.runtimes.len()), (6, 1));
    assert_eq!((limits.memory_bytes, limits.timeout.as_millis()), (128 << 20, 1500));
    assert_eq!(configuration.server.maximum_body_bytes, 1 << 20);
    let allow = configuration.server.languages[&Language::Python].allow.as_deref();
    assert_eq!(allow, Some(["pandas".to_owned(), "numpy".to_owned()].as_slice()));

    let mistakes = [
        ("STOCKADE_MAXIMUM_TASKS", "many"),
        ("STOCKADE_SERVER_LISTEN", "here"),
        ("STOCKADE_WITHOUT_WALLS", "cgroups"),
        ("STOCKADE_RUNTIMES_PYTHON_ENABLED", "perhaps"),
        ("STOCKADE_RUNTIMES_PYTHON_PACKAGES", "/no/such/folder"),
        ("STOCKADE_SERVR_LISTEN", "127.0.0.1:1"),
        ("N8N_JS_RUNNER_TIMEOUT_MS", "soon"),
    ];
    insta::assert_snapshot!(mistakes.map(|mistake| load(&[mistake]).unwrap_err().to_string()).join("\n"));
}
