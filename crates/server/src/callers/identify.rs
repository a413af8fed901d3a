//! From a request to its caller.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};

use super::caller::Caller;
use super::key::{KeyHash, id_of};
use super::key_file::{KeyEntry, KeyFile, KeyFileError};
use crate::problem::{Kind, Problem};

/// Everybody who may send requests.
#[derive(Debug)]
pub(crate) struct Callers {
    file: Option<KeyFile>,
    known: RwLock<Known>,
    anonymous: Arc<Caller>,
}

#[derive(Debug, Default)]
struct Known {
    /// Once there was a key file, nobody comes without a key, even after the last one was revoked.
    needs_key: bool,
    by_id: HashMap<String, (KeyEntry, Arc<Caller>)>,
    /// What the file was like when it was read.
    stamp: Option<Stamp>,
}

/// Changes whenever the file is written.
type Stamp = (u64, i64, i64, u64);

impl Callers {
    /// Reads the keys. `requires_key`: nobody comes without one while there is no file either.
    pub(crate) fn load(file: Option<KeyFile>, requires_key: bool) -> Result<Self, KeyFileError> {
        let known = Known { needs_key: requires_key, ..Known::default() };
        let callers = Self { file, known: RwLock::new(known), anonymous: Arc::new(Caller::anonymous()) };
        if let Some(file) = &callers.file {
            callers.read(file, stamp(file))?;
        }
        Ok(callers)
    }

    /// Says in the log who can come, where that may not be what the operator expects.
    pub(crate) fn warn(&self) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let path = self.file.as_ref().map(|file| file.path().display().to_string());
        match path {
            Some(path) if known.needs_key && known.by_id.is_empty() => tracing::warn!(
                "there is no API key in `{path}`: every request is refused until `stockade keys add NAME --keys {path}`"
            ),
            _ if known.needs_key => {}
            _ => tracing::warn!(
                "there are no API keys: every program on this machine may run tasks; \
                 `--keys FILE` and `stockade keys add NAME --keys FILE` let in only whoever has a key"
            ),
        }
    }

    /// Reads the keys again if they have changed. After an error those that were known stay.
    pub(crate) fn reload(&self) -> Result<(), KeyFileError> {
        let Some(file) = &self.file else { return Ok(()) };
        let stamp = stamp(file);
        if stamp == self.known.read().unwrap_or_else(PoisonError::into_inner).stamp {
            return Ok(());
        }
        self.read(file, stamp)
    }

    fn read(&self, file: &KeyFile, stamp: Option<Stamp>) -> Result<(), KeyFileError> {
        let entries = file.read();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // A file that cannot be used is complained about once, not every second.
        known.stamp = stamp;
        // Who makes a key file wants keys, also while nothing in it can be used.
        known.needs_key |= stamp.is_some();
        let mut before = std::mem::take(&mut known.by_id);
        match entries {
            Ok(entries) => {
                known.by_id = entries
                    .into_iter()
                    .map(|entry| {
                        // Its rate and its tasks go on counting.
                        let same = before.remove(&entry.id).filter(|(known, _)| *known == entry);
                        let caller = match same {
                            Some((_, caller)) => caller,
                            None => Arc::new(Caller::new(&entry.id, &entry.name, entry.policy.clone())),
                        };
                        (entry.id.clone(), (entry, caller))
                    })
                    .collect();
                Ok(())
            }
            Err(error) => {
                known.by_id = before;
                Err(error)
            }
        }
    }

    /// Whether every request needs a key.
    pub(crate) fn need_key(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).needs_key
    }

    /// The caller of a request.
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if !known.needs_key {
            drop(known);
            check_host(headers)?;
            return Ok(Arc::clone(&self.anonymous));
        }
        if known.by_id.is_empty() {
            return Err(Problem::new(
                Kind::Unauthenticated,
                "there is no API key that could be sent; whoever runs the service makes one with `stockade keys add NAME`",
            ));
        }
        let missing = || Problem::new(Kind::Unauthenticated, "send an API key: `Authorization: Bearer stockade_…`");
        let key = bearer(headers).ok_or_else(missing)?;
        let wrong = || Problem::new(Kind::Unauthenticated, "this API key is not known; it may have been revoked");
        let found = id_of(key).and_then(|id| known.by_id.get(id));
        match found {
            Some((entry, caller)) if entry.sha256.is_of(key) => Ok(Arc::clone(caller)),
            Some(_) => Err(wrong()),
            None => {
                // As long as for a wrong secret, so that ids cannot be told from others by the time.
                let _ = KeyHash::of("").is_of(key);
                Err(wrong())
            }
        }
    }
}

fn stamp(file: &KeyFile) -> Option<Stamp> {
    let metadata = fs::metadata(file.path()).ok()?;
    Some((metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.size()))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Without keys only this machine may call. A web page in a browser here is not this machine, even when its name
/// leads here (DNS rebinding): it cannot choose the `Host` that its browser sends.
fn check_host(headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let is_here = host.as_ref().is_some_and(|host| {
        let name = host.host();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
    });
    if is_here {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Misdirected,
        "a service without API keys is for `localhost` only; make one with `stockade keys add`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callers::Policy;
    use axum::http::HeaderValue;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_bytes(value.as_bytes()).unwrap())].into_iter().collect()
    }

    #[test]
    fn only_this_machine_comes_without_a_key() {
        let callers = Callers::load(None, false).unwrap();
        let comes = |host: &str| callers.identify(&headers(header::HOST, host)).is_ok();
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.9.9.9", "[::1]:3000"] {
            assert!(comes(host), "{host}");
        }
        for host in ["example.org", "localhost.example.org", "10.0.0.1:3000", "", "[::2]", "127.0.0.1.example.org"] {
            assert!(!comes(host), "{host}");
        }
        assert_eq!(callers.identify(&HeaderMap::new()).unwrap_err().kind(), Kind::Misdirected);
    }

    #[test]
    fn changes_of_the_file_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("keys.toml"));
        let callers = Callers::load(Some(file.clone()), false).unwrap();
        assert!(!callers.need_key());
        let (ada, grace) = (file.add("ada", Policy::default()).unwrap(), file.add("grace", Policy::default()).unwrap());
        callers.reload().unwrap();
        let identify = |key: &str| callers.identify(&headers(header::AUTHORIZATION, &format!("Bearer {key}")));
        assert_eq!(&*identify(ada.reveal()).unwrap().name(), "ada");
        let before = identify(grace.reveal()).unwrap();
        let local = headers(header::HOST, "localhost");
        assert_eq!(callers.identify(&local).unwrap_err().kind(), Kind::Unauthenticated);

        file.revoke("ada").unwrap();
        callers.reload().unwrap();
        assert_eq!(identify(ada.reveal()).unwrap_err().kind(), Kind::Unauthenticated);
        assert!(Arc::ptr_eq(&before, &identify(grace.reveal()).unwrap()), "its counters begin again");

        fs::write(file.path(), "nonsense").unwrap();
        assert!(callers.reload().is_err());
        assert!(callers.reload().is_ok(), "it complains again");
        assert!(identify(grace.reveal()).is_ok());
        fs::remove_file(file.path()).unwrap();
        callers.reload().unwrap();
        assert_eq!(identify(grace.reveal()).unwrap_err().kind(), Kind::Unauthenticated);
        assert_eq!(callers.identify(&local).unwrap_err().kind(), Kind::Unauthenticated, "it opens without keys");
    }

    #[test]
    fn a_file_without_keys_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("keys.toml"));
        let local = headers(header::HOST, "localhost");
        let comes = |requires_key| Callers::load(Some(file.clone()), requires_key).unwrap().identify(&local);
        assert!(comes(false).is_ok());
        assert!(comes(true).unwrap_err().detail().contains("`stockade keys add NAME`"));
        file.add("ada", Policy::default()).unwrap();
        file.revoke("ada").unwrap();
        assert_eq!(comes(false).unwrap_err().kind(), Kind::Unauthenticated);

        // Not readable is not the same as not there.
        let inside = folder.path().join("keys.toml").join("keys.toml");
        assert!(Callers::load(Some(KeyFile::new(inside)), false).is_err());
    }

    #[test]
    fn a_wrong_secret_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("keys.toml"));
        let key = file.add("ada", Policy::default()).unwrap();
        let callers = Callers::load(Some(file), false).unwrap();
        let key = key.reveal();
        let mut wrong = key.to_owned();
        let last = if wrong.pop() == Some('0') { '1' } else { '0' };
        wrong.push(last);
        for value in [wrong.as_str(), "", "stockade__", &key[..40], &key.to_uppercase()] {
            let problem = callers.identify(&headers(header::AUTHORIZATION, &format!("Bearer {value}"))).unwrap_err();
            assert_eq!(problem.kind(), Kind::Unauthenticated, "{value}");
        }
        assert!(callers.identify(&headers(header::AUTHORIZATION, &format!("Basic {key}"))).is_err());
        let mut twice = headers(header::AUTHORIZATION, &format!("Bearer {key}"));
        twice.append(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}")).unwrap());
        assert!(callers.identify(&twice).is_err());
    }
}
