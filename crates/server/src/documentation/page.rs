//! The page at `/docs`: the OpenAPI document for readers, and every error with an anchor of its own.

use std::fmt::Write as _;

use serde_json::Value;

use crate::problem::Kind;

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}\
code{font:14px ui-monospace,monospace;background:#f3f3f3;padding:.1em .3em;border-radius:3px}\
h2{border-bottom:1px solid #ccc;margin-top:2.5rem}h3{margin-top:2rem}\
table{border-collapse:collapse;width:100%}td,th{border:1px solid #ddd;padding:.3rem .6rem;text-align:left;\
vertical-align:top}:target{background:#fff3bf}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#181818}code{background:#2b2b2b}\
td,th{border-color:#444}:target{background:#5c4a00}}";

/// HTML that loads nothing.
pub(super) fn page(document: &Value) -> String {
    let mut html = String::new();
    // Writing into a string cannot fail; the result is ignored for that reason throughout.
    let title = text(&document["info"]["title"]);
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style>\n<h1>{title} {}</h1>\n<p>{}</p>\n\
         <p>For programs: <a href=\"/openapi.json\">/openapi.json</a></p>\n",
        text(&document["info"]["version"]),
        text(&document["info"]["description"]),
    );
    for tag in list(&document["tags"]) {
        let _ = write!(html, "<h2>{}</h2>\n<p>{}</p>\n", text(&tag["name"]), text(&tag["description"]));
        for (path, item) in members(&document["paths"]) {
            for (method, operation) in members(item) {
                if operation["tags"][0] == tag["name"] {
                    self::operation(&mut html, document, method, path, item, operation);
                }
            }
        }
    }
    html.push_str("<h2>Errors</h2>\n<table><tr><th>code<th>status<th>meaning\n");
    for kind in Kind::ALL {
        let (code, status, title) = (kind.code(), kind.status().as_u16(), escaped(kind.title()));
        let _ = writeln!(html, "<tr id=\"{code}\"><td><code>{code}</code><td>{status}<td>{title}");
    }
    html.push_str("</table>\n");
    html
}

fn operation(html: &mut String, document: &Value, method: &str, path: &str, item: &Value, operation: &Value) {
    let method = method.to_ascii_uppercase();
    let id = text(&operation["operationId"]);
    let _ = write!(
        html,
        "<h3 id=\"{id}\"><code>{method} {}</code> {}</h3>\n<p>{}</p>\n",
        escaped(path),
        text(&operation["summary"]),
        text(&operation["description"]),
    );
    let parameters: Vec<&Value> = list(&item["parameters"]).chain(list(&operation["parameters"])).collect();
    if !parameters.is_empty() {
        html.push_str("<table><tr><th>parameter<th>in<th>\n");
        for parameter in parameters {
            let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
            let _ = writeln!(html, "<tr><td><code>{name}</code><td>{place}<td>{}", text(&parameter["description"]));
        }
        html.push_str("</table>\n");
    }
    let body = &operation["requestBody"]["content"]["application/json"];
    if let Some(schema) = body["schema"]["$ref"].as_str().and_then(|name| document.pointer(name.get(1..)?)) {
        html.push_str("<table><tr><th>member of the body<th>type<th>\n");
        properties(html, "", schema);
        html.push_str("</table>\n");
        for (_, example) in members(&body["examples"]) {
            let example = escaped(&example["value"].to_string());
            let _ = writeln!(html, "<p>Example: <code>{example}</code></p>");
        }
    }
    html.push_str("<table><tr><th>status<th>\n");
    for (status, response) in members(&operation["responses"]) {
        let _ = writeln!(html, "<tr><td>{}<td>{}", escaped(status), text(&response["description"]));
    }
    html.push_str("</table>\n");
}

fn properties(html: &mut String, prefix: &str, schema: &Value) {
    let required: Vec<&str> = list(&schema["required"]).filter_map(Value::as_str).collect();
    for (name, property) in members(&schema["properties"]) {
        let path = format!("{prefix}{}", escaped(name));
        // Of those that may be `null` the other type.
        let mut kind = text(property["type"].get(0).unwrap_or(&property["type"]));
        let values: Vec<String> = list(&property["enum"]).map(text).collect();
        if !values.is_empty() {
            kind = values.join(", ");
        }
        if let (Some(least), Some(most)) = (property["minimum"].as_u64(), property["maximum"].as_u64()) {
            let _ = write!(kind, " from {least} to {most}");
        }
        if required.contains(&name.as_str()) {
            kind.push_str(", required");
        }
        let description = text(&property["description"]);
        let _ = writeln!(html, "<tr><td><code>{path}</code><td>{kind}<td>{description}");
        properties(html, &format!("{path}."), property);
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A text of the document, with code between grave accents.
fn text(value: &Value) -> String {
    let mut html = String::new();
    for (number, part) in value.as_str().unwrap_or_default().split('`').enumerate() {
        let part = escaped(part);
        if number % 2 == 1 {
            let _ = write!(html, "<code>{part}</code>");
        } else {
            html.push_str(&part);
        }
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::{LanguageSettings, ServerConfiguration};
    use crate::documentation::document;
    use stockade_protocol::{Language, Limits};

    #[test]
    fn every_error_has_its_anchor() {
        let page = page(&document(&ServerConfiguration::default(), false));
        for kind in Kind::ALL {
            assert!(page.contains(&format!("id=\"{}\"", kind.code())), "{}", kind.code());
        }
        assert!(page.contains("<code>POST /v1/tasks</code> Run a task"));
        assert!(page.contains("<td><code>limits.memory_bytes</code><td>integer from 1048576 to 536870912<td>"));
    }

    #[test]
    fn names_are_text() {
        let language = Language::from("<script>".to_owned());
        let languages = [(language.clone(), LanguageSettings::of(Limits::of(&language)))].into();
        let configuration = ServerConfiguration { languages, ..ServerConfiguration::default() };
        let page = page(&document(&configuration, false));
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    }
}
