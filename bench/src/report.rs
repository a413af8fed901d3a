//! The table.

use std::fmt::Write as _;
use std::fs;

use crate::workload::{Figures, Large, median};

pub(crate) const HEADING: &str = "## Beside n8n's own runner\n";

/// One line of the table: what it is, in which unit, where it stands, and the target as a share of the official figure.
type Line = (&'static str, &'static str, fn(&Figures) -> f64, Option<&'static str>);

const LINES: [Line; 9] = [
    ("trivial task, p50", "ms", |figures| figures.p50, Some("≤ 0.8")),
    ("the same, p95", "ms", |figures| figures.p95, None),
    ("tasks per second, 10 outstanding", "", |figures| figures.per_second, Some("≥ 1.3")),
    ("processor time per task", "ms", |figures| figures.processor_per_task, None),
    ("map over 10,000 items", "ms", |figures| figures.map, Some("≤ 0.4")),
    ("once for each of 1,000 items", "ms", |figures| figures.each_item, Some("≤ 0.1")),
    ("trivial task behind four that keep a processor busy", "ms", |figures| figures.behind_four, Some("≤ 0.3")),
    ("20 tasks that sleep for 200 ms, five at a time", "ms", |figures| figures.sleeps, None),
    ("memory, idle (proportional)", "MiB", |figures| figures.idle_mebibytes, None),
];

/// The section for BENCHMARKS.md. Each round has the figures of Stockade's Python, Stockade's JavaScript and the
/// official JavaScript.
pub(crate) fn table(rounds: &[[Figures; 3]], idle_with_both: f64, large: &Large, versions: &str) -> String {
    let mut text = format!(
        "{HEADING}\n`make bench-n8n` writes this section: {versions}, the same tasks from the same broker, five at a \
         time, in turns. {} on {} processors, Linux {}. All walls on; the official runner has none.\n\n\
         | | Stockade, Python | Stockade, JavaScript | official, JavaScript | share | target |\n\
         | --- | --- | --- | --- | --- | --- |\n",
        if rounds.len() == 1 { "One round".to_owned() } else { format!("Medians of {} rounds", rounds.len()) },
        std::thread::available_parallelism().map_or(1, usize::from),
        kernel(),
    );
    for (what, unit, figure, target) in LINES {
        let [python, ours, official] = [0, 1, 2]
            .map(|candidate| median(&rounds.iter().map(|round| figure(&round[candidate])).collect::<Vec<_>>()));
        let shown = |value: f64| format!("{} {unit}", rounded(value)).trim_end().to_owned();
        // Of rounds, not of medians: what slowed a round down has slowed both down.
        let shares: Vec<f64> = rounds.iter().map(|[_, ours, official]| figure(ours) / figure(official)).collect();
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "| {what} | {} | {} | {} | {:.2} | {} |",
            shown(python),
            shown(ours),
            shown(official),
            median(&shares),
            target.unwrap_or_default()
        );
    }
    let Large { map_milliseconds, text_milliseconds, text_mebibytes, peak_mebibytes } = large;
    let _ = write!(
        text,
        "\nIdle with both languages ready: {} MiB proportional (target 90 MiB). A map over 100,000 items took {} ms. \
         A result of {} MiB took {} ms there and back; the supervisor held {} MiB at most, {:.1} times that (target 3).\n",
        rounded(idle_with_both),
        rounded(*map_milliseconds),
        rounded(*text_mebibytes),
        rounded(*text_milliseconds),
        rounded(*peak_mebibytes),
        peak_mebibytes / text_mebibytes,
    );
    text
}

/// Two builds of Stockade side by side, for whoever changes it. Each round has the figures of the other build's Python,
/// this build's Python, and the same for JavaScript.
pub(crate) fn table_of_builds(rounds: &[[Figures; 4]]) -> String {
    let mut text = "| | Python, other build | this build | JavaScript, other build | this build |\n\
                    | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for (what, unit, figure, _) in LINES {
        let medians = [0, 1, 2, 3].map(|column| {
            let median = median(&rounds.iter().map(|round| figure(&round[column])).collect::<Vec<_>>());
            format!("{} {unit}", rounded(median)).trim_end().to_owned()
        });
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| {what} | {} |", medians.join(" | "));
    }
    text
}

fn rounded(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}
