//! The health check server of a whole runner.

use std::net::SocketAddr;

use stockade_runner::{RunnerError, Signal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::stage::Runner;
use stockade_broker_player::{Broker, PATIENCE};

const ON_ANY_PORT: [(&str, &str); 2] =
    [("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", " TRUE "), ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "0")];

/// Where the runner's log says that the server listens.
async fn address(runner: &Runner) -> SocketAddr {
    let log = runner.logs("Health check server listening on 127.0.0.1, port ").await;
    let port = log.split("port ").nth(1).unwrap().lines().next().unwrap();
    format!("127.0.0.1:{port}").parse().unwrap()
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let asking = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    timeout(PATIENCE, asking).await.expect("the health check does not answer")
}

#[tokio::test]
async fn answers_whoever_connects_and_tells_the_truth() {
    let mut broker = Broker::start().await;
    broker.answers.lock().unwrap().health = Some(503);
    let runner = Runner::authorized(&broker.uri(), &ON_ANY_PORT);
    let address = address(&runner).await;
    runner.logs("Failed to connect to broker").await;
    let answer = ask(address, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.contains("there is no connection to the broker at http://127.0.0.1:"), "{answer}");

    broker.answers.lock().unwrap().health = None;
    let mut socket = broker.registered().await;
    assert_eq!(socket.run("t1", "return").await["type"], "runner:taskdone");
    for request in ["GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "POST /any HTTP/1.1\r\nContent-Length: 0\r\n\r\n", ""] {
        let answer = ask(address, request).await;
        assert_eq!(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK");
    }

    *runner.engine.problem.lock().unwrap() = Some("the zygote ended".to_owned());
    runner.logs("Not taking tasks: python cannot run").await;
    assert!(ask(address, "").await.ends_with("\r\n\r\npython cannot run: the zygote ended"));

    runner.signals.send(Signal::Terminate).unwrap();
    let (_, log) = runner.ended().await;
    assert!(log.ends_with("Runner stopped\nHealth check server stopped\n"), "{log}");
}

#[tokio::test]
async fn a_port_that_is_taken_stops_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let broker = Broker::start().await;
    let runner = Runner::granted(
        &broker,
        &[("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "true"), ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", &port)],
    );
    let (result, _) = runner.ended().await;
    let error = result.unwrap_err();
    assert!(matches!(error, RunnerError::HealthPortInUse(_)));
    assert_eq!(error.to_string(), format!("Failed to start health check server: Port {port} is already in use"));
}

#[tokio::test]
async fn the_launcher_s_own_health_check_is_there_too() {
    let mut broker = Broker::start().await;
    let runner = Runner::authorized(&broker.uri(), &[("N8N_RUNNERS_LAUNCHER_HEALTH_CHECK_PORT", "0")]);
    let mut socket = broker.registered().await;
    socket.next_of("runner:taskoffer").await;
    let log = runner.logs("Health check server listening on 0.0.0.0, port ").await;
    let port = log.split("port ").nth(1).unwrap().lines().next().unwrap();
    let answer = ask(format!("127.0.0.1:{port}").parse().unwrap(), "GET /healthz HTTP/1.1\r\n\r\n").await;
    assert!(answer.ends_with("\r\n\r\n{\"status\":\"ok\"}"), "{answer}");
}
