//! The hosts that tasks reach: this program once more, in a network namespace of its own.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::stage::{ALLOWED, OTHER, PRIVATE, command};

/// Names the file with the names of all hosts.
pub(crate) const THIS: &str = "STOCKADE_EGRESS_TEST_HOSTS";
pub(crate) const WAITING: &str = "waiting for the interface";
pub(crate) const READY: &str = "ready";

type Hits = Arc<Mutex<HashMap<String, u64>>>;

pub(crate) fn is_this() -> bool {
    std::env::var_os(THIS).is_some()
}

/// Tells the hosts that their interface is there.
pub(crate) fn go_on(hosts: &mut Child) {
    hosts.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
}

/// Serves until the stage closes standard input.
pub(crate) fn serve() {
    println!("{WAITING}");
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    command("ip", &["link", "set", "lo", "up"]);
    for address in [ALLOWED, OTHER, PRIVATE] {
        command("ip", &["address", "add", &format!("{address}/24"), "dev", "v1"]);
    }
    command("ip", &["link", "set", "v1", "up"]);
    let hits = Hits::default();
    for (address, port) in [(ALLOWED, 80), (ALLOWED, 8080), (OTHER, 80), (PRIVATE, 80)] {
        let listener = TcpListener::bind((address, port)).unwrap();
        let hits = Arc::clone(&hits);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let hits = Arc::clone(&hits);
                // A client that goes away is its own loss.
                thread::spawn(move || answer(&stream, address, &hits).unwrap_or_default());
            }
        });
    }
    println!("{READY}");
    let _ = io::stdin().read(&mut [0]);
}

/// One request of HTTP/1.1 and its answer.
fn answer(mut stream: &TcpStream, address: &str, hits: &Hits) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    *hits.lock().unwrap().entry(format!("{address}{path}")).or_default() += 1;
    let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    let (status, more, body) = match first {
        "hello" => ("200 OK", String::new(), format!("hello from {address}").into_bytes()),
        "zeros" => ("200 OK", String::new(), vec![0; rest.parse().unwrap_or_default()]),
        "redirect" => ("302 Found", format!("Location: http://{rest}\r\n"), Vec::new()),
        // Points a name elsewhere, as an attacker's name server would between two look-ups.
        "rebind" => {
            fs::write(std::env::var_os(THIS).unwrap_or_default(), format!("{rest} rebind.example.com\n"))?;
            ("200 OK", String::new(), Vec::new())
        }
        "hits" => {
            let count = hits.lock().unwrap().get(rest).copied().unwrap_or_default();
            ("200 OK", String::new(), count.to_string().into_bytes())
        }
        _ => ("404 Not Found", String::new(), Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{more}Connection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}
