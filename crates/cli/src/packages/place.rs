//! Where the lock file and the store are, and what runs take from them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use stockade_engine::{EngineConfiguration, RuntimeConfiguration, RuntimeKind};
use stockade_packages::request::Ecosystem;
use stockade_packages::{LockFile, PackagesError, Store, lock};
use stockade_protocol::Language;

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

/// The lock file of a package set, or of the packages without one: beside a configuration, or in the current folder.
pub(super) fn lock_path(configuration: Option<&Path>, set: Option<&str>) -> PathBuf {
    configuration.and_then(Path::parent).unwrap_or(Path::new("")).join(lock::file_name(set))
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

/// Gives the runtimes and the package sets without packages of their own those of the lock files beside the
/// configuration, where there are any.
pub(crate) fn use_locked(engine: &mut EngineConfiguration, configuration: Option<&Path>) -> Result<(), Failure> {
    of_lock_file(&mut engine.runtimes, None, configuration)?;
    engine.package_sets.iter_mut().try_for_each(|(set, runtimes)| of_lock_file(runtimes, Some(set), configuration))
}

/// The same for the runtimes of one package set, or of none.
pub(crate) fn of_lock_file(
    runtimes: &mut [RuntimeConfiguration],
    set: Option<&str>,
    configuration: Option<&Path>,
) -> Result<(), Failure> {
    let locked = Locked::new(set, configuration);
    let Some(lock) = locked.read()? else { return Ok(()) };
    for runtime in runtimes.iter_mut().filter(|runtime| has_none(runtime)) {
        runtime.packages = locked.folder(&lock, &runtime.language)?;
        if let Some(preload) = &mut runtime.preload_packages {
            *preload = modules(&lock, &runtime.language);
        }
    }
    Ok(())
}

/// Whether a runtime takes its packages from a lock file.
pub(super) fn has_none(runtime: &RuntimeConfiguration) -> bool {
    runtime.packages.is_none() && matches!(runtime.kind, RuntimeKind::Zygote { .. })
}

/// What code imports of the packages that somebody has asked for. What those need comes with them.
pub(super) fn modules(lock: &LockFile, language: &Language) -> Vec<String> {
    let Some(ecosystem) = Ecosystem::of(language).ok() else { return Vec::new() };
    let added = lock.list(ecosystem).into_iter().filter(|package| package.added);
    added.flat_map(|package| package.modules).filter(|module| !module.starts_with('_')).collect()
}

/// The lock file of a package set, or of none.
#[derive(Debug, Clone)]
pub(super) struct Locked {
    pub(super) set: Option<String>,
    pub(super) path: PathBuf,
}

impl Locked {
    pub(super) fn new(set: Option<&str>, configuration: Option<&Path>) -> Self {
        Self { set: set.map(str::to_owned), path: lock_path(configuration, set) }
    }

    /// The file; `None` if there is none.
    pub(super) fn read(&self) -> Result<Option<LockFile>, Failure> {
        Ok(LockFile::read(&self.path)?)
    }

    /// The folder of the store with what the file names for a language; `None` if it names nothing.
    pub(super) fn folder(&self, lock: &LockFile, language: &Language) -> Result<Option<PathBuf>, Failure> {
        let Some(ecosystem) = Ecosystem::of(language).ok() else { return Ok(None) };
        let Some(name) = lock.set_name(ecosystem) else { return Ok(None) };
        let found = store(std::env::var_os(VARIABLE))?.find(&name);
        let missing = || PackagesError::NotInstalled {
            language: ecosystem.name(),
            lock: self.path.clone(),
            package_set: self.set.clone(),
        };
        Ok(Some(found.ok_or_else(missing)?))
    }
}
