//! `stockade packages` with an index of the tests' own, which serves hostile packages too.

mod index;
mod live;

use std::fs;

use serde_json::json;

use crate::support::Finished;
use index::Index;

const LOCK: &str = "stockade-packages.lock";

#[track_caller]
fn succeeded(finished: &Finished) -> &str {
    assert_eq!(finished.status, 0, "{}", finished.transcript());
    &finished.stdout
}

#[test]
fn python_packages_come_and_go() {
    let index = Index::start();
    index.write("needy.py", "import needy\nreturn needy.value\n");
    assert_eq!(succeeded(&index.packages(&["add", "python", "Needy", "plain==1.0"])), "+ needy 1.0\n+ plain 1.0\n");
    assert_eq!(index.run(&["needy.py"]).result(), json!("plain"));
    assert_eq!(succeeded(&index.packages(&["why", "python", "plain"])), "plain\n");
    assert_eq!(succeeded(&index.packages(&["add", "python", "plain==1.1"])), "- plain 1.0\n+ plain 1.1\n");
    assert_eq!(index.run(&["needy.py"]).result(), json!("newer"));
    assert_eq!(succeeded(&index.packages(&["remove", "python", "plain"])), "");
    assert_eq!(succeeded(&index.packages(&["why", "python", "plain"])), "needy → plain\n");
    let listed = "python needy 1.0\npython plain 1.1 (needed by others)\n";
    assert_eq!(succeeded(&index.packages(&["list"])), listed);
    assert_eq!(succeeded(&index.packages(&["remove", "python", "needy"])), "- needy 1.0\n- plain 1.1\n");
    index.run(&["needy.py"]).assert_failed(1, "No module named 'needy'");
    index.packages(&["remove", "python", "needy"]).assert_failed(2, "not among the python packages");
}

#[test]
fn javascript_packages_come_and_go() {
    let index = Index::start();
    index.write("needy.js", "return require('needy');\n");
    succeeded(&index.packages(&["add", "javascript", "needy"]));
    assert_eq!(index.run(&["needy.js"]).result(), json!("plain"));
    succeeded(&index.packages(&["add", "javascript", "scripted@1.0.0"]));
    assert_eq!(succeeded(&index.packages(&["remove", "javascript", "needy"])), "- needy 1.0.0\n- plain 1.0.0\n");
    assert_eq!(succeeded(&index.packages(&["list", "javascript"])), "javascript scripted 1.0.0\n");
    // Elsewhere, from the lock file alone.
    index.forget();
    index.run(&["needy.js"]).assert_failed(2, "the javascript packages of");
    succeeded(&index.packages(&["install"]));
    index.write("scripted.js", "return require('scripted');\n");
    assert_eq!(index.run(&["scripted.js"]).result(), json!("scripted"));
}

#[test]
fn another_machine_gets_the_same_or_nothing() {
    let index = Index::start();
    succeeded(&index.packages(&["add", "python", "plain"]));
    let lock = fs::read(index.path().join(LOCK)).unwrap();
    index.forget();
    succeeded(&index.packages(&["install"]));
    assert!(succeeded(&index.packages(&["verify"])).starts_with("python: "));
    index.damage("plain/__init__.py");
    index.packages(&["verify"]).assert_failed(12, "plain/__init__.py` is not what was installed");
    succeeded(&index.packages(&["verify", "--repair"]));
    succeeded(&index.packages(&["verify"]));
    // The index gives the version other contents.
    index.change();
    index.forget();
    index.packages(&["install"]).assert_failed(1, "DO NOT MATCH THE HASHES");
    index.packages(&["add", "python", "plain==1.1"]).assert_failed(2, "with other contents than the lock file says");
    assert_eq!(fs::read(index.path().join(LOCK)).unwrap(), lock);
}

#[test]
fn names_that_are_not_of_the_index_are_refused() {
    let index = Index::start();
    let cases = [
        ("python", "pаndas", "letters beyond ASCII"),
        ("python", "git+https://example.org/a.git", "is not the name of a package"),
        ("python", "./plain", "is not the name of a package"),
        ("python", "--index-url=http://example.org", "unexpected argument"),
        ("python", "plain>=1", "is not the name of a package"),
        ("javascript", "plain@git+https://example.org/a.git", "is not one version of `plain`"),
        ("javascript", "file:../plain", "is not the name of a package"),
        ("ruby", "rails", "packages are for python and javascript"),
    ];
    for (language, name, message) in cases {
        index.packages(&["add", language, name]).assert_failed(2, message);
    }
    index.packages(&["add", "python", "absent"]).assert_failed(1, "the index has no package `absent`");
    assert!(!index.path().join(LOCK).exists());
}

#[test]
fn hostile_packages_of_python_are_contained() {
    let index = Index::start();
    succeeded(&index.packages(&["add", "python", "plain"]));
    let lock = fs::read(index.path().join(LOCK)).unwrap();
    for name in ["from-git", "from-path", "climbing", "building"] {
        let refused = index.packages(&["add", "python", name]);
        assert!(refused.status == 1 || refused.status == 2, "{name}: {}", refused.transcript());
        assert_eq!(fs::read(index.path().join(LOCK)).unwrap(), lock, "{name}");
    }
    // A package that needs to be built runs its own code, which reaches nothing.
    assert_eq!(succeeded(&index.packages(&["add", "python", "building", "--allow-scripts"])), "+ building 1.0\n");
    index.write("built.py", "import building\nreturn building.value\n");
    assert_eq!(index.run(&["built.py"]).result(), json!("built"));
    index.assert_untouched();
}

#[test]
fn hostile_packages_of_javascript_are_contained() {
    let index = Index::start();
    for name in ["from-git", "from-path"] {
        let refused = index.packages(&["add", "javascript", name]);
        assert!(refused.status == 1 || refused.status == 2, "{name}: {}", refused.transcript());
        assert!(!index.path().join(LOCK).exists(), "{name}");
    }
    index.write("ran.js", "return require('scripted/ran');\n");
    succeeded(&index.packages(&["add", "javascript", "scripted"]));
    index.run(&["ran.js"]).assert_failed(1, "Cannot find module 'scripted/ran'");
    succeeded(&index.packages(&["remove", "javascript", "scripted"]));
    succeeded(&index.packages(&["add", "javascript", "scripted", "--allow-scripts"]));
    assert_eq!(index.run(&["ran.js"]).result(), json!(1));
    index.assert_untouched();
}

#[test]
fn a_package_that_patches_everything_harms_its_own_task_only() {
    let index = Index::start();
    succeeded(&index.packages(&["add", "python", "monkey"]));
    index.write("patched.py", "import monkey\nreturn 1\n");
    index.write("plain.py", "return 1\n");
    let patched = index.run(&["patched.py", "--json", "--timeout", "5s"]).json();
    let code = patched["error"]["code"].as_str().unwrap_or("none");
    assert!(patched["status"] == "ok" || ["RUNTIME_ERROR", "TIMEOUT_ERROR"].contains(&code), "{patched}");
    assert_eq!(index.run(&["plain.py"]).result(), json!(1));
}
