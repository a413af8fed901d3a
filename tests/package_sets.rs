//! Package sets: zygotes that are started when a task names them, stopped when there are too many, and replaced while
//! tasks run.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use stockade_engine::{Engine, EngineConfiguration, PackageSetStatus, RuntimeConfiguration, TaskEvent};
use stockade_protocol::{ErrorCode, Language, Task};
use stockade_tests::{code, configuration, descendants, run, runtime, start, wait_until};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// The value of the module `origin`, which every set has in another form.
const ORIGIN: &str = "import origin\nreturn origin.name\n";

/// Folders with the module `origin`, each with its own.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new(names: &[&str]) -> Self {
        let folders = Self(tempfile::tempdir().unwrap());
        for name in names {
            folders.write(name, &format!("name = '{name}'\n"));
        }
        folders
    }

    fn write(&self, folder: &str, origin: &str) {
        std::fs::create_dir_all(self.path(folder)).unwrap();
        std::fs::write(self.path(folder).join("origin.py"), origin).unwrap();
    }

    fn path(&self, folder: &str) -> std::path::PathBuf {
        self.0.path().join(folder)
    }

    /// Python with the folder of this name.
    fn python(&self, folder: &str) -> RuntimeConfiguration {
        with_packages(&configuration(&[Language::Python]), &self.path(folder))
    }

    /// An engine whose own packages are those of the first folder, and a set for each other one.
    fn engine(&self, folders: &[&str], change: impl FnOnce(&mut EngineConfiguration)) -> Engine {
        let mut configuration = configuration(&[Language::Python]);
        let (first, sets) = folders.split_first().unwrap();
        configuration.runtimes = vec![self.python(first)];
        let sets = sets
            .iter()
            .map(|name| ((*name).to_owned(), vec![RuntimeConfiguration { waiting_workers: 1, ..self.python(name) }]));
        configuration.package_sets = sets.collect();
        change(&mut configuration);
        runtime().block_on(start(configuration)).unwrap()
    }
}

fn with_packages(configuration: &EngineConfiguration, folder: &Path) -> RuntimeConfiguration {
    RuntimeConfiguration {
        packages: Some(folder.to_owned()),
        preload: vec!["origin".to_owned()],
        ..configuration.runtimes[0].clone()
    }
}

fn task(set: &str, text: &'static str) -> Task {
    Task { package_set: Some(set.to_owned()), ..code(&Language::Python, text) }
}

fn set(engine: &Engine, name: &str) -> PackageSetStatus {
    engine.status().package_sets.into_iter().find(|set| set.name == name).unwrap()
}

#[test]
fn each_task_has_the_packages_of_its_set() {
    let folders = Folders::new(&["own", "one", "other"]);
    let engine = folders.engine(&["own", "one", "other"], |_| {});
    runtime().block_on(async {
        assert!(engine.status().package_sets.iter().all(|set| !set.is_running));
        assert_eq!(run(&engine, code(&Language::Python, ORIGIN)).await.result(), json!("own"));
        for name in ["one", "other", "one"] {
            assert_eq!(run(&engine, task(name, ORIGIN)).await.result(), json!(name));
        }
        let one = set(&engine, "one");
        assert!(one.is_running && one.starts == 1, "{one:?}");
        engine.stop().await;
    });
}

#[test]
fn a_set_that_is_not_there_is_refused() {
    let folders = Folders::new(&["own", "one", "other"]);
    let engine = folders.engine(&["own", "one", "other"], |_| {});
    let refused = |task| engine.submit(task).unwrap_err();
    let error = refused(task("two", "return 1"));
    assert_eq!(error.code, ErrorCode::ValidationError);
    assert_eq!(error.message, "there is no package set `two`; there are: `one`, `other`");
    let error = refused(Task { language: Language::JavaScript, ..task("one", "return 1") });
    assert_eq!(error.code, ErrorCode::ValidationError);
    assert_eq!(error.message, "the package set `one` is not for javascript; it is for: `python`");
    runtime().block_on(engine.stop());
}

#[test]
fn tasks_that_come_together_start_a_set_once() {
    let folders = Folders::new(&["own", "one"]);
    let engine = folders.engine(&["own", "one"], |_| {});
    runtime().block_on(async {
        let tasks: Vec<_> = (0..8).map(|_| engine.submit(task("one", ORIGIN)).unwrap()).collect();
        for running in tasks {
            assert!(running.outcome().await.result.is_ok());
        }
        assert_eq!(set(&engine, "one").starts, 1);
        engine.stop().await;
    });
}

#[test]
fn a_task_whose_set_is_starting_leaves_its_place_to_others() {
    let folders = Folders::new(&["own", "slow"]);
    folders.write("slow", "import time\ntime.sleep(5)\nname = 'slow'\n");
    let engine = folders.engine(&["own", "slow"], |configuration| configuration.maximum_tasks = 1);
    runtime().block_on(async {
        let slow = engine.submit(task("slow", ORIGIN)).unwrap();
        assert_eq!(run(&engine, code(&Language::Python, ORIGIN)).await.result(), json!("own"));
        assert!(!set(&engine, "slow").is_running, "the task waited for the set of the other");
        assert_eq!(slow.outcome().await.result.unwrap().unwrap().as_str(), "\"slow\"");
        engine.stop().await;
    });
}

#[test]
fn the_set_that_was_used_longest_ago_is_stopped() {
    let folders = Folders::new(&["own", "a", "b", "c"]);
    let names = ["own", "a", "b", "c"];
    for by_memory in [false, true] {
        let engine = folders.engine(&names, |configuration| {
            configuration.maximum_package_sets = if by_memory { 100 } else { 2 };
            configuration.package_set_memory_bytes = if by_memory { 1 } else { u64::MAX };
        });
        runtime().block_on(async {
            for name in ["a", "b", "a", "c"] {
                assert_eq!(run(&engine, task(name, ORIGIN)).await.result(), json!(name));
            }
            let left = if by_memory { &[][..] } else { &["a", "c"] };
            let is_as_it_should = || {
                let running = engine.status().package_sets.into_iter().filter(|set| set.is_running);
                running.map(|set| set.name).collect::<Vec<_>>() == left
            };
            wait_until("the others are stopped", PATIENCE, is_as_it_should);
            // One that was stopped is started anew.
            assert_eq!(run(&engine, task("b", ORIGIN)).await.result(), json!("b"));
            assert!(set(&engine, "b").starts >= 2 && set(&engine, "b").stops >= 1, "{:?}", set(&engine, "b"));
            engine.stop().await;
        });
    }
}

#[test]
fn a_set_in_use_is_not_stopped() {
    let folders = Folders::new(&["own", "a", "b"]);
    let engine = folders.engine(&["own", "a", "b"], |configuration| configuration.maximum_package_sets = 1);
    runtime().block_on(async {
        let mut long = engine
            .submit(task("a", "import origin\nprint(1)\nimport time\ntime.sleep(1)\nreturn origin.name"))
            .unwrap();
        while !matches!(long.next_event().await, Some(TaskEvent::Stdout(_))) {}
        assert_eq!(run(&engine, task("b", ORIGIN)).await.result(), json!("b"));
        let outcome = long.outcome().await;
        assert_eq!(outcome.result.unwrap().unwrap().as_str(), "\"a\"");
        engine.stop().await;
    });
}

#[test]
fn a_set_that_cannot_start_fails_its_own_tasks() {
    let folders = Folders::new(&["own", "one", "broken"]);
    let engine = folders.engine(&["own", "one", "broken"], |_| {});
    std::fs::remove_dir_all(folders.path("broken")).unwrap();
    runtime().block_on(async {
        let report = run(&engine, task("broken", ORIGIN)).await;
        let error = report.outcome.result.unwrap_err();
        assert!(
            error.message.starts_with("the package set `broken` cannot be started: cannot start python"),
            "{error}"
        );
        assert!(set(&engine, "broken").problem.is_some());
        assert_eq!(run(&engine, task("one", ORIGIN)).await.result(), json!("one"));
        assert_eq!(run(&engine, code(&Language::Python, ORIGIN)).await.result(), json!("own"));
        // Mended, it works.
        folders.write("broken", "name = 'mended'");
        assert_eq!(run(&engine, task("broken", ORIGIN)).await.result(), json!("mended"));
        assert_eq!(set(&engine, "broken").problem, None);
        engine.stop().await;
    });
}

#[test]
fn a_package_that_cannot_be_preloaded_is_left_out() {
    let folders = Folders::new(&["own"]);
    let packages = [
        ("first", "value = 1"),
        ("raising", "raise ValueError('not today')"),
        ("leaving", "import os\nos._exit(7)"),
        ("second", "value = 2"),
        ("crashing", "import ctypes\nctypes.string_at(0)"),
        ("third", "value = 3"),
    ];
    for (name, text) in packages {
        std::fs::write(folders.path("own").join(format!("{name}.py")), text).unwrap();
    }
    let names: Vec<String> = packages.iter().map(|(name, _)| (*name).to_owned()).collect();
    let engine =
        folders.engine(&["own"], |configuration| configuration.runtimes[0].preload_packages = Some(names.clone()));
    runtime().block_on(async {
        let loaded = "import sys\nreturn [name for name in names if name in sys.modules]";
        let task = stockade_tests::with_inputs(code(&Language::Python, loaded), &json!({ "names": names }));
        assert_eq!(run(&engine, task).await.result(), json!(["first", "second", "third"]));
        let missing = engine.status().runtimes[0].missing.clone();
        assert_eq!(missing, ["raising: ValueError: not today"]);
        engine.stop().await;
    });
    // What the operator has named himself is not left out in silence.
    let mut configuration = configuration(&[Language::Python]);
    configuration.runtimes =
        vec![RuntimeConfiguration { preload: vec!["leaving".to_owned()], ..folders.python("own") }];
    let error = runtime().block_on(start(configuration)).unwrap_err();
    assert!(error.contains("exit status 7"), "{error}");
}

#[test]
fn no_task_is_lost_while_zygotes_are_replaced() {
    let folders = Folders::new(&["old", "new", "set"]);
    let mark = format!("of-{}", folders.0.path().display());
    let marked = |folder: &str| RuntimeConfiguration {
        environment: [("MARK".to_owned(), mark.clone())].into(),
        ..folders.python(folder)
    };
    let engine = folders.engine(&["old", "set"], |configuration| configuration.runtimes = vec![marked("old")]);
    let processes = || {
        let is_marked = |process: u32| {
            let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&mark)
        };
        descendants(std::process::id()).into_iter().filter(|process| is_marked(process.id)).count()
    };
    let of_one_zygote = processes();
    assert!(of_one_zygote > 1);
    runtime().block_on(async {
        let mut long = engine
            .submit(code(&Language::Python, "import origin, time\nprint(1)\ntime.sleep(1.5)\nreturn origin.name"))
            .unwrap();
        while !matches!(long.next_event().await, Some(TaskEvent::Stdout(_))) {}
        let (tell, told) = tokio::sync::watch::channel(false);
        let callers: Vec<_> = [None, Some("set")]
            .into_iter()
            .flat_map(|set| [set; 2])
            .map(|set| {
                let (engine, told) = (engine.clone(), told.clone());
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    while !*told.borrow() {
                        let task = Task { package_set: set.map(str::to_owned), ..code(&Language::Python, ORIGIN) };
                        seen.push(run(&engine, task).await.result());
                    }
                    seen
                })
            })
            .collect();
        for folder in ["new", "old", "new"] {
            engine.replace(None, marked(folder)).await.unwrap();
            assert_eq!(run(&engine, code(&Language::Python, ORIGIN)).await.result(), json!(folder));
            engine.replace(Some("set"), folders.python(folder)).await.unwrap();
            assert_eq!(run(&engine, task("set", ORIGIN)).await.result(), json!(folder));
        }
        tell.send(true).unwrap();
        for caller in callers {
            let seen = caller.await.unwrap();
            assert!(seen.iter().all(|name| *name == json!("old") || *name == json!("new") || *name == json!("set")));
        }
        // It began before all of this, and ended where it was.
        assert_eq!(long.outcome().await.result.unwrap().unwrap().as_str(), "\"old\"");
        // A replacement that cannot start changes nothing.
        assert!(engine.replace(None, marked("missing")).await.is_err());
        assert_eq!(run(&engine, code(&Language::Python, ORIGIN)).await.result(), json!("new"));
        // Nothing is left of the old zygotes.
        wait_until("one zygote is left", PATIENCE, || processes() == of_one_zygote);
        engine.stop().await;
        wait_until("none is left", PATIENCE, || processes() == 0);
    });
}
