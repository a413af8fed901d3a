//! Files of tasks. `tests/files.rs` has what code can do with them.

use serde_json::{Value, json};
use stockade_protocol::Language;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn files_go_in_and_come_out_as_base64() {
    let stage = Stage::with(&[Language::Python, Language::JavaScript], |_, _| {}).await;
    let python = json!({
        "language": "python",
        "code": "open('output/copy.csv', 'wb').write(open('orders.csv', 'rb').read() + b'\\xff')\nreturn 1",
        "files": { "orders.csv": "YTtiCg==" },
        "output_files": true,
    });
    let answer = stage.post(&python).await;
    assert_eq!(answer.result(), 1);
    assert_eq!(answer.json()["files"], json!({ "copy.csv": "YTtiCv8=" }));

    let javascript = json!({
        "language": "javascript",
        "code": "const fs = require('fs'); fs.renameSync('a', 'output/b'); throw new Error('later')",
        "files": { "a": "" },
        "output_files": true,
    });
    let document = stage.post(&javascript).await.problem(422, "RUNTIME_ERROR");
    assert_eq!(document["files"], json!({ "b": "" }));

    let unasked = json!({ "language": "python", "code": "return open('a').read()", "files": { "a": "eA==" } });
    let answer = stage.post(&unasked).await;
    assert_eq!((answer.result(), answer.json().get("files")), (json!("x"), None));
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_with_the_outcome() {
    let stage = Stage::start().await;
    let body = json!({
        "language": "python",
        "code": "open('output/x', 'w').write('later')\nreturn None",
        "output_files": true,
    });
    let answer = stage.send(stage.task(&body).header("prefer", "respond-async")).await;
    let path = answer.header("location").to_owned();
    let ended = stage.ended(&path).await;
    assert_eq!(ended["files"], json!({ "x": "bGF0ZXI=" }));
    let events = stage.get(&format!("{path}/events")).await.text;
    assert!(events.contains(r#""files":{"x":"bGF0ZXI="}"#), "{events}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_files_are_refused() {
    let stage = Stage::start().await;
    let with = |files: Value| json!({ "language": "python", "code": "return 1", "files": files });
    for files in [
        json!([]),
        json!("a"),
        json!({ "../a": "" }),
        json!({ "/etc/passwd": "" }),
        json!({ "output": "" }),
        json!({ "a": "not base64" }),
        json!({ "a": 1 }),
        (0..65).map(|number| (number.to_string(), Value::from(""))).collect(),
    ] {
        stage.post(&with(files)).await.problem(400, "VALIDATION_ERROR");
    }
    let mut body = with(json!({ "a": "A".repeat(4 * 3_000) }));
    body["limits"] = json!({ "temporary_storage_bytes": 8_192 });
    let document = stage.post(&body).await.problem(400, "VALIDATION_ERROR");
    assert!(document["detail"].as_str().unwrap().contains("12288 bytes of /tmp"), "{document}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decoded_files_count_as_bodies() {
    let stage = Stage::with(&[Language::Python], |_, server| server.maximum_bodies_bytes = 100_000).await;
    let with =
        |length: usize| json!({ "language": "python", "code": "return 1", "files": { "a": "A".repeat(length) } });
    stage.post(&with(80_000)).await.problem(503, "UNAVAILABLE_ERROR");
    assert_eq!(stage.post(&with(40_000)).await.result(), 1);
    let metrics = stage.get("/metrics").await.text;
    assert!(metrics.contains("stockade_body_bytes 0"), "{metrics}");
    stage.stop().await;
}
