//! Large inputs and results of Python, which the native library reads and writes: the same as what the module `json`
//! of the interpreter makes of them, whatever is in them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::OnceLock;

use serde_json::json;
use stockade_engine::Engine;
use stockade_protocol::{ErrorCode, Language, Task};
use stockade_tests::{Report, code, configuration, run, runtime, start};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| runtime().block_on(start(configuration(&[Language::Python]))).unwrap())
}

fn result_of(report: &Report) -> &str {
    report.outcome.result.as_ref().unwrap().as_ref().unwrap().as_str()
}

fn run_code(text: &str) -> Report {
    runtime().block_on(run(engine(), code(&Language::Python, text.to_owned())))
}

fn run_with(text: &'static str, inputs: String) -> Report {
    let task = Task { inputs: inputs.into(), ..code(&Language::Python, text) };
    runtime().block_on(run(engine(), task))
}

/// Every kind of value, as compact as Python writes it.
const ROW: &str = r#"{"text":"é世界🌍 \"\\/\b\f\n\r\t\u0001\u001f","":[],"none":{},"numbers":[0,-1,9007199254740993,
    -9223372036854775808,18446744073709551616,123456789012345678901234567890],"floats":[0.0,-0.0,1.5,-2.25,100.0,1e+16,
    999999999999999.0,1e-07,5e-324,1.7976931348623157e+308,0.1],"words":[true,false,null],"deep":[[[{"a":[{}]}]]]}"#;

fn rows() -> String {
    // The line breaks of this file are not part of it.
    let row: String = ROW.split('\n').map(str::trim_start).collect();
    format!("[{}]", vec![row; 100].join(","))
}

#[test]
fn rows_come_back_byte_by_byte() {
    let rows = rows();
    let report = run_with("return rows", format!("{{\"rows\":{rows}}}"));
    assert_eq!(result_of(&report), rows);
}

#[test]
fn inputs_are_read_as_python_reads_them() {
    // White space, escapes, keys that come twice, numbers in other spellings.
    let odd = r#" { "a" : [ 1E5 , 1.5e+3,-0 , 1e400, "\u00e9\ud83d\ude00\/\b" , "\ud800" ] , "b":1, "b" :
        {"\u0062": 2, "long key long key long key long key long key long key long key long key": [NaN, -Infinity]}}"#;
    for text in [odd.to_owned(), odd.replace("NaN", "3").replace("-Infinity", "4").replace("\"\\ud800\"", "5")] {
        let list = format!("[{}]", vec![text; 200].join(" ,\n"));
        let inputs = json!({"text": list}).to_string();
        let inputs = format!("{},\"rows\":{list}}}", inputs.trim_end_matches('}'));
        let program = "import json\nexpected = json.loads(text)\nreturn [len(rows), repr(rows) == repr(expected)]";
        let report = run_with(program, inputs);
        assert_eq!(report.result(), json!([200, true]));
    }
}

#[test]
fn what_json_has_no_word_for_is_the_same_in_a_large_value() {
    let report = run_code(
        "class Rows(list):\n    pass\n\
         return [float('nan'), {1: {2}, None: 'x'}, (1, (2,)), Rows([3]), b'y', True, 2 ** 70] + [0] * 100",
    );
    let expected = json!([null, {"1": "{2}", "null": "x"}, [1, [2]], [3], "b'y'", true, 1180591620717411303424_f64]);
    let result = report.result();
    assert_eq!(result.as_array().unwrap()[..6], expected.as_array().unwrap()[..6]);
    assert!(result_of(&report).contains(",1180591620717411303424,0,"));
    assert_eq!(result.as_array().unwrap().len(), 107);
}

#[test]
fn what_cannot_be_json_has_its_message_in_a_large_value() {
    for (text, message) in [
        ("rows = [0] * 100\nrows.append(rows)\nreturn rows", "The returned value refers to itself"),
        ("return ['a\\ud800'] * 100", "lone surrogate"),
        ("return [{(1, 2): 3}] * 100", "keys must be str"),
        ("row = []\nfor _ in range(100000):\n    row = [row]\nreturn [row] * 100", "nested too deeply"),
    ] {
        let report = run_code(text);
        let error = report.outcome.result.unwrap_err();
        assert_eq!(error.code, ErrorCode::RuntimeError, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
}

#[test]
fn a_result_that_does_not_fit_into_memory_is_a_memory_error() {
    let report = run_code("row = 'x' * 1000\nreturn [row] * 300000");
    assert_eq!(report.code(), Some(ErrorCode::MemoryError), "{report:?}");
}
