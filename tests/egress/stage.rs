//! The supervisor's namespace, the way to the hosts, and an engine for each set of rules.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use stockade_engine::{EgressConfiguration, Engine};
use stockade_protocol::{Language, Network};
use stockade_tests::{Report, code, configuration, run, runtime, start, with_inputs};

use crate::hosts;

const INSIDE: &str = "STOCKADE_EGRESS_TEST_INSIDE";
/// The supervisor's own address in this world.
pub(crate) const OWN: &str = "8.8.0.1";
/// A host that tasks may reach.
pub(crate) const ALLOWED: &str = "8.8.0.2";
/// A host that they may not.
pub(crate) const OTHER: &str = "8.8.0.3";
/// A host of the operator's own network.
pub(crate) const PRIVATE: &str = "10.9.8.7";

pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Executes this program again in namespaces of its own.
pub(crate) fn enter() -> ExitCode {
    let program = std::env::current_exe().unwrap();
    let error = Command::new("unshare")
        .args(["--net", "--mount", "--"])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .exec();
    panic!("cannot start `unshare` of util-linux: {error}");
}

pub(crate) struct Stage {
    pub(crate) engine: Engine,
    hosts: Mutex<Child>,
    /// What the names resolve to (`hosts(5)`).
    names: Arc<tempfile::TempDir>,
}

impl Stage {
    pub(crate) fn set() -> Self {
        let names = Arc::new(tempfile::tempdir().unwrap());
        let file = names.path().join("hosts");
        fs::write(&file, original_names()).unwrap();
        command("mount", &["--bind", file.to_str().unwrap(), "/etc/hosts"]);
        command("ip", &["link", "set", "lo", "up"]);

        let mut hosts = Command::new("unshare")
            .args(["--net", "--"])
            .arg(std::env::current_exe().unwrap())
            .env(hosts::THIS, &file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let process = hosts.id().to_string();
        let mut lines = BufReader::new(hosts.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), hosts::WAITING);
        command("ip", &["link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", &process]);
        command("ip", &["address", "add", &format!("{OWN}/24"), "dev", "v0"]);
        command("ip", &["address", "add", "10.9.8.1/24", "dev", "v0"]);
        command("ip", &["link", "set", "v0", "up"]);
        hosts::go_on(&mut hosts);
        assert_eq!(lines.next().unwrap().unwrap(), hosts::READY);

        let engine = Self::engine(|_| {});
        Self { engine, hosts: Mutex::new(hosts), names }
    }

    /// An engine with other rules.
    pub(crate) fn engine(change: impl FnOnce(&mut EgressConfiguration)) -> Engine {
        let mut configuration = configuration(&[Language::Python, Language::JavaScript]);
        change(&mut configuration.egress);
        runtime().block_on(start(configuration)).unwrap()
    }

    /// Runs code that may reach these hosts.
    pub(crate) fn run(&self, language: &Language, text: &str, hosts: &[&str]) -> Report {
        run_on(&self.engine, language, text, hosts)
    }

    /// How many requests a path of the allowed host has had.
    pub(crate) fn hits(&self, path: &str) -> u64 {
        let text = format!(
            "import urllib.request\nreturn int(urllib.request.urlopen('http://api.example.com/hits{path}').read())"
        );
        self.run(&Language::Python, &text, &["api.example.com"]).result().as_u64().unwrap()
    }

    /// Puts the names back that a test has changed.
    pub(crate) fn reset_names(&self) {
        fs::write(self.names.path().join("hosts"), original_names()).unwrap();
    }

    pub(crate) fn strike(&self) {
        runtime().block_on(self.engine.stop());
        let mut hosts = self.hosts.lock().unwrap();
        let _ = hosts.kill();
        let _ = hosts.wait();
    }
}

pub(crate) fn run_on(engine: &Engine, language: &Language, text: &str, hosts: &[&str]) -> Report {
    let mut task = with_inputs(code(language, text.to_owned()), &Value::Object(serde_json::Map::new()));
    task.network = Network { allowed_hosts: hosts.iter().map(|host| host.parse().unwrap()).collect() };
    runtime().block_on(run(engine, task))
}

fn original_names() -> String {
    format!(
        "127.0.0.1 localhost\n{ALLOWED} api.example.com rebind.example.com a.wild.example.org\n{OTHER} other.example.com\n\
         {PRIVATE} inside.example.com\n{OWN} own.example.com\n127.0.0.1 loopback.example.com\n169.254.169.254 \
         metadata.example.com\n224.0.0.1 multicast.example.com\n8.8.0.99 nobody.example.com\n"
    )
}

/// Packages that `make test-dependencies` has installed.
pub(crate) fn packages(language: &Language) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/test-packages").join(language.name())
}

pub(crate) fn command(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{program} {arguments:?}: {status:?}");
}
