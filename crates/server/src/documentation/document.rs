//! The OpenAPI document of this service.

use std::time::Duration;

use serde_json::{Map, Value, json};
use stockade_protocol::task::{DEFAULT_PACKAGE_SET, range};
use stockade_protocol::{Language, Limits};

use crate::configuration::ServerConfiguration;
use crate::problem::Kind;

const TEMPLATE: &str = include_str!("openapi.json");
const NAUTILUS_PATHS: [&str; 4] = ["/", "/health_check", "/get_attestation", "/process_data"];

/// The document of a service with these settings; with the paths of Nautilus if they are `beside` the others.
pub(crate) fn document(configuration: &ServerConfiguration, beside: bool) -> Value {
    // It is part of the program, and a test reads it.
    let mut document: Value = serde_json::from_str(TEMPLATE).unwrap_or_default();
    set(&mut document, "/info/version", env!("CARGO_PKG_VERSION").into());
    let languages: Vec<&str> = configuration.languages.keys().map(Language::name).collect();
    let request = "/components/schemas/TaskRequest/properties";
    set(&mut document, &format!("{request}/language/enum"), json!(languages));
    // Which of them a key may have is not for everybody to read.
    let sets = configuration.package_sets.iter().map(String::as_str).chain([DEFAULT_PACKAGE_SET]);
    let sets: Vec<Value> = sets.map(Value::from).chain([Value::Null]).collect();
    set(&mut document, &format!("{request}/package_set/enum"), sets.into());
    let codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    set(&mut document, "/components/schemas/Problem/properties/code/enum", json!(codes));
    for (name, least, most) in bounds(configuration) {
        set(&mut document, &format!("{request}/{name}/minimum"), least.into());
        set(&mut document, &format!("{request}/{name}/maximum"), most.into());
    }
    match &configuration.nautilus {
        Some(nautilus) if beside => {
            let maximum = nautilus.maximum_timeout.as_secs();
            let payload = "/components/schemas/ProcessData/properties/payload/properties";
            set(&mut document, &format!("{payload}/timeout_secs/maximum"), maximum.into());
        }
        _ => without_nautilus(&mut document),
    }
    document
}

/// The limits that a request may name: the least, and the most that any language takes.
fn bounds(configuration: &ServerConfiguration) -> [(&'static str, u64, u64); 5] {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let most = |of: fn(&Limits) -> u64| configuration.languages.values().map(|of_one| of(&of_one.ceilings)).max();
    let most_time = configuration.languages.values().map(|of_one| milliseconds(of_one.ceilings.timeout)).max();
    [
        ("timeout_ms", milliseconds(*range::TIMEOUT.start()), most_time),
        ("limits/properties/memory_bytes", *range::MEMORY.start(), most(|limits| limits.memory_bytes)),
        (
            "limits/properties/temporary_storage_bytes",
            *range::TEMPORARY_STORAGE.start(),
            most(|limits| limits.temporary_storage_bytes),
        ),
        ("limits/properties/processes", (*range::PROCESSES.start()).into(), most(|limits| limits.processes.into())),
        ("limits/properties/output_bytes", *range::OUTPUT.start(), most(|limits| limits.output_bytes)),
    ]
    .map(|(name, least, most)| (name, least, most.unwrap_or(least)))
}

fn without_nautilus(document: &mut Value) {
    let object = |value: Option<&mut Value>, remove: &dyn Fn(&mut Map<String, Value>)| {
        if let Some(object) = value.and_then(Value::as_object_mut) {
            remove(object);
        }
    };
    object(document.pointer_mut("/paths"), &|paths| NAUTILUS_PATHS.iter().for_each(|path| drop(paths.remove(*path))));
    object(document.pointer_mut("/components/schemas"), &|schemas| {
        for name in ["ProcessData", "Signed", "Signature", "NautilusHealth", "NautilusError"] {
            schemas.remove(name);
        }
    });
    if let Some(tags) = document.pointer_mut("/tags").and_then(Value::as_array_mut) {
        tags.retain(|tag| tag["name"] != "nautilus");
    }
}

fn set(document: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = document.pointer_mut(pointer) {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nautilus::NautilusConfiguration;

    fn documents() -> [Value; 2] {
        let nautilus = Some(NautilusConfiguration::new("/tasks"));
        let package_sets = ["reports".to_owned()].into();
        let configuration = ServerConfiguration { nautilus, package_sets, ..ServerConfiguration::default() };
        [document(&configuration, true), document(&configuration, false)]
    }

    #[test]
    fn what_depends_on_the_configuration_is_filled_in() {
        for document in documents() {
            let text = document.to_string();
            assert!(!text.contains(r#""enum":[]"#) && !text.contains(r#""maximum":0"#), "{text}");
            let request = &document["components"]["schemas"]["TaskRequest"]["properties"];
            assert_eq!(request["language"]["enum"], json!(["python", "javascript"]));
            assert_eq!(request["timeout_ms"]["maximum"], 60_000);
            assert_eq!(request["package_set"]["enum"], json!(["reports", "default", null]));
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for document in documents() {
            let text = document.to_string();
            for (start, _) in text.match_indices(r##"{"$ref":"#"##) {
                let pointer = text[start + 10..].split('"').next().unwrap();
                assert!(document.pointer(pointer).is_some(), "{pointer}");
            }
            assert!(text.contains("$ref"));
        }
    }

    #[test]
    fn nautilus_is_there_if_it_is_served_here() {
        let [with, without] = documents();
        assert!(NAUTILUS_PATHS.iter().all(|path| with["paths"].get(path).is_some()));
        assert!(NAUTILUS_PATHS.iter().all(|path| without["paths"].get(path).is_none()));
        assert!(!without.to_string().to_lowercase().contains("nautilus"));
    }
}
