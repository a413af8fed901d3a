//! Cases as they stand in files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What the runner itself answers differently.
pub(crate) const OWN_DIFFERENCES: &str = "crates/runner/tests/conformance/differences.json";

/// A Python case. What is not said of a task is that it runs once for all items and has none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PythonCase {
    pub(crate) name: String,
    pub(crate) code: Option<String>,
    pub(crate) node_mode: Option<String>,
    #[serde(default = "no_items")]
    pub(crate) items: Value,
    #[serde(default)]
    pub(crate) continue_on_fail: bool,
    pub(crate) query: Option<Value>,
    pub(crate) official: Vec<Value>,
}

fn no_items() -> Value {
    Value::Array(Vec::new())
}

/// Cases for runners with the same settings.
#[derive(Deserialize)]
pub(crate) struct PythonGroup {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) cases: Vec<PythonCase>,
}

/// A JavaScript case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JavaScriptCase {
    pub(crate) name: String,
    pub(crate) code: String,
    /// Changes to the workflow.
    #[serde(default)]
    pub(crate) data: Map<String, Value>,
    #[serde(default)]
    pub(crate) settings: Map<String, Value>,
    #[serde(default)]
    pub(crate) rpc: Value,
    /// n8n never sends the settings.
    #[serde(default)]
    pub(crate) hold: bool,
    /// n8n never answers a request for data.
    #[serde(default)]
    pub(crate) no_data: bool,
    /// n8n cancels the task, and then hears no more of it.
    pub(crate) cancel_after_ms: Option<u64>,
    pub(crate) official: Vec<Value>,
}

/// Answers that differ on purpose.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Differences {
    pub(crate) reasons: BTreeMap<String, String>,
    pub(crate) cases: BTreeMap<String, Difference>,
}

/// An answer that differs on purpose.
#[derive(Deserialize)]
pub(crate) struct Difference {
    pub(crate) reason: String,
    pub(crate) trace: Vec<Value>,
}

impl Differences {
    /// Those of a harness, and those of the runner.
    pub(crate) fn read(harness: &str) -> Self {
        let mut differences: Self = read(harness);
        let own: Self = read(OWN_DIFFERENCES);
        differences.reasons.extend(own.reasons);
        differences.cases.extend(own.cases);
        differences
    }

    /// What has to come for a case.
    pub(crate) fn answer(&self, name: &str, official: Vec<Value>) -> Vec<Value> {
        let Some(difference) = self.cases.get(name) else { return official };
        assert!(self.reasons.contains_key(&difference.reason), "{name}");
        difference.trace.clone()
    }
}

/// A file of the project.
pub(crate) fn read<T: DeserializeOwned>(path: &str) -> T {
    let text = std::fs::read(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
