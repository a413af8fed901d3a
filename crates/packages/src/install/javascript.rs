//! npm.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Change, from_index};
use crate::error::PackagesError;
use crate::lock::{JavaScriptPackage, LockFile};
use crate::request::{Ecosystem, Request};

/// What npm notes that nobody needs to install the same again.
const LEFT_OUT: [&str; 6] = ["resolved", "license", "funding", "deprecated", "version", "integrity"];

pub(super) fn inputs(lock: &LockFile, change: &Change) -> Value {
    let section = &lock.javascript;
    let removed = |name: &str| matches!(change, Change::Remove(names) if names.iter().any(|removed| removed == name));
    let version = |name: &str| {
        let path = format!("node_modules/{name}");
        section.packages.iter().find(|package| package.path == path).map(|package| package.version.clone())
    };
    // npm takes a package out itself, so that it must find it first.
    let names = section.added.keys().map(String::as_str).chain(match change {
        Change::Remove(names) => names.iter().map(String::as_str).collect::<Vec<_>>(),
        Change::Add(_) | Change::Install => Vec::new(),
    });
    let added: BTreeMap<&str, String> = names.filter_map(|name| Some((name, version(name)?))).collect();
    let packages: Map<String, Value> = section
        .packages
        .iter()
        .map(|package| {
            let mut entry: Map<String, Value> = package.details.clone().into_iter().collect();
            entry.insert("version".to_owned(), json!(package.version));
            if !package.integrity.is_empty() {
                entry.insert("integrity".to_owned(), json!(package.integrity));
            }
            (package.path.clone(), Value::Object(entry))
        })
        .collect();
    let install: Vec<String> = match change {
        Change::Add(requests) => requests
            .iter()
            .map(|request| match &request.version {
                Some(version) => format!("{}@{version}", request.name),
                None => format!("{}@latest", request.name),
            })
            .collect(),
        Change::Remove(_) | Change::Install => Vec::new(),
    };
    let remove: Vec<&str> = added.keys().copied().filter(|name| removed(name)).collect();
    json!({ "added": added, "packages": packages, "install": install, "remove": remove })
}

pub(super) fn packages(
    lock: &LockFile,
    answer: &str,
    hosts: &[String],
) -> Result<Vec<JavaScriptPackage>, PackagesError> {
    let answer: Value = serde_json::from_str(answer).map_err(|error| PackagesError::Answer(error.to_string()))?;
    let Some(entries) = answer["packages"].as_object() else {
        return Err(PackagesError::Answer("it has no packages".to_owned()));
    };
    let entries = entries.iter().filter(|(path, _)| !path.is_empty());
    entries.map(|(path, entry)| package(lock, path, entry, hosts)).collect()
}

fn package(lock: &LockFile, path: &str, entry: &Value, hosts: &[String]) -> Result<JavaScriptPackage, PackagesError> {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    let found = JavaScriptPackage {
        path: path.to_owned(),
        version: text("version").to_owned(),
        integrity: text("integrity").to_owned(),
        details: entry
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, value)| !LEFT_OUT.contains(&key.as_str()) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    };
    if entry["link"] == json!(true) {
        return Err(PackagesError::Foreign { name: found.name().to_owned(), from: "a path".to_owned() });
    }
    let known = lock.javascript.packages.iter().find(|known| known.path == path && known.version == found.version);
    // What another package brings along in its own file has no file, and is covered by the hash of that.
    if entry["inBundle"] != json!(true) {
        // npm knows where it got a package of the lock file from by its hash alone.
        if !(text("resolved").is_empty() && known.is_some()) {
            from_index(found.name(), text("resolved"), hosts)?;
        }
        if !found.integrity.starts_with("sha512-") && !found.integrity.starts_with("sha1-") {
            return Err(PackagesError::Answer(format!("`{}` has no hash", found.name())));
        }
    }
    Request::parse(Ecosystem::JavaScript, &format!("{}@{}", found.name(), found.version))?;
    match known {
        Some(known) if known.integrity != found.integrity => {
            Err(PackagesError::Changed { name: found.name().to_owned(), version: found.version })
        }
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(change: impl FnOnce(&mut Value)) -> Value {
        let mut entry = json!({
            "version": "1.0.0", "resolved": "https://files.example.org/a.tgz", "integrity": "sha512-a",
            "license": "MIT", "dependencies": { "b": "^1.0.0" },
        });
        change(&mut entry);
        entry
    }

    fn read(lock: &LockFile, path: &str, entry: &Value) -> Result<Vec<JavaScriptPackage>, PackagesError> {
        let answer = json!({ "packages": { "": {}, path: entry } });
        packages(lock, &answer.to_string(), &["files.example.org:443".to_owned()])
    }

    #[test]
    fn an_answer_becomes_packages() {
        let found = read(&LockFile::default(), "node_modules/x/node_modules/@a/b", &entry(|_| {})).unwrap();
        assert_eq!(found[0].name(), "@a/b");
        assert_eq!(found[0].details.keys().collect::<Vec<_>>(), ["dependencies"]);
    }

    #[test]
    fn an_answer_that_is_not_of_the_index_is_refused() {
        let changes: [fn(&mut Value); 6] = [
            |entry| entry["link"] = json!(true),
            |entry| entry["resolved"] = json!("git+ssh://git@files.example.org/a.git#abc"),
            |entry| entry["resolved"] = json!("https://elsewhere.example.org/a.tgz"),
            |entry| entry["resolved"] = json!(null),
            |entry| entry["integrity"] = json!(null),
            |entry| entry["version"] = json!("git"),
        ];
        for change in changes {
            read(&LockFile::default(), "node_modules/a", &entry(change)).unwrap_err();
        }
        read(&LockFile::default(), "../a/-x", &entry(|_| {})).unwrap_err();
    }

    #[test]
    fn the_same_version_has_the_same_contents_for_ever() {
        let mut lock = LockFile::default();
        lock.javascript.packages = read(&lock, "node_modules/a", &entry(|_| {})).unwrap();
        read(&lock, "node_modules/a", &entry(|entry| entry["resolved"] = json!(null))).unwrap();
        let other = entry(|entry| entry["integrity"] = json!("sha512-b"));
        assert!(matches!(read(&lock, "node_modules/a", &other), Err(PackagesError::Changed { .. })));
    }

    #[test]
    fn npm_is_told_what_is_there() {
        let mut lock = LockFile::default();
        lock.javascript.packages = read(&lock, "node_modules/a", &entry(|_| {})).unwrap();
        lock.javascript.added.insert("a".to_owned(), String::new());
        let told = inputs(&lock, &Change::Add(vec![Request { name: "b".to_owned(), version: None }]));
        assert_eq!((&told["added"], &told["install"]), (&json!({ "a": "1.0.0" }), &json!(["b@latest"])));
        assert_eq!(told["packages"]["node_modules/a"]["integrity"], json!("sha512-a"));
        lock.javascript.added.remove("a");
        let told = inputs(&lock, &Change::Remove(vec!["a".to_owned()]));
        assert_eq!((&told["added"], &told["remove"]), (&json!({ "a": "1.0.0" }), &json!(["a"])));
    }
}
