//! What was asked for: a package of a language, perhaps in one version.

use std::fmt;

use stockade_protocol::Language;

use crate::error::PackagesError;

/// Characters of a name at most (npm's bound; Python's index has a similar one).
const LONGEST_NAME: usize = 214;

/// The languages that have packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ecosystem {
    /// Packages of pip.
    Python,
    /// Packages of npm.
    JavaScript,
}

impl Ecosystem {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Python, Self::JavaScript];

    /// `python` or `javascript`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
        }
    }

    /// The language of its packages.
    pub fn language(self) -> Language {
        match self {
            Self::Python => Language::Python,
            Self::JavaScript => Language::JavaScript,
        }
    }

    /// The packages of a language.
    pub fn of(language: &Language) -> Result<Self, PackagesError> {
        match language {
            Language::Python => Ok(Self::Python),
            Language::JavaScript => Ok(Self::JavaScript),
            Language::Custom(name) => Err(PackagesError::Language(name.clone())),
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A package, perhaps in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// In the form in which names are compared.
    pub name: String,
    /// In full; `None`: the newest.
    pub version: Option<String>,
}

impl Request {
    /// Reads `NAME`, `NAME==VERSION` (Python) or `NAME@VERSION` (JavaScript).
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, PackagesError> {
        if !text.is_ascii() {
            return Err(PackagesError::NotAscii(text.to_owned()));
        }
        let (name, version) = match ecosystem {
            Ecosystem::Python => split(text, text.find("=="), 2),
            // The first letter of a scope is an `@` too.
            Ecosystem::JavaScript => split(text, text.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1), 1),
        };
        let canonical = match ecosystem {
            Ecosystem::Python => canonical_python(name),
            Ecosystem::JavaScript => javascript(name),
        };
        let name = canonical.ok_or_else(|| PackagesError::Name(text.to_owned()))?;
        match version {
            Some(version) if !is_version(version) => Err(PackagesError::Version {
                name,
                version: version.to_owned(),
                example: if ecosystem == Ecosystem::Python { "`==2.4.1`" } else { "`@4.17.21`" },
            }),
            version => Ok(Self { name, version: version.map(str::to_owned) }),
        }
    }
}

fn split(text: &str, at: Option<usize>, skip: usize) -> (&str, Option<&str>) {
    match at {
        Some(at) => (&text[..at], Some(&text[at + skip..])),
        None => (text, None),
    }
}

/// The one form of a Python name (PEP 503): `Scikit_Learn` and `scikit-learn` are one package. `None`: not a name.
pub fn canonical_python(name: &str) -> Option<String> {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    if bytes.len() > LONGEST_NAME || !ends(bytes.first()) || !ends(bytes.last()) || !bytes.iter().all(allowed) {
        return None;
    }
    let mut canonical = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if canonical.ends_with('-') => {}
            '-' | '_' | '.' => canonical.push('-'),
            other => canonical.push(other.to_ascii_lowercase()),
        }
    }
    Some(canonical)
}

/// A name of npm, perhaps with a scope. There are no two ways to write one: capital letters are refused.
fn javascript(name: &str) -> Option<String> {
    let is_part = |part: &str| {
        let first = part.bytes().next();
        first.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte))
    };
    let valid = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, rest)| is_part(scope) && is_part(rest)),
        None => is_part(name) && name != "node_modules",
    };
    (valid && name.len() <= LONGEST_NAME).then(|| name.to_owned())
}

/// Digits first; the rest are the letters of PEP 440 and of semantic versions. No `*`: that is a range.
fn is_version(version: &str) -> bool {
    version.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-!_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(ecosystem: Ecosystem, text: &str) -> Option<(String, Option<String>)> {
        Request::parse(ecosystem, text).ok().map(|request| (request.name, request.version))
    }

    #[test]
    fn python_names_have_one_form() {
        for text in ["scikit-learn", "Scikit_Learn", "SCIKIT..learn", "scikit-_learn"] {
            assert_eq!(parsed(Ecosystem::Python, text), Some(("scikit-learn".to_owned(), None)), "{text}");
        }
        let pinned = parsed(Ecosystem::Python, "Pandas==2.1.0rc1");
        assert_eq!(pinned, Some(("pandas".to_owned(), Some("2.1.0rc1".to_owned()))));
    }

    #[test]
    fn javascript_names_may_have_a_scope() {
        let found = |text: &str| parsed(Ecosystem::JavaScript, text);
        assert_eq!(found("lodash@4.17.21"), Some(("lodash".to_owned(), Some("4.17.21".to_owned()))));
        assert_eq!(found("@types/node"), Some(("@types/node".to_owned(), None)));
        assert_eq!(found("@types/node@22.1.0"), Some(("@types/node".to_owned(), Some("22.1.0".to_owned()))));
    }

    #[test]
    fn everything_that_is_no_name_in_an_index_is_refused() {
        let python = [
            "",
            "-r",
            "--index-url=x",
            "./package",
            "/tmp/a.whl",
            "git+https://example.org/a.git",
            "a b",
            "a;b",
            "a @ https://example.org/a.whl",
            "pandas>=2",
            "pandas==2.*",
            "pandas==",
            "pandas[excel]",
            "pаndas",
        ];
        for text in python {
            assert!(Request::parse(Ecosystem::Python, text).is_err(), "{text}");
        }
        let javascript = [
            "",
            "-g",
            "../a",
            ".",
            "a/b",
            "@a",
            "@a/",
            "ada/a",
            "git+ssh://example.org/a",
            "https://example.org/a.tgz",
            "a@file:../b",
            "a@git+https://example.org/a",
            "a@^1.0.0",
            "a@latest",
            "a@npm:b@1.0.0",
            "Lodash",
            "lоdash",
            "node_modules",
            "_a",
            "a@",
        ];
        for text in javascript {
            assert!(Request::parse(Ecosystem::JavaScript, text).is_err(), "{text}");
        }
        assert!(matches!(Request::parse(Ecosystem::Python, "pаndas"), Err(PackagesError::NotAscii(_))));
    }

    proptest! {
        #[test]
        fn a_name_is_never_an_option_or_a_path(text in "\\PC*") {
            for ecosystem in Ecosystem::ALL {
                if let Ok(request) = Request::parse(ecosystem, &text) {
                    prop_assert!(!request.name.starts_with(['-', '.', '/']));
                    prop_assert!(!request.name.contains("../"), "{}", request.name);
                }
            }
        }
    }
}
