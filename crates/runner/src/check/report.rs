//! What a check has found out.

use std::fmt;

use crate::error::RunnerError;

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// In the order in which a start needs them.
    pub findings: Vec<Finding>,
}

/// What was found out about one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The part.
    pub subject: String,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Works, and may not be what was meant.
    Doubtful,
    /// A runner would not work, or not for all tasks.
    Bad,
}

impl CheckReport {
    /// Whether a runner would work.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.state != State::Bad)
    }

    pub(super) fn add(
        &mut self,
        subject: impl Into<String>,
        state: State,
        detail: impl Into<String>,
        remedy: Option<&str>,
    ) {
        let (subject, detail) = (subject.into(), detail.into());
        self.findings.push(Finding { subject, state, detail, remedy: remedy.map(str::to_owned) });
    }

    pub(super) fn add_error(&mut self, subject: &str, error: &RunnerError) {
        self.add(subject, State::Bad, error.to_string(), error.hint());
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.findings.iter().map(|finding| finding.subject.chars().count()).max().unwrap_or(0);
        for Finding { subject, state, detail, remedy } in &self.findings {
            let word = match state {
                State::Good => "ok",
                State::Doubtful => "note",
                State::Bad => "FAIL",
            };
            writeln!(formatter, "{word:<5} {subject:<width$}  {detail}")?;
            if let Some(remedy) = remedy {
                writeln!(formatter, "{:<5} {:<width$}  hint: {remedy}", "", "")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_in_columns_with_the_remedy_below() {
        let mut report = CheckReport { findings: Vec::new() };
        report.add("broker", State::Good, "http://127.0.0.1:5679 is healthy", None);
        report.add("python", State::Doubtful, "nothing is allowed", Some("allow something"));
        assert!(report.is_good());
        report.add("registration", State::Bad, "it failed", Some("do this"));
        assert!(!report.is_good());
        assert_eq!(
            report.to_string(),
            "ok    broker        http://127.0.0.1:5679 is healthy\n\
             note  python        nothing is allowed\n\
             \x20                   hint: allow something\n\
             FAIL  registration  it failed\n\
             \x20                   hint: do this\n"
        );
    }
}
