//! `stockade serve` as a process.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::server::Server;
use crate::support::Workspace;

#[test]
fn it_serves_until_a_signal() {
    let server = Server::start(&Workspace::new(), &[]);
    let (status, answer) = server.post(r#"{"language": "python", "code": "return 6 * 7"}"#, "");
    assert_eq!((status, &answer["result"]), (200, &42.into()), "{answer}");
    let (status, answer) = server.post(r#"{"language": "javascript", "code": "return 6 * 7"}"#, "");
    assert_eq!((status, &answer["result"]), (200, &42.into()), "{answer}");
    let (status, log) = server.stop(Signal::TERM);
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("stopped") && log.contains("there are no API keys"), "{log}");
}

#[test]
fn keys_open_the_service() {
    let workspace = Workspace::new();
    let added = workspace.stockade(&["keys", "add", "ada", "--rate", "100/s", "--language", "python"]);
    assert_eq!(added.status, 0, "{}", added.transcript());
    let server = Server::start(&workspace, &[]);
    let body = r#"{"language": "python", "code": "return 1"}"#;
    assert_eq!(server.post(body, "").0, 401);
    let authorization = format!("Authorization: Bearer {}\r\n", added.stdout.trim());
    assert_eq!(server.post(body, &authorization).0, 200);
    assert_eq!(server.post(r#"{"language": "javascript", "code": ""}"#, &authorization).0, 403);
    server.stop(Signal::INT);

    let list = workspace.stockade(&["keys", "list"]);
    assert!(list.stdout.starts_with("ada  ") && list.stdout.trim().ends_with("100/s, python"), "{}", list.stdout);
    assert!(!list.stdout.contains(&added.stdout.trim()[20..]));
    assert_eq!(workspace.stockade(&["keys", "list", "--json"]).json()[0]["name"], "ada");
    assert_eq!(workspace.stockade(&["keys", "revoke", "ada"]).status, 0);
    workspace.stockade(&["keys", "revoke", "ada"]).assert_failed(2, "there is no key with the name `ada`");
    assert_eq!(workspace.stockade(&["keys", "list"]).stdout, "");

    // Nobody is let in after the last key.
    let server = Server::start(&workspace, &[]);
    assert_eq!(server.post(body, "").0, 401);
    let (_, log) = server.stop(Signal::INT);
    assert!(log.contains("there is no API key in `"), "{log}");
    let server = Server::start(&workspace, &["--keys", "none.toml"]);
    assert_eq!(server.post(body, "").0, 401);
    server.stop(Signal::INT);
}

#[test]
fn what_cannot_be_served_is_said() {
    let workspace = Workspace::new();
    let open = workspace.stockade(&["serve", "--listen", "0.0.0.0:0"]);
    open.assert_failed(2, "hint: make a key with `stockade keys add NAME`");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    workspace.stockade(&["serve", "--listen", &address]).assert_failed(12, "cannot listen on");
    workspace.write("keys.toml", "[[keys]]\nname = 1");
    workspace.stockade(&["serve", "--keys", "keys.toml"]).assert_failed(2, "line 2");
}

#[test]
fn nautilus_has_a_port_of_its_own() {
    let workspace = Workspace::new();
    workspace.write("tasks/nodejs-task/package.json", "{}");
    workspace.write("tasks/nodejs-task/index.js", "console.log('hi')");
    let options = ["--tasks-dir", "tasks", "--nautilus-listen", "127.0.0.1:0"];
    let server = Server::announcing(&workspace, &options, "for Nautilus");
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let body = r#"{"payload": {}}"#;
    write!(
        stream,
        "POST /process_data HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""stdout":"hi""#), "{answer}");
    server.stop(Signal::TERM);
    workspace
        .stockade(&["serve", "--tasks-dir", "missing"])
        .assert_failed(2, "cannot use the tasks folder `[FOLDER]/missing`");
}
