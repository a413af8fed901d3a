//! Packages that change while a service runs: its engine gets them without a restart.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stockade_engine::{Engine, EngineConfiguration};
use stockade_protocol::Language;

use super::place::{Locked, has_none, modules};
use crate::failure::Failure;

/// Time between two looks at the lock files. A look asks for their times and sizes, and no more.
const PAUSE: Duration = Duration::from_secs(1);

/// The lock files that an engine takes its packages from.
#[derive(Debug)]
pub(crate) struct Watch(Vec<Watched>);

#[derive(Debug)]
struct Watched {
    locked: Locked,
    /// The name by which the engine knows the set.
    set: Option<String>,
    languages: Vec<Of>,
    /// What the file looked like when its contents were taken over; `None` before the first time.
    taken: Option<Stamp>,
    /// What was last said of it, so that it is said once.
    complaint: Option<String>,
}

/// One language of a lock file.
#[derive(Debug)]
struct Of {
    language: Language,
    folder: Option<PathBuf>,
    /// To be preloaded, unless the operator has said what is.
    modules: Vec<String>,
}

/// Something to tell the operator.
#[derive(Debug)]
pub(crate) enum News {
    /// It went well.
    Change(String),
    /// It did not.
    Warning(String),
}

/// What tells one version of a file from another; empty for a file that is not there.
type Stamp = Option<(i64, i64, u64, u64)>;

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    // A file that is written anew is another one, whatever its time.
    Some((found.mtime(), found.mtime_nsec(), found.size(), found.ino()))
}

impl Watch {
    /// The lock files of an engine that has not got its packages from them yet; `set` is that of tasks that name none.
    pub(crate) fn of(engine: &EngineConfiguration, set: Option<&str>, configuration: Option<&Path>) -> Self {
        let named = |name| (Some(name), Some(name));
        let sets = engine.package_sets.iter().map(|(name, runtimes)| (named(name.as_str()), runtimes));
        let all = sets.chain([((None, set), &engine.runtimes)]).map(|((set, of_file), runtimes)| {
            let languages = runtimes.iter().filter(|runtime| has_none(runtime)).map(|runtime| runtime.language.clone());
            Watched {
                locked: Locked::new(of_file, configuration),
                set: set.map(str::to_owned),
                languages: languages.map(|language| Of { language, folder: None, modules: Vec::new() }).collect(),
                taken: None,
                complaint: None,
            }
        });
        Self(all.filter(|watched| !watched.languages.is_empty()).collect())
    }

    /// Gives the engine what changes, for as long as this is polled.
    pub(crate) async fn follow(mut self, engine: Engine, tell: impl Fn(News)) {
        for watched in &mut self.0 {
            watched.begin(&engine);
        }
        loop {
            for watched in &mut self.0 {
                watched.look(&engine, &tell).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Watched {
    /// Notes what the engine was started with. A language that has got its packages from elsewhere keeps them.
    fn begin(&mut self, engine: &Engine) {
        let lock = self.locked.read().ok().flatten().unwrap_or_default();
        self.languages.retain_mut(|of| {
            let runtime = engine.configuration(self.set.as_deref(), &of.language);
            of.folder = runtime.and_then(|runtime| runtime.packages.clone());
            of.modules = modules(&lock, &of.language);
            of.folder.is_none() || self.locked.folder(&lock, &of.language).is_ok_and(|folder| folder.is_some())
        });
    }

    async fn look(&mut self, engine: &Engine, tell: &impl Fn(News)) {
        let path = self.locked.path.clone();
        let Ok(seen) = tokio::task::spawn_blocking(move || stamp(&path)).await else { return };
        if self.taken.as_ref() == Some(&seen) {
            return;
        }
        match self.take_over(engine, tell).await {
            Ok(()) => {
                self.taken = Some(seen);
                self.complaint = None;
            }
            // Tried again until it works: what the file names may be installed after it.
            Err(failure) => {
                let what = self.locked.path.display();
                let hint = failure.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                let complaint =
                    format!("packages stay as they were before `{what}` changed: {}{hint}", failure.message);
                if self.complaint.as_ref() != Some(&complaint) {
                    tell(News::Warning(complaint.clone()));
                    self.complaint = Some(complaint);
                }
            }
        }
    }

    /// Reads the lock file and replaces what it changes.
    async fn take_over(&mut self, engine: &Engine, tell: &impl Fn(News)) -> Result<(), Failure> {
        let lock = self.locked.read()?.unwrap_or_default();
        for of in &mut self.languages {
            let folder = self.locked.folder(&lock, &of.language)?;
            // A language that is not served has nothing to be replaced.
            let Some(runtime) = engine.configuration(self.set.as_deref(), &of.language) else { continue };
            let modules = modules(&lock, &of.language);
            if folder == of.folder && (modules == of.modules || runtime.preload_packages.is_none()) {
                continue;
            }
            let mut runtime = (*runtime).clone();
            runtime.packages.clone_from(&folder);
            runtime.preload_packages = runtime.preload_packages.map(|_| modules.clone());
            let language = &of.language;
            let of_set = self.locked.set.as_ref().map(|set| format!(" of the set `{set}`")).unwrap_or_default();
            match engine.replace(self.set.as_deref(), runtime).await {
                Ok(missing) => {
                    tell(News::Change(format!("the {language} packages{of_set} have changed; new tasks have them")));
                    missing.iter().for_each(|missing| tell(News::Warning(format!("could not preload {missing}"))));
                    (of.folder, of.modules) = (folder, modules);
                }
                // Another attempt would go the same way: the next change is waited for.
                Err(error) => {
                    tell(News::Warning(format!("the {language} packages{of_set} stay as they were: {error}")))
                }
            }
        }
        Ok(())
    }
}
