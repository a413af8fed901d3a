//! A hostile program and what its header expects.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{ErrorCode, Language, Limits};

/// A program of `hostile/<class>/`.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// `c/C1_fork_bomb.py`
    pub(crate) name: String,
    pub(crate) language: Language,
    pub(crate) source: String,
    /// Rows of the list that it stands for.
    pub(crate) rows: Vec<String>,
    /// Ends that are right; `None` is a result.
    pub(crate) ends: Vec<Option<ErrorCode>>,
    pub(crate) result: Option<serde_json::Value>,
    /// The exact text of the result.
    pub(crate) result_text: Option<String>,
    pub(crate) stdout: Option<String>,
    pub(crate) stdout_bytes: Option<Vec<u8>>,
    /// Part of the error's message.
    pub(crate) message: Option<String>,
    /// System calls that the outcome must name.
    pub(crate) denied: Vec<String>,
    pub(crate) limits: Limits,
    /// Most processor time as a share of the wall time.
    pub(crate) processor_share: Option<f64>,
    pub(crate) allow: Option<Vec<String>>,
    pub(crate) roles: Roles,
    /// Other tasks run meanwhile and must not notice.
    pub(crate) has_neighbour: bool,
    /// It also runs as the first task of a new engine.
    pub(crate) is_also_cold: bool,
}

/// The same program as several tasks, told apart by their input `role`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roles {
    One,
    /// One after the other.
    Then(String, String),
    /// At the same time.
    With(String, String),
}

/// Every program, in the order of the rows.
pub(crate) fn all() -> Vec<Program> {
    let directory = crate::unprivileged::programs();
    let classes = fs::read_dir(&directory).unwrap().flatten().map(|entry| entry.path());
    let files = classes.filter(|path| path.is_dir()).flat_map(|class| fs::read_dir(class).unwrap().flatten());
    let mut programs: Vec<Program> = files.filter_map(|file| read(&directory, file.path())).collect();
    programs.sort_by(|one, other| place(one).cmp(&place(other)));
    programs
}

fn place(program: &Program) -> (char, u32, &str) {
    let row = &program.rows[0];
    (row.chars().next().unwrap_or('?'), row[1..].parse().unwrap_or(0), &program.name)
}

fn read(directory: &Path, path: PathBuf) -> Option<Program> {
    let (language, comment) = match path.extension()?.to_str()? {
        "py" => (Language::Python, "# "),
        "js" => (Language::JavaScript, "// "),
        _ => return None,
    };
    let name = path.strip_prefix(directory).ok()?.display().to_string();
    let source = fs::read_to_string(&path).unwrap();
    let mut header: BTreeMap<&str, &str> = BTreeMap::new();
    for line in source.lines().map_while(|line| line.strip_prefix(comment)) {
        let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{name}: no `key: value`: {line}"));
        assert!(header.insert(key, value).is_none(), "{name}: `{key}` stands there twice");
    }
    let mut take = |key: &str| header.remove(key);
    let list = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let number = |text: &str| text.trim_end_matches('M').parse::<u64>().unwrap();
    let mut limits = stockade_tests::limits();
    if let Some(timeout) = take("timeout") {
        limits.timeout = duration(timeout);
    }
    if let Some(memory) = take("memory") {
        limits.memory_bytes = number(memory) * MEBIBYTE;
    }
    assert!(take("tries").is_some(), "{name}: no `tries`");
    let program = Program {
        rows: list(take("row").unwrap()),
        ends: take("expect").unwrap().split(" or ").map(|end| code(&name, end)).collect(),
        result: take("result").map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))),
        result_text: take("result-text").map(str::to_owned),
        stdout: take("stdout").map(str::to_owned),
        stdout_bytes: take("stdout-bytes").map(bytes),
        message: take("message").map(str::to_owned),
        denied: take("denied").map(list).unwrap_or_default(),
        processor_share: take("processor-share").map(|text| text.parse().unwrap()),
        allow: take("allow").map(|text| list(text).iter().map(|name| name.trim_matches('"').to_owned()).collect()),
        roles: take("roles").map_or(Roles::One, |text| roles(&name, text)),
        has_neighbour: take("neighbour").is_some(),
        is_also_cold: take("cold").is_some(),
        limits,
        language,
        source: source.clone(),
        name: name.clone(),
    };
    assert!(header.is_empty(), "{name}: unknown keys {:?}", header.keys());
    Some(program)
}

fn code(name: &str, text: &str) -> Option<ErrorCode> {
    match text {
        "ok" => None,
        text => {
            Some(*ErrorCode::ALL.iter().find(|code| code.name() == text).unwrap_or_else(|| panic!("{name}: {text}")))
        }
    }
}

fn duration(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(milliseconds) => Duration::from_millis(milliseconds.parse().unwrap()),
        None => Duration::from_secs(text.trim_end_matches('s').parse().unwrap()),
    }
}

fn roles(name: &str, text: &str) -> Roles {
    let pair = |separator| text.split_once(separator).map(|(one, other)| (one.to_owned(), other.to_owned()));
    match (pair(" then "), pair(" with ")) {
        (Some((one, other)), _) => Roles::Then(one, other),
        (None, Some((one, other))) => Roles::With(one, other),
        (None, None) => panic!("{name}: roles: {text}"),
    }
}

fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|character| !character.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}
