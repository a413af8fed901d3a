//! The settings of a task: what n8n wants done.

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;

use super::inbound::MessageError;

/// The settings of a task. Items can be large and stay the bytes that came.
#[derive(Debug, Clone)]
pub(crate) struct TaskSettings {
    /// The user's code.
    pub(crate) code: Bytes,
    /// JSON text of the input items; JavaScript asks for its items later.
    pub(crate) items: Option<Bytes>,
    /// Everything else, as it came.
    pub(crate) others: Map<String, Value>,
}

impl TaskSettings {
    /// The kind of run: for all items, for each item, or plain code.
    pub(crate) fn node_mode(&self) -> &str {
        self.text("nodeMode").unwrap_or_default()
    }

    pub(crate) fn continue_on_fail(&self) -> bool {
        self.others.get("continueOnFail") == Some(&Value::Bool(true))
    }

    /// The items that a task of each-item mode is for: index of the first, and how many.
    pub(crate) fn chunk(&self) -> Option<(u64, u64)> {
        let chunk = self.others.get("chunk")?;
        Some((chunk.get("startIndex")?.as_u64()?, chunk.get("count")?.as_u64()?))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.others.get(name).and_then(Value::as_str)
    }
}

/// Settings as they are read in one pass over the message, whatever their form.
#[derive(Debug)]
pub(super) struct RawSettings<'a> {
    code: Option<Value>,
    items: Option<&'a RawValue>,
    others: Map<String, Value>,
    is_object: bool,
}

impl RawSettings<'_> {
    /// The settings, if they have what every task needs. `message` is where they stand.
    pub(super) fn check(self, message: &Bytes) -> Result<TaskSettings, MessageError> {
        let missing = |field| MessageError::Missing { message: "task settings", field };
        if !self.is_object {
            return Err(missing("settings"));
        }
        let code = match self.code {
            Some(Value::String(code)) => Bytes::from(code),
            Some(_) => return Err(MessageError::NotText("code")),
            None => return Err(missing("code")),
        };
        match self.others.get("nodeMode") {
            Some(Value::String(_)) => {}
            Some(_) => return Err(MessageError::NotText("nodeMode")),
            None => return Err(missing("nodeMode")),
        }
        let items = self.items.map(|items| message.slice_ref(items.get().as_bytes()));
        Ok(TaskSettings { code, items, others: self.others })
    }

    fn not_an_object() -> Self {
        Self { code: None, items: None, others: Map::new(), is_object: false }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawSettings<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingsVisitor)
    }
}

struct SettingsVisitor;

impl<'de> Visitor<'de> for SettingsVisitor {
    type Value = RawSettings<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("task settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut settings = RawSettings { is_object: true, ..RawSettings::not_an_object() };
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "code" => settings.code = Some(members.next_value()?),
                "items" => settings.items = Some(members.next_value()?),
                _ => {
                    let value = members.next_value()?;
                    settings.others.insert(name, value);
                }
            }
        }
        Ok(settings)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(RawSettings::not_an_object())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(RawSettings::not_an_object())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(RawSettings::not_an_object())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(RawSettings::not_an_object())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(RawSettings::not_an_object())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(RawSettings::not_an_object())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(RawSettings::not_an_object())
    }
}
