//! `stockade runner`: its exit statuses, its check and its log. What it does for n8n is tested in `crates/runner`.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use stockade_broker_player::{AUTH_TOKEN, Broker};

use crate::support::{Finished, Workspace};

/// `stockade runner` with the settings of these tests and none of the tester's.
fn command(workspace: &Workspace, uri: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = workspace.command(&[&["runner"], arguments].concat());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("N8N_") {
            command.env_remove(name);
        }
    }
    command.env("N8N_RUNNERS_TASK_BROKER_URI", uri).env("N8N_RUNNERS_AUTH_TOKEN", AUTH_TOKEN);
    command
}

/// An address where nobody listens.
fn dead_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Runs `command` to its end while the broker goes on.
async fn finish(workspace: Workspace, mut command: std::process::Command) -> Finished {
    tokio::task::spawn_blocking(move || workspace.finish(&mut command)).await.unwrap()
}

fn start(mut command: std::process::Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Ends a runner as an operating system does; gives its exit status, stdout and stderr.
fn terminate(mut child: Child) -> (Option<i32>, String, String) {
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), stdout, String::from_utf8(output.stderr).unwrap())
}

/// The lines of a report without the columns: how wide those are depends on what the machine lacks.
fn lines(finished: &Finished) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    finished.stdout.lines().map(words).collect()
}

#[test]
fn a_check_without_a_broker_says_what_to_do() {
    let workspace = Workspace::new();
    let uri = dead_address();
    let finished = workspace.finish(&mut command(&workspace, &uri, &["python", "--check"]));
    assert_eq!((finished.status, finished.stderr.as_str()), (1, ""), "{}", finished.transcript());
    let lines = lines(&finished);
    let refused = format!("FAIL broker failed to connect to {}: Connection refused", &uri[7..]);
    assert_eq!(lines[0], "ok settings serving python");
    assert!(lines[1].starts_with(&refused), "{}", finished.transcript());
    assert!(lines[2].starts_with("hint: n8n must run with N8N_RUNNERS_MODE=external"), "{}", finished.transcript());
    assert_eq!(lines.last().unwrap(), "a runner would not work");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_check_against_a_broker_that_takes_the_token() {
    let mut broker = Broker::start().await;
    let workspace = Workspace::new();
    let mut command = command(&workspace, &broker.uri(), &["--check"]);
    command.env("N8N_RUNNERS_STDLIB_ALLOW", "json,math").env("NODE_FUNCTION_ALLOW_BUILTIN", "crypto");
    let (finished, socket) = tokio::join!(finish(workspace, command), broker.registered());
    assert_eq!(socket.information["types"], json!(["javascript", "python"]));
    assert_eq!((finished.status, finished.stderr.as_str()), (0, ""), "{}", finished.transcript());
    let lines = lines(&finished);
    for expected in [
        "ok settings serving javascript and python",
        "ok token N8N_RUNNERS_AUTH_TOKEN was exchanged for a grant token",
        "ok registration the broker registered a runner",
        "ok python allow-lists standard library: json, math; packages: none",
        "ok javascript allow-lists built in: crypto; packages: none",
        "a runner would work",
    ] {
        assert!(lines.iter().any(|line| line == expected), "no {expected:?} in:\n{}", finished.stdout);
    }
    for language in ["python", "javascript"] {
        let start = format!("ok {language} version ");
        assert!(lines.iter().any(|line| line.starts_with(&start)), "no {start:?} in:\n{}", finished.stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tasks_of_both_languages_run_and_a_signal_ends_the_runner() {
    let mut broker = Broker::start().await;
    let workspace = Workspace::new();
    let mut command = command(&workspace, &broker.uri(), &[]);
    command.env("N8N_RUNNERS_MAX_CONCURRENCY", "1");
    let child = start(command);
    let mut socket = broker.registered().await;
    let mut offers = [socket.next_of("runner:taskoffer").await, socket.next_of("runner:taskoffer").await];
    offers.sort_by_key(|offer| offer["taskType"].to_string());
    socket.accept_offer("js", &offers[0]).await;
    let task = json!({"code": "return [{ json: { sum: 1 + 1 } }]", "nodeMode": "runOnceForAllItems",
        "workflowMode": "manual", "continueOnFail": false});
    socket.give_settings("js", &task).await;
    let request = socket.next_word().await;
    assert_eq!(request["type"], "runner:taskdatarequest", "{request}");
    let data = json!({"workflow": {"id": "w", "nodes": [], "connections": {}}, "inputData": {"main": [[]]},
        "runExecutionData": {"resultData": {"runData": {}}}, "node": {"name": "Code"}, "itemIndex": 0, "runIndex": 0});
    socket
        .send(
            json!({"type": "broker:taskdataresponse", "taskId": "js", "requestId": request["requestId"], "data": data}),
        )
        .await;
    let done = socket.next_word().await;
    assert_eq!(done["data"]["result"], json!([{"json": {"sum": 2}}]), "{done}");
    socket.accept_offer("py", &offers[1]).await;
    socket.give("py", "return [{'json': {'sum': 1 + 2}}]").await;
    let done = socket.next_word().await;
    assert_eq!(done["data"]["result"], json!([{"json": {"sum": 3}}]), "{done}");
    let ended = tokio::task::spawn_blocking(move || terminate(child));
    let (status, stdout, stderr) = ended.await.unwrap();
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.starts_with("Starting runner...\n"), "{stdout}");
    let end = "Received SIGTERM signal, starting shutdown...\nDisconnected from broker\nRunner stopped\n";
    assert!(stdout.ends_with(end), "{stdout}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn code_nodes_have_the_package_set_of_their_runner() {
    let mut broker = Broker::start().await;
    let workspace = Workspace::with("stockade.toml", "[package_sets.mail]\npython.packages = \"mail\"\n");
    workspace.write("mail/origin.py", "name = 'mail'\n");
    let mut command = command(&workspace, &broker.uri(), &["python"]);
    workspace.write("mail/other.py", "");
    command.env("N8N_RUNNERS_EXTERNAL_ALLOW", "origin,absent").env("STOCKADE_RUNNER_PACKAGE_SET", "mail");
    let child = start(command);
    let mut socket = broker.registered().await;
    let offer = socket.next_of("runner:taskoffer").await;
    socket.accept_offer("py", &offer).await;
    socket.give("py", "import origin\nreturn [{'json': {'name': origin.name}}]").await;
    let done = socket.next_word().await;
    assert_eq!(done["data"]["result"], json!([{"json": {"name": "mail"}}]), "{done}");
    for (code, advice) in [
        (
            "import absent",
            "It is allowed, but not installed; install it with `stockade packages add python absent --package-set mail`.",
        ),
        (
            "import other",
            "Line 1: Import of external package 'other' is disallowed. Allowed external packages: absent, origin\n\
             It is installed, but not allowed; add it to N8N_RUNNERS_EXTERNAL_ALLOW.",
        ),
    ] {
        let failed = socket.run(code, code).await;
        assert_eq!(failed["error"]["description"], advice, "{failed}");
    }
    let ended = tokio::task::spawn_blocking(move || terminate(child));
    assert_eq!(ended.await.unwrap().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_idle_runner_with_a_grant_token_ends_with_status_0() {
    let mut broker = Broker::start().await;
    let workspace = Workspace::new();
    let mut command = command(&workspace, &broker.uri(), &["python"]);
    command.env("N8N_RUNNERS_GRANT_TOKEN", "one-time").env("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "1");
    let (finished, _socket) = tokio::join!(finish(workspace, command), broker.registered());
    assert_eq!((finished.status, finished.stderr.as_str()), (0, ""), "{}", finished.transcript());
    assert!(finished.stdout.contains("Reached idle timeout, starting shutdown...\n"), "{}", finished.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_grant_token_that_is_refused_is_status_1_with_a_hint() {
    let broker = Broker::start().await;
    broker.answers.lock().unwrap().upgrade = Some(403);
    let workspace = Workspace::new();
    let mut command = command(&workspace, &broker.uri(), &["python"]);
    command.env("N8N_RUNNERS_GRANT_TOKEN", "used up");
    let finished = finish(workspace, command).await;
    assert_eq!(finished.status, 1, "{}", finished.transcript());
    let message =
        "error: Authentication failed with status 403: server rejected WebSocket connection: HTTP 403\nhint: ";
    assert!(finished.stderr.starts_with(message), "{}", finished.transcript());
}

#[test]
fn wrong_settings_are_status_1_and_wrong_usage_is_status_2() {
    let workspace = Workspace::new();
    let uri = dead_address();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        workspace.finish(command(&workspace, &uri, arguments).envs(variables.iter().copied()))
    };
    run(&[], &[("N8N_RUNNERS_TASK_TIMEOUT", "soon")])
        .assert_failed(1, "error: Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got 'soon'\n");
    run(&[], &[("N8N_RUNNERS_AUTH_TOKEN", "")]).assert_failed(
        1,
        "error: Environment variable N8N_RUNNERS_GRANT_TOKEN is required\nhint: set N8N_RUNNERS_AUTH",
    );
    run(&["--package-set", "mail"], &[]).assert_failed(2, "there is no package set `mail`; nor any other");
    run(&["ruby"], &[]).assert_failed(2, "[possible values: python, javascript]");
    run(&["--configuration", "none.toml"], &[]).assert_failed(2, "error: cannot read the configuration `none.toml`");
    let checked = run(&["--check"], &[("N8N_RUNNERS_MAX_PAYLOAD", "x")]);
    assert_eq!(
        (checked.status, checked.stdout.as_str()),
        (
            1,
            "FAIL  settings  Environment variable N8N_RUNNERS_MAX_PAYLOAD must be an integer, got 'x'\n\
             a runner would not work\n"
        )
    );
}

#[test]
fn one_file_has_the_settings_of_the_engine_and_of_the_runner() {
    let workspace = Workspace::new();
    workspace.write(
        "stockade.toml",
        "without_walls = [\"landlock\"]\n[runtimes.python]\nwaiting_workers = 1\n[runner]\ntask_timeout = 7\n\
         [runner.python]\nstdlib_allow = [\"math\"]\n",
    );
    let uri = dead_address();
    let finished = workspace.finish(&mut command(&workspace, &uri, &["python", "--check"]));
    let lines = lines(&finished);
    for expected in [
        "note settings tasks run without the wall `landlock`; `stockade doctor` says how to build it",
        "ok python allow-lists standard library: math; packages: none",
    ] {
        assert!(lines.iter().any(|line| line == expected), "no {expected:?} in:\n{}", finished.stdout);
    }
    workspace.write("stockade.toml", "[runner]\ntask_timout = 7\n");
    workspace
        .finish(&mut command(&workspace, &uri, &["python"]))
        .assert_failed(1, "settings file `stockade.toml` has the unknown key `runner.task_timout`; keys there are ");
    // Other commands have no use for the table.
    workspace.write("x.py", "return 1");
    assert_eq!(workspace.stockade(&["run", "x.py"]).result(), 1);
}
