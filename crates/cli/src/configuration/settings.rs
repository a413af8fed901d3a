//! Every setting: its key, its variables, its default. The reference in docs/ is made from this table.

use std::borrow::Cow;

/// One setting of the file, the environment and, for some, the command line.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its place in the file.
    pub(crate) key: &'static str,
    /// How the environment writes it.
    pub(crate) form: Form,
    /// The option of `stockade serve`; empty: none.
    pub(crate) option: &'static str,
    /// The value when it is not set, as TOML; empty: none.
    pub(crate) default: &'static str,
    /// What it does.
    pub(crate) description: &'static str,
}

/// What the text of a variable stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The value itself.
    Text,
    /// A number, perhaps with a unit.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Values separated by commas.
    List,
    /// A whole number of milliseconds.
    Milliseconds,
    /// A whole number of bytes.
    Bytes,
}

/// A variable of n8n's documents (spec/seed-0, spec/seed-1) or of OpenTelemetry's, and the setting that it stands for.
#[derive(Debug)]
pub(crate) struct SeedVariable {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) keys: &'static [&'static str],
}

impl Setting {
    /// The variable of our own for this setting.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.replace('.', "_").to_ascii_uppercase())
    }

    /// The setting of a key.
    pub(crate) fn of(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }
}

/// Begins every variable of our own.
pub(super) const PREFIX: &str = "STOCKADE_";

impl Form {
    /// The text of a variable as TOML; `None` if it is not of this form.
    pub(super) fn to_toml(self, text: &str) -> Option<String> {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let digits = |unit: &str| {
            let text = text.trim();
            (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| quoted(&format!("{text}{unit}")))
        };
        match self {
            Self::Text => Some(quoted(text)),
            // A whole number is written as one; what else it may be says whoever reads it.
            Self::Number => Some(text.trim().parse::<u32>().map_or_else(|_| quoted(text), |number| number.to_string())),
            Self::Milliseconds => digits("ms"),
            Self::Bytes => digits("B"),
            Self::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(quoted);
                Some(format!("[{}]", items.collect::<Vec<_>>().join(", ")))
            }
            Self::Boolean => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some("true".to_owned()),
                "false" | "0" | "no" | "off" => Some("false".to_owned()),
                _ => None,
            },
        }
    }

    /// What a text should have been.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Boolean => "`true` or `false`",
            Self::List => "values separated by commas",
            Self::Milliseconds => "a whole number of milliseconds",
            Self::Bytes => "a whole number of bytes",
        }
    }
}

macro_rules! settings {
    ($($key:literal, $form:ident, $option:literal, $default:literal, $description:literal;)*) => {
        /// Every setting, in the order of the documentation.
        pub(crate) const SETTINGS: &[Setting] = &[$(Setting {
            key: $key, form: Form::$form, option: $option, default: $default, description: $description,
        }),*];
    };
}

settings! {
    "maximum_tasks", Number, "", "10", "Tasks that run at the same time.";
    "maximum_queue", Number, "", "100", "Tasks that wait for a place; one more is refused at once.";
    "without_walls", List, "--without-wall", "[]", "Walls to do without, by name.";
    "maximum_package_sets", Number, "", "4", "Zygotes of named package sets at the same time.";
    "package_set_memory", Number, "", "\"1GiB\"", "Memory of these zygotes and their waiting workers.";

    "network.allowed_hosts", List, "", "[]", "Hosts that tasks may reach; of the service: that requests may ask for.";
    "network.allowed_networks", List, "", "[]", "Networks that may be reached although their addresses are not public.";
    "network.maximum_connections", Number, "", "256", "Connections that a task may make.";
    "network.maximum_bytes", Number, "", "\"1GiB\"", "Bytes that a task may send and receive, together.";
    "network.connect_timeout", Number, "", "\"10s\"", "How long a host may take to accept a connection.";

    "runtimes.python.enabled", Boolean, "", "true", "Whether the service runs Python.";
    "runtimes.python.interpreter", Text, "--python", "\"python3\"", "The path or name of Python.";
    "runtimes.python.interpreter_arguments", List, "", "[]", "More arguments for it.";
    "runtimes.python.packages", Text, "", "", "Folder with packages.";
    "runtimes.python.preload", List, "", "", "Modules that are imported before the first task; those of the added packages if not set.";
    "runtimes.python.allow", List, "", "", "Modules that tasks of the service may import; all if not set.";
    "runtimes.python.waiting_workers", Number, "", "4", "Workers that wait, warmed, for a task.";
    "runtimes.python.limits.timeout", Number, "", "\"60s\"", "Wall time of a task.";
    "runtimes.python.limits.memory", Number, "", "\"512MiB\"", "Memory of a task.";
    "runtimes.python.limits.tmp", Number, "", "\"64MiB\"", "Files of a task in /tmp.";
    "runtimes.python.limits.processes", Number, "", "64", "Processes and threads of a task.";
    "runtimes.python.limits.output_limit", Number, "", "\"16MiB\"", "What a task prints and returns.";

    "runtimes.javascript.enabled", Boolean, "", "true", "Whether the service runs JavaScript.";
    "runtimes.javascript.interpreter", Text, "--node", "\"node\"", "The path or name of Node.js.";
    "runtimes.javascript.interpreter_arguments", List, "", "[]", "More arguments for it.";
    "runtimes.javascript.packages", Text, "", "", "Folder with packages.";
    "runtimes.javascript.preload", List, "", "", "Modules that are required before the first task; the added packages if not set.";
    "runtimes.javascript.allow", List, "", "", "Modules that tasks of the service may require; all if not set.";
    "runtimes.javascript.waiting_workers", Number, "", "4", "Workers that wait, warmed, for a task.";
    "runtimes.javascript.limits.timeout", Number, "", "\"30s\"", "Wall time of a task.";
    "runtimes.javascript.limits.memory", Number, "", "\"256MiB\"", "Memory of a task.";
    "runtimes.javascript.limits.tmp", Number, "", "\"64MiB\"", "Files of a task in /tmp.";
    "runtimes.javascript.limits.processes", Number, "", "64", "Processes and threads of a task.";
    "runtimes.javascript.limits.output_limit", Number, "", "\"16MiB\"", "What a task prints and returns.";

    "server.listen", Text, "--listen", "\"127.0.0.1:3000\"", "Where the service listens; without keys on this machine only.";
    "server.keys", Text, "--keys", "\"stockade-keys.toml\"", "The file of the API keys; once it is named or there, no request is taken without one.";
    "server.maximum_body", Number, "", "\"16MiB\"", "The longest request body.";
    "server.maximum_bodies", Number, "", "\"256MiB\"", "All request bodies in memory together.";
    "server.maximum_answers", Number, "", "\"256MiB\"", "All large answers in memory together.";
    "server.maximum_connections", Number, "", "4096", "Connections at the same time.";
    "server.read_timeout", Number, "", "\"30s\"", "Time that a client may take to send a request.";
    "server.write_timeout", Number, "", "\"30s\"", "Time that a client may read nothing of what it is sent.";
    "server.stop_deadline", Number, "", "\"30s\"", "Time that running tasks get to end after SIGTERM.";
    "server.retention.time", Number, "", "\"5m\"", "How long the outcome of a task is kept that nobody waited for.";
    "server.retention.size", Number, "", "\"64MiB\"", "Memory of such outcomes; the oldest go first.";
    "server.retention.tasks", Number, "", "10000", "Number of such outcomes.";
    "server.ceilings.timeout", Number, "", "", "The most that a request may ask for; the limit of the language if not set.";
    "server.ceilings.memory", Number, "", "", "The same for memory.";
    "server.ceilings.tmp", Number, "", "", "The same for files in /tmp.";
    "server.ceilings.processes", Number, "", "", "The same for processes and threads.";
    "server.ceilings.output_limit", Number, "", "", "The same for output.";
    "server.audit_log", Text, "--audit-log", "", "File to which a JSON line is appended for every task.";
    "server.audit_code", Boolean, "", "false", "Whether these lines have code and inputs too.";

    "telemetry.endpoint", Text, "", "", "Address of a collector for spans (OTLP over HTTP); nowhere if not set.";

    "nautilus.tasks_dir", Text, "--tasks-dir", "", "Folder whose folders are Nautilus tasks; not served if not set.";
    "nautilus.listen", Text, "--nautilus-listen", "", "A port of their own, open to every caller.";
    "nautilus.maximum_timeout", Number, "", "\"5m\"", "The most that `timeout_secs` may ask for.";
    "nautilus.signing_key", Text, "", "", "File with a secret key in hexadecimal, for development; else a new one at each start.";
    "nautilus.allowed_endpoints", Text, "", "\"allowed_endpoints.yaml\"", "Hosts that `/health_check` tries.";
}

/// The variables of n8n's documents that mean something for `stockade serve`. `stockade runner` reads its own.
pub(crate) const SEED_VARIABLES: &[SeedVariable] = &[
    seed("N8N_TASK_RUNNERS_MAX_CONCURRENCY", Form::Number, &["maximum_tasks"]),
    seed("N8N_RUNNERS_MAX_CONCURRENCY", Form::Number, &["maximum_tasks"]),
    seed("N8N_PYTHON_RUNNER_ENABLED", Form::Boolean, &["runtimes.python.enabled"]),
    seed("N8N_JS_RUNNER_ENABLED", Form::Boolean, &["runtimes.javascript.enabled"]),
    seed("N8N_PYTHON_RUNNER_MAX_MEMORY_MB", Form::Number, &["runtimes.python.limits.memory"]),
    seed("N8N_JS_RUNNER_MAX_MEMORY_MB", Form::Number, &["runtimes.javascript.limits.memory"]),
    seed(
        "N8N_RUNNERS_TASK_TIMEOUT",
        Form::Number,
        &["runtimes.python.limits.timeout", "runtimes.javascript.limits.timeout"],
    ),
    seed("N8N_PYTHON_RUNNER_TIMEOUT_MS", Form::Milliseconds, &["runtimes.python.limits.timeout"]),
    seed("N8N_JS_RUNNER_TIMEOUT_MS", Form::Milliseconds, &["runtimes.javascript.limits.timeout"]),
    seed("N8N_TASK_RUNNER_PYTHON_ALLOWED_PACKAGES", Form::List, &["runtimes.python.allow"]),
    seed("N8N_TASK_RUNNER_JS_ALLOWED_PACKAGES", Form::List, &["runtimes.javascript.allow"]),
    seed("N8N_RUNNERS_MAX_PAYLOAD", Form::Bytes, &["server.maximum_body"]),
    seed("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", Form::Number, &["server.stop_deadline"]),
    seed("OTEL_EXPORTER_OTLP_ENDPOINT", Form::Text, &["telemetry.endpoint"]),
];

const fn seed(name: &'static str, form: Form, keys: &'static [&'static str]) -> SeedVariable {
    SeedVariable { name, form, keys }
}

/// A text as one line of TOML shows it.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.contains('\n') { Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" ")) } else { text.into() }
}
