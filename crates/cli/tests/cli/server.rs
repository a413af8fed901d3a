//! `stockade serve` as a process, for the tests that need one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::Workspace;

/// A running service.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    log: BufReader<std::process::ChildStderr>,
}

impl Server {
    pub(crate) fn start(workspace: &Workspace, options: &[&str]) -> Self {
        Self::announcing(workspace, options, "listening on http://")
    }

    /// Waits for a line that has `text` and an address after it.
    pub(crate) fn announcing(workspace: &Workspace, options: &[&str], text: &str) -> Self {
        Self::of(&mut workspace.command(&Self::arguments(options)), text)
    }

    /// The arguments of a service on a port of its own.
    pub(crate) fn arguments<'text>(options: &[&'text str]) -> Vec<&'text str> {
        [&["serve", "--listen", "127.0.0.1:0"], options].concat()
    }

    /// The same for a command that is made already.
    pub(crate) fn of(command: &mut Command, text: &str) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the service has ended");
        }
        let address = line.rsplit("http://").next().unwrap().split_whitespace().next().unwrap().to_owned();
        Self { child, address, log }
    }

    /// One request with its own connection; status and body.
    pub(crate) fn post(&self, body: &str, headers: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    /// The text of a path.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// Sends a signal; the exit status and the rest of the log.
    pub(crate) fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}
