//! `check` against a live broker. What it says about interpreters and walls depends on the machine.

use std::collections::BTreeMap;

use stockade_protocol::Language;
use stockade_runner::{CheckReport, Finding, RunnerArguments, State, check};

use stockade_broker_player::{AUTH_TOKEN, Broker};

async fn report(uri: &str, token: &str) -> CheckReport {
    let environment = BTreeMap::from([
        ("N8N_RUNNERS_TASK_BROKER_URI".to_owned(), uri.to_owned()),
        ("N8N_RUNNERS_AUTH_TOKEN".to_owned(), token.to_owned()),
    ]);
    check(&RunnerArguments { languages: vec![Language::Python], environment, ..RunnerArguments::default() }).await
}

fn finding<'a>(report: &'a CheckReport, subject: &str) -> &'a Finding {
    report.findings.iter().find(|finding| finding.subject == subject).unwrap_or_else(|| panic!("{report}"))
}

#[tokio::test]
async fn a_broker_that_takes_the_token_registers_the_check_and_gets_no_offer() {
    let mut broker = Broker::start().await;
    let uri = broker.uri();
    let (report, mut socket) = tokio::join!(report(&uri, AUTH_TOKEN), broker.registered());
    assert_eq!(finding(&report, "broker").detail, format!("{uri} is healthy"));
    for subject in ["settings", "broker", "token", "registration"] {
        assert_eq!(finding(&report, subject).state, State::Good, "{report}");
    }
    assert_eq!(socket.information["name"], "Stockade check");
    assert_eq!(socket.hear().await, stockade_broker_player::Heard::Closed(1000, String::new()));
    let rules = finding(&report, "python allow-lists");
    assert_eq!((rules.state, rules.detail.as_str()), (State::Doubtful, "standard library: none; packages: none"));
}

#[tokio::test]
async fn a_wrong_token_is_named_with_the_remedy() {
    let broker = Broker::start().await;
    let report = report(&broker.uri(), "another").await;
    let token = finding(&report, "token");
    assert_eq!(token.state, State::Bad);
    assert!(token.detail.contains("answered /runners/auth with HTTP 403"), "{report}");
    assert_eq!(token.remedy.as_deref(), Some("N8N_RUNNERS_AUTH_TOKEN must be the same here and in n8n"));
    assert!(!report.is_good());
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_named_with_the_remedy() {
    let report = report("http://127.0.0.1:9", AUTH_TOKEN).await;
    let broker = finding(&report, "broker");
    assert!(broker.detail.starts_with("failed to connect to 127.0.0.1:9: Connection refused"), "{report}");
    assert!(broker.remedy.as_deref().unwrap().contains("N8N_RUNNERS_BROKER_LISTEN_ADDRESS=0.0.0.0"));
}

#[tokio::test]
async fn settings_that_are_wrong_are_all_that_is_said() {
    let arguments = RunnerArguments::default();
    let report = check(&arguments).await;
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].detail, "Environment variable N8N_RUNNERS_GRANT_TOKEN is required");
}
