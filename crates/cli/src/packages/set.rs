//! Package sets by their names.

use stockade_engine::{EngineConfiguration, RuntimeConfiguration};
use stockade_protocol::task::DEFAULT_PACKAGE_SET;

use crate::failure::Failure;

/// Characters of a name.
const LONGEST_NAME: usize = 64;

/// Whether a package set can have this name, which goes to metrics, messages and the name of a file.
pub(crate) fn is_set_name(name: &str) -> bool {
    let allowed = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '-' | '_');
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(allowed)
}

/// A name as it was given; `None` for the packages without a named set.
pub(crate) fn named(given: Option<&str>) -> Option<&str> {
    given.filter(|name| !name.is_empty() && *name != DEFAULT_PACKAGE_SET)
}

/// Refuses a name that the configuration does not have.
pub(super) fn check<'engine>(
    engine: &'engine EngineConfiguration,
    name: &str,
) -> Result<&'engine [RuntimeConfiguration], Failure> {
    engine.package_sets.get(name).map(Vec::as_slice).ok_or_else(|| {
        let known: Vec<String> = engine.package_sets.keys().map(|name| format!("`{name}`")).collect();
        let there =
            if known.is_empty() { "nor any other".to_owned() } else { format!("known are {}", known.join(", ")) };
        let hint = is_set_name(name).then(|| format!("add a section `[package_sets.{name}]` to stockade.toml"));
        Failure::validation(&format_args!("there is no package set `{name}`; {there}"), hint)
    })
}

/// Puts the packages of a set in the place of those that the languages have by themselves. No other set is needed then.
pub(crate) fn use_set(engine: &mut EngineConfiguration, name: &str) -> Result<(), Failure> {
    let of_set = check(engine, name)?.to_vec();
    for runtime in &mut engine.runtimes {
        if let Some(other) = of_set.iter().find(|other| other.language == runtime.language) {
            runtime.packages.clone_from(&other.packages);
            runtime.preload.clone_from(&other.preload);
            runtime.preload_packages.clone_from(&other.preload_packages);
        }
    }
    engine.package_sets.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files_and_labels() {
        for name in ["a", "reports-2", &"x".repeat(64)] {
            assert!(is_set_name(name), "{name}");
        }
        for name in ["", "A", "a/b", "..", "a b", "ä", &"x".repeat(65)] {
            assert!(!is_set_name(name), "{name}");
        }
    }
}
