//! The address of a broker.

use std::fmt;

use hyper::Uri;

use crate::error::RunnerError;
use crate::settings::{Origin, TASK_BROKER_URI, Text};

/// Host and port of a broker, and whether TLS is spoken there. Like the official runners it takes no path from the
/// setting: the broker's paths are fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerAddress {
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) uses_tls: bool,
}

impl BrokerAddress {
    /// Reads the setting, or takes its default.
    pub(crate) fn resolve(text: Option<&Text>) -> Result<Self, RunnerError> {
        let value = text.map_or_else(|| TASK_BROKER_URI.default.to_owned(), Text::unquoted);
        let origin = || text.map_or(Origin::Environment(TASK_BROKER_URI.name), |text| text.origin.clone());
        Self::parse(&value).map_err(|reason| RunnerError::BrokerAddress { origin: origin(), value, reason })
    }

    fn parse(value: &str) -> Result<Self, &'static str> {
        let uri: Uri = value.parse().map_err(|_| "it is not an address")?;
        let uses_tls = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => return Err("it must begin with http:// or https://"),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if uses_tls { 443 } else { 80 });
        Ok(Self { host, port, uses_tls })
    }

    /// Host and port as the `Host` header has them.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", if self.uses_tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(value: &str) -> Result<BrokerAddress, String> {
        let text = Text { value: value.to_owned(), origin: Origin::Environment("N8N_RUNNERS_TASK_BROKER_URI") };
        BrokerAddress::resolve(Some(&text)).map_err(|error| error.to_string())
    }

    #[test]
    fn takes_host_and_port_and_ignores_the_path() {
        for (value, shown) in [
            ("http://127.0.0.1:5679", "http://127.0.0.1:5679"),
            (" \"http://n8n:5679/any/path\" ", "http://n8n:5679"),
            ("https://broker.example", "https://broker.example:443"),
            ("http://broker.example/", "http://broker.example:80"),
            ("http://[::1]:5679", "http://[::1]:5679"),
            ("ws://localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(resolve(value).unwrap().to_string(), shown);
        }
        assert_eq!(BrokerAddress::resolve(None).unwrap().to_string(), "http://127.0.0.1:5679");
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |value, reason| {
            format!(
                "Environment variable N8N_RUNNERS_TASK_BROKER_URI must be an address such as `http://127.0.0.1:5679`, \
                 got '{value}': {reason}"
            )
        };
        for (value, reason) in [
            ("n8n:5679", "it must begin with http:// or https://"),
            ("", "it is not an address"),
            ("http://", "it is not an address"),
            ("ftp://n8n", "it must begin with http:// or https://"),
        ] {
            assert_eq!(resolve(value).unwrap_err(), message(value, reason));
        }
    }
}
