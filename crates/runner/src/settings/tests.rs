//! Settings as a whole: defaults, limits, and the texts of the official runners.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use stockade_engine::EngineConfiguration;
use stockade_protocol::{Language, Limits};

use super::{HealthBody, LanguageSettings, Settings, Token};
use crate::RunnerArguments;
use crate::log::Level;

const MEBIBYTE: u64 = 1024 * 1024;

fn arguments(languages: &[Language], environment: &[(&str, &str)]) -> RunnerArguments {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    RunnerArguments { languages: languages.to_vec(), environment, ..RunnerArguments::default() }
}

fn resolve(languages: &[Language], environment: &[(&str, &str)]) -> Result<Settings, String> {
    let nowhere = Path::new("/nonexistent/n8n-task-runners.json");
    Settings::resolve_beside(&arguments(languages, environment), nowhere).map_err(|error| error.to_string())
}

/// Settings for Python alone, started with a grant token.
fn python(environment: &[(&str, &str)]) -> Result<Settings, String> {
    resolve(&[Language::Python], &[&[("N8N_RUNNERS_GRANT_TOKEN", "token")], environment].concat())
}

fn javascript(environment: &[(&str, &str)]) -> Result<Settings, String> {
    resolve(&[Language::JavaScript], &[&[("N8N_RUNNERS_GRANT_TOKEN", "token")], environment].concat())
}

fn rules(language: &LanguageSettings) -> Value {
    serde_json::to_value(&language.rules).unwrap()
}

#[test]
fn start_errors_are_those_of_the_official_python_runner() {
    for (variable, value, text) in [
        ("N8N_RUNNERS_GRANT_TOKEN", "", "Environment variable N8N_RUNNERS_GRANT_TOKEN is required"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "0", "Task timeout must be positive, got 0"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "-5", "Task timeout must be positive, got -5"),
        (
            "N8N_RUNNERS_TASK_TIMEOUT",
            "abc",
            "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got 'abc'",
        ),
        (
            "N8N_RUNNERS_TASK_TIMEOUT",
            "1.5",
            "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got '1.5'",
        ),
        ("N8N_RUNNERS_TASK_TIMEOUT", "", "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got ''"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "-1", "Auto shutdown timeout must be non-negative, got -1"),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "0", "Graceful shutdown timeout must be positive, got 0"),
        (
            "N8N_RUNNERS_MAX_PAYLOAD",
            "4294967296",
            "Max payload size of 4294967296 bytes exceeds pipe message limit of 4294967295 bytes. \
             Reduce N8N_RUNNERS_MAX_PAYLOAD.",
        ),
        (
            "N8N_RUNNERS_MAX_CONCURRENCY",
            "x",
            "Environment variable N8N_RUNNERS_MAX_CONCURRENCY must be an integer, got 'x'",
        ),
        (
            "N8N_RUNNERS_STDLIB_ALLOW",
            "*,os",
            "Wildcard '*' in N8N_RUNNERS_STDLIB_ALLOW must be used alone, not with other modules. Got: *, os",
        ),
        (
            "N8N_RUNNERS_EXTERNAL_ALLOW",
            " b , * , a",
            "Wildcard '*' in N8N_RUNNERS_EXTERNAL_ALLOW must be used alone, not with other modules. Got: *, a, b",
        ),
        (
            "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT",
            "70000",
            "Invalid health check configuration: Port must be between 0 and 65535, got 70000",
        ),
        (
            "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT",
            "x",
            "Environment variable N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT must be an integer, got 'x'",
        ),
        (
            "N8N_SENTRY_TRACES_SAMPLE_RATE",
            "often",
            "Environment variable N8N_SENTRY_TRACES_SAMPLE_RATE must be a float, got 'often'",
        ),
    ] {
        assert_eq!(python(&[(variable, value)]).unwrap_err(), text);
    }
    assert_eq!(
        resolve(&[], &[("N8N_RUNNERS_GRANT_TOKEN_FILE", "/nonexistent/file")]).unwrap_err(),
        "Failed to read N8N_RUNNERS_GRANT_TOKEN_FILE from file /nonexistent/file: \
         [Errno 2] No such file or directory: '/nonexistent/file'"
    );
}

#[test]
fn defaults_are_those_of_each_official_runner() {
    let settings = python(&[]).unwrap();
    assert_eq!(settings.broker.to_string(), "http://127.0.0.1:5679");
    assert_eq!(settings.runner_id.len(), 22);
    assert_eq!(settings.maximum_payload, 1 << 30);
    assert_eq!(settings.auto_shutdown, None);
    assert_eq!(settings.graceful_shutdown, Duration::from_secs(10));
    assert_eq!(settings.force_kill_margin, Duration::from_secs(10));
    assert_eq!(settings.health, []);
    assert_eq!(settings.log_level, Level::Info);
    let language = &settings.languages[0];
    assert_eq!((language.maximum_concurrency, language.limits.timeout), (5, Duration::from_secs(60)));
    assert_eq!(language.limits.memory_bytes, 2048 * MEBIBYTE);
    assert_eq!(language.limits.output_bytes, (1 << 30) - 1024);
    assert_eq!(rules(language)["allow_transitive_imports"], false);

    let settings = javascript(&[]).unwrap();
    assert_eq!(settings.graceful_shutdown, Duration::from_secs(30));
    let language = &settings.languages[0];
    assert_eq!((language.maximum_concurrency, language.limits.timeout), (10, Duration::from_secs(300)));
    assert_eq!(
        rules(language),
        json!({"builtin_allow": [], "external_allow": [], "insecure": false, "timezone": "America/New_York",
            "timeout_seconds": 300.0})
    );
    assert!(resolve(&[], &[("N8N_RUNNERS_GRANT_TOKEN", "t")]).unwrap().languages.len() == 2);
}

#[test]
fn an_empty_number_is_the_default_where_only_javascript_is_served() {
    assert_eq!(javascript(&[("N8N_RUNNERS_TASK_TIMEOUT", "")]).unwrap().languages[0].limits.timeout.as_secs(), 300);
    assert!(javascript(&[("N8N_RUNNERS_TASK_TIMEOUT", "abc")]).is_err());
}

#[test]
fn allow_lists_become_rules_and_preloaded_modules() {
    let settings = python(&[
        ("N8N_RUNNERS_STDLIB_ALLOW", " json , os.path ,,"),
        ("N8N_TASK_RUNNER_PYTHON_ALLOWED_PACKAGES", "pandas"),
        ("N8N_RUNNERS_BUILTINS_DENY", ""),
        ("N8N_RUNNERS_ALLOW_TRANSITIVE_IMPORTS", " TRUE "),
    ])
    .unwrap();
    assert_eq!(
        rules(&settings.languages[0]),
        json!({"stdlib_allow": ["json", "os.path"], "external_allow": ["pandas"], "builtins_deny": [],
            "allow_transitive_imports": true})
    );
    let runtime = &settings.engine_configuration().runtimes[0];
    assert_eq!(
        (runtime.preload_packages.as_ref(), &runtime.preload[..]),
        (None, &["json", "os.path", "pandas"].map(str::to_owned)[..])
    );
    assert_eq!(runtime.modes, ["n8n"]);
    assert_eq!(runtime.rules, rules(&settings.languages[0]).as_object().cloned());
    assert_eq!(settings.engine_configuration().maximum_tasks, 5);

    let settings = javascript(&[
        ("NODE_FUNCTION_ALLOW_BUILTIN", "*"),
        ("NODE_FUNCTION_ALLOW_EXTERNAL", "moment, *"),
        ("N8N_RUNNERS_INSECURE_MODE", "1"),
    ])
    .unwrap();
    let rules = rules(&settings.languages[0]);
    assert_eq!(rules["builtin_allow"], json!(["*"]));
    assert_eq!(rules["external_allow"], json!(["moment"]));
    assert_eq!(rules["insecure"], true);
    assert_eq!(settings.engine_configuration().runtimes[0].preload, ["moment"]);
}

#[test]
fn added_packages_are_preloaded_where_all_are_allowed() {
    let python =
        |allow| python(&[("N8N_RUNNERS_EXTERNAL_ALLOW", allow)]).unwrap().engine.runtimes[0].preload_packages.clone();
    assert_eq!((python("*"), python("six")), (Some(Vec::new()), None));
    let javascript = |allow| {
        javascript(&[("NODE_FUNCTION_ALLOW_EXTERNAL", allow)]).unwrap().engine.runtimes[0].preload_packages.clone()
    };
    assert_eq!((javascript("*"), javascript("moment, *")), (Some(Vec::new()), None));
}

#[test]
fn settings_of_node_reach_the_engine() {
    let settings = javascript(&[
        ("NODE_OPTIONS", "--enable-source-maps --max_old_space_size=4096"),
        ("NODE_PATH", "/usr/lib/other:/opt/packages/node_modules/"),
        ("TZ", "Europe/Berlin"),
    ])
    .unwrap();
    let runtime = &settings.engine_configuration().runtimes[0];
    assert_eq!(runtime.interpreter_arguments, ["--max-old-space-size=4096"]);
    assert_eq!(runtime.limits.memory_bytes, (4096 + 512) * MEBIBYTE);
    assert_eq!(runtime.packages.as_deref(), Some(Path::new("/opt/packages")));
    assert_eq!(runtime.environment["TZ"], "Europe/Berlin");
    let settings = javascript(&[("N8N_RUNNERS_MAX_OLD_SPACE_SIZE", "512"), ("N8N_JS_RUNNER_MAX_MEMORY_MB", "700")]);
    let runtime = &settings.unwrap().engine.runtimes[0];
    assert_eq!(runtime.interpreter_arguments, ["--max-old-space-size=512"]);
    assert_eq!(runtime.limits.memory_bytes, 700 * MEBIBYTE);
}

#[test]
fn what_the_operator_set_for_the_engine_stays() {
    let mut base = EngineConfiguration::default();
    base.runtimes[0].limits = Limits { memory_bytes: MEBIBYTE, processes: 3, ..base.runtimes[0].limits };
    base.runtimes[0].preload = vec!["math".to_owned()];
    base.maximum_queue = 7;
    let arguments = RunnerArguments {
        engine: base,
        ..arguments(&[Language::Python], &[("N8N_RUNNERS_GRANT_TOKEN", "t"), ("N8N_RUNNERS_STDLIB_ALLOW", "json")])
    };
    let settings = Settings::resolve(&arguments).unwrap();
    let engine = settings.engine_configuration();
    assert_eq!(engine.maximum_queue, 7);
    assert_eq!(engine.runtimes.len(), 1);
    assert_eq!(engine.runtimes[0].preload, ["math", "json"]);
    assert_eq!((engine.runtimes[0].limits.memory_bytes, engine.runtimes[0].limits.processes), (MEBIBYTE, 3));
}

#[test]
fn settings_of_the_task_runner_module_stand_in() {
    let both = &[("N8N_RUNNERS_GRANT_TOKEN", "t"), ("N8N_TASK_RUNNERS_MAX_CONCURRENCY", "3")][..];
    let settings = resolve(&[], both).unwrap();
    assert!(settings.languages.iter().all(|language| language.maximum_concurrency == 3));
    let settings = python(&[("N8N_PYTHON_RUNNER_TIMEOUT_MS", "1500"), ("N8N_PYTHON_RUNNER_MAX_MEMORY_MB", "64")]);
    let limits = settings.unwrap().languages[0].limits;
    assert_eq!((limits.timeout, limits.memory_bytes), (Duration::from_millis(1500), 64 * MEBIBYTE));
    assert_eq!(
        python(&[("N8N_PYTHON_RUNNER_MAX_MEMORY_MB", "0")]).unwrap_err(),
        "Environment variable N8N_PYTHON_RUNNER_MAX_MEMORY_MB must be positive, got 0"
    );
    let off = |name| resolve(&[], &[("N8N_RUNNERS_GRANT_TOKEN", "t"), (name, "false")]);
    assert_eq!(off("N8N_JS_RUNNER_ENABLED").unwrap().languages[0].language, Language::Python);
    assert_eq!(
        off("N8N_TASK_RUNNERS_ENABLED").unwrap_err(),
        "N8N_TASK_RUNNERS_ENABLED is false, so that no task type is left to serve"
    );
    assert_eq!(
        python(&[("N8N_PYTHON_RUNNER_ENABLED", "false")]).unwrap_err(),
        "N8N_PYTHON_RUNNER_ENABLED is false, so that no task type is left to serve"
    );
    assert_eq!(
        python(&[("N8N_TASK_RUNNER_ALLOW_NETWORK", "true")]).unwrap().remarks,
        [
            "N8N_TASK_RUNNER_ALLOW_NETWORK has no effect: `[network]` of the configuration file names the hosts that tasks may \
          reach"
        ]
    );
}

#[test]
fn python_sees_the_environment_only_when_that_is_asked_for_and_never_a_token() {
    assert!(python(&[("SOME", "value")]).unwrap().languages[0].environment.is_empty());
    let settings = python(&[("SOME", "value"), ("N8N_BLOCK_RUNNER_ENV_ACCESS", "false")]).unwrap();
    let environment = &settings.languages[0].environment;
    assert_eq!(environment["SOME"], "value");
    assert!(!environment.contains_key("N8N_RUNNERS_GRANT_TOKEN"));
}

#[test]
fn an_auth_token_means_no_idle_end() {
    let environment = [("N8N_RUNNERS_AUTH_TOKEN", "\"secret\""), ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "15")];
    let settings = resolve(&[], &environment).unwrap();
    assert!(settings.token == Token::Auth("secret".to_owned()));
    assert_eq!(format!("{:?}", settings.token), "Auth(…)");
    assert_eq!(settings.auto_shutdown, None);
    assert_eq!(
        settings.remarks,
        ["N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT has no effect with N8N_RUNNERS_AUTH_TOKEN: nobody would start the runner \
          again"]
    );
    assert_eq!(python(&environment).unwrap().auto_shutdown, Some(Duration::from_secs(15)));
}

#[test]
fn a_launcher_file_decides_types_rules_and_health_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n8n-task-runners.json");
    let file = json!({"task-runners": [
        {"runner-type": "javascript", "env-overrides": {"NODE_FUNCTION_ALLOW_BUILTIN": "crypto"}},
        {"runner-type": "python", "env-overrides": {"N8N_RUNNERS_STDLIB_ALLOW": "json", "N8N_RUNNERS_MAX_CONCURRENCY": "2"}},
    ]});
    std::fs::write(&path, file.to_string()).unwrap();
    let environment = [("N8N_RUNNERS_AUTH_TOKEN", "secret"), ("NODE_FUNCTION_ALLOW_BUILTIN", "fs")];
    let settings = Settings::resolve_beside(&arguments(&[], &environment), &path).unwrap();
    let [javascript, python] = settings.languages.as_slice() else { panic!() };
    assert_eq!(rules(javascript)["builtin_allow"], json!(["crypto"]));
    assert_eq!(javascript.limits.timeout, Duration::from_secs(60));
    assert_eq!(rules(python)["stdlib_allow"], json!(["json"]));
    assert_eq!((python.maximum_concurrency, javascript.maximum_concurrency), (2, 10));
    assert_eq!(settings.health.len(), 1);
    assert_eq!((settings.health[0].port, settings.health[0].body), (5680, HealthBody::Json));
    assert!(settings.remarks[0].starts_with("NODE_FUNCTION_ALLOW_BUILTIN is 'fs' in the environment, but"));

    let with_grant = [("N8N_RUNNERS_GRANT_TOKEN", "t")];
    let settings = Settings::resolve_beside(&arguments(&[], &with_grant), &path).unwrap();
    assert!(settings.health.is_empty() && settings.remarks.is_empty());

    std::fs::write(&path, json!({"task-runners": [{"runner-type": "python"}]}).to_string()).unwrap();
    let error = Settings::resolve_beside(&arguments(&[Language::JavaScript], &environment), &path).unwrap_err();
    let text = format!("config file at {} does not contain requested runner type: javascript", path.display());
    assert_eq!(error.to_string(), text);
    let named = [("N8N_RUNNERS_AUTH_TOKEN", "secret"), ("N8N_RUNNERS_CONFIG_PATH", "/nonexistent/file")];
    assert!(resolve(&[], &named).unwrap_err().starts_with("failed to read config file at /nonexistent/file"));
}

#[test]
fn a_settings_file_gives_the_same_settings() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "[runner]\nauth_token = \"secret\"\ntask_broker_uri = \"https://n8n.example:5679\"\nlog_level = \"debug\"\n\
         [runner.python]\ntask_timeout = 7\nstdlib_allow = [\"json\"]\n[runner.javascript]\nenabled = false\n",
    )
    .unwrap();
    let arguments = RunnerArguments {
        settings_file: Some(file.path().to_owned()),
        environment: BTreeMap::from([("N8N_RUNNERS_STDLIB_ALLOW".to_owned(), "math".to_owned())]),
        ..RunnerArguments::default()
    };
    let settings = Settings::resolve_beside(&arguments, Path::new("/nonexistent")).unwrap();
    assert_eq!(settings.broker.to_string(), "https://n8n.example:5679");
    assert_eq!(settings.log_level, Level::Debug);
    let [python] = settings.languages.as_slice() else { panic!() };
    assert_eq!(python.limits.timeout, Duration::from_secs(7));
    assert_eq!(rules(python)["stdlib_allow"], json!(["math"]));
}

#[test]
fn custom_languages_are_not_for_n8n() {
    let error =
        python(&[]).and_then(|_| resolve(&[Language::Custom("ruby".to_owned())], &[("N8N_RUNNERS_GRANT_TOKEN", "t")]));
    assert_eq!(error.unwrap_err(), "n8n has no task type `ruby`; a runner serves `python` and `javascript`");
}
