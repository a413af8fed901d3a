//! The figures as a table for people; JSON comes from the same structures.

use std::fmt;

use serde::Serialize;
use stockade_protocol::Language;

use super::alternatives::Alternative;
use super::footprint::Footprint;
use super::measure::{Figures, Soak};
use super::pandas::Pandas;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// From the start of the engine to a waiting worker of each language.
    pub(crate) ready_milliseconds: f64,
    pub(crate) idle: Footprint,
    pub(crate) languages: Vec<LanguageReport>,
    pub(crate) soak: Soak,
    /// Where pandas is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pandas: Option<Pandas>,
}

/// One language.
#[derive(Debug, Serialize)]
pub(crate) struct LanguageReport {
    pub(crate) language: Language,
    pub(crate) version: String,
    pub(crate) figures: Figures,
    pub(crate) alternatives: Vec<Alternative>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for language in &self.languages {
            write_language(formatter, language)?;
        }
        writeln!(formatter, "engine")?;
        row(formatter, "all languages ready", &format!("{:.0} ms", self.ready_milliseconds), "")?;
        row(formatter, "idle, proportional memory", &format!("{:.1} MiB", self.idle.proportional_mebibytes), "")?;
        row(formatter, "  of it the supervisor", &format!("{:.1} MiB", self.idle.supervisor_mebibytes), "")?;
        for (name, mebibytes) in &self.idle.processes {
            row(formatter, &format!("  {name}"), &format!("{mebibytes:.2} MiB"), "")?;
        }
        if let Some(pandas) = &self.pandas {
            write_pandas(formatter, pandas)?;
        }
        let Soak { tasks, before, after } = &self.soak;
        writeln!(formatter, "\nbefore and after {tasks} tasks in a row")?;
        let pair = |before: String, after: String| format!("{before} → {after}");
        let memory =
            pair(format!("{:.1}", before.supervisor_mebibytes), format!("{:.1} MiB", after.supervisor_mebibytes));
        row(formatter, "supervisor's memory", &memory, "")?;
        for (name, count) in [
            ("descriptors", (before.descriptors, after.descriptors)),
            ("processes", (before.processes.len(), after.processes.len())),
            ("cgroups", (before.cgroups, after.cgroups)),
            ("mounts", (before.mounts, after.mounts)),
        ] {
            row(formatter, name, &pair(count.0.to_string(), count.1.to_string()), "")?;
        }
        Ok(())
    }
}

fn write_language(formatter: &mut fmt::Formatter<'_>, report: &LanguageReport) -> fmt::Result {
    let figures = &report.figures;
    writeln!(formatter, "{} {}", report.language, report.version)?;
    let latency = format!("{:.2} ms", figures.latency_p50);
    let tail = format!("p95 {:.2} ms, p99 {:.2} ms", figures.latency_p95, figures.latency_p99);
    row(formatter, "trivial task, worker waiting", &latency, &tail)?;
    let share = figures.throughput / figures.floor_throughput * 100.0;
    row(formatter, "sustained", &format!("{:.0} tasks/s", figures.throughput), &format!("{share:.0} % of the floor"))?;
    row(formatter, "10,000-item map", &format!("{:.1} ms", figures.map_p50), "")?;
    let floor = format!("{:.0} forks/s overlapped", figures.floor_throughput);
    row(formatter, "floor: bare fork + exit", &format!("{:.2} ms", figures.floor_fork), &floor)?;
    for alternative in &report.alternatives {
        let ratio = format!("{:.0} times the task", alternative.p50 / figures.latency_p50);
        row(formatter, &alternative.name, &format!("{:.1} ms", alternative.p50), &ratio)?;
    }
    writeln!(formatter)
}

fn write_pandas(formatter: &mut fmt::Formatter<'_>, pandas: &Pandas) -> fmt::Result {
    writeln!(formatter, "\npandas, preloaded")?;
    let task = format!("describe() of {} rows", pandas.rows);
    let tail = format!("p95 {:.1} ms", pandas.latency_p95);
    row(formatter, &task, &format!("{:.1} ms", pandas.latency_p50), &tail)?;
    let ratio = format!("{:.0} times the task", pandas.process_p50 / pandas.latency_p50);
    row(formatter, "a process that does the same", &format!("{:.1} ms", pandas.process_p50), &ratio)?;
    row(formatter, "one more waiting worker", &format!("{:.1} MiB", pandas.worker_mebibytes), "")
}

fn row(formatter: &mut fmt::Formatter<'_>, name: &str, value: &str, remark: &str) -> fmt::Result {
    let line = format!("  {name:<32}{value:>16}   {remark}");
    writeln!(formatter, "{}", line.trim_end())
}
