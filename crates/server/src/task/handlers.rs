//! `/v1/tasks`.

use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::events;
use super::files;
use super::preferences::{check_media_type, fingerprint, idempotency_key, wants_no_wait};
use super::record::{CancelOnDrop, Record};
use super::registry::IdempotencyKey;
use super::report::TaskView;
use super::request;
use super::submission::{Order, submit};
use crate::answer::Answer;
use crate::callers::Caller;
use crate::problem::{Kind, Problem};
use crate::state::State;

/// Tells that the answer is that of an earlier request with the same idempotency key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// `POST /v1/tasks`.
pub(crate) async fn create(
    Extension(state): Extension<Arc<State>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    check_media_type(&parts.headers)?;
    let no_wait = wants_no_wait(&parts.headers);
    let key = idempotency_key(&parts.headers)?;
    let (body, mut reservation) = state.bodies().read(&parts.headers, body).await?;
    let task = request::parse(&body, &caller, state.configuration())?;
    state.bodies().extend(&mut reservation, files::size(&task.files.given))?;
    let is_kept = no_wait || key.is_some();
    let parent = parts.extensions.get().cloned();
    let order = Order { task, caller: Arc::clone(&caller), reservation, is_kept, parent };
    let (record, accepted) = match key {
        Some(key) => {
            let key = IdempotencyKey { owner: caller.id(), key };
            state.registry().begin_once(key, fingerprint(&body), || submit(&state, order)).await?
        }
        None => {
            let (record, accepted) = submit(&state, order)?;
            state.registry().begin(Arc::clone(&record));
            (record, Some(accepted))
        }
    };
    let is_replayed = accepted.is_none();
    if let Some(accepted) = accepted {
        accepted.launch(Arc::clone(&state));
    }
    drop(body);
    let mut response = if no_wait {
        not_waiting(&state, &record)
    } else if is_kept {
        // Whoever names a request wants its outcome, over another connection if need be: it runs on.
        record.ended().await;
        ended(&state, &record).await
    } else {
        let guard = CancelOnDrop(Arc::clone(&record));
        record.ended().await;
        let response = ended(&state, &record).await;
        drop(guard);
        response
    };
    if is_replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// `GET /v1/tasks/{id}`.
pub(crate) async fn read(
    Extension(state): Extension<Arc<State>>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let record = find(&state, &caller, &id)?;
    Ok(json(StatusCode::OK, view(&state, &record)?))
}

/// `DELETE /v1/tasks/{id}`: ends a task that runs, forgets one that has ended.
pub(crate) async fn cancel(
    Extension(state): Extension<Arc<State>>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let record = find(&state, &caller, &id)?;
    if record.has_ended() {
        state.registry().forget(record.id);
    } else {
        record.cancel();
        record.ended().await;
        record.tell();
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /v1/tasks/{id}/network`: replaces the hosts of a task that waits or runs.
pub(crate) async fn change_network(
    Extension(state): Extension<Arc<State>>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (parts, body) = request.into_parts();
    check_media_type(&parts.headers)?;
    let (body, _reservation) = state.bodies().read(&parts.headers, body).await?;
    let network = request::parse_network(&body)?;
    caller.may_reach(&network)?;
    let record = find(&state, &caller, &id)?;
    if record.has_ended() {
        return Err(Problem::new(Kind::State, "the task has ended"));
    }
    let Some(of_task) = record.network() else {
        return Err(Problem::new(Kind::State, "the task began without hosts, and gains none"));
    };
    of_task.change(network).map_err(|error| Problem::refused(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/tasks/{id}/events`: over a WebSocket if the client asks for one, else as server-sent events.
pub(crate) async fn follow(
    Extension(state): Extension<Arc<State>>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let record = find(&state, &caller, &id)?;
    match socket {
        Ok(socket) => Ok(events::socket(state, record, socket)),
        Err(_) => events::stream(state, record, &headers),
    }
}

fn find(state: &State, caller: &Caller, id: &str) -> Result<Arc<Record>, Problem> {
    id.parse::<Uuid>()
        .ok()
        .and_then(|id| state.registry().find(&caller.id(), id))
        .ok_or_else(|| Problem::new(Kind::NotFound, "there is no task of this id, or it was forgotten"))
}

/// The answer before the task has ended.
fn not_waiting(state: &State, record: &Record) -> Response {
    let mut response = match view(state, record) {
        Ok(answer) => json(StatusCode::ACCEPTED, answer),
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(format!("/v1/tasks/{}", record.id)) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(HeaderName::from_static("preference-applied"), HeaderValue::from_static("respond-async"));
    response
}

/// What is known of a task now.
fn view(state: &State, record: &Record) -> Result<Answer, Problem> {
    let view = record.view();
    state.answers().write_now(|writer| Ok(serde_json::to_writer(writer, &view)?))
}

/// The answer after the task has ended.
async fn ended(state: &State, record: &Record) -> Response {
    // What is read of the record while others take their answers is dropped again, and read anew.
    let write = |writer: &mut dyn io::Write| match outcome(record) {
        Ok(view) => Ok(serde_json::to_writer(writer, &view)?),
        Err(problem) => problem.write(writer),
    };
    match (state.answers().write(write).await, outcome(record)) {
        (Ok(answer), Ok(_)) => json(StatusCode::OK, answer),
        (Ok(answer), Err(problem)) => problem.answer(answer.into_body()),
        (Err(crowded), _) => crowded.into_response(),
    }
}

fn outcome(record: &Record) -> Result<TaskView, Problem> {
    let view = record.view();
    match view.report.error.clone() {
        None => Ok(view),
        Some(error) => Err(Problem::of_task(view.id, &error, view.report)),
    }
}

fn json(status: StatusCode, answer: Answer) -> Response {
    let mut response = (status, answer.into_body()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
