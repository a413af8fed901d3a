//! What is measured, and how it is started.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use stockade_broker_player::{AUTH_TOKEN, Broker, Player};
use tokio::process::{Child, Command};

use crate::footprint::Footprint;

const PACKAGE: &str = "@n8n/task-runner";
/// Tasks at the same time.
pub(crate) const CONCURRENCY: usize = 5;

/// A runner to measure.
pub(crate) enum Candidate {
    /// `stockade runner` with these languages.
    Stockade { binary: PathBuf, languages: &'static [&'static str], node: Option<PathBuf> },
    /// n8n's own, for JavaScript.
    Official { folder: PathBuf, node: PathBuf },
}

/// A runner that has registered.
pub(crate) struct Running {
    pub(crate) player: Player,
    process: Child,
    _broker: Broker,
}

impl Running {
    pub(crate) async fn start(candidate: &Candidate) -> Self {
        let mut broker = Broker::start().await;
        let mut command = candidate.command();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", "/tmp")
            .env("LANG", "C.UTF-8")
            .env("GENERIC_TIMEZONE", "UTC")
            .env("N8N_RUNNERS_TASK_BROKER_URI", broker.uri())
            .env("N8N_RUNNERS_MAX_CONCURRENCY", CONCURRENCY.to_string())
            .env("N8N_RUNNERS_TASK_TIMEOUT", "60")
            .env("N8N_RUNNERS_STDLIB_ALLOW", "time")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        match candidate {
            Candidate::Stockade { .. } => command.env("N8N_RUNNERS_AUTH_TOKEN", AUTH_TOKEN),
            Candidate::Official { .. } => command.env("N8N_RUNNERS_GRANT_TOKEN", "of the launcher"),
        };
        let process = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let player = Player::new(broker.registered().await);
        Self { player, process, _broker: broker }
    }

    /// What the runner and all its processes hold and have used.
    pub(crate) fn footprint(&self) -> Footprint {
        Footprint::of(self.process.id().unwrap())
    }

    /// The most memory that the runner's first process has held at a time, in MiB.
    pub(crate) fn peak_mebibytes(&self) -> f64 {
        stockade_bench_shared::process::peak_mebibytes(self.process.id().unwrap())
    }
}

impl Candidate {
    fn command(&self) -> Command {
        match self {
            Self::Stockade { binary, languages, node } => {
                let mut command = Command::new(binary);
                command.arg("runner").args(*languages);
                if let Some(node) = node {
                    command.arg("--node").arg(node);
                }
                command
            }
            Self::Official { folder, node } => {
                let mut command = Command::new(node);
                // The options that n8n's launcher gives it.
                command
                    .args(["--disallow-code-generation-from-strings", "--disable-proto=delete"])
                    .arg(folder.join("node_modules").join(PACKAGE).join("dist/start.js"));
                command
            }
        }
    }
}

/// Installs the official runner with npm, if it is not there.
pub(crate) fn install_official(folder: &Path) {
    if folder.join("node_modules").join(PACKAGE).is_dir() {
        return;
    }
    eprintln!("installing {PACKAGE} into {} …", folder.display());
    // Without the scripts of packages: what they build is not part of the runner.
    let status = std::process::Command::new("npm")
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .args([folder.as_os_str(), PACKAGE.as_ref()])
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "npm could not install {PACKAGE}");
}

/// Versions of what is compared, in a sentence.
pub(crate) fn versions(node: &Path, official: &Path) -> String {
    let version = std::process::Command::new(node).arg("--version").output();
    let node = version.map_or_else(|_| "?".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().into());
    let manifest = std::fs::read(official.join("node_modules").join(PACKAGE).join("package.json")).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap_or_default();
    format!("{PACKAGE} {} and Stockade, both on Node.js {node}", manifest["version"].as_str().unwrap_or("?"))
}
