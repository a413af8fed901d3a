//! Which hosts a task may reach, and what it did with that.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a task may reach beyond its walls. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// Hosts that the task may connect to; empty: no network at all.
    pub allowed_hosts: Vec<AllowedHost>,
}

impl Network {
    /// The first entry that goes beyond a list.
    pub fn first_beyond(&self, allowed: &[AllowedHost]) -> Option<&AllowedHost> {
        self.allowed_hosts.iter().find(|asked| !allowed.iter().any(|allowed| allowed.covers(asked)))
    }

    /// Whether a name may be looked up, whatever the port.
    pub fn allows_name(&self, name: &str) -> bool {
        self.allowed_hosts.iter().any(|allowed| allowed.host.matches(name))
    }

    /// Whether a connection to this name and port is allowed.
    pub fn allows(&self, name: &str, port: u16) -> bool {
        self.allowed_hosts.iter().any(|allowed| allowed.host.matches(name) && allowed.has_port(port))
    }

    /// Whether a connection to an address that no lookup gave is allowed.
    pub fn allows_address(&self, address: SocketAddr) -> bool {
        let is_same = |host: &Host| matches!(host, Host::Address(listed) if *listed == address.ip().to_canonical());
        self.allowed_hosts.iter().any(|allowed| is_same(&allowed.host) && allowed.has_port(address.port()))
    }
}

/// One entry of a list of allowed hosts: `api.example.com`, `*.example.org`, `192.0.2.7`, `[2001:db8::7]`, each perhaps
/// with a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedHost {
    host: Host,
    /// `None`: those of HTTP and HTTPS.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Name(String),
    /// Every name that ends in a dot and this.
    Below(String),
    Address(IpAddr),
}

/// The ports of an entry that names none: HTTP and HTTPS.
const WEB_PORTS: [u16; 2] = [80, 443];
/// Bytes of a name at most (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 253;
/// Bytes between two dots at most.
const LONGEST_LABEL: usize = 63;

impl AllowedHost {
    fn has_port(&self, port: u16) -> bool {
        self.port.map_or(WEB_PORTS.contains(&port), |listed| listed == port)
    }

    /// Whether everything that `asked` allows is allowed by this entry too, so that a list can be held to another.
    pub fn covers(&self, asked: &Self) -> bool {
        let host = match (&self.host, &asked.host) {
            (Host::Below(suffix), Host::Below(asked)) => suffix == asked || is_below(asked, suffix),
            (host, Host::Name(name)) => host.matches(name),
            (host, asked) => host == asked,
        };
        let ports = match (self.port, asked.port) {
            (Some(listed), Some(asked)) => listed == asked,
            (None, Some(asked)) => WEB_PORTS.contains(&asked),
            (listed, None) => listed.is_none(),
        };
        host && ports
    }
}

impl Host {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Name(listed) => listed == name,
            Self::Below(suffix) => is_below(name, suffix),
            Self::Address(_) => false,
        }
    }
}

fn is_below(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// Why a text is no [`AllowedHost`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostError {
    /// No name and no address.
    #[error(
        "`{0}` is not a host: give a name like `api.example.com`, all names below one like `*.example.org`, or an \
         address, without `https://` and without a path"
    )]
    NotAHost(String),
    /// Letters beyond ASCII.
    #[error("`{0}` is not written in ASCII: give the name in the form that begins with `xn--`")]
    NotAscii(String),
    /// The part after the colon.
    #[error("`{0}` has no valid port: give a number from 1 to 65535 after the colon")]
    Port(String),
}

impl FromStr for AllowedHost {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self { host: Host::Address(address.to_canonical()), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            // The colons of an address in brackets are not followed by a port.
            Some((host, port)) if !port.ends_with(']') => {
                let number = port.parse().ok().filter(|port| *port != 0);
                (host, Some(number.ok_or_else(|| HostError::Port(text.to_owned()))?))
            }
            _ => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self { host: Host::Address(address.to_canonical()), port });
        }
        let name = normal(host);
        let (name, is_suffix) = name.strip_prefix("*.").map_or((name.as_str(), false), |rest| (rest, true));
        if !name.is_ascii() {
            return Err(HostError::NotAscii(text.to_owned()));
        }
        if !is_name(name) {
            return Err(HostError::NotAHost(text.to_owned()));
        }
        let host = if is_suffix { Host::Below(name.to_owned()) } else { Host::Name(name.to_owned()) };
        Ok(Self { host, port })
    }
}

/// A name in the form in which names are compared: small letters, no dot at the end.
pub fn normal(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.to_ascii_lowercase()
}

/// Whether a text is a name: letters, digits, `-` and `_` between dots. A last part of digits alone would be an address to some readers
/// (WHATWG URL, "ends in a number checker").
pub fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last_is_number = name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    name.len() <= LONGEST_NAME && name.split('.').all(is_label) && !last_is_number
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.port) {
            (Host::Name(name), _) => formatter.write_str(name)?,
            (Host::Below(name), _) => write!(formatter, "*.{name}")?,
            (Host::Address(IpAddr::V6(address)), Some(_)) => write!(formatter, "[{address}]")?,
            (Host::Address(address), _) => write!(formatter, "{address}")?,
        }
        self.port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

impl TryFrom<String> for AllowedHost {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        text.parse()
    }
}

impl From<AllowedHost> for String {
    fn from(host: AllowedHost) -> Self {
        host.to_string()
    }
}

/// What a task did with its network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkUsage {
    /// Connections that were allowed, made or not.
    pub connections: u64,
    /// Bytes that the task sent.
    pub sent_bytes: u64,
    /// Bytes that the task received.
    pub received_bytes: u64,
    /// Hosts that it was kept from, in order of first use.
    pub refused: Vec<RefusedHost>,
}

/// A host that a task was kept from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedHost {
    /// Name, or address and port.
    pub host: String,
    /// Why.
    pub reason: Refusal,
}

impl fmt::Display for RefusedHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.host, self.reason)
    }
}

/// Why a host was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No entry of the list matches it.
    #[error("not among the allowed hosts")]
    NotAllowed,
    /// The name is allowed, with another port.
    #[error("not with this port")]
    Port,
    /// The address is not one of the public internet: loopback, private, link-local, metadata, multicast.
    #[error("its address is not public")]
    Address,
    /// The task has looked up as many names as it may.
    #[error("too many names")]
    Names,
    /// The task has made as many connections as it may.
    #[error("too many connections")]
    Connections,
    /// The task has sent and received as much as it may.
    #[error("too many bytes")]
    Bytes,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(text: &str) -> AllowedHost {
        text.parse().unwrap()
    }

    fn network(hosts: &[&str]) -> Network {
        Network { allowed_hosts: hosts.iter().map(|text| host(text)).collect() }
    }

    #[test]
    fn names_match_as_a_whole() {
        let network = network(&["api.example.com", "*.example.org", "db.example.net:5432"]);
        for name in ["api.example.com", "a.example.org", "a.b.example.org"] {
            assert!(network.allows(name, 443) && network.allows(name, 80) && !network.allows(name, 22), "{name}");
        }
        for name in [
            "example.com",
            "xapi.example.com",
            "api.example.com.evil.test",
            "example.org",
            ".example.org",
            "evilexample.org",
            "api.example.co",
            "",
            "*.example.org",
        ] {
            assert!(!network.allows(name, 443) || name == "*.example.org", "{name}");
        }
        assert!(network.allows("db.example.net", 5432) && !network.allows("db.example.net", 443));
        assert!(network.allows_name("db.example.net"));
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        let network = network(&["192.0.2.7", "[2001:db8::7]:8443"]);
        assert!(network.allows_address("192.0.2.7:80".parse().unwrap()));
        assert!(network.allows_address("[::ffff:192.0.2.7]:443".parse().unwrap()));
        assert!(network.allows_address("[2001:db8::7]:8443".parse().unwrap()));
        assert!(!network.allows_address("192.0.2.8:80".parse().unwrap()));
        assert!(!network.allows("192.0.2.7", 80));
    }

    #[test]
    fn what_is_no_host_is_refused_with_the_remedy() {
        for text in
            ["", "https://example.com", "example.com/path", "a..b", "*", "*.", "1.2.3", "0x7f.1", "a b", "*.*.a"]
        {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
        assert_eq!("bücher.example".parse::<AllowedHost>(), Err(HostError::NotAscii("bücher.example".to_owned())));
        assert_eq!("a.example:0".parse::<AllowedHost>(), Err(HostError::Port("a.example:0".to_owned())));
        assert_eq!(host("API.Example.COM."), host("api.example.com"));
    }

    #[test]
    fn a_list_can_be_held_to_another() {
        assert!(host("*.example.org").covers(&host("a.example.org")));
        assert!(host("*.example.org").covers(&host("*.a.example.org")));
        assert!(!host("*.a.example.org").covers(&host("*.example.org")));
        assert!(host("a.example").covers(&host("a.example:443")));
        assert!(!host("a.example:443").covers(&host("a.example")));
        assert!(!host("a.example").covers(&host("a.example:22")));
    }

    proptest! {
        #[test]
        fn any_text_is_a_host_or_an_error(text in "\\PC{0,40}") {
            if let Ok(host) = text.parse::<AllowedHost>() {
                prop_assert_eq!(host.to_string().parse::<AllowedHost>(), Ok(host));
            }
        }
    }
}
