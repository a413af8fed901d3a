//! The file of the API keys: TOML, with a `[[keys]]` section for each.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::caller::{Policy, RESERVED_NAMES};
use super::key::{Key, KeyHash};
use crate::clock;

const HEADER: &str = "# API keys of Stockade. `stockade keys add`, `list` and `revoke` change this file; the service \
                      reads it again when it changes.\n\n";
/// Characters of a name.
const MAXIMUM_NAME_LENGTH: usize = 64;

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// Whose it is; stands in metrics and in the audit log.
    pub name: String,
    /// The part of the key that tells keys apart.
    pub id: String,
    /// Proof of the key.
    pub sha256: KeyHash,
    /// When it was made, RFC 3339.
    pub created: String,
    /// What its holder may do.
    #[serde(default)]
    pub policy: Policy,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    #[serde(default)]
    keys: Vec<KeyEntry>,
}

/// Why keys cannot be read or changed.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// Missing folder, not permitted, …
    #[error("cannot read the keys `{path}`: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Not permitted, no space, …
    #[error("cannot write the keys `{path}`: {source}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Not TOML, an unknown key, or a value that no key takes.
    #[error("the keys `{path}` cannot be used: {message}", path = path.display())]
    Contents {
        /// The file.
        path: PathBuf,
        /// With its line.
        message: String,
    },
    /// It goes into logs and metrics.
    #[error("the name of a key has 1 to {MAXIMUM_NAME_LENGTH} letters, digits, `-`, `_` and `.`, not `{0}`")]
    Name(String),
    /// It would look like another kind of caller in logs.
    #[error("the name `{0}` is that of callers without a key; choose another name")]
    NameReserved(String),
    /// Each holder has a name of its own.
    #[error("there is a key with the name `{0}` already; revoke it first, or choose another name")]
    NameTaken(String),
    /// Nothing to revoke.
    #[error("there is no key with the name `{0}`")]
    NoSuchName(String),
    /// The kernel gives no random numbers.
    #[error("cannot make a key: {0}")]
    Random(#[from] getrandom::Error),
}

/// The file of the keys. One that is not there has no keys.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// Nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All keys, in the order in which they were made.
    pub fn read(&self) -> Result<Vec<KeyEntry>, KeyFileError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(KeyFileError::Read { path: self.path.clone(), source }),
        };
        let contents: Contents = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            self.contents(format!("line {line}: {}", error.message()))
        })?;
        for (index, entry) in contents.keys.iter().enumerate() {
            check_name(&entry.name)?;
            if contents.keys[..index].iter().any(|other| other.name == entry.name || other.id == entry.id) {
                return Err(self.contents(format!("two keys have the name `{}` or its id", entry.name)));
            }
        }
        Ok(contents.keys)
    }

    fn contents(&self, message: String) -> KeyFileError {
        KeyFileError::Contents { path: self.path.clone(), message }
    }

    /// Makes a key.
    pub fn add(&self, name: &str, policy: Policy) -> Result<Key, KeyFileError> {
        check_name(name)?;
        let key = Key::generate()?;
        self.change(|keys| {
            if keys.iter().any(|entry| entry.name == name) {
                return Err(KeyFileError::NameTaken(name.to_owned()));
            }
            keys.push(KeyEntry {
                name: name.to_owned(),
                id: key.id().to_owned(),
                sha256: key.hash(),
                created: clock::now(),
                policy,
            });
            Ok(())
        })?;
        Ok(key)
    }

    /// Takes a key back: the service refuses it within about a second.
    pub fn revoke(&self, name: &str) -> Result<(), KeyFileError> {
        self.change(|keys| {
            let before = keys.len();
            keys.retain(|entry| entry.name != name);
            if keys.len() < before { Ok(()) } else { Err(KeyFileError::NoSuchName(name.to_owned())) }
        })
    }

    /// Reads, changes and replaces the file; no reader sees a part of it, and no other change is lost.
    fn change(&self, change: impl FnOnce(&mut Vec<KeyEntry>) -> Result<(), KeyFileError>) -> Result<(), KeyFileError> {
        let failed = |source| KeyFileError::Write { path: self.path.clone(), source };
        let beside = |extension: &str| {
            let mut name = self.path.clone().into_os_string();
            name.push(extension);
            PathBuf::from(name)
        };
        let lock = private(&beside(".lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut keys = self.read()?;
        change(&mut keys)?;
        let text = toml::to_string(&Contents { keys }).map_err(|error| failed(io::Error::other(error)))?;
        let temporary = beside(".new");
        let written = private(&temporary).and_then(|mut file| {
            file.write_all(HEADER.as_bytes())?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)
        });
        written.map_err(failed)
    }
}

/// An empty file that its owner alone can read.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn check_name(name: &str) -> Result<(), KeyFileError> {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if !(1..=MAXIMUM_NAME_LENGTH).contains(&name.len()) || !name.chars().all(is_allowed) {
        return Err(KeyFileError::Name(crate::task::printable(name)));
    }
    if RESERVED_NAMES.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        return Err(KeyFileError::NameReserved(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use stockade_protocol::Language;

    fn file(folder: &tempfile::TempDir) -> KeyFile {
        KeyFile::new(folder.path().join("keys.toml"))
    }

    #[test]
    fn keys_are_made_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        assert_eq!(file.read().unwrap(), []);
        let policy = Policy {
            rate: Some("10/s".parse().unwrap()),
            concurrency: Some(4),
            languages: Some([Language::Python].into()),
            packages: Some(["json".to_owned()].into()),
            package_sets: Some(vec!["reports".to_owned()]),
            hosts: Some(vec!["*.example.org".parse().unwrap()]),
            ceilings: super::super::Ceilings { timeout_ms: Some(1000), ..Default::default() },
        };
        let key = file.add("ada", policy.clone()).unwrap();
        file.add("grace", Policy::default()).unwrap();
        let keys = file.read().unwrap();
        assert_eq!((keys[0].name.as_str(), &keys[0].policy), ("ada", &policy));
        assert!(keys[0].sha256.is_of(key.reveal()));
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains(&key.reveal()[20..]), "the key itself is kept:\n{text}");
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);

        assert!(matches!(file.add("ada", Policy::default()), Err(KeyFileError::NameTaken(_))));
        file.revoke("ada").unwrap();
        assert!(matches!(file.revoke("ada"), Err(KeyFileError::NoSuchName(_))));
        assert_eq!(file.read().unwrap().len(), 1);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        let good = "[[keys]]\nname = \"a\"\nid = \"1\"\ncreated = \"\"\nsha256 = \"";
        let hash = "0".repeat(64);
        let mistakes = [
            "keys = 1".to_owned(),
            "[[key]]\n".to_owned(),
            format!("{good}{hash}\"\nrate = \"1/s\"\n"),
            format!("{good}{hash}\"\npolicy.rate = \"often\"\n"),
            format!("{good}{hash}\"\npolicy.rat = \"1/s\"\n"),
            format!("{good}00\"\n"),
            format!("{good}{hash}\"\n{good}{hash}\"\n"),
        ];
        let messages = mistakes.map(|text| {
            fs::write(file.path(), text).unwrap();
            file.read().unwrap_err().to_string().replace(folder.path().to_str().unwrap(), "[FOLDER]")
        });
        insta::assert_snapshot!(messages.join("\n"));
        for name in ["", "a b", "é", "a\n", &"x".repeat(65)] {
            assert!(matches!(file.add(name, Policy::default()), Err(KeyFileError::Name(_))), "{name:?}");
        }
        for name in ["anonymous", "nautilus", "Anonymous"] {
            assert!(matches!(file.add(name, Policy::default()), Err(KeyFileError::NameReserved(_))), "{name:?}");
        }
    }
}
