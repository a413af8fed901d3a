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
    /// The data that the code needs.
    Data(DataRequest),
    /// The descriptions of node types, as `requestParams`.
    NodeTypes(Bytes),
    /// A function of n8n with its arguments.
    Call { name: &'static str, arguments: Bytes },
    /// Console output by way of a call.
    Log(RawJson),
}

/// A request for data.
#[derive(Debug)]
pub(super) struct DataRequest {
    /// `requestParams` as n8n knows them.
    pub(super) text: Bytes,
    /// Whether the data of every node is asked for.
    pub(super) all_nodes: bool,
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
            "data" => DataRequest::read(parameters).map(Self::Data),
            "nodetypes" => {
                let types: Vec<NodeType> = serde_json::from_str(parameters.as_str()).map_err(malformed)?;
                text(&types).map(Self::NodeTypes)
            }
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

impl DataRequest {
    fn read(parameters: &RawJson) -> Result<Self, RawJson> {
        let parameters: DataParameters = serde_json::from_str(parameters.as_str()).map_err(malformed)?;
        let all_nodes = matches!(parameters.data_of_nodes, NodeNames::All(_));
        Ok(Self { text: text(&parameters)?, all_nodes })
    }

    /// The same request for other items; `None` if one is for a chunk of them and the other for all.
    pub(super) fn with_chunk(request: &[u8], chunk: Option<(u64, u64)>) -> Option<Bytes> {
        let mut parameters: DataParameters = serde_json::from_slice(request).ok()?;
        if parameters.input.chunk.is_some() != chunk.is_some() {
            return None;
        }
        parameters.input.chunk = chunk.map(|(start_index, count)| Chunk { start_index, count });
        text(&parameters).ok()
    }
}

fn text(value: &impl Serialize) -> Result<Bytes, RawJson> {
    serde_json::to_vec(value).map(Bytes::from).map_err(malformed)
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
        let Ok(Question::Data(DataRequest { text: passed, all_nodes: false })) = read("data", asked) else { panic!() };
        assert_eq!(
            passed,
            r#"{"dataOfNodes":["A"],"prevNode":false,"env":true,"input":{"include":true,"chunk":{"startIndex":0,"count":1000}}}"#
        );
        let asked = r#"{"dataOfNodes":"all","prevNode":false,"env":false,"input":{"include":false}}"#;
        assert!(matches!(read("data", asked), Ok(Question::Data(passed)) if passed.all_nodes && passed.text == asked));
        for wrong in ["{}", "[]", r#"{"dataOfNodes":"some","prevNode":false,"env":false,"input":{"include":false}}"#] {
            assert!(read("data", wrong).unwrap_err().contains("The request to n8n is malformed: "));
        }
    }

    #[test]
    fn a_request_is_made_again_for_another_chunk() {
        let request = |chunk: &str| {
            let text =
                format!(r#"{{"dataOfNodes":[],"prevNode":false,"env":false,"input":{{"include":true{chunk}}}}}"#);
            Bytes::from(text)
        };
        let (first, second) = (r#","chunk":{"startIndex":0,"count":9}"#, r#","chunk":{"startIndex":9,"count":5}"#);
        assert_eq!(DataRequest::with_chunk(&request(first), Some((9, 5))), Some(request(second)));
        assert_eq!(DataRequest::with_chunk(&request(""), None), Some(request("")));
        assert_eq!(DataRequest::with_chunk(&request(first), None), None);
        assert_eq!(DataRequest::with_chunk(&request(""), Some((0, 1))), None);
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
