//! The steps of `stockade packages`.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use stockade_packages::archive::Bounds;
use stockade_packages::install::{self, Change};
use stockade_packages::lock::Listed;
use stockade_packages::request::{Ecosystem, Request};
use stockade_packages::{LockFile, PackagesError, Store};
use stockade_protocol::Language;

use super::arguments::{Action, InstallationOptions, PackagesArguments};
use super::clients;
use super::installation::Installation;
use super::place::{lock_path, store};
use super::set;
use crate::configuration::find;
use crate::execution::{print_json, print_message, print_text};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::render::{Paint, failure, warning};

/// Does what was asked; gives the exit status.
pub(crate) fn packages(arguments: &PackagesArguments) -> ExitStatus {
    let done = match &arguments.action {
        Action::Add(add) => ecosystem(&add.language).and_then(|ecosystem| {
            let requests: Result<_, PackagesError> =
                add.names.iter().map(|name| Request::parse(ecosystem, name)).collect();
            changer(arguments, &add.options)?.change(ecosystem, &Change::Add(requests?))
        }),
        Action::Remove(remove) => ecosystem(&remove.language).and_then(|ecosystem| {
            let named = |name: &String| Request::parse(ecosystem, name).map(|request| request.name);
            let names: Result<_, PackagesError> = remove.names.iter().map(named).collect();
            changer(arguments, &remove.options)?.change(ecosystem, &Change::Remove(names?))
        }),
        Action::Install(install) => ecosystems(install.language.as_deref()).and_then(|ecosystems| {
            let changer = changer(arguments, &install.options)?;
            ecosystems.into_iter().try_for_each(|ecosystem| changer.install(ecosystem))
        }),
        Action::List { language, json, configuration } => {
            read(arguments, configuration.as_deref()).and_then(|lock| list(language.as_deref(), *json, &lock))
        }
        Action::Why { language, name, configuration } => {
            read(arguments, configuration.as_deref()).and_then(|lock| why(language, name, &lock))
        }
        Action::Verify(verify) => changer(arguments, &verify.options).and_then(|changer| changer.verify(verify.repair)),
    };
    match done {
        Ok(()) => ExitStatus::Ok,
        Err(error) => {
            print_message(&failure(&error, Paint::of(&io::stderr())));
            error.status
        }
    }
}

fn ecosystem(language: &str) -> Result<Ecosystem, Failure> {
    Ok(Ecosystem::of(&Language::from(language.to_owned()))?)
}

fn ecosystems(language: Option<&str>) -> Result<Vec<Ecosystem>, Failure> {
    language.map_or(Ok(Ecosystem::ALL.to_vec()), |language| ecosystem(language).map(|ecosystem| vec![ecosystem]))
}

fn read(arguments: &PackagesArguments, configuration: Option<&OsStr>) -> Result<LockFile, Failure> {
    let set = set::named(arguments.package_set.as_deref());
    let path = lock_path(find(configuration.map(Path::new)), set);
    match (LockFile::read(&path)?, set) {
        (Some(lock), _) => Ok(lock),
        (None, None) => Ok(LockFile::default()),
        (None, Some(name)) => {
            let message = format!("nothing was installed for a package set `{name}`: there is no `{}`", path.display());
            Err(Failure::validation(&message, None))
        }
    }
}

fn list(language: Option<&str>, json: bool, lock: &LockFile) -> Result<(), Failure> {
    let listed: Vec<Listed> = ecosystems(language)?.into_iter().flat_map(|ecosystem| lock.list(ecosystem)).collect();
    if json {
        let text = serde_json::to_string(&listed);
        return print_json(&text.map_err(|error| Failure::internal(error.to_string()))?);
    }
    let mut text = String::new();
    for package in listed {
        let _ = write!(text, "{} {} {}", package.language, package.name, package.version);
        text.push_str(if package.added { "\n" } else { " (needed by others)\n" });
    }
    print_text(&text)
}

fn why(language: &str, name: &str, lock: &LockFile) -> Result<(), Failure> {
    let ecosystem = ecosystem(language)?;
    let name = Request::parse(ecosystem, name)?.name;
    match lock.why(ecosystem, &name) {
        Some(way) => print_text(&format!("{}\n", way.join(" → "))),
        None => {
            let hint = format!("`stockade packages list {ecosystem}` shows those that are");
            Err(Failure::validation(&format_args!("`{name}` is not among the {ecosystem} packages"), Some(hint)))
        }
    }
}

/// What changes packages.
struct Changer<'command> {
    options: &'command InstallationOptions,
    configuration: stockade_engine::EngineConfiguration,
    set: Option<&'command str>,
    lock: PathBuf,
    store: Store,
}

fn changer<'command>(
    arguments: &'command PackagesArguments,
    options: &'command InstallationOptions,
) -> Result<Changer<'command>, Failure> {
    let configuration = options.engine.load(options.python.as_deref())?;
    let set = set::named(arguments.package_set.as_deref());
    set.map_or(Ok(()), |name| set::check(&configuration, name).map(drop))?;
    Ok(Changer {
        options,
        configuration,
        set,
        lock: lock_path(options.engine.configuration_file().as_deref(), set),
        store: store(arguments.store.clone())?,
    })
}

impl Changer<'_> {
    fn read(&self) -> Result<LockFile, Failure> {
        Ok(LockFile::read(&self.lock)?.unwrap_or_default())
    }

    /// Adds or removes: installs, then writes the lock file. Whatever fails, both are as they were.
    fn change(&self, ecosystem: Ecosystem, change: &Change) -> Result<(), Failure> {
        let _lock = self.store.lock()?;
        let before = self.read()?;
        let mut lock = before.clone();
        if let Change::Remove(names) = change {
            for name in names {
                if lock.added_mut(ecosystem).remove(name).is_none() {
                    let (name, language) = (name.clone(), ecosystem.name());
                    return Err(PackagesError::NotAdded { name, language }.into());
                }
            }
            if ecosystem == Ecosystem::Python {
                lock.prune_python();
            }
            if lock.added(ecosystem).is_empty() {
                lock.clear(ecosystem);
            }
        }
        if !lock.added(ecosystem).is_empty() || matches!(change, Change::Add(_)) {
            self.perform(ecosystem, change, &mut lock)?;
        }
        lock.write(&self.lock)?;
        print_text(&difference(&before.list(ecosystem), &lock.list(ecosystem)))
    }

    /// Installs what the lock file names, if the store lacks it.
    fn install(&self, ecosystem: Ecosystem) -> Result<(), Failure> {
        let _lock = self.store.lock()?;
        let mut lock = self.read()?;
        match lock.set_name(ecosystem) {
            Some(set) if self.store.find(&set).is_none() => self.perform(ecosystem, &Change::Install, &mut lock),
            _ => Ok(()),
        }
    }

    fn perform(&self, ecosystem: Ecosystem, change: &Change, lock: &mut LockFile) -> Result<(), Failure> {
        let language = ecosystem.language();
        let runtime = self.configuration.runtimes.iter().find(|runtime| runtime.language == language);
        let runtime = runtime.ok_or_else(|| Failure::internal(format!("there is no {ecosystem}")))?;
        let folder = self.lock.parent().unwrap_or(Path::new(""));
        let (index, left_out) = clients::index(ecosystem, runtime, folder)?;
        if let Some(left_out) = left_out {
            print_message(&warning(&left_out, Paint::of(&io::stderr())));
        }
        let installation = Installation {
            ecosystem,
            configuration: &self.configuration,
            limits: &self.options.limits,
            index: &index,
            scripts: self.options.allow_scripts,
        };
        let mut archive = self.store.scratch()?;
        let copy = archive.try_clone().map_err(|error| Failure::setup(&error, None))?;
        let named = lock.set_name(ecosystem);
        let installed = installation.run(lock, change, copy)?;
        install::accept(ecosystem, lock, change, &installed.answer, &installed.hosts)?;
        archive.rewind().map_err(|error| Failure::setup(&error, None))?;
        // What is installed from the lock file is what the file names, under its name.
        let set = if *change == Change::Install { named } else { lock.set_name(ecosystem) };
        let set = set.ok_or_else(|| PackagesError::Answer("it has no packages".to_owned()))?;
        self.store.compose(&set, archive, Bounds::default())?;
        Ok(())
    }

    fn verify(&self, repair: bool) -> Result<(), Failure> {
        let lock = self.read()?;
        for ecosystem in Ecosystem::ALL {
            let Some(set) = lock.set_name(ecosystem) else { continue };
            let verified = match self.store.find(&set) {
                Some(_) => self.store.verify(&set),
                None => Err(PackagesError::NotInstalled {
                    language: ecosystem.name(),
                    lock: self.lock.clone(),
                    package_set: self.set.map(str::to_owned),
                }),
            };
            match verified {
                Ok(files) => print_text(&format!("{ecosystem}: {files} files are as they were installed\n"))?,
                Err(error) if !repair => return Err(error.into()),
                Err(error) => {
                    print_message(&warning(&error.to_string(), Paint::of(&io::stderr())));
                    let _lock = self.store.lock()?;
                    self.store.forget(&set)?;
                    self.perform(ecosystem, &Change::Install, &mut lock.clone())?;
                    print_text(&format!("{ecosystem}: installed anew\n"))?;
                }
            }
        }
        Ok(())
    }
}

/// What came and what went.
fn difference(before: &[Listed], after: &[Listed]) -> String {
    let is_in = |package: &Listed, others: &[Listed]| {
        others.iter().any(|other| (&other.name, &other.version) == (&package.name, &package.version))
    };
    let gone = before.iter().filter(|package| !is_in(package, after)).map(|package| ('-', package));
    let come = after.iter().filter(|package| !is_in(package, before)).map(|package| ('+', package));
    gone.chain(come).map(|(sign, package)| format!("{sign} {} {}\n", package.name, package.version)).collect()
}
