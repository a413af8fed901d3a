//! What running tasks say and ask, and n8n's answers to them.

use bytes::Bytes;
use stockade_engine::TaskEvent;
use stockade_protocol::{Language, RawJson};
use tokio::time::Instant;

use super::Dispatcher;
use super::entry::{Running, State};
use super::question::{LOG_FUNCTION, Question, refusal};
use crate::engine::{Report, TaskEngine};
use crate::identifier::new_identifier;
use crate::log::Level;
use crate::message::Outgoing;

/// A worker with more unanswered requests than this is not waiting for their answers.
const MAXIMUM_OPEN_REQUESTS: usize = 1000;
const CONNECTION_LOST: &str = "The connection to n8n was lost while the task ran";

impl<E: TaskEngine> Dispatcher<E> {
    /// Something happened to a task.
    pub(crate) fn report(&mut self, report: Report, now: Instant) {
        let Report { task, event } = report;
        // The end of a task may be decided before its last words arrive.
        let is_current = self.tasks.get(&*task.id).is_some_and(|entry| entry.number == task.number);
        if !is_current {
            return;
        }
        match event {
            TaskEvent::Finished(outcome) => self.finish(&task.id, *outcome, now),
            TaskEvent::Log(arguments) => self.relay_log(&task.id, &arguments),
            TaskEvent::Request { id, name, parameters } => self.ask(&task.id, id, &name, &parameters),
            TaskEvent::Stdout(bytes) | TaskEvent::Stderr(bytes) => self.log_output(&task.id, &bytes),
        }
    }

    /// The task, if the engine has it.
    fn running(&mut self, task_id: &str) -> Option<&mut Running> {
        match &mut self.tasks.get_mut(task_id)?.state {
            State::Running(running) => Some(running),
            State::WaitingForSettings | State::WaitingForData(_) => None,
        }
    }

    fn is_python(&self, task_id: &str) -> bool {
        self.tasks.get(task_id).is_some_and(|entry| self.lanes[entry.lane].settings.language == Language::Python)
    }

    /// Console output on its way to the browser.
    fn relay_log(&mut self, task_id: &str, arguments: &RawJson) {
        let connection = self.registered_connection();
        let Some(running) = self.running(task_id) else { return };
        let text = arguments.as_str().trim_start();
        if !text.starts_with('[') || !running.logged.admits(text.len()) {
            return;
        }
        let is_heard = running.is_heard(connection);
        // Only the official Python runner repeats the console in its log.
        let level = if self.is_python(task_id) { Level::Info } else { Level::Debug };
        if let Some(line) = plain_text(text) {
            self.log.write(level, format_args!("[user code] {line}"));
        }
        if is_heard {
            let call = Outgoing::call(task_id, &new_identifier(), LOG_FUNCTION, arguments.bytes().clone());
            self.outbox.push(call);
        }
    }

    /// What the code wrote past the console.
    fn log_output(&mut self, task_id: &str, bytes: &[u8]) {
        let log = self.log.clone();
        let Some(running) = self.running(task_id) else { return };
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if running.logged.admits(line.len()) {
                log.info(format_args!("[user code] {}", String::from_utf8_lossy(line)));
            }
        }
    }

    /// The code needs something from n8n.
    fn ask(&mut self, task_id: &str, id: u32, name: &str, parameters: &RawJson) {
        let question = Question::read(name, parameters);
        if let Ok(Question::Log(arguments)) = &question {
            self.relay_log(task_id, arguments);
        }
        let connection = self.registered_connection();
        let Some(running) = self.running(task_id) else { return };
        let request_id = new_identifier();
        if let Ok(question) = &question {
            running.asked.note(question);
        }
        let message = match question {
            Err(refused) => return running.control.answer(id, Err(refused)),
            Ok(Question::Log(_)) => return running.control.answer(id, Ok(RawJson::from_value(&().into()))),
            Ok(_) if !running.is_heard(connection) => return running.control.answer(id, Err(refusal(CONNECTION_LOST))),
            Ok(_) if running.requests.len() >= MAXIMUM_OPEN_REQUESTS => {
                return running.control.answer(id, Err(refusal("The task has too many open requests to n8n")));
            }
            Ok(Question::Data(request)) => Outgoing::data_request(task_id, &request_id, request.text),
            Ok(Question::NodeTypes(parameters)) => Outgoing::node_types_request(task_id, &request_id, parameters),
            Ok(Question::Call { name, arguments }) => Outgoing::call(task_id, &request_id, name, arguments),
        };
        running.requests.insert(request_id, id);
        self.outbox.push(message);
    }

    /// n8n answers. Most answers are to console output, which waits for none.
    pub(super) fn answer(&mut self, task_id: &str, request_id: &str, answer: Result<Bytes, Bytes>, now: Instant) {
        if let Some(State::WaitingForData(prepared)) = self.tasks.get(task_id).map(|entry| &entry.state) {
            // Only calls are answered with errors.
            if prepared.request_id == request_id
                && let Ok(data) = answer
            {
                self.start_with_data(task_id, data, now);
            }
            return;
        }
        let Some(running) = self.running(task_id) else { return };
        let Some(id) = running.requests.remove(request_id) else { return };
        let read = |bytes: Bytes| RawJson::new(bytes).map_err(|error| refusal(&format!("The answer of n8n: {error}")));
        let answer = match answer {
            Ok(value) => read(value),
            Err(error) => Err(read(error).unwrap_or_else(|refusal| refusal)),
        };
        running.control.answer(id, answer);
    }

    /// Answers in place of a broker that is gone.
    pub(super) fn fail_open_requests(&mut self) {
        for entry in self.tasks.values_mut() {
            if let State::Running(running) = &mut entry.state {
                for (_, id) in running.requests.drain() {
                    running.control.answer(id, Err(refusal(CONNECTION_LOST)));
                }
            }
        }
    }
}

/// The arguments of a console call the way that `print` shows them: texts come in single quotes.
fn plain_text(arguments: &str) -> Option<String> {
    let texts: Vec<String> = serde_json::from_str(arguments).ok()?;
    let unquoted = |text: &String| {
        let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        inner.map_or_else(|| text.clone(), str::to_owned)
    };
    Some(texts.iter().map(unquoted).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_output_reads_like_print() {
        assert_eq!(plain_text(r#"["'two words'","3","{\"a\": 1}"]"#).as_deref(), Some("two words 3 {\"a\": 1}"));
        assert_eq!(plain_text("[]").as_deref(), Some(""));
        assert_eq!(plain_text("[1]"), None);
    }
}
