//! One task on one worker, from its frame to its end.

use std::time::Duration;

use bytes::{Buf, Bytes};
use stockade_egress::Session;
use stockade_protocol::file::MAXIMUM_FILES;
use stockade_protocol::frame::{self, FrameError, WorkerFrame};
use stockade_protocol::{FileName, Files, Outcome, RawJson, Usage};
use stockade_sandbox::control::WorkerExit;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::assignment::Assignment;
use crate::calls::Calls;
use crate::output::{Exceeded, Output};
use crate::task::{EventSender, Message, TaskEvent};
use crate::verdict::{self, End, Evidence};
use crate::watch::Watch;
use crate::worker::{ReceiveError, Received, Worker};

/// How long the end of a worker's processes is waited for after its frame socket has closed.
const GRACE_AFTER_CLOSE: Duration = Duration::from_millis(50);
/// How long the last frames of a worker that has ended are waited for: they are in the socket already.
const GRACE_FOR_FRAMES: Duration = Duration::from_millis(100);
/// Answers on their way from which on a worker is not listened to until it has read some.
const MAXIMUM_OUTBOUND: usize = 256;
/// Bytes that a message counts as output beyond its own, so that many small ones do not fill the supervisor's memory.
const EVENT_COST: usize = 256;

/// How a worker was lost before its task began.
#[derive(Debug)]
pub(crate) struct NotStarted(pub(crate) Assignment);

/// Runs the task; the worker is killed when this returns or is dropped.
///
/// Gives the assignment back when the worker was dead before it could take it.
pub(crate) async fn run(
    worker: Worker,
    assignment: Assignment,
    events: &EventSender,
    messages: &mut mpsc::UnboundedReceiver<Message>,
) -> Result<Outcome, NotStarted> {
    let started = Instant::now();
    let cpu_before = worker.slot.usage().map_or(0, |usage| usage.cpu_microseconds);
    let limits = assignment.limits;
    let is_program = assignment.is_program;
    let network = assignment.network.clone();
    let mut execution = Execution::new(worker, &assignment, network, events);
    let end = execution.until_end(started + limits.timeout, messages).await;
    let Some(end) = end else { return Err(NotStarted(assignment)) };
    let wall = started.elapsed();

    // The counters are read before the kill: the kernel adds nothing for a kill, and the slot may be lent again soon
    // after it.
    let used = execution.worker.slot.usage();
    execution.worker.process.kill();
    execution.output.drain();
    let exit = match used {
        Some(_) => execution.exit,
        // Without a cgroup only the exit tells what was used.
        None => execution.wait_for_exit().await,
    };
    let usage = Usage {
        wall_microseconds: u64::try_from(wall.as_micros()).unwrap_or(u64::MAX),
        cpu_microseconds: used.as_ref().map_or_else(
            || exit.map_or(0, |exit| exit.cpu_microseconds),
            |used| used.cpu_microseconds.saturating_sub(cpu_before),
        ),
        peak_memory_bytes: used
            .as_ref()
            .map_or_else(|| exit.map_or(0, |exit| exit.maximum_resident_bytes), |used| used.peak_memory_bytes),
    };
    let evidence = Evidence {
        memory_limit_hits: used.as_ref().map_or(0, |used| used.memory_limit_hits),
        killed_for_others: used.as_ref().map_or(0, |used| used.killed_for_others),
        process_limit_hits: used.as_ref().map_or(0, |used| used.process_limit_hits),
        stderr_tail: execution.output.stderr_tail(),
        denied: execution.calls.denied(),
        network: execution.calls.network_usage(),
        files: execution.files.take(),
        is_program,
    };
    Ok(verdict::decide(end, evidence, &limits, usage))
}

struct Execution<'task> {
    worker: Worker,
    output: Output<'task>,
    /// Bytes on their way to the worker.
    outbound: std::collections::VecDeque<Bytes>,
    started: bool,
    calls: Calls,
    /// What the task has left so far; `None` if nothing is taken.
    files: Option<Files>,
    watch: Watch,
    is_program: bool,
    exit: Option<WorkerExit>,
}

/// What a step of the execution found.
enum Step {
    GoOn,
    End(End),
}

impl<'task> Execution<'task> {
    fn new(mut worker: Worker, assignment: &Assignment, network: Option<Session>, events: &'task EventSender) -> Self {
        let watch = Watch::new(&worker, &assignment.limits);
        let output = Output::new(events, assignment.limits.output_bytes, worker.stdout.take(), worker.stderr.take());
        let calls = Calls::new(worker.listener.take(), network);
        Self {
            watch,
            output,
            calls,
            worker,
            files: assignment.wants_output.then(Files::new),
            outbound: assignment.files.iter().chain([&assignment.head, &assignment.inputs]).cloned().collect(),
            started: false,
            is_program: assignment.is_program,
            exit: None,
        }
    }

    /// `None`: the worker was dead before it had the task.
    async fn until_end(&mut self, deadline: Instant, messages: &mut mpsc::UnboundedReceiver<Message>) -> Option<End> {
        let deadline = tokio::time::sleep_until(deadline);
        tokio::pin!(deadline);
        let mut frames_open = true;
        let mut closed_at = None;
        loop {
            let maximum = self.output.left();
            while self.outbound.front().is_some_and(Bytes::is_empty) {
                self.outbound.pop_front();
            }
            let (mut reading, mut writing) = self.worker.frames.split();
            // What ends a task comes first: a worker that keeps another branch busy must not hold it off.
            let step = tokio::select! {
                biased;
                () = &mut deadline => Step::End(End::Timeout),
                message = messages.recv() => match message {
                    Some(Message::Answer { id, answer }) => {
                        self.answer(id, &answer);
                        Step::GoOn
                    }
                    Some(Message::Cancel) | None => Step::End(End::Cancelled),
                },
                end = self.watch.next() => Step::End(end),
                exit = &mut self.worker.exit => {
                    self.exit = exit.ok().flatten();
                    let status = self.exit.map(|exit| exit.status);
                    Step::End(self.last_frame(frames_open).await.unwrap_or(End::Exited(status)))
                }
                () = closed(closed_at), if !self.is_program => Step::End(End::Exited(None)),
                written = writing.write(self.outbound.front().map_or(&[][..], |bytes| bytes)),
                    if !self.outbound.is_empty() && frames_open =>
                {
                    match written {
                        Ok(count) => {
                            self.started = true;
                            if let Some(first) = self.outbound.front_mut() {
                                first.advance(count);
                            }
                        }
                        Err(_) if !self.started => return None,
                        // The worker is ending or has closed its socket; the other branches will see it.
                        Err(_) => self.outbound.clear(),
                    }
                    Step::GoOn
                }
                call = self.calls.next() => {
                    self.calls.handle(call);
                    Step::GoOn
                }
                stream = self.output.next() => step(self.output.read(stream)),
                received = reading.receive(maximum), if frames_open && self.outbound.len() < MAXIMUM_OUTBOUND => match received {
                    Ok(Received::Frame(frame)) => self.frame(frame),
                    Ok(Received::End) => {
                        frames_open = false;
                        closed_at = Some(Instant::now());
                        Step::GoOn
                    }
                    Err(ReceiveError::Frame(error)) => Step::End(End::Frame(error)),
                    Err(ReceiveError::Socket(error)) => Step::End(End::Internal(error.to_string())),
                },
            };
            if let Step::End(end) = step {
                return Some(end);
            }
        }
    }

    fn frame(&mut self, frame: WorkerFrame) -> Step {
        match frame {
            WorkerFrame::Result(bytes) => Step::End(End::Result(bytes)),
            WorkerFrame::Error(bytes) => Step::End(End::Error(bytes)),
            WorkerFrame::Log(bytes) => {
                let size = EVENT_COST + bytes.len();
                match RawJson::new(bytes) {
                    Ok(value) => step(self.output.spend(size, TaskEvent::Log(value))),
                    // A message that nobody can read is the task's own loss.
                    Err(_) => step(self.output.charge(size)),
                }
            }
            WorkerFrame::Request { id, name, parameters } => {
                let size = EVENT_COST + name.len() + parameters.len();
                match RawJson::new(parameters) {
                    Ok(parameters) => step(self.output.spend(size, TaskEvent::Request { id, name, parameters })),
                    Err(error) => {
                        let text = serde_json::Value::from(format!("the request's parameters are {error}"));
                        self.answer(id, &Err(RawJson::from_value(&text)));
                        step(self.output.charge(size))
                    }
                }
            }
            WorkerFrame::File { name, contents } => self.keep(name, contents),
            WorkerFrame::Listener | WorkerFrame::Waiting | WorkerFrame::Failed(_) => {
                Step::End(End::Frame(FrameError::Malformed("task's")))
            }
        }
    }

    /// Takes a file that the task leaves. One that comes again takes the place of the first.
    fn keep(&mut self, name: FileName, contents: Bytes) -> Step {
        let size = EVENT_COST + name.as_str().len() + contents.len();
        let Some(files) = &mut self.files else { return Step::End(End::Frame(FrameError::Malformed("task's"))) };
        if let Err(exceeded) = self.output.charge(size) {
            return step(Err(exceeded));
        }
        files.insert(name, contents);
        if files.len() > MAXIMUM_FILES { Step::End(End::Files) } else { Step::GoOn }
    }

    fn answer(&mut self, id: u32, answer: &Result<RawJson, RawJson>) {
        let (succeeded, value) = match answer {
            Ok(value) => (true, value),
            Err(value) => (false, value),
        };
        if let Some(head) = frame::answer_head(id, succeeded, value.bytes().len()) {
            self.outbound.extend([head.freeze(), value.bytes().clone()]);
        }
    }

    /// A result or error that a worker sent just before it ended.
    async fn last_frame(&mut self, frames_open: bool) -> Option<End> {
        if !frames_open {
            return None;
        }
        let deadline = Instant::now() + GRACE_FOR_FRAMES;
        loop {
            let maximum = self.output.left();
            let received = tokio::time::timeout_at(deadline, self.worker.frames.receive(maximum)).await;
            match received {
                Ok(Ok(Received::Frame(frame))) => {
                    if let Step::End(end) = self.frame(frame) {
                        return Some(end);
                    }
                }
                // Its end says less than what it was about to send.
                Ok(Err(ReceiveError::Frame(error @ FrameError::TooLarge { .. }))) => return Some(End::Frame(error)),
                _ => return None,
            }
        }
    }

    async fn wait_for_exit(&mut self) -> Option<WorkerExit> {
        if self.exit.is_none() {
            self.exit = (&mut self.worker.exit).await.ok().flatten();
        }
        self.exit
    }
}

fn step(written: Result<(), Exceeded>) -> Step {
    written.map_or(Step::End(End::Output), |()| Step::GoOn)
}

async fn closed(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at + GRACE_AFTER_CLOSE).await,
        None => std::future::pending().await,
    }
}
