//! Sources that are large, deep, or no text.

use stockade_engine::Engine;
use stockade_protocol::{ErrorCode, Language};
use stockade_tests::{code, run};

use crate::judge::transcript;

/// What it is, its text, and the ends that are right.
type Source<'text> = (&'text str, Vec<u8>, &'text [Option<ErrorCode>]);

/// Runs each; the end is typed, and never the supervisor's own error.
pub(super) async fn each(engine: &Engine) -> Result<(), String> {
    use ErrorCode::{MemoryError, RuntimeError, SyntaxError, TimeoutError, ValidationError};
    let any = [SyntaxError, MemoryError, RuntimeError, ValidationError, TimeoutError].map(Some);
    let syntax = [Some(SyntaxError), Some(ValidationError)];
    let any_or_ok = [&any[..], &[None]].concat();
    let nested = |count: usize| ["return ".to_owned(), "(".repeat(count), ")".repeat(count)].concat().into_bytes();
    let both: Vec<Source<'_>> = vec![
        ("100 MB of spaces", vec![b' '; 100_000_000], &any_or_ok),
        ("100 MB in one text", [b"x = '", &vec![b'x'; 100_000_000][..], b"'"].concat(), &any_or_ok),
        ("20 MB of lines", b"x = 1\n".repeat(3_500_000), &any_or_ok),
        ("nested parentheses", nested(100_000), &any),
        ("nested brackets", "[".repeat(100_000).into_bytes(), &any),
        ("nested signs", ["return ", &"- ".repeat(200_000), "1"].concat().into_bytes(), &any_or_ok),
        ("nested attributes", ["x = 1\nreturn x", &".b".repeat(200_000)].concat().into_bytes(), &any),
        ("not UTF-8", b"return '\xff\xfe'".to_vec(), &syntax),
        ("NUL bytes", b"x = 1\0\nreturn 1".to_vec(), &syntax),
        ("only NUL bytes", vec![0; 1000], &syntax),
        ("nothing", Vec::new(), &[None]),
        ("a byte order mark", "\u{feff}return 1".as_bytes().to_vec(), &[None]),
    ];
    let python: Vec<Source<'_>> = vec![
        ("another encoding", b"# coding: latin-1\nreturn '\xe9'".to_vec(), &syntax),
        ("an encoding that is a program", b"# coding: unicode_escape\nx = 1\\nreturn 1".to_vec(), &syntax),
        ("a form feed", b"\x0creturn 1\x0c".to_vec(), &[None]),
        ("nested functions", ("def f():\n".to_owned() + &deep_functions(150)).into_bytes(), &any_or_ok),
    ];
    for language in [Language::Python, Language::JavaScript] {
        let own: &[Source<'_>] = if language == Language::Python { &python } else { &[] };
        for (what, source, right) in both.iter().chain(own) {
            let report = run(engine, code(&language, source.clone())).await;
            if !right.contains(&report.code()) {
                return Err(format!("{what} ({language}), right: {right:?}\n{}", transcript(&report)));
            }
        }
    }
    Ok(())
}

fn deep_functions(depth: usize) -> String {
    (1..depth).map(|level| format!("{}def f():\n", " ".repeat(level))).collect::<String>()
        + &" ".repeat(depth)
        + "pass\n"
}
