//! What the broker says.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::settings::{RawSettings, TaskSettings};

/// A message of the broker. Payloads are slices of the message.
#[derive(Debug)]
pub(crate) enum BrokerMessage {
    InformationRequest,
    Registered,
    Drain,
    OfferAccept {
        task_id: String,
        offer_id: String,
    },
    Cancel {
        task_id: String,
        reason: String,
    },
    /// Settings that are wrong still belong to a task, which must not wait for others.
    Settings {
        task_id: String,
        settings: Result<TaskSettings, MessageError>,
    },
    /// The answer to a request for data or for node types, or to a call.
    Answer {
        task_id: String,
        request_id: String,
        answer: Result<Bytes, Bytes>,
    },
}

/// Why a message means nothing. The texts are those of the official Python runner's log.
#[derive(Debug, Error)]
pub(crate) enum MessageError {
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("the message is not UTF-8")]
    NotUtf8,
    #[error("Unknown message type: {0}")]
    UnknownType(String),
    #[error("Missing field in {message} message: '{field}'")]
    Missing { message: &'static str, field: &'static str },
    #[error("Field '{0}' in task settings message must be a text")]
    NotText(&'static str),
    #[error("Unknown nodeMode: {0}")]
    NodeMode(String),
    #[error("Failed to find task {0}. This is likely an internal error.")]
    UnknownTask(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    task_id: Option<&'a RawValue>,
    #[serde(borrow)]
    offer_id: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
    #[serde(borrow)]
    settings: Option<RawSettings<'a>>,
    #[serde(borrow)]
    request_id: Option<&'a RawValue>,
    #[serde(borrow)]
    call_id: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    node_types: Option<&'a RawValue>,
}

impl BrokerMessage {
    /// Reads a message in one pass.
    pub(crate) fn read(text: &Utf8Bytes) -> Result<Self, MessageError> {
        let envelope: Envelope<'_> = serde_json::from_str(text.as_str())?;
        let bytes = Bytes::from(text.clone());
        let Some(kind) = envelope.kind else { return Err(MessageError::UnknownType("None".to_owned())) };
        match text_of(kind).as_deref() {
            Some("broker:inforequest") => Ok(Self::InformationRequest),
            Some("broker:runnerregistered") => Ok(Self::Registered),
            Some("broker:drain") => Ok(Self::Drain),
            Some("broker:taskofferaccept") => {
                let field = Fields("task offer acceptance");
                let task_id = field.text("taskId", envelope.task_id)?;
                Ok(Self::OfferAccept { task_id, offer_id: field.text("offerId", envelope.offer_id)? })
            }
            Some("broker:taskcancel") => {
                let field = Fields("task cancel");
                let task_id = field.text("taskId", envelope.task_id)?;
                let reason = text_of(field.any("reason", envelope.reason)?).unwrap_or_default();
                Ok(Self::Cancel { task_id, reason })
            }
            Some("broker:tasksettings") => {
                let task_id = Fields("task settings").text("taskId", envelope.task_id)?;
                let missing = MessageError::Missing { message: "task settings", field: "settings" };
                let settings = envelope.settings.ok_or(missing).and_then(|settings| settings.check(&bytes));
                Ok(Self::Settings { task_id, settings })
            }
            Some("broker:taskdataresponse") => {
                Fields("task data response").answer(&bytes, envelope.task_id, envelope.request_id, envelope.data)
            }
            Some("broker:nodetypes") => Fields("node types").answer_named(
                "nodeTypes",
                &bytes,
                envelope.task_id,
                envelope.request_id,
                envelope.node_types,
            ),
            Some("broker:rpcresponse") => {
                let field = Fields("RPC response");
                let request_id = field.text("callId", envelope.call_id)?;
                let task_id = field.text("taskId", envelope.task_id)?;
                let status = field.text("status", envelope.status)?;
                let data = slice(&bytes, envelope.data).unwrap_or(Bytes::from_static(b"null"));
                let answer = if status == "success" { Ok(data) } else { Err(data) };
                Ok(Self::Answer { task_id, request_id, answer })
            }
            Some(other) => Err(MessageError::UnknownType(other.to_owned())),
            None => Err(MessageError::UnknownType(kind.get().to_owned())),
        }
    }
}

/// Reads the fields of one kind of message.
struct Fields(&'static str);

impl Fields {
    fn any<'a>(&self, field: &'static str, value: Option<&'a RawValue>) -> Result<&'a RawValue, MessageError> {
        value.ok_or(MessageError::Missing { message: self.0, field })
    }

    fn text(&self, field: &'static str, value: Option<&RawValue>) -> Result<String, MessageError> {
        text_of(self.any(field, value)?).ok_or(MessageError::Missing { message: self.0, field })
    }

    fn answer(
        &self,
        message: &Bytes,
        task_id: Option<&RawValue>,
        request_id: Option<&RawValue>,
        data: Option<&RawValue>,
    ) -> Result<BrokerMessage, MessageError> {
        self.answer_named("data", message, task_id, request_id, data)
    }

    fn answer_named(
        &self,
        field: &'static str,
        message: &Bytes,
        task_id: Option<&RawValue>,
        request_id: Option<&RawValue>,
        data: Option<&RawValue>,
    ) -> Result<BrokerMessage, MessageError> {
        Ok(BrokerMessage::Answer {
            task_id: self.text("taskId", task_id)?,
            request_id: self.text("requestId", request_id)?,
            answer: Ok(message.slice_ref(self.any(field, data)?.get().as_bytes())),
        })
    }
}

fn text_of(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

fn slice(message: &Bytes, value: Option<&RawValue>) -> Option<Bytes> {
    value.map(|value| message.slice_ref(value.get().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BrokerMessage, String> {
        BrokerMessage::read(&Utf8Bytes::from(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn names_the_field_that_is_missing() {
        for (text, message) in [
            (
                r#"{"type":"broker:taskofferaccept","taskId":"t"}"#,
                "Missing field in task offer acceptance message: 'offerId'",
            ),
            (r#"{"type":"broker:taskcancel","taskId":"t"}"#, "Missing field in task cancel message: 'reason'"),
            (r#"{"type":"broker:rpcresponse","callId":"c"}"#, "Missing field in RPC response message: 'taskId'"),
            (
                r#"{"type":"broker:taskdataresponse","taskId":"t","data":1}"#,
                "Missing field in task data response message: 'requestId'",
            ),
            (
                r#"{"type":"broker:nodetypes","taskId":"t","requestId":"r"}"#,
                "Missing field in node types message: 'nodeTypes'",
            ),
            (r#"{"type":"broker:tasksettings","taskId":7}"#, "Missing field in task settings message: 'taskId'"),
            (r#"{"type":"broker:whatever"}"#, "Unknown message type: broker:whatever"),
            (r#"{"notype":1}"#, "Unknown message type: None"),
            (r#"{"type":7}"#, "Unknown message type: 7"),
        ] {
            assert_eq!(read(text).unwrap_err(), message);
        }
        assert!(read("{not json").unwrap_err().contains("line 1 column 2"));
    }

    fn settings(text: &str) -> Result<TaskSettings, String> {
        let message = format!(r#"{{"type":"broker:tasksettings","taskId":"t","settings":{text}}}"#);
        match read(&message).unwrap() {
            BrokerMessage::Settings { settings, .. } => settings.map_err(|error| error.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn items_stay_the_bytes_that_came() {
        let settings = settings(
            r#"{"code":"return \"é\"","nodeMode":"runOnceForAllItems","items":[ {"json":{"big":12345678901234567890123}} ],"query":{"q":1},"continueOnFail":true,"chunk":{"startIndex":2,"count":3}}"#,
        )
        .unwrap();
        assert_eq!(settings.code, "return \"é\"");
        assert_eq!(settings.items.as_deref(), Some(&br#"[ {"json":{"big":12345678901234567890123}} ]"#[..]));
        assert_eq!(settings.others["query"]["q"], 1);
        assert!(settings.continue_on_fail());
        assert_eq!(settings.chunk(), Some((2, 3)));
    }

    #[test]
    fn wrong_settings_are_an_error_of_their_task() {
        for (text, message) in [
            ("{}", "Missing field in task settings message: 'code'"),
            (r#"{"code":"x"}"#, "Missing field in task settings message: 'nodeMode'"),
            (r#"{"code":1,"nodeMode":"m"}"#, "Field 'code' in task settings message must be a text"),
            (r#"{"code":"x","nodeMode":[]}"#, "Field 'nodeMode' in task settings message must be a text"),
            ("[[1],{}]", "Missing field in task settings message: 'settings'"),
            ("null", "Missing field in task settings message: 'settings'"),
            ("1.5", "Missing field in task settings message: 'settings'"),
            ("\"x\"", "Missing field in task settings message: 'settings'"),
        ] {
            assert_eq!(settings(text).unwrap_err(), message);
        }
    }

    #[test]
    fn answers_carry_the_broker_s_bytes() {
        let text = r#"{"type":"broker:rpcresponse","taskId":"t","callId":"c","status":"error","data":{"message":"m"}}"#;
        let Ok(BrokerMessage::Answer { request_id, answer, .. }) = read(text) else { panic!() };
        assert_eq!((request_id.as_str(), answer.unwrap_err().as_ref()), ("c", &br#"{"message":"m"}"#[..]));
        let text = r#"{"type":"broker:rpcresponse","taskId":"t","callId":"c","status":"success"}"#;
        let Ok(BrokerMessage::Answer { answer, .. }) = read(text) else { panic!() };
        assert_eq!(answer.unwrap().as_ref(), b"null");
    }
}
