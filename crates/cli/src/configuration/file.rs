//! The shape of the configuration file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Visitor};
use stockade_sandbox::Wall;
use toml::Spanned;

use crate::limits::LimitOptions;

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
    pub(super) without_walls: Vec<WallName>,
    #[serde(default)]
    pub(super) runtimes: BTreeMap<Spanned<String>, RuntimeSection>,
    /// Settings of `stockade runner`, which reads and checks them itself.
    #[serde(default, rename = "runner")]
    _runner: IgnoredAny,
}

/// A `[runtimes.NAME]` section: python, javascript, or a custom runtime.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuntimeSection {
    pub(super) interpreter: Option<Spanned<PathBuf>>,
    pub(super) interpreter_arguments: Option<Spanned<Vec<String>>>,
    pub(super) packages: Option<Spanned<PathBuf>>,
    pub(super) preload: Option<Spanned<Vec<String>>>,
    pub(super) command: Option<Spanned<Vec<String>>>,
    pub(super) extensions: Option<Spanned<Vec<String>>>,
    #[serde(default, deserialize_with = "count")]
    pub(super) waiting_workers: Option<usize>,
    #[serde(default)]
    pub(super) limits: LimitOptions,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
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
    }

    deserializer.deserialize_any(Count).map(Some)
}
