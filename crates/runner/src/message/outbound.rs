//! What the runner says.

use bytes::Bytes;
use serde::Serialize;
use stockade_protocol::Language;

/// A message to the broker: JSON text around a payload that is never copied.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(super) head: Bytes,
    pub(super) body: Bytes,
    pub(super) tail: &'static str,
    /// The task that this message ends, if it ends one.
    ends_task: Option<String>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
enum Head<'a> {
    #[serde(rename = "runner:info")]
    Information { name: &'a str, types: &'a [&'a str] },
    #[serde(rename = "runner:taskoffer")]
    Offer { offer_id: &'a str, task_type: &'a str, valid_for: u64 },
    #[serde(rename = "runner:taskaccepted")]
    Accepted { task_id: &'a str },
    #[serde(rename = "runner:taskrejected")]
    Rejected { task_id: &'a str, reason: &'a str },
    #[serde(rename = "runner:taskdone")]
    Done { task_id: &'a str },
    #[serde(rename = "runner:taskerror")]
    Failed { task_id: &'a str },
    #[serde(rename = "runner:rpc")]
    Call { task_id: &'a str, call_id: &'a str, name: &'a str },
    #[serde(rename = "runner:taskdatarequest")]
    DataRequest { task_id: &'a str, request_id: &'a str },
    #[serde(rename = "runner:nodetypesrequest")]
    NodeTypesRequest { task_id: &'a str, request_id: &'a str },
}

impl Outgoing {
    pub(crate) fn information(name: &str, types: &[&str]) -> Self {
        Self::whole(&Head::Information { name, types })
    }

    pub(crate) fn offer(offer_id: &str, language: &Language, valid_for_milliseconds: u64) -> Self {
        Self::whole(&Head::Offer { offer_id, task_type: language.name(), valid_for: valid_for_milliseconds })
    }

    pub(crate) fn accepted(task_id: &str) -> Self {
        Self::whole(&Head::Accepted { task_id })
    }

    pub(crate) fn rejected(task_id: &str, reason: &str) -> Self {
        Self::whole(&Head::Rejected { task_id, reason })
    }

    /// The end of a task that succeeded; `data` is a JSON object.
    pub(crate) fn done(task_id: &str, data: Bytes) -> Self {
        Self::with_payload(&Head::Done { task_id }, "data", data).ending(task_id)
    }

    /// The end of a task that failed; `error` is a JSON object.
    pub(crate) fn failed(task_id: &str, error: Bytes) -> Self {
        Self::with_payload(&Head::Failed { task_id }, "error", error).ending(task_id)
    }

    /// A call of a function of n8n; `parameters` is a JSON array.
    pub(crate) fn call(task_id: &str, call_id: &str, name: &str, parameters: Bytes) -> Self {
        Self::with_payload(&Head::Call { task_id, call_id, name }, "params", parameters)
    }

    pub(crate) fn data_request(task_id: &str, request_id: &str, parameters: Bytes) -> Self {
        Self::with_payload(&Head::DataRequest { task_id, request_id }, "requestParams", parameters)
    }

    pub(crate) fn node_types_request(task_id: &str, request_id: &str, parameters: Bytes) -> Self {
        Self::with_payload(&Head::NodeTypesRequest { task_id, request_id }, "requestParams", parameters)
    }

    /// The task that this message ends.
    pub(crate) fn ended_task(&self) -> Option<&str> {
        self.ends_task.as_deref()
    }

    /// Bytes of the whole message.
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.body.len() + self.tail.len()
    }

    fn whole(head: &Head<'_>) -> Self {
        Self { head: json(head), body: Bytes::new(), tail: "", ends_task: None }
    }

    fn with_payload(head: &Head<'_>, name: &str, payload: Bytes) -> Self {
        let mut head = Vec::from(json(head));
        // The closing brace comes after the payload.
        head.pop();
        head.extend_from_slice(format!(",\"{name}\":").as_bytes());
        Self { head: head.into(), body: payload, tail: "}", ends_task: None }
    }

    fn ending(mut self, task_id: &str) -> Self {
        self.ends_task = Some(task_id.to_owned());
        self
    }

    /// The whole text, for tests.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        let parts = [self.head.as_ref(), self.body.as_ref(), self.tail.as_bytes()].concat();
        String::from_utf8(parts).unwrap()
    }
}

fn json(head: &Head<'_>) -> Bytes {
    // Texts and numbers only: nothing that serde_json could refuse.
    serde_json::to_vec(head).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_fields_of_the_protocol() {
        for (message, text) in [
            (
                Outgoing::information("Python Task Runner", &["python"]),
                r#"{"type":"runner:info","name":"Python Task Runner","types":["python"]}"#,
            ),
            (
                Outgoing::offer("o1", &Language::JavaScript, 5123),
                r#"{"type":"runner:taskoffer","offerId":"o1","taskType":"javascript","validFor":5123}"#,
            ),
            (Outgoing::accepted("t\"1"), r#"{"type":"runner:taskaccepted","taskId":"t\"1"}"#),
            (Outgoing::rejected("t1", "no"), r#"{"type":"runner:taskrejected","taskId":"t1","reason":"no"}"#),
            (
                Outgoing::done("t1", Bytes::from_static(b"{\"result\":1}")),
                r#"{"type":"runner:taskdone","taskId":"t1","data":{"result":1}}"#,
            ),
            (
                Outgoing::failed("t1", Bytes::from_static(b"{\"message\":\"m\"}")),
                r#"{"type":"runner:taskerror","taskId":"t1","error":{"message":"m"}}"#,
            ),
            (
                Outgoing::call("t1", "c1", "logNodeOutput", Bytes::from_static(b"[1]")),
                r#"{"type":"runner:rpc","taskId":"t1","callId":"c1","name":"logNodeOutput","params":[1]}"#,
            ),
            (
                Outgoing::data_request("t1", "r1", Bytes::from_static(b"{}")),
                r#"{"type":"runner:taskdatarequest","taskId":"t1","requestId":"r1","requestParams":{}}"#,
            ),
            (
                Outgoing::node_types_request("t1", "r1", Bytes::from_static(b"[]")),
                r#"{"type":"runner:nodetypesrequest","taskId":"t1","requestId":"r1","requestParams":[]}"#,
            ),
        ] {
            assert_eq!(message.text(), text);
        }
        assert_eq!(Outgoing::done("t1", Bytes::new()).ended_task(), Some("t1"));
        assert_eq!(Outgoing::accepted("t1").ended_task(), None);
    }
}
