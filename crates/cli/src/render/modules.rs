//! What the reader can do about a module that the code cannot import: not installed, not allowed, or misspelt.

use stockade_packages::Request;
use stockade_packages::request::Ecosystem;
use stockade_protocol::{Language, TaskError};

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

/// For a module that is not installed.
pub(super) fn missing(error: &TaskError, language: &Language) -> Option<String> {
    let is_missing = match language {
        Language::Python => error.name.as_deref() == Some("ModuleNotFoundError"),
        Language::JavaScript => {
            error.message.starts_with("Cannot find module") || error.message.starts_with("Cannot find package")
        }
        Language::Custom(_) => false,
    };
    let ecosystem = Ecosystem::of(language).ok().filter(|_| is_missing)?;
    let module = root(ecosystem, quoted(&error.message)?);
    if let Some(meant) = meant(ecosystem, module) {
        return Some(format!("it is not installed; did you mean `{meant}`?"));
    }
    let package = OTHER_NAMES.iter().find(|(name, _)| ecosystem == Ecosystem::Python && *name == module);
    let package = Request::parse(ecosystem, package.map_or(module, |(_, package)| package)).ok()?.name;
    Some(format!("it is not installed; install it with `stockade packages add {ecosystem} {package}`"))
}

/// For a module that is not allowed.
pub(super) fn refused(error: &TaskError) -> String {
    let is_plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@/:".contains(&byte));
    let module = quoted(&error.message).filter(is_plain).unwrap_or("MODULE");
    format!("add the module with `--allow {module}`, or leave `--allow` out to allow what is installed")
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

/// The name that is one slip of the fingers away.
fn meant(ecosystem: Ecosystem, module: &str) -> Option<&'static str> {
    let popular: &[&str] = if ecosystem == Ecosystem::Python { &POPULAR_PYTHON } else { &POPULAR_JAVASCRIPT };
    let is_near = |name: &&&str| strsim::damerau_levenshtein(module, name) == 1;
    popular.iter().filter(|_| module.len() >= SHORTEST_MISSPELT && !popular.contains(&module)).find(is_near).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockade_protocol::ErrorCode;

    fn python(module: &str) -> Option<String> {
        let error = TaskError::new(ErrorCode::RuntimeError, format!("No module named '{module}'"));
        missing(&TaskError { name: Some("ModuleNotFoundError".to_owned()), ..error }, &Language::Python)
    }

    fn javascript(module: &str) -> Option<String> {
        let error = TaskError::new(ErrorCode::RuntimeError, format!("Cannot find module '{module}'"));
        missing(&error, &Language::JavaScript)
    }

    #[test]
    fn the_command_names_the_package_of_the_module() {
        let command = |text: &str| Some(format!("it is not installed; install it with `stockade packages add {text}`"));
        assert_eq!(python("pandas.io.json"), command("python pandas"));
        assert_eq!(python("sklearn.svm"), command("python scikit-learn"));
        assert_eq!(python("no_such_module"), command("python no-such-module"));
        assert_eq!(javascript("lodash/fp"), command("javascript lodash"));
        assert_eq!(javascript("@scope/name/deep"), command("javascript @scope/name"));
    }

    #[test]
    fn a_misspelt_name_is_not_to_be_installed() {
        let meant = |name: &str| Some(format!("it is not installed; did you mean `{name}`?"));
        assert_eq!(python("pandsa"), meant("pandas"));
        assert_eq!(python("request"), meant("requests"));
        assert_eq!(javascript("loadash"), meant("lodash"));
        // With a letter of another alphabet.
        assert_eq!(javascript("lоdash"), meant("lodash"));
    }

    #[test]
    fn what_has_no_package_gets_no_command() {
        for module in ["./helper", "../x", "/etc/x", "a b", "\u{1b}[2J", "ахios-х"] {
            assert_eq!(javascript(module), None, "{module}");
        }
        assert_eq!(python("a`; rm -r"), None);
    }
}
