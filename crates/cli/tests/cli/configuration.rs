//! Where the configuration comes from, and what it changes.

use crate::support::Workspace;

const LOOPS: &str = "while True: pass";

#[test]
fn the_file_in_the_current_folder_is_read() {
    let workspace = Workspace::with("x.py", LOOPS);
    workspace.write("stockade.toml", "[runtimes.python]\nlimits.timeout = \"200ms\"\n");
    workspace.stockade(&["run", "x.py"]).assert_failed(4, "timed out after 0.2 seconds");
}

#[test]
fn options_win_over_the_file_and_the_option_over_the_variable() {
    let workspace = Workspace::with("x.py", LOOPS);
    let slow = workspace.write("slow.toml", "[runtimes.python]\nlimits.timeout = \"50s\"\n");
    workspace.write("stockade.toml", "[runtimes.python]\nlimits.timeout = \"200ms\"\n");
    let finished = workspace.stockade(&["run", "x.py", "--configuration", "slow.toml", "--timeout", "0.1"]);
    finished.assert_failed(4, "timed out after 0.1 seconds");
    workspace
        .finish(
            workspace
                .command(&["run", "x.py", "--configuration", "stockade.toml"])
                .env("STOCKADE_CONFIGURATION", &slow),
        )
        .assert_failed(4, "timed out after 0.2 seconds");
    let fast = workspace.write("fast.toml", "[runtimes.python]\nlimits.timeout = \"150ms\"\n");
    workspace
        .finish(workspace.command(&["run", "x.py"]).env("STOCKADE_CONFIGURATION", &fast))
        .assert_failed(4, "timed out after 0.15 seconds");
}

#[test]
fn an_empty_variable_is_none() {
    let workspace = Workspace::with("x.py", "return 1");
    let finished = workspace.finish(workspace.command(&["run", "x.py"]).env("STOCKADE_CONFIGURATION", ""));
    assert_eq!(finished.result(), 1);
}

#[test]
fn mistakes_stop_the_start() {
    let workspace = Workspace::with("x.py", "return 1");
    workspace.write("stockade.toml", "maximum_tasks = 4\n\n[runtimes.python]\ntimeout = 5\n");
    insta::assert_snapshot!(workspace.stockade(&["run", "x.py"]).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: stockade.toml:4:1: unknown key `timeout`, expected one of `enabled`, `interpreter`, `interpreter_arguments`, `packages`, `preload`, `allow`, `command`, `extensions`, `waiting_workers`, `limits`, `environment`
    ");
    workspace
        .stockade(&["run", "x.py", "--configuration", "none.toml"])
        .assert_failed(2, "error: cannot read the configuration `none.toml`: No such file or directory");
}

#[test]
fn packages_stand_beside_the_file() {
    let workspace = Workspace::with("etc/packages/greeting.py", "WORD = 'Hello'\n");
    workspace.write("etc/stockade.toml", "[runtimes.python]\npackages = \"packages\"\npreload = [\"greeting\"]\n");
    workspace.write("x.py", "import greeting\nreturn greeting.WORD");
    let finished = workspace.stockade(&["run", "x.py", "--configuration", "etc/stockade.toml"]);
    assert_eq!(finished.result(), "Hello");
}

#[test]
fn the_environment_of_the_configuration() {
    let workspace = Workspace::with("x.py", "import os\nreturn os.environ.get('REGION')");
    workspace.write("stockade.toml", "[runtimes.python]\nenvironment = { REGION = \"eu\" }\n");
    let finished = workspace.finish(workspace.command(&["run", "x.py"]).env("REGION", "of the tester"));
    assert_eq!(finished.result(), "eu");
}

#[test]
fn walls_to_do_without() {
    let workspace = Workspace::with("x.py", "return 1");
    workspace.write("stockade.toml", "without_walls = [\"landlock\"]\n");
    let finished = workspace.stockade(&["run", "x.py", "--without-wall", "landlock"]);
    let warning = "warning: tasks run without the wall `landlock`; `stockade doctor` says how to build it\n";
    assert_eq!((finished.status, finished.stderr.as_str()), (0, warning));
}

#[test]
fn settings_are_shown_with_their_origin() {
    let workspace = Workspace::new();
    workspace.write(
        "stockade.toml",
        "maximum_tasks = 4\n\n[server]\nread_timeout = \"5s\"\nlisten = \"127.0.0.1:1\"\n\n[runtimes.bash]\n\
         command = [\"bash\", \"{file}\"]\n",
    );
    let mut command = workspace.command(&["config", "show", "--listen", "127.0.0.1:3", "--without-wall", "landlock"]);
    command
        .env("STOCKADE_SERVER_LISTEN", "127.0.0.1:2")
        .env("N8N_JS_RUNNER_TIMEOUT_MS", "500")
        .env("N8N_RUNNERS_AUTH_TOKEN", "hidden");
    let shown = workspace.finish(&mut command);
    let set: Vec<&str> = shown
        .stdout
        .lines()
        .filter(|line| !line.ends_with("# default") && !line.ends_with("is not set") && !line.contains("TZ"))
        .collect();
    insta::assert_snapshot!(set.join("\n"));

    workspace.write("stockade.toml", "[server]\nlisen = \"127.0.0.1:1\"\n");
    workspace.stockade(&["config", "show"]).assert_failed(2, "error: stockade.toml:2:1: unknown key `lisen`");
    workspace.write("stockade.toml", "[server.retention]\ntime = \"soon\"\n");
    workspace.stockade(&["serve"]).assert_failed(2, "error: stockade.toml:2:8: expected a time");
}
