//! Requests in loops.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use stockade_bench_shared::process;
use tokio::sync::Mutex;
use tokio::task::{JoinSet, LocalSet};

use crate::client::{Client, trivial};
use crate::footprint::Footprint;
use crate::report::percentile;
use crate::service::Service;

/// Connections that are open at most while the service is overloaded.
const MAXIMUM_CONNECTIONS: usize = 1000;

/// What a closed loop measured.
pub(crate) struct Closed {
    /// Of each task, ascending.
    pub(crate) milliseconds: Vec<f64>,
    pub(crate) per_second: f64,
}

/// What an overload measured.
#[derive(Debug)]
pub(crate) struct Overload {
    pub(crate) offered_per_second: f64,
    pub(crate) seconds: f64,
    /// Answers by their status.
    pub(crate) statuses: BTreeMap<u16, usize>,
    /// Of accepted and of refused requests, from the moment that they were sent.
    pub(crate) accepted_p50: f64,
    pub(crate) accepted_p99: f64,
    pub(crate) refused_p50: f64,
    pub(crate) refused_p99: f64,
    /// Resident memory of the service before, at a quarter of the time, and the most after that.
    pub(crate) memory: [f64; 3],
}

/// What many tasks left behind.
#[derive(Debug)]
pub(crate) struct Soak {
    pub(crate) tasks: usize,
    /// Of them those that did not succeed: a machine that stands still makes tasks reach their time limit.
    pub(crate) failed: usize,
    pub(crate) seconds: f64,
    pub(crate) before: Footprint,
    pub(crate) after: Footprint,
}

/// One connection, with a pause between requests, so that each finds a waiting worker. Milliseconds, ascending.
pub(crate) async fn paced(service: &Service, language: &str, samples: usize, pause: Duration) -> Vec<f64> {
    let mut client = Client::connect(service.address).await;
    let request = trivial(language);
    let mut times = Vec::with_capacity(samples);
    for _ in 0..samples {
        tokio::time::sleep(pause).await;
        let started = Instant::now();
        assert_eq!(client.send(&request).await.status, 200);
        times.push(milliseconds(started));
    }
    times.sort_by(f64::total_cmp);
    times
}

/// Connections that each send the next request when the last was answered.
pub(crate) async fn closed(service: &Service, language: &str, connections: usize, time: Duration) -> Closed {
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..connections {
        let (address, request) = (service.address, trivial(language));
        callers.spawn(async move {
            let mut client = Client::connect(address).await;
            let mut times = Vec::new();
            while started.elapsed() < time {
                let sent = Instant::now();
                assert_eq!(client.send(&request).await.status, 200);
                times.push(milliseconds(sent));
            }
            times
        });
    }
    let mut times = callers.join_all().await.concat();
    #[expect(clippy::cast_precision_loss, reason = "a count of tasks")]
    let per_second = times.len() as f64 / started.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    Closed { milliseconds: times, per_second }
}

/// Requests at a rate, whether or not the earlier ones were answered.
pub(crate) async fn open(service: &Service, language: &str, per_second: f64, time: Duration) -> Overload {
    let request: Rc<[u8]> = trivial(language).into();
    let idle: Rc<Mutex<Vec<Client>>> = Rc::default();
    let answers: Rc<Mutex<Vec<(u16, f64)>>> = Rc::default();
    let mut memory = [process::resident_mebibytes(service.process()), 0.0, 0.0];
    let local = LocalSet::new();
    let started = Instant::now();
    let offered = local
        .run_until(async {
            let (mut sent, mut connections) = (0_usize, 0);
            while started.elapsed() < time {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests")]
                let due = (started.elapsed().as_secs_f64() * per_second) as usize;
                while sent < due {
                    let client = match idle.lock().await.pop() {
                        Some(client) => client,
                        None if connections < MAXIMUM_CONNECTIONS => {
                            connections += 1;
                            Client::connect(service.address).await
                        }
                        // All connections wait for answers: it is behind, and this is no longer an open loop.
                        None => break,
                    };
                    let (request, idle, answers) = (Rc::clone(&request), Rc::clone(&idle), Rc::clone(&answers));
                    let mut client = client;
                    tokio::task::spawn_local(async move {
                        let begun = Instant::now();
                        let status = client.send(&request).await.status;
                        answers.lock().await.push((status, milliseconds(begun)));
                        idle.lock().await.push(client);
                    });
                    sent += 1;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                let now = process::resident_mebibytes(service.process());
                if started.elapsed() < time / 4 {
                    memory[1] = now;
                } else {
                    memory[2] = memory[2].max(now);
                }
            }
            sent
        })
        .await;
    let seconds = started.elapsed().as_secs_f64();
    local.await;
    let answers = answers.lock().await;
    let of = |is_wanted: fn(u16) -> bool| {
        let mut times: Vec<f64> =
            answers.iter().filter(|(status, _)| is_wanted(*status)).map(|(_, time)| *time).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let (accepted, refused) = (of(|status| status == 200), of(|status| status == 429 || status == 503));
    let mut statuses = BTreeMap::new();
    for (status, _) in answers.iter() {
        *statuses.entry(*status).or_default() += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    Overload {
        offered_per_second: offered as f64 / seconds,
        seconds,
        statuses,
        accepted_p50: percentile(&accepted, 50),
        accepted_p99: percentile(&accepted, 99),
        refused_p50: percentile(&refused, 50),
        refused_p99: percentile(&refused, 99),
        memory,
    }
}

/// Many tasks of both languages in turn, and what there is before and after.
pub(crate) async fn soak(service: &Service, tasks: usize, connections: usize) -> Soak {
    // The first thousand fill caches and arenas.
    many(service, 1000, connections).await;
    service.all_waiting().await;
    let before = Footprint::of(service.process());
    let started = Instant::now();
    let failed = many(service, tasks, connections).await;
    let seconds = started.elapsed().as_secs_f64();
    service.all_waiting().await;
    Soak { tasks, failed, seconds, before, after: Footprint::of(service.process()) }
}

/// Runs them; how many did not succeed.
async fn many(service: &Service, tasks: usize, connections: usize) -> usize {
    let mut callers = JoinSet::new();
    for number in 0..connections {
        let address = service.address;
        let count = tasks / connections + usize::from(number < tasks % connections);
        callers.spawn(async move {
            let requests = [trivial("python"), trivial("javascript")];
            let mut client = Client::connect(address).await;
            let mut failed = 0;
            for number in 0..count {
                let answer = client.send(&requests[number % 2]).await;
                if answer.status != 200 {
                    eprintln!("{answer:?}");
                    failed += 1;
                }
            }
            failed
        });
    }
    callers.join_all().await.into_iter().sum()
}

pub(crate) fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
