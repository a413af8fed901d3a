//! What the client inside the walls is told, and what it answers.
//!
//! The client runs as a task with the code of [`recipe`], twice: it asks the index where its files are, and installs. Its
//! answers are those of an untrusted program: what they say of a package is checked here, as far as it is written down.

mod javascript;
mod python;

use serde_json::{Value, json};

use crate::error::PackagesError;
use crate::lock::LockFile;
use crate::request::{Ecosystem, Request};

/// Where packages come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The address of the index, as the client's own configuration says.
    pub address: String,
    /// Authorities for it, as PEM text; `None`: those that the client knows.
    pub certificates: Option<String>,
}

/// What is to happen to the packages of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// These come in, or change their version; the others stay.
    Add(Vec<Request>),
    /// These go.
    Remove(Vec<String>),
    /// All as the lock file says.
    Install,
}

/// The code of the task that installs.
pub fn recipe(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Python => include_str!("../../recipes/python.py"),
        Ecosystem::JavaScript => include_str!("../../recipes/javascript.js"),
    }
}

/// The inputs of the task that asks where the files of the index are.
pub fn hosts_inputs(ecosystem: Ecosystem, lock: &LockFile, change: &Change, index: &Index) -> Value {
    let names = match change {
        Change::Add(requests) => requests.iter().map(|request| request.name.clone()).collect::<Vec<_>>(),
        // One is enough: it is the same index.
        Change::Remove(_) | Change::Install => lock.added(ecosystem).keys().take(1).cloned().collect(),
    };
    let mut inputs = install_inputs(ecosystem, lock, change, index, false);
    inputs["step"] = json!("hosts");
    match ecosystem {
        Ecosystem::Python => inputs["requirements"] = json!(names),
        Ecosystem::JavaScript => inputs["install"] = json!(names),
    }
    inputs
}

/// The inputs of the task that installs. `lock` is without what is to be removed.
pub fn install_inputs(ecosystem: Ecosystem, lock: &LockFile, change: &Change, index: &Index, scripts: bool) -> Value {
    let mut inputs = match ecosystem {
        Ecosystem::Python => python::inputs(lock, change),
        Ecosystem::JavaScript => javascript::inputs(lock, change),
    };
    inputs["step"] = json!("install");
    inputs["scripts"] = json!(scripts);
    inputs["certificates"] = json!(index.certificates);
    inputs[if ecosystem == Ecosystem::Python { "index" } else { "registry" }] = json!(index.address);
    inputs
}

/// Writes what the installation answers into `lock`. `hosts` are those that it could reach.
pub fn accept(
    ecosystem: Ecosystem,
    lock: &mut LockFile,
    change: &Change,
    answer: &str,
    hosts: &[String],
) -> Result<(), PackagesError> {
    match ecosystem {
        Ecosystem::Python => lock.python.packages = python::packages(lock, answer, hosts)?,
        Ecosystem::JavaScript => lock.javascript.packages = javascript::packages(lock, answer, hosts)?,
    }
    if let Change::Add(requests) = change {
        for request in requests {
            lock.added_mut(ecosystem).insert(request.name.clone(), request.version.clone().unwrap_or_default());
        }
    }
    Ok(())
}

/// Host and port of an address of the web, as a list of allowed hosts has it; `None` for any other.
pub fn host(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// A package must come from a host of the index, not from git, a path or somewhere else.
fn from_index(name: &str, address: &str, hosts: &[String]) -> Result<(), PackagesError> {
    match host(address) {
        Some(host) if hosts.contains(&host) => Ok(()),
        found => {
            let from = found.unwrap_or_else(|| address.split(':').next().unwrap_or_default().to_owned());
            Err(PackagesError::Foreign { name: name.to_owned(), from })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_their_ports() {
        assert_eq!(host("https://user:secret@index.example.org/simple").as_deref(), Some("index.example.org:443"));
        assert_eq!(host("http://127.0.0.1:8080/a.whl").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(host("https://[2001:db8::7]/").as_deref(), Some("[2001:db8::7]:443"));
        assert_eq!(host("git+https://example.org/a.git"), None);
        assert_eq!(host("file:///etc/passwd"), None);
        assert_eq!(host("/etc/passwd"), None);
    }

    #[test]
    fn what_comes_from_elsewhere_is_refused() {
        let hosts = ["files.example.org:443".to_owned()];
        from_index("a", "https://files.example.org/a.whl", &hosts).unwrap();
        for address in [
            "https://files.example.org.evil.test/a.whl",
            "http://files.example.org/a.whl",
            "git+ssh://git@files.example.org/a.git",
            "file:../a",
            "../a",
            "",
        ] {
            from_index("a", address, &hosts).unwrap_err();
        }
    }
}
