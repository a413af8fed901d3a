//! The section of BENCHMARKS.md.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::load::{Overload, Soak};
use crate::nautilus::Nautilus;

pub(crate) const HEADING: &str = "## The service\n";

/// One round of one language; times in milliseconds.
#[derive(Debug)]
pub(crate) struct Language {
    /// The share of the machine that others used meanwhile.
    pub(crate) disturbance: f64,
    pub(crate) paced_p50: f64,
    pub(crate) closed_p50: f64,
    pub(crate) closed_p99: f64,
    pub(crate) per_second: f64,
    pub(crate) engine_per_second: f64,
    pub(crate) engine_p50: f64,
}

/// Everything that was measured, where it comes once with the share of the machine that others used meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) languages: BTreeMap<&'static str, Vec<Language>>,
    pub(crate) overload: Option<(f64, Overload)>,
    pub(crate) nautilus: Option<(f64, Nautilus)>,
    pub(crate) soak: Option<Soak>,
}

/// One line of the table: what it is, its unit, where it stands, and its target.
type Line = (&'static str, &'static str, fn(&Language) -> f64, &'static str);

const LINES: [Line; 8] = [
    ("one connection, p50", "ms", |round| round.closed_p50, "≤ 2 ms"),
    ("the same, p99", "ms", |round| round.closed_p99, ""),
    ("the same with 10 ms between requests, p50", "ms", |round| round.paced_p50, ""),
    ("`stockade bench` before it, all workers waiting, p50", "ms", |round| round.engine_p50, ""),
    ("tasks per second", "", |round| round.per_second, ""),
    ("`stockade bench` before it, tasks per second", "", |round| round.engine_per_second, ""),
    // Of rounds, not of medians: what slowed a round down has slowed both down.
    ("share of `stockade bench`", "%", |round| 100.0 * round.per_second / round.engine_per_second, "≥ 80 %"),
    ("others used of the machine meanwhile", "%", |round| 100.0 * round.disturbance, ""),
];

/// The section.
pub(crate) fn section(figures: &Figures, concurrency: usize, queue: usize) -> String {
    // Writing into a string cannot fail; the result is ignored for that reason throughout.
    let mut text = format!(
        "{HEADING}\n`make bench-service` writes this section: trivial tasks over HTTP from a second process on loopback, \
         all walls on,\n{concurrency} tasks at the same time, {queue} in the queue. Medians of {} rounds; {}, {} \
         processors, Linux {}.\n\n| | Python | JavaScript | target |\n| --- | --- | --- | --- |\n",
        figures.languages.values().map(Vec::len).max().unwrap_or(0),
        date(),
        std::thread::available_parallelism().map_or(1, usize::from),
        fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
    );
    for (what, unit, figure, target) in LINES {
        let shown = ["python", "javascript"].map(|language| {
            let rounds = figures.languages.get(language).into_iter().flatten();
            format!("{} {unit}", rounded(median(rounds.map(figure)))).trim_end().to_owned()
        });
        let _ = writeln!(text, "| {what} | {} | {target} |", shown.join(" | "));
    }
    if let Some((disturbance, overload)) = &figures.overload {
        let statuses: Vec<String> =
            overload.statuses.iter().map(|(status, count)| format!("{count} were answered {status}")).collect();
        let [before, quarter, most] = overload.memory;
        let _ = write!(
            text,
            "\nOverload: {} requests per second for {} s; {}. Refused: p50 {} ms, p99 {} ms. Accepted, with their time \
             in\nthe queue: p50 {} ms, p99 {} ms. Memory of the service: {} MiB before, {} MiB after a quarter of the \
             time, {} MiB at\nmost after that. Others used {:.0} % of the machine.\n",
            rounded(overload.offered_per_second),
            rounded(overload.seconds),
            statuses.join(", "),
            rounded(overload.refused_p50),
            rounded(overload.refused_p99),
            rounded(overload.accepted_p50),
            rounded(overload.accepted_p99),
            rounded(before),
            rounded(quarter),
            rounded(most),
            100.0 * disturbance,
        );
    }
    if let Some((disturbance, Nautilus { answer_p50, answer_p99, spawn_p50, signature })) = &figures.nautilus {
        let _ = write!(
            text,
            "\nNautilus: from a request to its signed answer {} ms (p50; p99 {} ms; target 10 ms). Spawning `node` for the \
             same\ntask: {} ms (p50), {:.0} times that. A signature: {signature:.3} ms (target 0.2 ms). Others used {:.0} % of the \
             machine.\n",
            rounded(*answer_p50),
            rounded(*answer_p99),
            rounded(*spawn_p50),
            spawn_p50 / answer_p50,
            100.0 * disturbance,
        );
    }
    if let Some(Soak { tasks, failed, seconds, before, after }) = &figures.soak {
        let _ = write!(
            text,
            "\n{tasks} tasks in {} s, both languages in turn, {failed} of them failed; before and after: {} and {} MiB resident, {} and {} \
             descriptors,\n{} and {} processes.\n",
            rounded(*seconds),
            rounded(before.resident_mebibytes),
            rounded(after.resident_mebibytes),
            before.descriptors,
            after.descriptors,
            before.processes,
            after.processes,
        );
    }
    text
}

/// The value below which this share of the values is.
pub(crate) fn percentile(ascending: &[f64], percent: usize) -> f64 {
    let last = ascending.len().saturating_sub(1);
    ascending.get((ascending.len() * percent / 100).min(last)).copied().unwrap_or(f64::NAN)
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    percentile(&values, 50)
}

fn rounded(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn date() -> String {
    let output = std::process::Command::new("date").arg("+%Y-%m-%d").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_values() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (50.0, 99.0));
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert!(percentile(&[], 50).is_nan());
    }
}
