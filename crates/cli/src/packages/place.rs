//! Where the lock file and the store are, and what runs take from them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use stockade_engine::{RuntimeConfiguration, RuntimeKind};
use stockade_packages::request::Ecosystem;
use stockade_packages::{LockFile, PackagesError, Store, lock};

use crate::failure::Failure;

/// Names the store.
pub(crate) const VARIABLE: &str = "STOCKADE_PACKAGE_STORE";

impl From<PackagesError> for Failure {
    fn from(error: PackagesError) -> Self {
        let hint = error.hint();
        match error {
            PackagesError::File { .. } | PackagesError::Damaged { .. } => Self::setup(&error, hint),
            _ => Self::validation(&error, hint),
        }
    }
}

/// The lock file beside a configuration, or in the current folder.
pub(super) fn lock_path(configuration: Option<&Path>) -> PathBuf {
    configuration.and_then(Path::parent).unwrap_or(Path::new("")).join(lock::FILE_NAME)
}

/// The store that was named, else that of this user. An empty name is none.
pub(super) fn store(named: Option<OsString>) -> Result<Store, Failure> {
    let set = |path: &OsString| !path.is_empty();
    if let Some(path) = named.filter(set) {
        let path = std::path::absolute(&path).unwrap_or_else(|_| path.into());
        return Ok(Store::at(path));
    }
    let data = std::env::var_os("XDG_DATA_HOME").filter(set).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").filter(set).map(|home| PathBuf::from(home).join(".local/share"));
    match data.or_else(home) {
        Some(folder) => Ok(Store::at(folder.join("stockade/packages"))),
        None => Err(Failure::setup(
            &"there is no place for packages: neither XDG_DATA_HOME nor HOME is set",
            Some(format!("name a folder with `--store` or {VARIABLE}")),
        )),
    }
}

/// Gives each runtime without packages of its own those of the lock file beside the configuration, if there is one.
pub(crate) fn use_locked(runtimes: &mut [RuntimeConfiguration], configuration: Option<&Path>) -> Result<(), Failure> {
    let path = lock_path(configuration);
    let Some(lock) = LockFile::read(&path)? else { return Ok(()) };
    for runtime in runtimes {
        if runtime.packages.is_some() || !matches!(runtime.kind, RuntimeKind::Zygote { .. }) {
            continue;
        }
        let Ok(ecosystem) = Ecosystem::of(&runtime.language) else { continue };
        if let Some(set) = lock.set_name(ecosystem) {
            let found = store(std::env::var_os(VARIABLE))?.find(&set);
            let missing = || PackagesError::NotInstalled { language: ecosystem.name(), lock: path.clone() };
            runtime.packages = Some(found.ok_or_else(missing)?);
        }
    }
    Ok(())
}
