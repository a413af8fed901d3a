//! Where a value comes from.

use std::fmt;

use super::place::Place;

/// Where a value comes from; the later ones win.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody has set it.
    Default,
    /// The file.
    File(Place),
    /// The environment.
    Variable(String),
    /// The command line.
    Option(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(place) => place.fmt(formatter),
            Self::Variable(name) => formatter.write_str(name),
            Self::Option(name) => formatter.write_str(name),
        }
    }
}

/// A value as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Its place in the file, also when it does not come from there.
    pub(crate) key: String,
    /// As TOML.
    pub(crate) value: String,
    pub(crate) origin: Origin,
}
