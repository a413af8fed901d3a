//! Everything that can go wrong in a runner, one variant per thing.

use std::fmt;
use std::io;
use std::path::PathBuf;

use stockade_engine::EngineError;
use thiserror::Error;
use tokio_tungstenite::tungstenite;

use crate::settings::Origin;

/// Why a runner does not start, ends, or has to connect again.
///
/// Texts that the official runners have too are theirs to the letter: people search for them. [`RunnerError::hint`]
/// adds what to do where the text alone does not say it.
#[derive(Debug, Error)]
pub enum RunnerError {
    /// Neither a grant token nor an auth token.
    #[error("Environment variable N8N_RUNNERS_GRANT_TOKEN is required")]
    MissingToken,
    /// A `NAME_FILE` that cannot be read.
    #[error("Failed to read {name}_FILE from file {path}: {}", PythonIoError(source, path))]
    ReadValue {
        /// The variable without `_FILE`.
        name: &'static str,
        /// Where it points to.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Not a whole number.
    #[error("{origin} must be an integer, got '{value}'")]
    NotAnInteger {
        /// Where the value stands.
        origin: Origin,
        /// The value.
        value: String,
    },
    /// Not a number.
    #[error("{origin} must be a float, got '{value}'")]
    NotAFloat {
        /// Where the value stands.
        origin: Origin,
        /// The value.
        value: String,
    },
    /// Neither true nor false.
    #[error("{origin} must be true or false, got '{value}'")]
    NotABoolean {
        /// Where the value stands.
        origin: Origin,
        /// The value.
        value: String,
    },
    /// A task limit of no time.
    #[error("Task timeout must be positive, got {0}")]
    TaskTimeout(i64),
    /// A memory limit of no memory.
    #[error("{origin} must be positive, got {value}")]
    NotPositive {
        /// Where the value stands.
        origin: Origin,
        /// The value.
        value: i64,
    },
    /// A negative idle time.
    #[error("Auto shutdown timeout must be non-negative, got {0}")]
    AutoShutdownTimeout(i64),
    /// No time for tasks to end.
    #[error("Graceful shutdown timeout must be positive, got {0}")]
    GracefulShutdownTimeout(i64),
    /// Larger than a frame to a worker can be.
    #[error(
        "Max payload size of {0} bytes exceeds pipe message limit of 4294967295 bytes. Reduce N8N_RUNNERS_MAX_PAYLOAD."
    )]
    MaximumPayload(i64),
    /// Not a port.
    #[error("Invalid health check configuration: Port must be between 0 and 65535, got {0}")]
    HealthPort(i64),
    /// `*` beside names of modules.
    #[error("Wildcard '*' in {name} must be used alone, not with other modules. Got: {modules}")]
    WildcardNotAlone {
        /// The allow-list.
        name: &'static str,
        /// Its entries in order.
        modules: String,
    },
    /// Not an address of a broker.
    #[error("{origin} must be an address such as `http://127.0.0.1:5679`, got '{value}': {reason}")]
    BrokerAddress {
        /// Where the value stands.
        origin: Origin,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A task type that n8n does not have.
    #[error("n8n has no task type `{0}`; a runner serves `python` and `javascript`")]
    TaskType(String),
    /// Nothing left to serve.
    #[error("{0} is false, so that no task type is left to serve")]
    SwitchedOff(&'static str),
    /// The launcher's configuration file cannot be read.
    #[error("failed to read config file at {path}: {source}")]
    ReadLauncherFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The launcher's configuration file has another form.
    #[error("failed to parse config file at {path}: {source}")]
    ParseLauncherFile {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The launcher's configuration file is empty.
    #[error("config file at {0} contains no task runners")]
    EmptyLauncherFile(PathBuf),
    /// The launcher's configuration file knows nothing of a type that is to be served.
    #[error("config file at {path} does not contain requested runner type: {language}")]
    MissingInLauncherFile {
        /// The file.
        path: PathBuf,
        /// The type.
        language: String,
    },
    /// The TOML file cannot be read.
    #[error("failed to read settings file `{path}`: {source}")]
    ReadSettingsFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The TOML file is not TOML.
    #[error("failed to parse settings file `{path}`: {source}")]
    ParseSettingsFile {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A key of the TOML file that means nothing.
    #[error("settings file `{path}` has the unknown key `{key}`; keys there are {known}")]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key with its table.
        key: String,
        /// The keys that exist.
        known: String,
    },
    /// A value of the TOML file that is neither text, number, boolean nor list of texts.
    #[error("`{key}` in settings file `{path}` must be a text, a number, true, false or a list of texts")]
    ValueType {
        /// The file.
        path: PathBuf,
        /// The key with its table.
        key: String,
    },
    /// Two health check servers on one port, or another program has it.
    #[error("Failed to start health check server: Port {0} is already in use")]
    HealthPortInUse(u16),
    /// The health check server cannot listen.
    #[error("Failed to start health check server: cannot listen on {address}: {source}")]
    HealthServer {
        /// Host and port.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// No interpreter, or a wall that cannot be built.
    #[error("failed to start the engine: {0}")]
    Engine(#[from] EngineError),
    /// The process cannot listen for signals.
    #[error("failed to listen for SIGTERM and SIGINT: {0}")]
    Signals(#[source] io::Error),
    /// Nothing to check the broker's certificate with.
    #[error("no trusted root certificates were found for a broker address with https: {0}")]
    RootCertificates(String),
    /// The host's name has no address.
    #[error("failed to resolve host `{host}`: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Nobody listens.
    #[error("failed to connect to {address}: {source}")]
    Connect {
        /// The last address that was tried.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Connecting took too long.
    #[error("timed out during opening handshake with {0}")]
    OpeningTimeout(String),
    /// TLS could not be agreed on.
    #[error("failed to agree on TLS with {address}: {source}")]
    Tls {
        /// Host and port.
        address: String,
        /// What went wrong.
        source: io::Error,
    },
    /// The answer to a plain HTTP request did not come.
    #[error("failed to request {path} of {address}: {source}")]
    Http {
        /// Host and port.
        address: String,
        /// What was asked for.
        path: &'static str,
        /// What went wrong.
        source: Box<hyper::Error>,
    },
    /// Something listens, and it is not a broker in good health.
    #[error("{address} answered {path} with HTTP {status}: {body}")]
    HttpStatus {
        /// Host and port.
        address: String,
        /// What was asked for.
        path: &'static str,
        /// The status.
        status: u16,
        /// The beginning of the answer.
        body: String,
    },
    /// The answer to the token exchange has no token.
    #[error("{0} answered /runners/auth without a grant token")]
    NoGrantToken(String),
    /// A request that HTTP does not allow; in practice a token with line breaks.
    #[error("the token cannot be sent in an HTTP header: {0}")]
    TokenCharacters(String),
    /// The WebSocket upgrade was refused.
    #[error("server rejected WebSocket connection: HTTP {0}")]
    Upgrade(u16),
    /// The WebSocket broke.
    #[error("{}", WebSocketText(.0))]
    WebSocket(#[source] Box<tungstenite::Error>),
    /// The broker closed the connection.
    #[error("the broker closed the connection with {code}{}", Reason(reason))]
    Closed {
        /// WebSocket close code.
        code: u16,
        /// Its text.
        reason: String,
    },
    /// A message above the limit.
    #[error(
        "sent 1009 (message too big) frame with {size} bytes exceeds limit of {maximum} bytes; no close frame received"
    )]
    MessageTooBig {
        /// Its length.
        size: usize,
        /// The limit.
        maximum: usize,
    },
    /// A half-open connection.
    #[error("nothing was received for {0} seconds, not even an answer to a ping")]
    Silent(u64),
    /// The broker does not know the grant token, or no longer.
    #[error("Authentication failed with status 403: server rejected WebSocket connection: HTTP 403")]
    GrantTokenRefused,
    /// The connection of a grant token is gone, and the token with it.
    #[error("Connection to task broker closed unexpectedly, exiting... ({0})")]
    GrantedConnectionLost(Box<RunnerError>),
    /// There was no broker for as long as a grant token holds.
    #[error("the broker could not be reached within the {seconds} seconds for which a grant token holds: {last}")]
    GrantTokenExpired {
        /// How long it was tried.
        seconds: u64,
        /// The last failure.
        last: Box<RunnerError>,
    },
    /// The broker opened the connection and never registered the runner.
    #[error("the broker did not register the runner within {0} seconds")]
    NotRegistered(u64),
}

impl RunnerError {
    /// What to do, where the message alone does not say it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::MissingToken => {
                "set N8N_RUNNERS_AUTH_TOKEN to the value it has in n8n; N8N_RUNNERS_GRANT_TOKEN is for runners that \
                 n8n or its launcher starts"
            }
            Self::GrantTokenExpired { last, .. } => return last.hint(),
            Self::GrantedConnectionLost(_) | Self::GrantTokenRefused => {
                "a grant token works once and for 30 seconds; set N8N_RUNNERS_AUTH_TOKEN instead, and Stockade fetches \
                 a grant token for every connection"
            }
            Self::Upgrade(401 | 403) | Self::HttpStatus { status: 401 | 403, .. } => {
                "N8N_RUNNERS_AUTH_TOKEN must be the same here and in n8n"
            }
            Self::Upgrade(404) | Self::HttpStatus { status: 404, .. } => {
                "the address must be that of n8n's task broker (port 5679 unless N8N_RUNNERS_BROKER_PORT says \
                 otherwise), not that of the editor; n8n needs N8N_RUNNERS_MODE=external"
            }
            Self::Upgrade(429) | Self::HttpStatus { status: 429, .. } => {
                "the broker admits five runners per second; it is tried again"
            }
            Self::Connect { .. } | Self::OpeningTimeout(_) => {
                "n8n must run with N8N_RUNNERS_MODE=external; when it runs on another host or in another container, \
                 also with N8N_RUNNERS_BROKER_LISTEN_ADDRESS=0.0.0.0"
            }
            Self::Resolve { .. } => "check the host in N8N_RUNNERS_TASK_BROKER_URI",
            Self::RootCertificates(_) => "install the package `ca-certificates`, or set SSL_CERT_FILE",
            Self::Tls { .. } => "for a certificate of your own authority set NODE_EXTRA_CA_CERTS to its file",
            Self::MessageTooBig { .. } => "raise N8N_RUNNERS_MAX_PAYLOAD here and in n8n",
            Self::SwitchedOff(_) => "set it to true, or do not start the runner",
            Self::HealthPortInUse(_) => "choose another with N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT",
            _ => return None,
        })
    }
}

/// An error of the system in the words of Python, which the official texts contain.
struct PythonIoError<'a>(&'a io::Error, &'a str);

impl fmt::Display for PythonIoError<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error, path) = self;
        let Some(number) = error.raw_os_error() else { return write!(formatter, "{error}") };
        let text = error.to_string();
        let text = text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text);
        write!(formatter, "[Errno {number}] {text}: '{path}'")
    }
}

/// The text of a close frame, if it has one.
struct Reason<'a>(&'a str);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(formatter, " ({})", self.0) }
    }
}

struct WebSocketText<'a>(&'a tungstenite::Error);

impl fmt::Display for WebSocketText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
        match self.0 {
            tungstenite::Error::Protocol(ResetWithoutClosingHandshake) | tungstenite::Error::ConnectionClosed => {
                formatter.write_str("no close frame received or sent")
            }
            other => write!(formatter, "{other}"),
        }
    }
}
