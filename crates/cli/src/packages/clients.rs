//! What the clients are configured with on this machine: from where they take packages.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use stockade_engine::{RuntimeConfiguration, RuntimeKind};
use stockade_packages::install::Index;
use stockade_packages::request::Ecosystem;

use crate::failure::Failure;

/// Asks pip what its files and variables say. It reads them itself, so that nothing is read twice in two ways.
const ASK_PIP: &str = "\
import json
from pip._internal.commands import create_command
options, _ = create_command('install').parse_args([])
print(json.dumps({'index': options.index_url, 'others': options.extra_index_urls, 'certificates': options.cert}))
";

#[derive(Debug, Deserialize)]
struct Pip {
    index: String,
    others: Vec<String>,
    certificates: Option<String>,
}

/// The index of a client, and a warning about what of its configuration is left out.
pub(super) fn index(
    ecosystem: Ecosystem,
    runtime: &RuntimeConfiguration,
    folder: &Path,
) -> Result<(Index, Option<String>), Failure> {
    match ecosystem {
        Ecosystem::Python => python(runtime),
        Ecosystem::JavaScript => javascript(folder).map(|index| (index, None)),
    }
}

fn python(runtime: &RuntimeConfiguration) -> Result<(Index, Option<String>), Failure> {
    let RuntimeKind::Zygote { interpreter } = &runtime.kind else {
        return Err(Failure::internal("python has no interpreter"));
    };
    // Isolated: no module of the current folder takes the place of pip.
    let answer = Command::new(interpreter).args(["-I", "-c", ASK_PIP]).output();
    let answer = answer.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let pip: Pip = answer.and_then(|text| serde_json::from_slice(&text).ok()).ok_or_else(|| {
        let message = format!("`{}` has no pip", interpreter.display());
        Failure::setup(&message, Some(format!("install it, for example with `{} -m ensurepip`", interpreter.display())))
    })?;
    let certificates = certificates(pip.certificates, &["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])?;
    let warning = (!pip.others.is_empty()).then(|| {
        "pip's `extra-index-url` is left out: with two indexes, either of them decides what a name stands for"
            .to_owned()
    });
    Ok((Index { address: pip.index, certificates }, warning))
}

fn javascript(folder: &Path) -> Result<Index, Failure> {
    let ask = |key: &str| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let output = Command::new("npm").args(["config", "get", key]).current_dir(folder).output().ok()?;
        let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        Some(text.trim().to_owned()).filter(|text| !matches!(text.as_str(), "" | "null" | "undefined"))
    };
    let address = ask("registry").ok_or_else(|| {
        Failure::setup(&"npm does not say where it takes packages from", Some("install npm".to_owned()))
    })?;
    Ok(Index { address, certificates: certificates(ask("cafile"), &["NODE_EXTRA_CA_CERTS"])? })
}

/// The contents of the file that the client or one of these variables names.
fn certificates(named: Option<String>, variables: &[&str]) -> Result<Option<String>, Failure> {
    let of_variable = || variables.iter().find_map(|name| std::env::var(name).ok().filter(|path| !path.is_empty()));
    let Some(path) = named.or_else(of_variable) else { return Ok(None) };
    fs::read_to_string(&path).map(Some).map_err(|error| {
        Failure::setup(&format_args!("cannot read the certificates `{path}` of the package index: {error}"), None)
    })
}
