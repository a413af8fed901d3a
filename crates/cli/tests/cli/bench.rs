//! `stockade bench`: that it measures, not what.

use crate::support::Workspace;

/// As much of pandas as the benchmark uses.
const PANDAS: &str = "\
class Description(dict):
    def to_dict(self, form):
        return dict(self)

    def to_json(self):
        return '{}'


class DataFrame:
    def __init__(self, rows):
        self.rows = rows

    def describe(self):
        return Description(count=len(self.rows))
";

#[test]
fn pandas_is_measured_where_it_is_installed() {
    let workspace = Workspace::with("packages/pandas/__init__.py", PANDAS);
    let options = ["bench", "--json", "--language", "python", "--rounds", "1", "--soak", "1", "--packages", "packages"];
    let figures = workspace.stockade(&options).json();
    assert_eq!(figures["pandas"]["rows"], 1_000, "{figures}");
    for figure in ["latency_p50", "latency_p95", "process_p50"] {
        assert!(figures["pandas"][figure].as_f64().unwrap() > 0.0, "{figures}");
    }
    assert!(figures["pandas"]["worker_mebibytes"].is_number(), "{figures}");
}
