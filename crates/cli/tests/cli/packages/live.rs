//! Packages that come and go while a service runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::index::Index;
use super::succeeded;
use crate::server::Server;

/// Longer than the service takes to notice a change.
const PATIENCE: Duration = Duration::from_secs(40);

/// The code's result, or the name of its exception.
fn answer(server: &Server, set: &str, code: &str) -> String {
    let body = json!({ "language": "python", "code": code, "package_set": set }).to_string();
    let (status, answer) = server.post(&body, "");
    match status {
        200 => answer["result"].as_str().unwrap_or_default().to_owned(),
        422 => answer["error"]["name"].as_str().unwrap_or_default().to_owned(),
        _ => panic!("{status}: {answer}"),
    }
}

#[track_caller]
fn becomes(server: &Server, set: &str, expected: &str) {
    let start = Instant::now();
    let mut seen = String::new();
    while seen != expected {
        assert!(start.elapsed() < PATIENCE, "still {seen:?}, not {expected:?}");
        seen = answer(server, set, "import plain\nreturn plain.value");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_service_takes_changed_packages_and_loses_no_task() {
    let index = Index::start();
    index.write("stockade.toml", "[package_sets.other]\n[runtimes.javascript]\nenabled = false\n");
    let server = Server::of(&mut index.command(&Server::arguments(&[])), "listening on http://");
    let has_ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let callers: Vec<_> = ["default", "default", "other"]
            .into_iter()
            .map(|set| {
                let (server, has_ended) = (&server, &has_ended);
                scope.spawn(move || {
                    let mut tasks = 0;
                    while !has_ended.load(Ordering::Relaxed) {
                        // Long enough to be there while a zygote is replaced.
                        assert_eq!(answer(server, set, "import time\ntime.sleep(0.05)\nreturn 'done'"), "done");
                        tasks += 1;
                    }
                    tasks
                })
            })
            .collect();
        assert_eq!(answer(&server, "default", "import plain"), "ModuleNotFoundError");
        succeeded(&index.packages(&["add", "python", "plain==1.0"]));
        becomes(&server, "default", "plain");
        let is_loaded = "import sys\nreturn str('plain' in sys.modules)";
        assert_eq!(answer(&server, "default", is_loaded), "True");
        index.write("is_loaded.py", is_loaded);
        assert_eq!(index.run(&["is_loaded.py"]).result(), json!("False"));
        assert_eq!(answer(&server, "other", "import plain"), "ModuleNotFoundError");
        succeeded(&index.packages(&["add", "python", "plain==1.1", "--package-set", "other"]));
        becomes(&server, "other", "newer");
        assert_eq!(answer(&server, "default", "import plain\nreturn plain.value"), "plain");
        succeeded(&index.packages(&["remove", "python", "plain"]));
        becomes(&server, "default", "ModuleNotFoundError");
        has_ended.store(true, Ordering::Relaxed);
        for caller in callers {
            assert!(caller.join().unwrap() > 0);
        }
    });
    // A file that cannot be used changes nothing.
    index.write("stockade-packages.other.lock", "format = 99\n");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(answer(&server, "other", "import plain\nreturn plain.value"), "newer");
    let (status, log) = server.stop(Signal::TERM);
    assert_eq!(status, Some(0), "{log}");
    for line in [
        "the python packages have changed; new tasks have them",
        "the python packages of the set `other` have changed; new tasks have them",
        "packages stay as they were before",
    ] {
        assert!(log.contains(line), "no {line:?} in\n{log}");
    }
}
