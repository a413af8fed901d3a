//! Every setting of a runner: its environment variable, its key in the TOML file, its default.
//!
//! `--help` and the documentation are generated from [`VARIABLES`]; a setting that is not here cannot be read.

/// What a setting belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole process; in TOML a key of `[runner]`.
    Process,
    /// Each task type; in TOML a key of `[runner]`, or of `[runner.python]` and `[runner.javascript]` for one of them.
    EachType,
    /// Python; in TOML a key of `[runner.python]`.
    Python,
    /// JavaScript; in TOML a key of `[runner.javascript]`.
    JavaScript,
}

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    /// The environment variable. `NAME_FILE` names a file with the value; `NAME` wins.
    pub name: &'static str,
    /// The key in the TOML file; `key_file` works like `NAME_FILE`.
    pub key: &'static str,
    /// What it belongs to.
    pub scope: Scope,
    /// The value when it is not set, as people write it.
    pub default: &'static str,
    /// What it does.
    pub description: &'static str,
}

macro_rules! variables {
    ($($constant:ident: $name:literal, $key:literal, $scope:ident, $default:literal, $description:literal;)*) => {
        $(pub(crate) const $constant: Variable =
            Variable { name: $name, key: $key, scope: Scope::$scope, default: $default, description: $description };)*

        /// Every setting, in the order of the documentation.
        pub const VARIABLES: &[Variable] = &[$($constant),*];
    };
}

variables! {
    AUTH_TOKEN: "N8N_RUNNERS_AUTH_TOKEN", "auth_token", Process, "",
        "The secret that n8n has under the same name. With it the runner fetches a grant token for every connection and stays connected for ever.";
    GRANT_TOKEN: "N8N_RUNNERS_GRANT_TOKEN", "grant_token", Process, "",
        "A token for one connection, given by n8n or its launcher when they start the runner. Wins over the auth token.";
    TASK_BROKER_URI: "N8N_RUNNERS_TASK_BROKER_URI", "task_broker_uri", Process, "http://127.0.0.1:5679",
        "The task broker of n8n. With https:// the connection uses TLS. The path is ignored.";
    CONFIGURATION_PATH: "N8N_RUNNERS_CONFIG_PATH", "config_path", Process, "/etc/n8n-task-runners.json if it exists",
        "The launcher's configuration file: which task types to serve, and env-overrides, which win over the environment. Not read with a grant token.";
    RUNNER_ID: "N8N_RUNNERS_ID", "id", Process, "random",
        "The name of this runner towards n8n. Of two runners with one name n8n drops the first.";
    MAXIMUM_CONCURRENCY: "N8N_RUNNERS_MAX_CONCURRENCY", "max_concurrency", EachType, "5 (Python), 10 (JavaScript)",
        "Tasks that run at the same time, for each task type.";
    MAXIMUM_PAYLOAD: "N8N_RUNNERS_MAX_PAYLOAD", "max_payload", Process, "1073741824",
        "Bytes of the longest message in either direction.";
    TASK_TIMEOUT: "N8N_RUNNERS_TASK_TIMEOUT", "task_timeout", EachType, "60 (Python; JavaScript with a launcher file), 300 (JavaScript)",
        "Seconds after which a task is stopped.";
    AUTO_SHUTDOWN_TIMEOUT: "N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "auto_shutdown_timeout", Process, "0",
        "Seconds without a task after which the runner ends; 0 is never. Only with a grant token: nobody would start the runner again otherwise.";
    GRACEFUL_SHUTDOWN_TIMEOUT: "N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "graceful_shutdown_timeout", Process, "10 (Python alone), 30",
        "Seconds that running tasks get to end after SIGTERM or SIGINT.";
    FORCE_KILL_MARGIN: "N8N_RUNNERS_SHUTDOWN_FORCE_KILL_MARGIN", "shutdown_force_kill_margin", Process, "10",
        "Seconds after that in which tasks are stopped, results sent and the connection closed. Then the process ends whatever the state.";
    HEALTH_ENABLED: "N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "health_check_server_enabled", Process, "false",
        "Whether a health check server listens. It answers 200 only while tasks can be taken, else 503 and the reason.";
    HEALTH_HOST: "N8N_RUNNERS_HEALTH_CHECK_SERVER_HOST", "health_check_server_host", Process, "127.0.0.1",
        "Where it listens.";
    HEALTH_PORT: "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "health_check_server_port", Process, "5681",
        "The port it listens on; 0 is any free one.";
    LAUNCHER_HEALTH_PORT: "N8N_RUNNERS_LAUNCHER_HEALTH_CHECK_PORT", "launcher_health_check_port", Process, "5680 with a launcher file",
        "The port of the launcher's own health check, on all interfaces. Without a launcher file only if set.";
    LOG_LEVEL: "N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "log_level", Process, "INFO",
        "DEBUG, INFO, WARNING or ERROR; anything else is INFO.";
    NO_COLOR: "NO_COLOR", "no_color", Process, "",
        "When set, the log has no colours on a terminal either.";
    SSL_CERT_FILE: "SSL_CERT_FILE", "ssl_cert_file", Process, "the system's",
        "Root certificates for https:// in place of the system's.";
    EXTRA_CERTIFICATES: "NODE_EXTRA_CA_CERTS", "extra_ca_certs", Process, "",
        "A file with more root certificates for https://.";

    STDLIB_ALLOW: "N8N_RUNNERS_STDLIB_ALLOW", "stdlib_allow", Python, "",
        "Modules of the standard library that Python code may import, separated by commas; * alone allows all.";
    EXTERNAL_ALLOW: "N8N_RUNNERS_EXTERNAL_ALLOW", "external_allow", Python, "",
        "Other packages that Python code may import, separated by commas; * alone allows all.";
    TRANSITIVE_IMPORTS: "N8N_RUNNERS_ALLOW_TRANSITIVE_IMPORTS", "allow_transitive_imports", Python, "false",
        "Whether allowed packages may load what they need through importlib.";
    BUILTINS_DENY: "N8N_RUNNERS_BUILTINS_DENY", "builtins_deny", Python,
        "eval,exec,compile,open,input,breakpoint,getattr,object,type,vars,setattr,delattr,hasattr,dir,memoryview,__build_class__,globals,locals,license,help,credits,copyright",
        "Builtins that Python code does not have. Set but empty: it has all.";
    BLOCK_ENVIRONMENT: "N8N_BLOCK_RUNNER_ENV_ACCESS", "block_env_access", Python, "true",
        "If false, Python code sees the environment of the runner, apart from its tokens.";

    ALLOW_BUILTIN: "NODE_FUNCTION_ALLOW_BUILTIN", "allow_builtin", JavaScript, "",
        "Modules of Node.js that JavaScript code may require, separated by commas; * allows all.";
    ALLOW_EXTERNAL: "NODE_FUNCTION_ALLOW_EXTERNAL", "allow_external", JavaScript, "",
        "npm packages that JavaScript code may require, separated by commas; * allows all.";
    INSECURE_MODE: "N8N_RUNNERS_INSECURE_MODE", "insecure_mode", JavaScript, "false",
        "If true, the language rules for JavaScript are off. The walls stay.";
    TIMEZONE: "GENERIC_TIMEZONE", "timezone", JavaScript, "America/New_York",
        "Time zone of luxon where the workflow sets none.";
    NODE_PATH: "NODE_PATH", "node_path", JavaScript, "",
        "The folder node_modules with the allowed npm packages.";
    NODE_OPTIONS: "NODE_OPTIONS", "node_options", JavaScript, "",
        "Of its options --max-old-space-size is honoured.";
    MAXIMUM_OLD_SPACE: "N8N_RUNNERS_MAX_OLD_SPACE_SIZE", "max_old_space_size", JavaScript, "",
        "MiB of JavaScript heap for each task.";
    TIME_ZONE_OF_PROCESSES: "TZ", "tz", EachType, "",
        "Time zone of the processes that run tasks.";

    RUNNERS_ENABLED: "N8N_TASK_RUNNERS_ENABLED", "enabled", Process, "true",
        "If false, the runner does not start.";
    CONCURRENCY_OF_MODULE: "N8N_TASK_RUNNERS_MAX_CONCURRENCY", "module_max_concurrency", EachType, "",
        "Stands in for N8N_RUNNERS_MAX_CONCURRENCY where that is not set.";
    PYTHON_ENABLED: "N8N_PYTHON_RUNNER_ENABLED", "enabled", Python, "true",
        "If false, Python is not served.";
    PYTHON_MEMORY: "N8N_PYTHON_RUNNER_MAX_MEMORY_MB", "max_memory_mb", Python, "2048",
        "MiB of memory for each Python task.";
    PYTHON_TIMEOUT: "N8N_PYTHON_RUNNER_TIMEOUT_MS", "timeout_ms", Python, "",
        "Milliseconds after which a Python task is stopped, where N8N_RUNNERS_TASK_TIMEOUT is not set.";
    PYTHON_PACKAGES: "N8N_TASK_RUNNER_PYTHON_ALLOWED_PACKAGES", "allowed_packages", Python, "",
        "Stands in for N8N_RUNNERS_EXTERNAL_ALLOW where that is not set.";
    JAVASCRIPT_ENABLED: "N8N_JS_RUNNER_ENABLED", "enabled", JavaScript, "true",
        "If false, JavaScript is not served.";
    JAVASCRIPT_MEMORY: "N8N_JS_RUNNER_MAX_MEMORY_MB", "max_memory_mb", JavaScript, "2048",
        "MiB of memory for each JavaScript task.";
    JAVASCRIPT_TIMEOUT: "N8N_JS_RUNNER_TIMEOUT_MS", "timeout_ms", JavaScript, "",
        "Milliseconds after which a JavaScript task is stopped, where N8N_RUNNERS_TASK_TIMEOUT is not set.";
    JAVASCRIPT_PACKAGES: "N8N_TASK_RUNNER_JS_ALLOWED_PACKAGES", "allowed_packages", JavaScript, "",
        "Stands in for NODE_FUNCTION_ALLOW_EXTERNAL where that is not set.";
    ALLOW_NETWORK: "N8N_TASK_RUNNER_ALLOW_NETWORK", "allow_network", Process, "false",
        "Without effect: `[network]` of the configuration file names the hosts that tasks may reach.";
    ALLOW_FILESYSTEM: "N8N_TASK_RUNNER_ALLOW_FILESYSTEM", "allow_filesystem", Process, "false",
        "Without effect: tasks see no files of the host and have a private /tmp.";

    HEARTBEAT_INTERVAL: "N8N_RUNNERS_HEARTBEAT_INTERVAL", "heartbeat_interval", Process, "",
        "Without effect: every heartbeat of n8n is answered, whatever its interval.";
    SENTRY_DSN: "N8N_SENTRY_DSN", "sentry_dsn", Process, "",
        "Without effect: Stockade sends nothing to Sentry.";
    SENTRY_TRACES: "N8N_SENTRY_TRACES_SAMPLE_RATE", "sentry_traces_sample_rate", Process, "0",
        "Without effect, like N8N_SENTRY_DSN.";
    SENTRY_PROFILES: "N8N_SENTRY_PROFILES_SAMPLE_RATE", "sentry_profiles_sample_rate", Process, "0",
        "Without effect, like N8N_SENTRY_DSN.";
    N8N_VERSION: "N8N_VERSION", "n8n_version", Process, "",
        "Without effect, like N8N_SENTRY_DSN.";
    ENVIRONMENT: "ENVIRONMENT", "environment", Process, "",
        "Without effect, like N8N_SENTRY_DSN.";
    DEPLOYMENT_NAME: "DEPLOYMENT_NAME", "deployment_name", Process, "",
        "Without effect, like N8N_SENTRY_DSN.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_setting_has_a_name_and_a_key_of_its_own() {
        let names: HashSet<_> = VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(names.len(), VARIABLES.len());
        for table in [Scope::Python, Scope::JavaScript] {
            let keys: Vec<_> = VARIABLES
                .iter()
                .filter(|variable| variable.scope == table || variable.scope == Scope::EachType)
                .map(|variable| variable.key)
                .collect();
            assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        }
    }

    #[test]
    fn descriptions_are_sentences() {
        for variable in VARIABLES {
            assert!(variable.description.ends_with('.'), "{}", variable.name);
        }
    }
}
