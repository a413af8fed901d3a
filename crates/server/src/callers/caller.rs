//! What one caller may do, and what it does now.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use stockade_protocol::task::DEFAULT_PACKAGE_SET;
use stockade_protocol::{AllowedHost, Language, Limits, Network};

use super::rate::Rate;
use crate::problem::{Kind, Problem};

/// The name of whoever calls a service that has no keys.
const ANONYMOUS: &str = "anonymous";

/// The name of whoever calls the port of Nautilus.
const NAUTILUS: &str = "nautilus";

/// Names of callers without a key, which no key may have: logs tell callers by their names.
pub(super) const RESERVED_NAMES: [&str; 2] = [ANONYMOUS, NAUTILUS];

/// What a caller may do. What is not given is not limited beyond what holds for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Requests that it may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Tasks that it may have at one time, waiting ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<usize>,
    /// Languages that it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub languages: Option<BTreeSet<Language>>,
    /// Modules that its tasks may import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<BTreeSet<String>>,
    /// Package sets that its tasks may name; the first is that of a task that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_sets: Option<Vec<String>>,
    /// Hosts that its tasks may ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<AllowedHost>>,
    /// The most that its tasks may ask for, in place of what holds for everybody.
    #[serde(default, skip_serializing_if = "Ceilings::is_empty")]
    pub ceilings: Ceilings,
}

/// Ceilings of limits; those that are not given are those of the service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceilings {
    /// Milliseconds of wall time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Bytes of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Bytes of files in `/tmp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_storage_bytes: Option<u64>,
    /// Processes and threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
    /// Bytes of output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
}

impl Ceilings {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// `ceilings` with those that are given in their place.
    pub(crate) fn apply(self, ceilings: Limits) -> Limits {
        Limits {
            timeout: self.timeout_ms.map_or(ceilings.timeout, Duration::from_millis),
            memory_bytes: self.memory_bytes.unwrap_or(ceilings.memory_bytes),
            temporary_storage_bytes: self.temporary_storage_bytes.unwrap_or(ceilings.temporary_storage_bytes),
            processes: self.processes.unwrap_or(ceilings.processes),
            output_bytes: self.output_bytes.unwrap_or(ceilings.output_bytes),
        }
    }
}

/// Somebody who sends requests.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Owns what the caller sends. Never given to another caller, as a name is.
    id: Arc<str>,
    /// Stands in logs and spans.
    name: Arc<str>,
    policy: Policy,
    limiter: Option<DefaultDirectRateLimiter>,
    tasks: Arc<AtomicUsize>,
}

/// A task that counts towards its caller's concurrency until this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Caller {
    pub(crate) fn new(id: &str, name: &str, policy: Policy) -> Self {
        let limiter = policy.rate.and_then(|rate| {
            let quota = Quota::with_period(rate.interval())?.allow_burst(rate.requests);
            Some(RateLimiter::direct(quota))
        });
        Self { id: id.into(), name: name.into(), policy, limiter, tasks: Arc::default() }
    }

    /// Whoever calls a service that has no keys.
    pub(crate) fn anonymous() -> Self {
        Self::new(ANONYMOUS, ANONYMOUS, Policy::default())
    }

    /// Whoever calls the port of Nautilus, whose protocol knows no keys.
    pub(crate) fn of_nautilus() -> Self {
        Self::new(NAUTILUS, NAUTILUS, Policy::default())
    }

    pub(crate) fn id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }

    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Counts a request, unless it is one too many.
    pub(crate) fn count_request(&self) -> Result<(), Problem> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check().map_err(|until| {
            let rate = self.policy.rate.map(|rate| rate.to_string()).unwrap_or_default();
            Problem::new(Kind::RateLimited, format!("this key may send {rate} requests"))
                .retry_after(until.wait_time_from(DefaultClock::default().now()))
        })
    }

    /// Counts a task until its place is dropped, unless it is one too many.
    pub(crate) fn take_place(&self) -> Result<Place, Problem> {
        let maximum = self.policy.concurrency.unwrap_or(usize::MAX);
        self.tasks
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tasks| (tasks < maximum).then_some(tasks + 1))
            .map(|_| Place(Arc::clone(&self.tasks)))
            .map_err(|_| {
                Problem::new(Kind::RateLimited, format!("this key may have {maximum} tasks at one time"))
                    .retry_after(Duration::from_secs(1))
            })
    }

    pub(crate) fn may_use(&self, language: &Language) -> Result<(), Problem> {
        match &self.policy.languages {
            Some(languages) if !languages.contains(language) => {
                Err(Problem::permission(format!("this key may not run {language}")))
            }
            _ => Ok(()),
        }
    }

    /// The modules that a task may import: what it asks for if it may have that, else everything that it may have.
    pub(crate) fn allowed_modules(
        &self,
        language: &Language,
        asked: Option<Vec<String>>,
        of_language: Option<&Vec<String>>,
    ) -> Result<Option<Vec<String>>, Problem> {
        let of_key = self.policy.packages.as_ref();
        let may_have = |module: &String| {
            of_key.is_none_or(|packages| packages.contains(module))
                && of_language.is_none_or(|modules| modules.contains(module))
        };
        match asked {
            Some(asked) => match asked.iter().find(|module| !may_have(module)) {
                Some(module) => {
                    let module = crate::task::printable(module);
                    Err(Problem::permission(format!("{language} code of this caller may not import `{module}`")))
                }
                None => Ok(Some(asked)),
            },
            None => Ok(match (of_key, of_language) {
                (None, None) => None,
                (Some(packages), _) => Some(packages.iter().filter(|module| may_have(module)).cloned().collect()),
                (None, Some(modules)) => Some(modules.clone()),
            }),
        }
    }

    /// The package set of a task that names one, or none.
    pub(crate) fn package_set<'set>(&'set self, named: Option<&'set str>) -> Result<&'set str, Problem> {
        match (&self.policy.package_sets, named) {
            (Some(sets), Some(name)) if !sets.iter().any(|set| set == name) => {
                let name = crate::task::printable(name);
                Err(Problem::permission(format!("tasks of this caller may not have the package set `{name}`")))
            }
            (_, Some(name)) => Ok(name),
            (Some(sets), None) => match sets.first() {
                Some(first) => Ok(first),
                None => Err(Problem::permission("tasks of this caller may have no package set")),
            },
            (None, None) => Ok(DEFAULT_PACKAGE_SET),
        }
    }

    /// Refuses hosts that the caller may not ask for.
    pub(crate) fn may_reach(&self, network: &Network) -> Result<(), Problem> {
        let beyond = self.policy.hosts.as_ref().and_then(|hosts| network.first_beyond(hosts));
        beyond.map_or(Ok(()), |host| Err(Problem::permission(format!("tasks of this caller may not have `{host}`"))))
    }

    /// The most that a task of this caller may ask for.
    pub(crate) fn ceilings(&self, of_language: Limits) -> Limits {
        self.policy.ceilings.apply(of_language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn places_come_back() {
        let caller = Caller::new("1", "ada", Policy { concurrency: Some(1), ..Policy::default() });
        let place = caller.take_place().unwrap();
        assert_eq!(caller.take_place().unwrap_err().kind(), Kind::RateLimited);
        drop(place);
        assert!(caller.take_place().is_ok());
    }

    #[test]
    fn a_burst_is_the_rate() {
        let caller = Caller::new("1", "ada", Policy { rate: Some("2/h".parse().unwrap()), ..Policy::default() });
        assert!(caller.count_request().is_ok() && caller.count_request().is_ok());
        assert_eq!(caller.count_request().unwrap_err().kind(), Kind::RateLimited);
    }

    #[test]
    fn a_task_has_a_set_that_its_caller_may_have() {
        let open = Caller::anonymous();
        assert_eq!(open.package_set(None).unwrap(), "default");
        assert_eq!(open.package_set(Some("reports")).unwrap(), "reports");
        let sets =
            |sets: &[&str]| Caller::new("1", "ada", Policy { package_sets: Some(names(sets)), ..Policy::default() });
        let keyed = sets(&["reports", "default"]);
        assert_eq!(keyed.package_set(None).unwrap(), "reports");
        assert_eq!(keyed.package_set(Some("default")).unwrap(), "default");
        assert!(keyed.package_set(Some("mail")).is_err());
        assert!(sets(&[]).package_set(None).is_err());
    }

    #[test]
    fn modules_are_those_that_both_allow() {
        let open = Caller::anonymous();
        let keyed = Caller::new(
            "1",
            "ada",
            Policy { packages: Some(["json", "pandas"].map(str::to_owned).into()), ..Policy::default() },
        );
        let modules = |caller: &Caller, asked: Option<&[&str]>, of_language: Option<&[&str]>| {
            let of_language = of_language.map(names);
            caller.allowed_modules(&Language::Python, asked.map(names), of_language.as_ref()).ok()
        };
        assert_eq!(modules(&open, None, None), Some(None));
        assert_eq!(modules(&open, Some(&["os"]), None), Some(Some(names(&["os"]))));
        assert_eq!(modules(&open, None, Some(&["json"])), Some(Some(names(&["json"]))));
        assert_eq!(modules(&open, Some(&["os"]), Some(&["json"])), None);
        assert_eq!(modules(&keyed, None, None), Some(Some(names(&["json", "pandas"]))));
        assert_eq!(modules(&keyed, None, Some(&["json", "os"])), Some(Some(names(&["json"]))));
        assert_eq!(modules(&keyed, Some(&["pandas"]), None), Some(Some(names(&["pandas"]))));
        assert_eq!(modules(&keyed, Some(&["os"]), None), None);
        assert_eq!(modules(&keyed, Some(&[]), None), Some(Some(Vec::new())));
    }
}
