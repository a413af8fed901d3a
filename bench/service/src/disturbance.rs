//! How much of the machine other programs use while something is measured.

use std::fs;
use std::time::Instant;

use stockade_bench_shared::process;

/// Begun before a measurement, asked after it while the measured service runs: it is a process of this program.
pub(crate) struct Disturbance {
    started: Instant,
    busy: f64,
    own: f64,
}

impl Disturbance {
    pub(crate) fn begin() -> Self {
        Self { started: Instant::now(), busy: busy(), own: own() }
    }

    /// The share of the machine's processors that others have used since, from 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        let processors = u32::try_from(std::thread::available_parallelism().map_or(1, usize::from)).unwrap_or(1);
        let others = (busy() - self.busy) - (own() - self.own);
        (others / (self.started.elapsed().as_secs_f64() * f64::from(processors))).max(0.0)
    }
}

/// Seconds that all processors have worked. The kernel counts in hundredths of a second.
fn busy() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap();
    let fields: Vec<f64> = text.lines().next().unwrap().split_whitespace().flat_map(str::parse).collect();
    // User, nice, system; then idle and waiting; then interrupts and what a hypervisor took.
    let [user, nice, system, _, _, interrupts, soft, stolen, ..] = fields[..] else { panic!("{text}") };
    (user + nice + system + interrupts + soft + stolen) / 100.0
}

/// Seconds that this program, its processes, and those that were waited for have worked.
fn own() -> f64 {
    process::tree(std::process::id()).into_iter().map(process::processor_seconds).sum()
}
