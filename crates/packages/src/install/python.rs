//! pip.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Change, from_index};
use crate::error::PackagesError;
use crate::lock::{LockFile, PythonPackage, is_hash};
use crate::request::{Ecosystem, Request, canonical_python};

pub(super) fn inputs(lock: &LockFile, change: &Change) -> Value {
    let section = &lock.python;
    let (requirements, constraints): (Vec<String>, Vec<String>) = match change {
        Change::Add(requests) => {
            let is_asked = |name: &str| requests.iter().any(|request| request.name == name);
            let asked = requests.iter().map(|request| match &request.version {
                Some(version) => format!("{}=={version}", request.name),
                None => request.name.clone(),
            });
            let others = section.added.keys().filter(|name| !is_asked(name)).cloned();
            let pinned = section.packages.iter().filter(|package| !is_asked(&package.name));
            let pinned = pinned.map(|package| format!("{}=={}", package.name, package.version));
            (asked.chain(others).collect(), pinned.collect())
        }
        Change::Remove(_) | Change::Install => {
            let exact = section.packages.iter().map(|package| {
                let hashes: String = package.files.values().map(|hash| format!(" --hash={hash}")).collect();
                format!("{}=={}{hashes}", package.name, package.version)
            });
            (exact.collect(), Vec::new())
        }
    };
    let locked = !matches!(change, Change::Add(_));
    json!({ "requirements": requirements, "constraints": constraints, "locked": locked })
}

#[derive(Debug, Deserialize)]
struct Answer {
    packages: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    name: String,
    version: String,
    url: String,
    direct: bool,
    sha256: Option<String>,
    requires: Vec<String>,
    modules: Vec<String>,
}

pub(super) fn packages(lock: &LockFile, answer: &str, hosts: &[String]) -> Result<Vec<PythonPackage>, PackagesError> {
    let answer: Answer = serde_json::from_str(answer).map_err(|error| PackagesError::Answer(error.to_string()))?;
    let names: BTreeSet<&str> = answer.packages.iter().map(|item| item.name.as_str()).collect();
    let mut found = BTreeMap::new();
    for item in &answer.packages {
        Request::parse(Ecosystem::Python, &format!("{}=={}", item.name, item.version))?;
        if canonical_python(&item.name).as_deref() != Some(&item.name) {
            return Err(PackagesError::Name(item.name.clone()));
        }
        if item.direct {
            let from = item.url.split(':').next().unwrap_or_default().to_owned();
            return Err(PackagesError::Foreign { name: item.name.clone(), from });
        }
        from_index(&item.name, &item.url, hosts)?;
        let hash = format!("sha256:{}", item.sha256.as_deref().unwrap_or_default());
        if !is_hash(&hash) {
            return Err(PackagesError::Answer(format!("`{}` has no hash", item.name)));
        }
        let known = lock.python.packages.iter().find(|known| known.name == item.name && known.version == item.version);
        let file = item.url.rsplit('/').next().unwrap_or_default().to_owned();
        if known.is_some_and(|known| known.files.get(&file).is_some_and(|locked| *locked != hash)) {
            return Err(PackagesError::Changed { name: item.name.clone(), version: item.version.clone() });
        }
        // Files for other machines stay: the lock file is for all of them.
        let mut files = known.map(|known| known.files.clone()).unwrap_or_default();
        files.insert(file, hash);
        let requires = item.requires.iter().filter(|name| names.contains(name.as_str()) && **name != item.name);
        let package = PythonPackage {
            name: item.name.clone(),
            version: item.version.clone(),
            files,
            requires: requires.cloned().collect(),
            modules: item.modules.clone(),
        };
        found.insert(item.name.clone(), package);
    }
    Ok(found.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

    fn item(name: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut item = json!({
            "name": name, "version": "1.0", "url": format!("https://files.example.org/{name}-1.0.whl"),
            "direct": false, "sha256": HASH, "requires": ["six", "colorama"], "modules": [name],
        });
        change(&mut item);
        item
    }

    fn read(lock: &LockFile, items: &[Value]) -> Result<Vec<PythonPackage>, PackagesError> {
        packages(lock, &json!({ "packages": items }).to_string(), &["files.example.org:443".to_owned()])
    }

    #[test]
    fn an_answer_becomes_packages() {
        let found = read(&LockFile::default(), &[item("six", |_| {}), item("a", |_| {})]).unwrap();
        assert_eq!(found.iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["a", "six"]);
        assert_eq!(found[0].requires, ["six"]);
        assert_eq!(found[0].files["a-1.0.whl"], format!("sha256:{HASH}"));
    }

    #[test]
    fn an_answer_that_is_not_of_the_index_is_refused() {
        let changes: [fn(&mut Value); 7] = [
            |item| item["direct"] = json!(true),
            |item| item["url"] = json!("git+https://files.example.org/a"),
            |item| item["url"] = json!("https://elsewhere.example.org/a.whl"),
            |item| item["sha256"] = json!(null),
            |item| item["sha256"] = json!("x --index-url y"),
            |item| item["name"] = json!("A_b"),
            |item| item["version"] = json!("1\n-r /etc/passwd"),
        ];
        for change in changes {
            read(&LockFile::default(), &[item("a", change)]).unwrap_err();
        }
    }

    #[test]
    fn the_same_version_has_the_same_contents_for_ever() {
        let mut lock = LockFile::default();
        lock.python.packages = read(&lock, &[item("a", |_| {})]).unwrap();
        let other = item("a", |item| item["sha256"] = json!("b".repeat(64)));
        assert!(matches!(read(&lock, &[other]), Err(PackagesError::Changed { .. })));
        let elsewhere = item("a", |item| item["url"] = json!("https://files.example.org/a-1.0-other.whl"));
        assert_eq!(read(&lock, &[elsewhere]).unwrap()[0].files.len(), 2);
    }

    #[test]
    fn pip_is_told_what_stays() {
        let mut lock = LockFile::default();
        lock.python.packages = read(&lock, &[item("a", |_| {}), item("six", |_| {})]).unwrap();
        lock.python.added.insert("a".to_owned(), String::new());
        let request = Request { name: "b".to_owned(), version: Some("2.0".to_owned()) };
        let told = inputs(&lock, &Change::Add(vec![request]));
        assert_eq!(told["requirements"], json!(["b==2.0", "a"]));
        assert_eq!(told["constraints"], json!(["a==1.0", "six==1.0"]));
        let told = inputs(&lock, &Change::Install);
        assert_eq!(told["requirements"][0], json!(format!("a==1.0 --hash=sha256:{HASH}")));
        assert_eq!(told["locked"], json!(true));
    }
}
