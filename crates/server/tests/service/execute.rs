//! `POST /v1/tasks`, waiting for the outcome.

use serde_json::json;
use stockade_protocol::Language;

use crate::stage::{Stage, stable};

#[tokio::test(flavor = "multi_thread")]
async fn both_languages_answer_with_their_result() {
    let stage = Stage::with(&[Language::Python, Language::JavaScript], |_, _| {}).await;
    let python = json!({ "language": "python", "code": "print('hi')\nreturn items[0]", "inputs": { "items": [1.5] } });
    let answer = stage.post(&python).await;
    assert_eq!(answer.header("content-type"), "application/json");
    insta::assert_json_snapshot!(stable(answer.json()));
    let javascript = json!({ "language": "javascript", "code": "console.error('hm'); return await items.length", "inputs": { "items": [1] } });
    insta::assert_json_snapshot!(stable(stage.post(&javascript).await.json()));
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_are_not_parsed_on_the_way() {
    let stage = Stage::start().await;
    let body = r#"{"language": "python", "code": "return [n, x]", "inputs": {"n": 12345678901234567890123, "x": "\ud83d\ude00"}}"#;
    let request = stage.client.post(stage.url("/v1/tasks")).header("content-type", "application/json").body(body);
    let answer = stage.send(request).await;
    assert!(answer.text.contains("12345678901234567890123"), "{answer:?}");
    assert_eq!(answer.result()[1], "😀");
    assert_eq!(stage.python("return None").await.json().get("result"), Some(&json!(null)));
    assert_eq!(stage.python("pass").await.json().get("result"), None);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_problem_documents() {
    let stage = Stage::start().await;
    let mut documents = Vec::new();
    for (code, status, expected) in [
        ("print('first')\nreturn 1 / 0", 422, "RUNTIME_ERROR"),
        ("return (", 422, "SYNTAX_ERROR"),
        ("while True: pass", 422, "TIMEOUT_ERROR"),
        ("return len(bytearray(1 << 30))", 422, "MEMORY_ERROR"),
        ("while True: print('x' * 65536)", 422, "OUTPUT_LIMIT_ERROR"),
    ] {
        let body = json!({ "language": "python", "code": code, "timeout_ms": 500, "limits": { "output_bytes": 4096 } });
        let mut document = stable(stage.post(&body).await.problem(status, expected));
        if expected == "OUTPUT_LIMIT_ERROR" {
            // How much of it was there already is not the same in every run.
            document["stdout"] = "[output]".into();
        }
        documents.push(document);
    }
    insta::assert_json_snapshot!(documents);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_is_not_allowed_is_the_codes_fault() {
    let stage = Stage::start().await;
    let body = json!({ "language": "python", "code": "import socket", "allow": ["json"] });
    let answer = stage.post(&body).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_are_problem_documents() {
    let stage = Stage::start().await;
    let post = || stage.client.post(stage.url("/v1/tasks"));
    let documents = [
        stage.send(post().json(&json!({ "language": "python" }))).await.problem(400, "VALIDATION_ERROR"),
        stage.send(post().json(&json!({ "language": "perl", "code": "" }))).await.problem(400, "VALIDATION_ERROR"),
        stage.send(post().body("{}")).await.problem(415, "MEDIA_TYPE_ERROR"),
        stage.send(post().json(&json!({})).header("content-encoding", "gzip")).await.problem(415, "MEDIA_TYPE_ERROR"),
        stage.send(post().json(&json!({})).header("idempotency-key", "")).await.problem(400, "VALIDATION_ERROR"),
        stage.get("/v1/tasks").await.problem(405, "METHOD_ERROR"),
        stage.get("/v1/tasks/7").await.problem(404, "NOT_FOUND_ERROR"),
        stage.get("/nowhere").await.problem(404, "NOT_FOUND_ERROR"),
    ];
    insta::assert_json_snapshot!(documents);
    assert_eq!(stage.get("/v1/tasks").await.header("allow"), "POST");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_sees_its_file_name_and_environment() {
    let stage = Stage::start().await;
    let body = json!({
        "language": "python",
        "code": "import os\nreturn [os.environ['REGION'], undefined]",
        "environment": { "REGION": "eu" },
        "file_name": "order.py",
    });
    let document = stage.post(&body).await.problem(422, "RUNTIME_ERROR");
    assert_eq!(document["error"]["line"], 2);
    assert!(document["error"]["stack"].as_str().unwrap().contains("order.py"), "{document}");
    stage.stop().await;
}
