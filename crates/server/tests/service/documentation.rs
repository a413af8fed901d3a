//! `/openapi.json` and `/docs`. That the service does what they say is tested by scripts/test_openapi.py.

use stockade_protocol::Language;
use stockade_server::{KeyFile, Policy};

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_key_can_read_how_to_use_one() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.toml");
    KeyFile::new(&keys).add("ada", Policy::default()).unwrap();
    let stage = Stage::with(&[Language::Python], |_, configuration| configuration.keys = Some(keys)).await;
    let document = stage.get("/openapi.json").await;
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    assert_eq!(document.json()["openapi"], "3.1.0");
    let page = stage.get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    // Where the documents of problems point to.
    let problem = stage.get("/v1/tasks/none").await.problem(401, "AUTHENTICATION_ERROR");
    let (_, anchor) = problem["type"].as_str().unwrap().split_once('#').unwrap();
    assert!(page.text.contains(&format!("id=\"{anchor}\"")));
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_that_is_served_is_in_the_document() {
    let stage = Stage::start().await;
    let document = stage.get("/openapi.json").await.json();
    let of_tasks = ["/v1/tasks", "/v1/tasks/{id}", "/v1/tasks/{id}/events", "/v1/tasks/{id}/network"];
    for path in of_tasks.into_iter().chain(["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"]) {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in ["PUT", "PATCH"].into_iter().filter(|method| methods.get(method.to_lowercase()).is_none()) {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = stage.send(stage.client.request(method, stage.url(path))).await;
            answer.problem(405, "METHOD_ERROR");
            let allowed = answer.header("allow");
            let named = ["get", "post", "put", "delete"].into_iter().filter(|method| methods.get(method).is_some());
            for method in named {
                assert!(allowed.contains(&method.to_ascii_uppercase()), "{path} allows {allowed}");
            }
        }
    }
    stage.stop().await;
}
