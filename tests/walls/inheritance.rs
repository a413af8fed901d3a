//! What a zygote and its workers have open and mapped: nothing of whoever started the supervisor, and nothing that one
//! of two workers could write and the other read.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsRawFd;

use stockade_protocol::Language;
use stockade_tests::{marked_configuration, runtime, start, zygote_and_workers};

/// What a process could share with another.
#[derive(Debug)]
struct Held {
    /// Pipes, sockets and event counters, each by an identity that no other has.
    channels: BTreeSet<String>,
    /// Names of open files without a path, such as `anon_inode:[eventpoll]`, as often as they are open.
    nameless: Vec<String>,
    /// Mappings that are shared and can be written.
    memory: Vec<String>,
}

impl Held {
    fn by(process: u32) -> Self {
        let directory = format!("/proc/{process}");
        let (mut channels, mut nameless) = (BTreeSet::new(), Vec::new());
        for entry in fs::read_dir(format!("{directory}/fd")).unwrap().flatten() {
            let target = fs::read_link(entry.path()).unwrap().to_string_lossy().into_owned();
            let about = format!("{directory}/fdinfo/{}", entry.file_name().to_string_lossy());
            let about = fs::read_to_string(about).unwrap();
            channels.extend(about.lines().find(|line| line.starts_with("eventfd-id")).map(str::to_owned));
            if target.starts_with("anon_inode:") {
                nameless.push(target);
            } else if !target.starts_with('/') {
                channels.insert(target);
            }
        }
        let maps = fs::read_to_string(format!("{directory}/maps")).unwrap();
        let is_shared = |line: &&str| {
            line.split(' ').nth(1).is_some_and(|permissions| permissions.contains('w') && permissions.ends_with('s'))
        };
        nameless.sort();
        Self { channels, nameless, memory: maps.lines().filter(is_shared).map(str::to_owned).collect() }
    }
}

/// What the zygote of a language and its waiting workers hold; the word tells one test's processes from another's.
fn held(language: &Language, word: &str) -> (Held, Vec<Held>) {
    let mark = format!("{word}-of-{language}");
    runtime().block_on(async {
        let engine = start(marked_configuration(language, &mark)).await.unwrap();
        let (zygote, workers) = zygote_and_workers(&mark);
        let held = (Held::by(zygote), workers.into_iter().map(Held::by).collect());
        engine.stop().await;
        held
    })
}

#[test]
fn no_two_workers_share_a_file_or_memory() {
    for language in [Language::Python, Language::JavaScript] {
        let (zygote, workers) = held(&language, "sharing");
        assert_eq!(workers.len(), 3);
        for (number, worker) in workers.iter().enumerate() {
            assert!(worker.channels.is_disjoint(&zygote.channels), "{worker:?}\n{zygote:?}");
            for other in &workers[..number] {
                assert!(worker.channels.is_disjoint(&other.channels), "{worker:?}\n{other:?}");
            }
            assert!(worker.memory.is_empty(), "{:?}", worker.memory);
            // The event loop that Node.js makes anew after a fork; event counters are told apart above.
            let own = ["anon_inode:[eventfd]", "anon_inode:[eventpoll]"];
            let own = if language == Language::JavaScript { &own[..] } else { &[] };
            assert_eq!(worker.nameless, own);
        }
    }
}

#[test]
fn what_the_supervisor_has_inherited_goes_no_further() {
    // A pipe that is not closed on execve, as a shell or a service manager may leave one to the supervisor.
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let name = fs::read_link(format!("/proc/self/fd/{}", reader.as_raw_fd())).unwrap().to_string_lossy().into_owned();
    for language in [Language::Python, Language::JavaScript] {
        let (zygote, workers) = held(&language, "inheritance");
        for process in workers.iter().chain([&zygote]) {
            assert!(!process.channels.contains(&name), "{process:?}");
        }
    }
    drop(writer);
}
