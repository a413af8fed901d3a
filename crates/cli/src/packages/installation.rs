//! The installation: a task that runs the client inside the walls, with a route to the package index and nothing else.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use bytes::Bytes;
use stockade_engine::{EgressConfiguration, EngineConfiguration, RuntimeConfiguration};
use stockade_packages::install::{Change, Index, host, hosts_inputs, install_inputs, recipe};
use stockade_packages::request::Ecosystem;
use stockade_packages::{LockFile, PackagesError};
use stockade_protocol::task::{MEBIBYTE, range};
use stockade_protocol::{AllowedHost, Limits, Network, Program, Task, TaskFiles};

use crate::execution::{Streams, execute, print_message};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::limits::LimitOptions;
use crate::render::{Paint, refused_lines};

/// Everything that an installation needs to know.
pub(super) struct Installation<'command> {
    pub(super) ecosystem: Ecosystem,
    pub(super) configuration: &'command EngineConfiguration,
    pub(super) limits: &'command LimitOptions,
    pub(super) index: &'command Index,
    pub(super) scripts: bool,
}

/// What an installation gives: its answer, and the hosts that it could reach.
pub(super) struct Installed {
    pub(super) answer: String,
    pub(super) hosts: Vec<String>,
}

impl Installation<'_> {
    /// Asks the index where its files are, then installs; the files go to `archive`.
    pub(super) fn run(&self, lock: &LockFile, change: &Change, archive: File) -> Result<Installed, Failure> {
        let of_index = host(&self.index.address).ok_or_else(|| {
            let message = format!("the package index of {} has no address of the web", self.ecosystem);
            Failure::setup(&message, Some("look at the configuration of pip or npm".to_owned()))
        })?;
        let mut hosts = vec![of_index];
        let inputs = hosts_inputs(self.ecosystem, lock, change, self.index);
        let answer = self.task(&inputs, &hosts, Streams::live_on_stderr())?;
        let addresses: Vec<String> =
            serde_json::from_str(&answer).map_err(|error| PackagesError::Answer(error.to_string()))?;
        for host in addresses.iter().filter_map(|address| host(address)) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        let inputs = install_inputs(self.ecosystem, lock, change, self.index, self.scripts);
        let answer = self.task(&inputs, &hosts, Streams::into_file(archive))?;
        Ok(Installed { answer, hosts })
    }

    /// Runs the client once; its answer.
    fn task(&self, inputs: &serde_json::Value, hosts: &[String], mut streams: Streams) -> Result<String, Failure> {
        let allowed = |host: &String| {
            host.parse::<AllowedHost>().map_err(|error| Failure::from(PackagesError::Answer(error.to_string())))
        };
        let limits = self.limits.apply(defaults());
        let language = self.ecosystem.language();
        let task = Task {
            language: language.clone(),
            package_set: None,
            program: Program::Code {
                file_name: format!("install-{}", self.ecosystem),
                code: Bytes::from_static(recipe(self.ecosystem).as_bytes()),
            },
            inputs: Bytes::from(inputs.to_string()),
            limits,
            allow: None,
            environment: BTreeMap::new(),
            network: Network { allowed_hosts: hosts.iter().map(allowed).collect::<Result<_, _>>()? },
            files: TaskFiles::default(),
        };
        let outcome = execute(self.engine(limits), task, &mut streams);
        streams.finish(true);
        let outcome = outcome?;
        match &outcome.result {
            Ok(Some(answer)) => Ok(answer.as_str().to_owned()),
            Ok(None) => Err(PackagesError::Answer("there is none".to_owned()).into()),
            Err(error) => {
                print_message(&refused_lines((&outcome).into(), Paint::of(&io::stderr())));
                let hint = error.description.clone().unwrap_or_else(|| {
                    "nothing was changed; what the client says stands above. Installing reaches the package index \
                     alone, and limits are raised with options such as `--timeout` and `--memory`"
                        .to_owned()
                });
                let status = ExitStatus::from(error.code);
                let message = format!("cannot install the {} packages: {}", self.ecosystem, error.message);
                Err(Failure { status, message, hint: Some(hint) })
            }
        }
    }

    /// An engine for installations alone: no packages, no variables of tasks.
    fn engine(&self, limits: Limits) -> EngineConfiguration {
        let language = self.ecosystem.language();
        let of_language = |runtime: &&RuntimeConfiguration| runtime.language == language;
        let runtime = self.configuration.runtimes.iter().find(of_language).map(|runtime| RuntimeConfiguration {
            limits,
            packages: None,
            preload: Vec::new(),
            environment: BTreeMap::new(),
            ..runtime.clone()
        });
        EngineConfiguration {
            runtimes: runtime.into_iter().collect(),
            package_sets: BTreeMap::new(),
            egress: EgressConfiguration {
                allowed_networks: self.addresses(),
                maximum_connections: 10_000,
                maximum_bytes: 16 << 30,
                ..EgressConfiguration::default()
            },
            ..self.configuration.clone()
        }
    }

    /// The addresses of the index itself may be private: the operator has named it. What it names in turn may not,
    /// unless it is at the same address.
    fn addresses<Range: From<IpAddr>>(&self) -> Vec<Range> {
        let found = host(&self.index.address).and_then(|host| host.to_socket_addrs().ok());
        found.into_iter().flatten().map(|address| Range::from(address.ip().to_canonical())).collect()
    }
}

/// Limits of an installation: it downloads and unpacks into `/tmp`, which is memory.
fn defaults() -> Limits {
    Limits {
        timeout: Duration::from_secs(15 * 60),
        memory_bytes: 4096 * MEBIBYTE,
        temporary_storage_bytes: 3072 * MEBIBYTE,
        processes: 256,
        output_bytes: *range::OUTPUT.end(),
    }
}
