//! Package sets of the configuration, from the command line and over HTTP.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::server::Server;
use crate::support::Workspace;

/// Two sets, each with a module `origin` of its own; tasks without a set have one too.
fn workspace() -> Workspace {
    let workspace = Workspace::with(
        "stockade.toml",
        "[runtimes.python]\npackages = \"own\"\n\
         [package_sets.reports.python]\npackages = \"reports\"\npreload = [\"origin\"]\n\
         [package_sets.mail]\npython.packages = \"mail\"\n",
    );
    for name in ["own", "reports", "mail"] {
        workspace.write(&format!("{name}/origin.py"), format!("name = '{name}'\n"));
    }
    workspace.write("origin.py", "import origin\nreturn origin.name\n");
    workspace
}

fn task(set: Option<&str>) -> String {
    let code = "import origin\nreturn origin.name";
    let mut body = json!({ "language": "python", "code": code });
    if let Some(set) = set {
        body["package_set"] = set.into();
    }
    body.to_string()
}

#[test]
fn a_run_names_its_set() {
    let workspace = workspace();
    assert_eq!(workspace.stockade(&["run", "origin.py"]).result(), json!("own"));
    for (set, origin) in [("reports", "reports"), ("mail", "mail"), ("default", "own")] {
        assert_eq!(workspace.stockade(&["run", "origin.py", "--package-set", set]).result(), json!(origin));
    }
    let unknown = workspace.stockade(&["run", "origin.py", "--package-set", "report"]);
    unknown.assert_failed(2, "error: there is no package set `report`; known are `mail`, `reports`");
    assert!(unknown.stderr.contains("hint: add a section `[package_sets.report]`"), "{}", unknown.stderr);
    workspace
        .stockade(&["packages", "add", "python", "six", "--package-set", "x"])
        .assert_failed(2, "no package set `x`");
}

#[test]
fn wrong_names_of_sets_are_refused() {
    for (section, message) in [
        ("[package_sets.Reports]", "not `Reports`"),
        ("[package_sets.default]", "are those of `[runtimes.python]`"),
        ("[package_sets.a.ruby]", "unknown key `ruby`"),
        ("[package_sets.a.python]\npackages = \"missing\"", "missing` does not exist"),
    ] {
        let workspace = Workspace::with("stockade.toml", section);
        workspace.write("one.py", "return 1");
        workspace.stockade(&["run", "one.py"]).assert_failed(2, message);
    }
}

#[test]
fn a_service_starts_the_set_that_a_task_names() {
    let workspace = workspace();
    let server = Server::start(&workspace, &[]);
    let running = |set: &str| {
        let sample = format!("stockade_package_set_running{{package_set=\"{set}\",language=\"python\"}} ");
        server.get("/metrics").lines().find_map(|line| line.strip_prefix(&sample).map(str::to_owned)).unwrap()
    };
    assert_eq!(running("reports"), "0");
    for (set, origin) in [(None, "own"), (Some("default"), "own"), (Some("reports"), "reports"), (Some("mail"), "mail")]
    {
        let (status, answer) = server.post(&task(set), "");
        assert_eq!((status, &answer["result"]), (200, &Value::from(origin)), "{answer}");
    }
    assert_eq!((running("reports").as_str(), running("mail").as_str()), ("1", "1"));
    let (status, answer) = server.post(&task(Some("mial\u{1b}")), "");
    assert_eq!((status, &answer["code"]), (400, &"VALIDATION_ERROR".into()), "{answer}");
    assert_eq!(answer["detail"], "there is no package set `mial\\u{1b}`; there are: mail, reports, default");
    server.stop(Signal::TERM);
}

#[test]
fn each_front_says_what_mends_a_module_that_is_missing_or_refused() {
    let workspace = workspace();
    let run = |options: &[&str]| workspace.stockade(&[&["run", "origin.py"], options].concat()).stderr;
    let refused = "hint: it is installed, but not allowed; add the module with `--allow origin`, or leave";
    assert!(run(&["--allow", "json"]).contains(refused), "{}", run(&["--allow", "json"]));
    let misspelt = "hint: it is not allowed; did you mean `orgin`?";
    assert!(run(&["--allow", "orgin"]).contains(misspelt), "{}", run(&["--allow", "orgin"]));
    workspace.write("origin.py", "import absent");
    let listed = "hint: it is allowed, but not installed; install it with `stockade packages add python absent`";
    assert!(run(&["--allow", "absent"]).contains(listed), "{}", run(&["--allow", "absent"]));

    let server = Server::start(&workspace, &[]);
    let description = |body: Value| {
        let (status, answer) = server.post(&body.to_string(), "");
        assert_eq!(status, 422, "{answer}");
        answer["error"]["description"].as_str().unwrap_or_default().to_owned()
    };
    let task = |code: &str, more: Value| {
        let mut body = json!({ "language": "python", "code": code });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    assert_eq!(
        description(task("import absent", json!({ "package_set": "mail" }))),
        "It is not installed; install it with `stockade packages add python absent --package-set mail`."
    );
    assert_eq!(
        description(task("import origin", json!({ "allow": ["json"] }))),
        "It is installed, but not allowed; add it to `allow` of the request, where the service and the key allow it."
    );
    assert_eq!(description(task("1 / 0", json!({}))), "");
    server.stop(Signal::TERM);
}

#[test]
fn a_key_has_its_sets() {
    let workspace = workspace();
    let key = |name: &str, options: &[&str]| {
        let added = workspace.stockade(&[&["keys", "add", name], options].concat());
        format!("Authorization: Bearer {}\r\n", added.stdout.trim())
    };
    let bound = key("ada", &["--package-set", "reports,default"]);
    let open = key("grace", &[]);
    let server = Server::start(&workspace, &[]);
    let result = |key: &str, set| server.post(&task(set), key).1["result"].clone();
    assert_eq!(result(&bound, None), "reports");
    assert_eq!(result(&bound, Some("default")), "own");
    assert_eq!(server.post(&task(Some("mail")), &bound).0, 403);
    // Which others there are is not for it to know.
    assert_eq!(server.post(&task(Some("nail")), &bound).0, 403);
    assert_eq!(result(&open, None), "own");
    assert_eq!(result(&open, Some("mail")), "mail");
    server.stop(Signal::TERM);
    let listed = workspace.stockade(&["keys", "list"]).stdout;
    assert!(listed.lines().next().unwrap().ends_with("package set reports+default"), "{listed}");
}
