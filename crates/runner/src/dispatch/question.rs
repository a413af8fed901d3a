//! What a worker may ask of n8n.
//!
//! A worker runs untrusted code, and n8n's main process trusts its runners. So a question is read here into a form
//! that n8n knows and written anew, and only the functions that n8n documents can be called.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use stockade_protocol::RawJson;

/// The functions of n8n that code may call.
const CALLABLE: [&str; 7] = [
    "helpers.assertBinaryData",
    "helpers.getBinaryDataBuffer",
    "helpers.prepareBinaryData",
    "helpers.setBinaryDataBuffer",
    "helpers.binaryToString",
    "helpers.httpRequest",
    "helpers.request",
];

/// The function behind `console.log`; nobody waits for its answer.
pub(super) const LOG_FUNCTION: &str = "logNodeOutput";

/// A question that may be passed on.
#[derive(Debug)]
pub(super) enum Question {
    /// The data that the code needs, as `requestParams`.
    Data(Bytes),
    /// The descriptions of node types, as `requestParams`.
    NodeTypes(Bytes),
    /// A function of n8n with its arguments.
    Call { name: &'static str, arguments: Bytes },
    /// Console output by way of a call.
    Log(RawJson),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataParameters {
    data_of_nodes: NodeNames,
    prev_node: bool,
    env: bool,
    input: InputParameters,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum NodeNames {
    Some(Vec<String>),
    All(AllNodes),
}

#[derive(Debug, Serialize, Deserialize)]
enum AllNodes {
    #[serde(rename = "all")]
    All,
}

#[derive(Debug, Serialize, Deserialize)]
struct InputParameters {
    include: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunk: Option<Chunk>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    start_index: u64,
    count: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct NodeType {
    name: String,
    version: serde_json::Number,
}

#[derive(Debug, Deserialize)]
struct CallParameters<'a> {
    name: String,
    #[serde(borrow)]
    params: &'a RawValue,
}

impl Question {
    /// Reads a question; the error is the answer that the worker gets instead.
    pub(super) fn read(name: &str, parameters: &RawJson) -> Result<Self, RawJson> {
        match name {
            "data" => rewritten::<DataParameters>(parameters).map(Self::Data),
            "nodetypes" => rewritten::<Vec<NodeType>>(parameters).map(Self::NodeTypes),
            "rpc" => Self::read_call(parameters),
            _ => Err(refusal("Method not allowed")),
        }
    }

    fn read_call(parameters: &RawJson) -> Result<Self, RawJson> {
        let call: CallParameters<'_> = serde_json::from_str(parameters.as_str()).map_err(malformed)?;
        let arguments = parameters.bytes().slice_ref(call.params.get().as_bytes());
        if !arguments.starts_with(b"[") {
            return Err(refusal("The arguments of a call must be an array"));
        }
        if call.name == LOG_FUNCTION {
            return RawJson::new(arguments).map(Self::Log).map_err(malformed);
        }
        match CALLABLE.into_iter().find(|function| *function == call.name) {
            Some(name) => Ok(Self::Call { name, arguments }),
            None => Err(refusal("Method not allowed")),
        }
    }
}

fn rewritten<'a, T: Serialize + Deserialize<'a>>(parameters: &'a RawJson) -> Result<Bytes, RawJson> {
    let value: T = serde_json::from_str(parameters.as_str()).map_err(malformed)?;
    serde_json::to_vec(&value).map(Bytes::from).map_err(malformed)
}

fn malformed(error: impl std::fmt::Display) -> RawJson {
    refusal(&format!("The request to n8n is malformed: {error}"))
}

/// An error as n8n gives one.
pub(super) fn refusal(message: &str) -> RawJson {
    RawJson::from_value(&serde_json::json!({ "message": Value::from(message) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, parameters: &str) -> Result<Question, String> {
        let parameters = RawJson::new(Bytes::copy_from_slice(parameters.as_bytes())).unwrap();
        Question::read(name, &parameters).map_err(|refusal| refusal.as_str().to_owned())
    }

    #[test]
    fn a_data_request_has_the_fields_that_n8n_knows_and_no_others() {
        let asked = r#"{"dataOfNodes": ["A"], "prevNode": false, "env": true, "hostile": {"length": 1e9},
            "input": {"include": true, "chunk": {"startIndex": 0, "count": 1000}}}"#;
        let Ok(Question::Data(passed)) = read("data", asked) else { panic!() };
        assert_eq!(
            passed,
            r#"{"dataOfNodes":["A"],"prevNode":false,"env":true,"input":{"include":true,"chunk":{"startIndex":0,"count":1000}}}"#
        );
        let asked = r#"{"dataOfNodes":"all","prevNode":false,"env":false,"input":{"include":false}}"#;
        assert!(matches!(read("data", asked), Ok(Question::Data(passed)) if passed == asked));
        for wrong in ["{}", "[]", r#"{"dataOfNodes":"some","prevNode":false,"env":false,"input":{"include":false}}"#] {
            assert!(read("data", wrong).unwrap_err().contains("The request to n8n is malformed: "));
        }
    }

    #[test]
    fn node_types_are_names_with_versions() {
        let asked = r#"[{"name":"n8n-nodes-base.set","version":3.4}]"#;
        assert!(matches!(read("nodetypes", asked), Ok(Question::NodeTypes(passed)) if passed == asked));
        assert!(read("nodetypes", r#"[{"name":{},"version":1}]"#).is_err());
    }

    #[test]
    fn only_documented_functions_can_be_called() {
        let call = |name: &str| format!(r#"{{"name":"{name}","params":[{{"url":"http://x/"}}]}}"#);
        let Ok(Question::Call { name, arguments }) = read("rpc", &call("helpers.httpRequest")) else { panic!() };
        assert_eq!((name, arguments.as_ref()), ("helpers.httpRequest", &br#"[{"url":"http://x/"}]"#[..]));
        assert!(matches!(read("rpc", &call(LOG_FUNCTION)), Ok(Question::Log(_))));
        for name in ["helpers.httpRequestWithAuthentication", "constructor", "__proto__", ""] {
            assert_eq!(read("rpc", &call(name)).unwrap_err(), r#"{"message":"Method not allowed"}"#);
        }
        assert_eq!(read("eval", "[]").unwrap_err(), r#"{"message":"Method not allowed"}"#);
        assert_eq!(
            read("rpc", r#"{"name":"helpers.request","params":{"length":1}}"#).unwrap_err(),
            r#"{"message":"The arguments of a call must be an array"}"#
        );
    }
}
