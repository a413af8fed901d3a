//! What somebody can do about a module that code cannot import: not installed, not allowed, or misspelt.

use std::fmt;
use std::path::Path;

use stockade_protocol::{ErrorCode, Language, TaskError};

use crate::request::{Ecosystem, Request};

/// Modules of Python whose packages have other names.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("PIL", "pillow"),
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv-python-headless"),
    ("dateutil", "python-dateutil"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("jwt", "pyjwt"),
    ("sklearn", "scikit-learn"),
    ("yaml", "pyyaml"),
];
/// Names that are often imported, and so often misspelt: a hint to install what is written could install a package that
/// waits for just that.
const POPULAR_PYTHON: [&str; 14] = [
    "PIL",
    "aiohttp",
    "dateutil",
    "httpx",
    "jinja2",
    "lxml",
    "matplotlib",
    "numpy",
    "openpyxl",
    "pandas",
    "pydantic",
    "requests",
    "scipy",
    "sklearn",
];
const POPULAR_JAVASCRIPT: [&str; 12] = [
    "axios",
    "cheerio",
    "date-fns",
    "dayjs",
    "express",
    "jsonwebtoken",
    "lodash",
    "moment",
    "papaparse",
    "ramda",
    "uuid",
    "xml2js",
];
/// Shorter names are near too many others.
const SHORTEST_MISSPELT: usize = 4;

/// What a task could import.
#[derive(Debug, Clone, Copy)]
pub struct Modules<'task> {
    /// Of which language it was.
    pub language: &'task Language,
    /// The names that it was allowed to import; `None`: all, or nobody knows.
    pub allow: Option<&'task [String]>,
    /// The folder with its packages.
    pub packages: Option<&'task Path>,
    /// The package set that they are of; `None`: of none with a name.
    pub package_set: Option<&'task str>,
    /// How code is allowed to import a module, as a clause that follows "add it to".
    pub allowing: &'task str,
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// Another name is meant, which stands here, and what is wrong with the one that was written.
    Misspelt(&'static str, String),
    /// It has to be installed, with this command.
    Install {
        /// It is on the list of what is allowed.
        is_listed: bool,
        /// To be typed.
        command: String,
    },
    /// It has to be allowed, with these words; it is installed.
    Allow(String),
}

impl fmt::Display for Advice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misspelt(wrong, name) => write!(formatter, "it is {wrong}; did you mean `{name}`?"),
            Self::Install { is_listed: true, command } => {
                write!(formatter, "it is allowed, but not installed; install it with `{command}`")
            }
            Self::Install { is_listed: false, command } => {
                write!(formatter, "it is not installed; install it with `{command}`")
            }
            Self::Allow(allowing) => write!(formatter, "it is installed, but not allowed; add it to {allowing}"),
        }
    }
}

impl Advice {
    /// As a sentence of its own.
    pub fn sentence(&self) -> String {
        let text = self.to_string();
        let end = if text.ends_with('?') { "" } else { "." };
        text.strip_prefix("it").map_or_else(|| text.clone(), |rest| format!("It{rest}{end}"))
    }
}

impl<'task> Modules<'task> {
    /// What a task of a language could import, as far as everybody knows.
    pub fn of(language: &'task Language) -> Self {
        Self { language, allow: None, packages: None, package_set: None, allowing: "" }
    }
}

impl Modules<'_> {
    /// What can be done about an error, if it is about a module.
    pub fn advice(&self, error: &TaskError) -> Option<Advice> {
        let ecosystem = Ecosystem::of(self.language).ok()?;
        let details = || error.details.as_ref().map(|details| details.as_str());
        if error.code == ErrorCode::PermissionError || error.message.contains("is disallowed") {
            let texts = [Some(error.message.as_str()), error.description.as_deref(), details()];
            return texts.into_iter().flatten().find_map(|text| self.refused(ecosystem, text));
        }
        let is_missing = error.code == ErrorCode::RuntimeError
            && match ecosystem {
                Ecosystem::Python => {
                    error.name.as_deref() == Some("ModuleNotFoundError")
                        || error.message.starts_with("No module named '")
                }
                Ecosystem::JavaScript => {
                    error.message.starts_with("Cannot find module") || error.message.starts_with("Cannot find package")
                }
            };
        if is_missing { self.missing(quoted(&error.message)?) } else { None }
    }

    /// What can be done about a module that is not installed.
    pub fn missing(&self, module: &str) -> Option<Advice> {
        let ecosystem = Ecosystem::of(self.language).ok()?;
        let module = root(ecosystem, module);
        if let Some(meant) = meant(ecosystem, module) {
            return Some(Advice::Misspelt("not installed", meant.to_owned()));
        }
        let package = OTHER_NAMES.iter().find(|(name, _)| ecosystem == Ecosystem::Python && *name == module);
        let package = Request::parse(ecosystem, package.map_or(module, |(_, package)| package)).ok()?.name;
        let set = self.package_set.map(|set| format!(" --package-set {set}")).unwrap_or_default();
        let is_listed = self.allow.is_some_and(|allow| allow.iter().any(|name| root(ecosystem, name) == module));
        Some(Advice::Install { is_listed, command: format!("stockade packages add {ecosystem} {package}{set}") })
    }

    /// For a module that is not allowed: what is sure to help.
    fn refused(&self, ecosystem: Ecosystem, text: &str) -> Option<Advice> {
        let module = quoted(text)?;
        let near = |name: &&String| module.len() >= SHORTEST_MISSPELT && strsim::damerau_levenshtein(module, name) == 1;
        if let Some(name) = self.allow.into_iter().flatten().find(near) {
            return Some(Advice::Misspelt("not allowed", name.clone()));
        }
        let is_installed = self.packages.is_some_and(|folder| is_in(folder, ecosystem, root(ecosystem, module)));
        is_installed.then(|| Advice::Allow(self.allowing.to_owned()))
    }
}

/// Whether a packages folder has a module at its top.
fn is_in(folder: &Path, ecosystem: Ecosystem, module: &str) -> bool {
    let is_plain = |name: &str| !name.is_empty() && !name.contains(['.', '/', '\0']);
    match ecosystem {
        Ecosystem::Python if is_plain(module) => {
            folder.join(module).is_dir()
                || folder.join(format!("{module}.py")).is_file()
                || std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
                    // A native module: `module.cpython-313-x86_64-linux-gnu.so`.
                    let name = entry.file_name();
                    let name = name.to_str().and_then(|name| name.strip_prefix(module));
                    name.is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".so"))
                })
        }
        Ecosystem::Python => false,
        Ecosystem::JavaScript => {
            let is_name = Request::parse(ecosystem, module).is_ok_and(|request| request.name == module);
            is_name && folder.join("node_modules").join(module).is_dir()
        }
    }
}

/// The first name in quotes.
fn quoted(message: &str) -> Option<&str> {
    message.split('\'').nth(1).filter(|name| !name.is_empty())
}

/// The part of a module's name that its package has: `a` of `a.b`, `@a/b` of `@a/b/c`.
fn root(ecosystem: Ecosystem, module: &str) -> &str {
    let parts = if module.starts_with('@') { 2 } else { 1 };
    let separator = if ecosystem == Ecosystem::Python { '.' } else { '/' };
    // A path has no package.
    if module.starts_with(['.', '/']) {
        return module;
    }
    module.match_indices(separator).nth(parts - 1).map_or(module, |(at, _)| &module[..at])
}

/// The name of a popular module that is one slip of the fingers away.
fn meant(ecosystem: Ecosystem, module: &str) -> Option<&'static str> {
    let popular: &[&str] = if ecosystem == Ecosystem::Python { &POPULAR_PYTHON } else { &POPULAR_JAVASCRIPT };
    let is_near = |name: &&&str| strsim::damerau_levenshtein(module, name) == 1;
    popular.iter().filter(|_| module.len() >= SHORTEST_MISSPELT && !popular.contains(&module)).find(is_near).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(language: &Language) -> Modules<'_> {
        Modules { allowing: "`--allow`", ..Modules::of(language) }
    }

    fn missing_in(modules: Modules<'_>, module: &str) -> Option<String> {
        let python = *modules.language == Language::Python;
        let message = if python { "No module named" } else { "Cannot find module" };
        let error = TaskError::new(ErrorCode::RuntimeError, format!("{message} '{module}'"));
        modules.advice(&error).map(|advice| advice.to_string())
    }

    fn python(module: &str) -> Option<String> {
        missing_in(modules(&Language::Python), module)
    }

    fn javascript(module: &str) -> Option<String> {
        missing_in(modules(&Language::JavaScript), module)
    }

    #[test]
    fn the_command_names_the_package_of_the_module() {
        let command = |text: &str| Some(format!("it is not installed; install it with `stockade packages add {text}`"));
        assert_eq!(python("pandas.io.json"), command("python pandas"));
        assert_eq!(python("sklearn.svm"), command("python scikit-learn"));
        assert_eq!(python("no_such_module"), command("python no-such-module"));
        assert_eq!(javascript("lodash/fp"), command("javascript lodash"));
        assert_eq!(javascript("@scope/name/deep"), command("javascript @scope/name"));
        let of_set = Modules { package_set: Some("reports"), ..modules(&Language::Python) };
        assert_eq!(missing_in(of_set, "six"), command("python six --package-set reports"));
    }

    #[test]
    fn a_misspelt_name_is_not_to_be_installed() {
        let meant = |name: &str| Some(format!("it is not installed; did you mean `{name}`?"));
        assert_eq!(python("pandsa"), meant("pandas"));
        assert_eq!(python("request"), meant("requests"));
        assert_eq!(javascript("loadash"), meant("lodash"));
        // With a letter of another alphabet.
        assert_eq!(javascript("l\u{43e}dash"), meant("lodash"));
    }

    #[test]
    fn what_has_no_package_gets_no_command() {
        for module in ["./helper", "../x", "/etc/x", "a b", "\u{1b}[2J", "\u{430}\u{445}ios-\u{445}"] {
            assert_eq!(javascript(module), None, "{module}");
        }
        assert_eq!(python("a`; rm -r"), None);
    }

    #[test]
    fn what_is_allowed_but_not_installed_is_told_apart() {
        let allow = ["six.moves".to_owned(), "json".to_owned()];
        let listed = Modules { allow: Some(&allow), ..modules(&Language::Python) };
        let allowed = "it is allowed, but not installed; install it with `stockade packages add python six`";
        assert_eq!(missing_in(listed, "six").as_deref(), Some(allowed));
    }

    #[test]
    fn what_is_installed_but_not_allowed_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["package/__init__.py", "single.py", "native.cpython-313-x86_64-linux-gnu.so", "node_modules/@a/b/c.js"]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let allow = ["package2".to_owned()];
        let refused = |language: &Language, module: &str| {
            let modules = Modules { allow: Some(&allow), packages: Some(folder.path()), ..modules(language) };
            let message = format!("Module '{module}' is not allowed. Allowed modules: package2");
            modules.advice(&TaskError::new(ErrorCode::PermissionError, message)).map(|advice| advice.sentence())
        };
        let installed = Some("It is installed, but not allowed; add it to `--allow`.".to_owned());
        for module in ["single", "native", "native.part"] {
            assert_eq!(refused(&Language::Python, module), installed, "{module}");
        }
        assert_eq!(refused(&Language::JavaScript, "@a/b/c"), installed);
        for module in ["absent", "..", "../x", "node_modules/@a", ""] {
            assert_eq!(refused(&Language::JavaScript, module), None, "{module}");
            assert_eq!(refused(&Language::Python, module), None, "{module}");
        }
        let misspelt = Some("It is not allowed; did you mean `package2`?".to_owned());
        assert_eq!(refused(&Language::Python, "package"), misspelt);
    }
}
