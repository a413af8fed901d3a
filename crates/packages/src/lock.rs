//! The lock file: every package with its version and hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::PackagesError;
use crate::request::{Ecosystem, Request};

/// The name of the file, beside the configuration: of a package set, or of the packages without one.
pub fn file_name(package_set: Option<&str>) -> String {
    package_set.map_or_else(|| "stockade-packages.lock".to_owned(), |name| format!("stockade-packages.{name}.lock"))
}

/// The form of the file.
const FORMAT: u32 = 1;
const HEADER: &str = "# Written by `stockade packages`; commit it, and change it with that command only.\n";

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    format: u32,
    /// Those of Python.
    #[serde(default, skip_serializing_if = "PythonSection::is_empty")]
    pub python: PythonSection,
    /// Those of JavaScript.
    #[serde(default, skip_serializing_if = "JavaScriptSection::is_empty")]
    pub javascript: JavaScriptSection,
}

/// Packages of Python.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonSection {
    /// What was asked for: a version, or an empty text for whichever was newest.
    #[serde(default)]
    pub added: BTreeMap<String, String>,
    /// All, in the order of their names.
    #[serde(default)]
    pub packages: Vec<PythonPackage>,
}

/// One package of Python.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonPackage {
    /// In canonical form.
    pub name: String,
    /// The version.
    pub version: String,
    /// The hash of each file of the index that is installed, as `sha256:…`, by its name.
    pub files: BTreeMap<String, String>,
    /// The packages that it needs here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// What code imports to use it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
}

/// Packages of JavaScript.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JavaScriptSection {
    /// What was asked for: a version, or an empty text for whichever was newest.
    #[serde(default)]
    pub added: BTreeMap<String, String>,
    /// All, in the order of their paths.
    #[serde(default)]
    pub packages: Vec<JavaScriptPackage>,
}

/// One package of JavaScript at one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JavaScriptPackage {
    /// Where it stands: `node_modules/a`, `node_modules/a/node_modules/b`.
    pub path: String,
    /// The version.
    pub version: String,
    /// The hash of its file, as `sha512-…`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub integrity: String,
    /// The rest of what npm notes of it, such as what it depends on and for which systems it is.
    #[serde(flatten)]
    pub details: BTreeMap<String, serde_json::Value>,
}

impl PythonSection {
    fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.added.is_empty()
    }
}

impl JavaScriptSection {
    fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.added.is_empty()
    }
}

impl JavaScriptPackage {
    /// Its name, which is the end of its path.
    pub fn name(&self) -> &str {
        self.path.rsplit_once("node_modules/").map_or(self.path.as_str(), |(_, name)| name)
    }

    fn requires(&self) -> BTreeSet<String> {
        let keys = ["dependencies", "optionalDependencies", "peerDependencies"];
        let tables = keys.iter().filter_map(|key| self.details.get(*key)?.as_object());
        tables.flat_map(|table| table.keys().cloned()).collect()
    }
}

impl Default for LockFile {
    fn default() -> Self {
        Self { format: FORMAT, python: PythonSection::default(), javascript: JavaScriptSection::default() }
    }
}

/// A package as `list` and `why` show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Of which language.
    pub language: &'static str,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Somebody asked for it; else another package needs it.
    pub added: bool,
    /// What code imports to use it.
    pub modules: Vec<String>,
    #[serde(skip)]
    requires: BTreeSet<String>,
}

impl LockFile {
    /// Reads the file; `None` if there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, PackagesError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PackagesError::file("read", path)(error)),
        };
        let refused = |message: String| PackagesError::Lock { path: path.to_owned(), message };
        let lock: Self = toml::from_str(&text).map_err(|error| refused(error.message().to_owned()))?;
        if lock.format != FORMAT {
            return Err(refused(format!("its format is {}, and this Stockade reads {FORMAT}", lock.format)));
        }
        lock.check().map_err(refused)?;
        Ok(Some(lock))
    }

    /// Names and hashes go to the clients as they are, so that they must be nothing else.
    fn check(&self) -> Result<(), String> {
        for ecosystem in Ecosystem::ALL {
            for (name, version) in self.added(ecosystem) {
                let request = Request::parse(ecosystem, name).map_err(|error| error.to_string())?;
                let version = Some(version).filter(|version| !version.is_empty());
                parse_version(ecosystem, &request.name, version.map(String::as_str))?;
            }
        }
        for package in &self.python.packages {
            parse_version(Ecosystem::Python, &package.name, Some(&package.version))?;
            if !package.files.values().all(|hash| is_hash(hash)) {
                return Err(format!("a hash of `{}` is none", package.name));
            }
        }
        for package in &self.javascript.packages {
            parse_version(Ecosystem::JavaScript, package.name(), Some(&package.version))?;
        }
        Ok(())
    }

    /// Writes the file: the whole one, or nothing.
    pub fn write(&self, path: &Path) -> Result<(), PackagesError> {
        let text = toml::to_string(self)
            .map_err(|error| PackagesError::Lock { path: path.to_owned(), message: error.to_string() })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let write = || {
            use std::os::unix::fs::PermissionsExt;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(HEADER.as_bytes())?;
            file.write_all(text.as_bytes())?;
            // Others read it, as any file of a project.
            file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)
        };
        write().map(|_| ()).map_err(PackagesError::file("write", path))
    }

    /// What was asked for, with the version or an empty text.
    pub fn added(&self, ecosystem: Ecosystem) -> &BTreeMap<String, String> {
        match ecosystem {
            Ecosystem::Python => &self.python.added,
            Ecosystem::JavaScript => &self.javascript.added,
        }
    }

    /// What was asked for, to be changed.
    pub fn added_mut(&mut self, ecosystem: Ecosystem) -> &mut BTreeMap<String, String> {
        match ecosystem {
            Ecosystem::Python => &mut self.python.added,
            Ecosystem::JavaScript => &mut self.javascript.added,
        }
    }

    /// Leaves out all of a language.
    pub fn clear(&mut self, ecosystem: Ecosystem) {
        match ecosystem {
            Ecosystem::Python => self.python = PythonSection::default(),
            Ecosystem::JavaScript => self.javascript = JavaScriptSection::default(),
        }
    }

    /// Every package of a language, one per name and version.
    pub fn list(&self, ecosystem: Ecosystem) -> Vec<Listed> {
        let language = ecosystem.name();
        let mut listed: Vec<Listed> = match ecosystem {
            Ecosystem::Python => self
                .python
                .packages
                .iter()
                .map(|package| Listed {
                    language,
                    name: package.name.clone(),
                    version: package.version.clone(),
                    added: self.python.added.contains_key(&package.name),
                    modules: package.modules.clone(),
                    requires: package.requires.iter().cloned().collect(),
                })
                .collect(),
            Ecosystem::JavaScript => self
                .javascript
                .packages
                .iter()
                .map(|package| Listed {
                    language,
                    name: package.name().to_owned(),
                    version: package.version.clone(),
                    added: self.javascript.added.contains_key(package.name()),
                    modules: vec![package.name().to_owned()],
                    requires: package.requires(),
                })
                .collect(),
        };
        listed.sort_by(|left, right| (&left.name, &left.version).cmp(&(&right.name, &right.version)));
        listed.dedup_by(|left, right| left.name == right.name && left.version == right.version);
        listed
    }

    /// The shortest way from a package that was asked for to `name`, both included; `None`: it is not there.
    pub fn why(&self, ecosystem: Ecosystem, name: &str) -> Option<Vec<String>> {
        let listed = self.list(ecosystem);
        let mut ways: Vec<Vec<&str>> =
            listed.iter().filter(|package| package.added).map(|package| vec![package.name.as_str()]).collect();
        let mut seen: BTreeSet<&str> = ways.iter().flatten().copied().collect();
        let mut index = 0;
        while let Some(way) = ways.get(index).cloned() {
            let last = way.last().copied().unwrap_or_default();
            if last == name {
                return Some(way.into_iter().map(str::to_owned).collect());
            }
            for package in listed.iter().filter(|package| package.name == last) {
                for next in package.requires.iter().filter(|next| listed.iter().any(|other| other.name == **next)) {
                    if seen.insert(next) {
                        ways.push(way.iter().copied().chain([next.as_str()]).collect());
                    }
                }
            }
            index += 1;
        }
        None
    }

    /// Leaves out the packages of Python that nothing asked for needs any more.
    pub fn prune_python(&mut self) {
        let kept: BTreeSet<String> = self
            .python
            .packages
            .iter()
            .map(|package| package.name.clone())
            .filter(|name| self.why(Ecosystem::Python, name).is_some())
            .collect();
        self.python.packages.retain(|package| kept.contains(&package.name));
    }

    /// The name of the set that these packages are, in the store of this kind of machine; `None` if there are none.
    pub fn set_name(&self, ecosystem: Ecosystem) -> Option<String> {
        let packages = match ecosystem {
            Ecosystem::Python => serde_json::to_vec(&self.python.packages),
            Ecosystem::JavaScript => serde_json::to_vec(&self.javascript.packages),
        };
        let packages = packages.ok().filter(|packages| packages != b"[]")?;
        let mut hasher = Sha256::new();
        hasher.update(format!("{FORMAT} {ecosystem} {}\n", std::env::consts::ARCH));
        hasher.update(packages);
        Some(format!("{ecosystem}-{}", crate::store::hexadecimal(&hasher.finalize())))
    }
}

fn parse_version(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> Result<(), String> {
    let text = match (ecosystem, version) {
        (_, None) => name.to_owned(),
        (Ecosystem::Python, Some(version)) => format!("{name}=={version}"),
        (Ecosystem::JavaScript, Some(version)) => format!("{name}@{version}"),
    };
    let request = Request::parse(ecosystem, &text).map_err(|error| error.to_string())?;
    if request.name == name { Ok(()) } else { Err(format!("`{name}` is not in the form `{}`", request.name)) }
}

/// A hash as pip's requirements write it.
pub(crate) fn is_hash(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:");
    digits.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn python(name: &str, version: &str, requires: &[&str]) -> PythonPackage {
        PythonPackage {
            name: name.to_owned(),
            version: version.to_owned(),
            files: [(format!("{name}.whl"), format!("sha256:{}", "0".repeat(64)))].into(),
            requires: requires.iter().map(|name| (*name).to_owned()).collect(),
            modules: vec![name.to_owned()],
        }
    }

    fn lock() -> LockFile {
        let mut lock = LockFile::default();
        lock.python.added = [("pandas".to_owned(), String::new()), ("httpx".to_owned(), "0.28.1".to_owned())].into();
        lock.python.packages = vec![
            python("httpx", "0.28.1", &["idna"]),
            python("idna", "3.1", &[]),
            python("numpy", "2.4.6", &[]),
            python("pandas", "3.1.1", &["numpy", "six"]),
            python("six", "1.17.0", &["numpy"]),
        ];
        lock.javascript.added = [("axios".to_owned(), String::new())].into();
        let details = |text: &str| serde_json::from_str(text).unwrap();
        lock.javascript.packages = vec![
            JavaScriptPackage {
                path: "node_modules/axios".to_owned(),
                version: "1.21.1".to_owned(),
                integrity: "sha512-x".to_owned(),
                details: details(r#"{"dependencies": {"@a/b": "^1.0.0"}, "optional": true}"#),
            },
            JavaScriptPackage {
                path: "node_modules/axios/node_modules/@a/b".to_owned(),
                version: "1.0.1".to_owned(),
                integrity: "sha512-y".to_owned(),
                details: BTreeMap::new(),
            },
        ];
        lock
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(None));
        assert_eq!(LockFile::read(&path).unwrap(), None);
        lock().write(&path).unwrap();
        assert_eq!(LockFile::read(&path).unwrap(), Some(lock()));
        assert!(fs::read_to_string(&path).unwrap().starts_with("# Written by"));
    }

    #[test]
    fn a_file_that_smuggles_something_in_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(None));
        let refused = |change: fn(&mut LockFile)| {
            let mut changed = lock();
            change(&mut changed);
            changed.write(&path).unwrap();
            LockFile::read(&path).unwrap_err().to_string()
        };
        refused(|lock| lock.format = 2);
        refused(|lock| lock.python.packages[0].name = "--index-url".to_owned());
        refused(|lock| lock.python.packages[0].version = "1 --index-url x".to_owned());
        refused(|lock| lock.python.packages[0].files = [("a".to_owned(), "sha256:x\n-r y".to_owned())].into());
        refused(|lock| lock.python.added = [("a/b".to_owned(), String::new())].into());
        refused(|lock| lock.javascript.packages[0].path = "../axios/..".to_owned());
        refused(|lock| lock.javascript.packages[0].version = "file:/etc".to_owned());
    }

    #[test]
    fn the_way_to_a_package_is_found() {
        let (lock, python) = (lock(), Ecosystem::Python);
        assert_eq!(lock.why(python, "numpy").unwrap(), ["pandas", "numpy"]);
        assert_eq!(lock.why(python, "httpx").unwrap(), ["httpx"]);
        assert_eq!(lock.why(python, "scipy"), None);
        assert_eq!(lock.why(Ecosystem::JavaScript, "@a/b").unwrap(), ["axios", "@a/b"]);
    }

    #[test]
    fn what_nobody_needs_is_left_out() {
        let mut lock = lock();
        lock.python.added.remove("pandas");
        lock.prune_python();
        let names: Vec<String> = lock.list(Ecosystem::Python).into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["httpx", "idna"]);
    }

    #[test]
    fn a_set_has_the_name_of_what_it_holds() {
        let (first, mut second) = (lock(), lock());
        assert_eq!(first.set_name(Ecosystem::Python), second.set_name(Ecosystem::Python));
        second.python.packages[0].version = "0.28.2".to_owned();
        assert_ne!(first.set_name(Ecosystem::Python), second.set_name(Ecosystem::Python));
        assert_eq!(first.set_name(Ecosystem::JavaScript), second.set_name(Ecosystem::JavaScript));
        assert_eq!(LockFile::default().set_name(Ecosystem::Python), None);
    }
}
