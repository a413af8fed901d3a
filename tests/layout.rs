//! Where the memory of Node.js lies that a worker inherits: so that a fork and its end have little to do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use stockade_protocol::Language;
use stockade_tests::{marked_configuration, runtime, start, zygote_and_workers};

/// The figures that a line of `/proc/PID/FILE` begins with, in KiB, all such lines together.
fn kibibytes(process: u32, file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap();
    let figure = |line: &str| line.strip_prefix(name)?.split_whitespace().next()?.parse::<u64>().ok();
    text.lines().filter_map(figure).sum()
}

#[test]
fn a_worker_inherits_few_page_tables_and_the_busiest_code_on_large_pages() {
    let mark = "layout-of-javascript";
    runtime().block_on(async {
        let engine = start(marked_configuration(&Language::JavaScript, mark)).await.unwrap();
        let (_, workers) = zygote_and_workers(mark);
        for worker in workers {
            // 200 KiB with V8's heap in one place, 480 KiB with each part of it elsewhere.
            let tables = kibibytes(worker, "status", "VmPTE:");
            assert!(tables < 320, "{tables} KiB of page tables");
            let are_there_large_pages = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled")
                .is_ok_and(|choice| !choice.contains("[never]"));
            let large = kibibytes(worker, "smaps", "AnonHugePages:");
            assert_eq!(large > 0, are_there_large_pages, "{large} KiB on large pages");
        }
        engine.stop().await;
    });
}
