//! Would a runner with these settings work? Every part is tried against a live broker, without taking a task.

mod report;

use std::sync::Arc;
use std::time::Duration;

use stockade_engine::{Engine, EngineStatus};
use stockade_sandbox::Wall;
use stockade_sandbox::doctor::{self, State as WallState};
use tokio::time::timeout;

use crate::RunnerArguments;
use crate::broker::{Access, Received};
use crate::error::RunnerError;
use crate::identifier::new_identifier;
use crate::message::{BrokerMessage, Outbox, Outgoing};
use crate::settings::{LanguageSettings, Rules, Settings, Token};

pub use report::{CheckReport, Finding, State};

/// How long the broker may take to register a runner.
const REGISTRATION_PATIENCE: Duration = Duration::from_secs(10);

/// Tries settings, address, token, registration, interpreters with their walls, and allow-lists.
pub async fn check(arguments: &RunnerArguments) -> CheckReport {
    let mut report = CheckReport { findings: Vec::new() };
    let settings = match Settings::resolve(arguments) {
        Ok(settings) => Arc::new(settings),
        Err(error) => {
            report.add_error("settings", &error);
            return report;
        }
    };
    let served: Vec<&str> = settings.languages.iter().map(|language| language.language.name()).collect();
    report.add("settings", State::Good, format!("serving {}", served.join(" and ")), None);
    for remark in &settings.remarks {
        report.add("settings", State::Doubtful, remark, None);
    }
    check_broker(&settings, &mut report).await;
    check_walls(&settings.engine_configuration().without_walls, &mut report).await;
    match Engine::start(settings.engine_configuration().clone()).await {
        Ok(engine) => {
            report_engine(&engine.status(), &settings.languages, &mut report);
            engine.stop().await;
        }
        Err(error) => report.add_error("interpreters", &error.into()),
    }
    for language in &settings.languages {
        report_rules(language, &mut report);
    }
    report
}

async fn check_broker(settings: &Arc<Settings>, report: &mut CheckReport) {
    let access = match Access::new(Arc::clone(settings)) {
        Ok(access) => access,
        Err(error) => return report.add_error("broker", &error),
    };
    match access.check_health().await {
        Ok(()) => report.add("broker", State::Good, format!("{} is healthy", settings.broker), None),
        Err(error) => return report.add_error("broker", &error),
    }
    let grant_token = match access.fetch_grant_token().await {
        Ok(token) => token,
        Err(error) => return report.add_error("token", &error),
    };
    if matches!(settings.token, Token::Grant(_)) {
        let detail = "this check uses up N8N_RUNNERS_GRANT_TOKEN, which is good for one connection";
        report.add("token", State::Doubtful, detail, None);
    } else {
        report.add("token", State::Good, "N8N_RUNNERS_AUTH_TOKEN was exchanged for a grant token", None);
    }
    match timeout(REGISTRATION_PATIENCE, register(settings, &access, &grant_token)).await {
        Ok(Ok(())) => report.add("registration", State::Good, "the broker registered a runner", None),
        Ok(Err(error)) => report.add_error("registration", &error),
        Err(_) => {
            report.add_error("registration", &RunnerError::NotRegistered(REGISTRATION_PATIENCE.as_secs()));
        }
    }
}

/// Goes as far as a runner can without offering to take tasks. Its name is its own: under the name of a runner that
/// works it would push that one out.
async fn register(settings: &Settings, access: &Access, grant_token: &str) -> Result<(), RunnerError> {
    let mut connection = access.upgrade(grant_token, &new_identifier()).await?;
    let types: Vec<&str> = settings.languages.iter().map(|language| language.language.name()).collect();
    let mut outbox = Outbox::default();
    loop {
        let text = match connection.exchange(&mut outbox).await {
            Received::Text(text) => text,
            Received::NotText => continue,
            Received::End(error) => return Err(error),
        };
        match BrokerMessage::read(&text) {
            Ok(BrokerMessage::InformationRequest) => {
                outbox.push(Outgoing::information("Stockade check", &types));
            }
            Ok(BrokerMessage::Registered) => break,
            // Whatever else it says is for a runner that serves.
            _ => {}
        }
    }
    connection.close().await;
    Ok(())
}

/// Says what is wrong with walls; those that are up are counted only.
async fn check_walls(without: &[Wall], report: &mut CheckReport) {
    let without = without.to_vec();
    let Ok(walls) = tokio::task::spawn_blocking(move || doctor::examine(&without)).await else { return };
    let up = walls.walls.iter().filter(|wall| wall.state == WallState::Up).count();
    report.add("walls", State::Good, format!("{up} of {} are up", walls.walls.len()), None);
    for wall in walls.walls.iter().filter(|wall| wall.state != WallState::Up) {
        // Landlock is a second wall for what another walls in.
        let is_needed = wall.state == WallState::Missing && wall.wall != Wall::Landlock;
        let state = if is_needed { State::Bad } else { State::Doubtful };
        report.add("walls", state, format!("{}: {}: {}", wall.wall, wall.state, wall.found), wall.remedy.as_deref());
    }
}

fn report_engine(status: &EngineStatus, languages: &[LanguageSettings], report: &mut CheckReport) {
    for runtime in &status.runtimes {
        let subject = runtime.language.name();
        match &runtime.problem {
            None => {
                report.add(subject, State::Good, format!("version {} runs inside the walls", runtime.version), None)
            }
            Some(problem) => report.add(subject, State::Bad, problem, None),
        }
        for missing in &runtime.missing {
            let (name, reason) = missing.split_once(": ").unwrap_or((missing, ""));
            let settings = languages.iter().find(|settings| settings.language == runtime.language);
            let advice = settings.and_then(|settings| settings.advice_on_missing(name, reason));
            let remedy = advice.map(|advice| advice.to_string());
            let detail = format!("a module cannot be loaded ahead of tasks: {missing}");
            report.add(subject, State::Bad, detail, remedy.as_deref());
        }
    }
}

fn report_rules(language: &LanguageSettings, report: &mut CheckReport) {
    let subject = format!("{} allow-lists", language.language);
    let shown = |modules: &[String]| match modules {
        [] => "none".to_owned(),
        modules if modules == ["*"] => "all".to_owned(),
        modules => modules.join(", "),
    };
    let (detail, is_empty, remedy) = match &language.rules {
        Rules::Python(rules) => (
            format!("standard library: {}; packages: {}", shown(&rules.stdlib_allow), shown(&rules.external_allow)),
            rules.stdlib_allow.is_empty() && rules.external_allow.is_empty(),
            "code cannot import anything; to change that set N8N_RUNNERS_STDLIB_ALLOW and N8N_RUNNERS_EXTERNAL_ALLOW",
        ),
        Rules::JavaScript(rules) => (
            format!("built in: {}; packages: {}", shown(&rules.builtin_allow), shown(&rules.external_allow)),
            rules.builtin_allow.is_empty() && rules.external_allow.is_empty(),
            "code cannot require anything; to change that set NODE_FUNCTION_ALLOW_BUILTIN and \
             NODE_FUNCTION_ALLOW_EXTERNAL",
        ),
    };
    let state = if is_empty { State::Doubtful } else { State::Good };
    report.add(subject, state, detail, is_empty.then_some(remedy));
}
