//! The shape of the configuration file.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Visitor};
use stockade_engine::IpNet;
use stockade_protocol::AllowedHost;
use stockade_sandbox::Wall;
use toml::Spanned;

use crate::limits::{self, LimitOptions};

/// Most tasks, waiting workers or places in the queue that a configuration may ask for.
const MAXIMUM_COUNT: usize = 100_000;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigurationFile {
    #[serde(default, deserialize_with = "count")]
    pub(super) maximum_tasks: Option<usize>,
    #[serde(default, deserialize_with = "count")]
    pub(super) maximum_queue: Option<usize>,
    #[serde(default)]
    pub(super) without_walls: Option<Vec<WallName>>,
    #[serde(default)]
    pub(super) runtimes: BTreeMap<Spanned<String>, RuntimeSection>,
    #[serde(default, deserialize_with = "count")]
    pub(super) maximum_package_sets: Option<usize>,
    #[serde(default, deserialize_with = "limits::value::memory")]
    pub(super) package_set_memory: Option<u64>,
    #[serde(default)]
    pub(super) package_sets: BTreeMap<Spanned<String>, PackageSetSection>,
    #[serde(default)]
    pub(super) network: NetworkSection,
    /// Settings of `stockade serve`.
    #[serde(default)]
    pub(super) server: ServerSection,
    #[serde(default)]
    pub(super) telemetry: TelemetrySection,
    #[serde(default)]
    pub(super) nautilus: NautilusSection,
    /// Settings of `stockade runner`, which reads and checks them itself.
    #[serde(default, rename = "runner")]
    _runner: IgnoredAny,
}

/// A `[runtimes.NAME]` section: python, javascript, or a custom runtime.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuntimeSection {
    pub(super) enabled: Option<bool>,
    pub(super) interpreter: Option<Spanned<PathBuf>>,
    pub(super) interpreter_arguments: Option<Spanned<Vec<String>>>,
    pub(super) packages: Option<Spanned<PathBuf>>,
    pub(super) preload: Option<Spanned<Vec<String>>>,
    pub(super) allow: Option<Vec<String>>,
    pub(super) command: Option<Spanned<Vec<String>>>,
    pub(super) extensions: Option<Spanned<Vec<String>>>,
    #[serde(default, deserialize_with = "count")]
    pub(super) waiting_workers: Option<usize>,
    #[serde(default)]
    pub(super) limits: LimitOptions,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
}

/// A `[package_sets.NAME]` section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackageSetSection {
    #[serde(default)]
    pub(super) python: SetLanguageSection,
    #[serde(default)]
    pub(super) javascript: SetLanguageSection,
}

/// One language of a package set.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetLanguageSection {
    pub(super) packages: Option<Spanned<PathBuf>>,
    pub(super) preload: Option<Vec<String>>,
    #[serde(default, deserialize_with = "count")]
    pub(super) waiting_workers: Option<usize>,
}

/// The `[network]` section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkSection {
    pub(super) allowed_hosts: Option<Vec<AllowedHost>>,
    pub(super) allowed_networks: Option<Vec<IpNet>>,
    #[serde(default, deserialize_with = "count")]
    pub(super) maximum_connections: Option<usize>,
    #[serde(default, deserialize_with = "limits::value::tmp")]
    pub(super) maximum_bytes: Option<u64>,
    pub(super) connect_timeout: Option<Time>,
}

/// The `[server]` section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerSection {
    pub(super) listen: Option<SocketAddr>,
    pub(super) keys: Option<PathBuf>,
    pub(super) maximum_body: Option<Size>,
    pub(super) maximum_bodies: Option<Size>,
    pub(super) maximum_answers: Option<Size>,
    #[serde(default, deserialize_with = "count")]
    pub(super) maximum_connections: Option<usize>,
    pub(super) read_timeout: Option<Time>,
    pub(super) write_timeout: Option<Time>,
    pub(super) stop_deadline: Option<Time>,
    #[serde(default)]
    pub(super) retention: RetentionSection,
    #[serde(default)]
    pub(super) ceilings: LimitOptions,
    pub(super) audit_log: Option<PathBuf>,
    pub(super) audit_code: Option<bool>,
}

/// The `[server.retention]` section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionSection {
    pub(super) time: Option<Time>,
    pub(super) size: Option<Size>,
    #[serde(default, deserialize_with = "count")]
    pub(super) tasks: Option<usize>,
}

/// The `[telemetry]` section.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TelemetrySection {
    pub(super) endpoint: Option<String>,
}

/// The `[nautilus]` section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NautilusSection {
    pub(super) tasks_dir: Option<PathBuf>,
    pub(super) listen: Option<SocketAddr>,
    pub(super) maximum_timeout: Option<Time>,
    pub(super) signing_key: Option<PathBuf>,
    pub(super) allowed_endpoints: Option<PathBuf>,
}

/// A time of the service, in the range of a task's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = limits::value::timeout(deserializer)?;
        time.map(Self).ok_or_else(|| D::Error::custom("expected a time"))
    }
}

/// A size of the service in bytes, in the range of a task's output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size(pub(super) usize);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let size = limits::value::output_limit(deserializer)?;
        size.and_then(|size| usize::try_from(size).ok()).map(Self).ok_or_else(|| D::Error::custom("expected a size"))
    }
}

/// A wall by its name, with the message that the command line gives for a wrong one.
#[derive(Debug, Clone, Copy)]
pub(super) struct WallName(pub(super) Wall);

impl<'de> Deserialize<'de> for WallName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    struct Count;

    impl Visitor<'_> for Count {
        type Value = usize;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "a whole number from 1 to {MAXIMUM_COUNT}")
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            usize::try_from(number)
                .ok()
                .filter(|count| (1..=MAXIMUM_COUNT).contains(count))
                .ok_or_else(|| E::custom(format!("expected a whole number from 1 to {MAXIMUM_COUNT}, not {number}")))
        }

        /// As the environment and the command line give it.
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            match text.trim().parse() {
                Ok(number) => self.visit_i64(number),
                Err(_) => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
            }
        }
    }

    deserializer.deserialize_any(Count).map(Some)
}
