//! What one task may do with its network, and has done.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stockade_protocol::network::{AllowedHost, Network, NetworkUsage, Refusal, RefusedHost, is_name, normal};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;

use crate::{EgressConfiguration, address};

/// Hosts that are named in the outcome; what a task is kept from after that is refused without a trace.
const MOST_REFUSED: usize = 64;
/// Names that a task may look up.
const MOST_NAMES: usize = 256;
/// Names that one task looks up at one time.
const LOOK_UPS_OF_A_TASK: usize = 4;
/// Names that all tasks look up at one time. Each takes a thread, which cannot be stopped before the resolver answers.
static LOOK_UPS: Semaphore = Semaphore::const_new(64);

/// Bytes of a connection in the kernel, in each direction; Linux doubles it (`socket(7)`).
const SOCKET_BUFFER: u32 = 256 * 1024;

/// The network of one task. Copies share it.
#[derive(Debug, Clone)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    configuration: Arc<EgressConfiguration>,
    sent: AtomicU64,
    received: AtomicU64,
    look_ups: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    network: Network,
    /// What each name was resolved to. It stays so while the task runs: a name that later points elsewhere gains
    /// nothing.
    addresses: HashMap<String, Option<IpAddr>>,
    /// Names that were or are being looked up.
    look_ups: usize,
    /// The names behind an address.
    names: HashMap<IpAddr, BTreeSet<String>>,
    connections: u64,
    refused: Vec<RefusedHost>,
}

/// In which direction bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the task to a host.
    Sent,
    /// From a host to the task.
    Received,
}

impl Session {
    /// The network of a task that has used nothing yet.
    pub fn new(configuration: Arc<EgressConfiguration>, network: Network) -> Self {
        let state = Mutex::new(State { network, ..State::default() });
        let look_ups = Arc::new(Semaphore::new(LOOK_UPS_OF_A_TASK));
        Self(Arc::new(Inner { configuration, sent: 0.into(), received: 0.into(), look_ups, state }))
    }

    /// Replaces the list, or gives back the first host that no task may have. Connections that are open stay.
    pub fn change(&self, network: Network) -> Result<(), AllowedHost> {
        if let Some(host) = self.0.configuration.first_beyond(&network) {
            return Err(host.clone());
        }
        self.lock().network = network;
        Ok(())
    }

    /// What was used so far.
    pub fn usage(&self) -> NetworkUsage {
        let state = self.lock();
        NetworkUsage {
            connections: state.connections,
            sent_bytes: self.0.sent.load(Ordering::Relaxed),
            received_bytes: self.0.received.load(Ordering::Relaxed),
            refused: state.refused.clone(),
        }
    }

    /// The address of an allowed name, the same as long as the task runs; `None` for a name that is refused or that
    /// has no address. Resolved by the supervisor's own resolver.
    pub async fn look_up(&self, name: &str) -> Option<IpAddr> {
        let name = normal(name);
        // A dot within a label would be a border to the resolver and is none here.
        if !is_name(&name) {
            return None;
        }
        {
            let mut state = self.lock();
            if !state.network.allows_name(&name) {
                state.refuse(name, Refusal::NotAllowed);
                return None;
            }
            if let Some(known) = state.addresses.get(&name) {
                return *known;
            }
            if state.look_ups >= MOST_NAMES {
                state.refuse(name, Refusal::Names);
                return None;
            }
            state.look_ups += 1;
        }
        let found = self.resolve(name.clone()).await;
        let allowed = found.iter().copied().filter(|address| self.allows(*address));
        // Where there is a choice, IPv4: it is the one that every network has.
        let chosen = allowed.min_by_key(IpAddr::is_ipv6);
        let mut state = self.lock();
        if chosen.is_none() && !found.is_empty() {
            state.refuse(name.clone(), Refusal::Address);
        }
        // Two look-ups of one name at a time: the first answer counts.
        let chosen = *state.addresses.entry(name.clone()).or_insert(chosen);
        if let Some(address) = chosen {
            state.names.entry(address).or_default().insert(name);
        }
        chosen
    }

    /// All addresses of a name; none if there are none, or not in time.
    async fn resolve(&self, name: String) -> Vec<IpAddr> {
        let of_task = Arc::clone(&self.0.look_ups);
        // A task of its own: the places are taken until the resolver has answered, whoever still wants the answer.
        let resolving = tokio::spawn(async move {
            let _places = (of_task.acquire_owned().await, LOOK_UPS.acquire().await);
            tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map(|found| found.map(|address| address.ip()).collect::<Vec<_>>())
        });
        let found = tokio::time::timeout(self.0.configuration.connect_timeout, resolving).await;
        let found = found.ok().and_then(Result::ok).and_then(Result::ok).unwrap_or_default();
        found.into_iter().map(|address| address.to_canonical()).collect()
    }

    /// Decides on a connection and counts it.
    pub fn admit(&self, destination: SocketAddr) -> Result<(), Refusal> {
        let mut state = self.lock();
        let (host, decision) = self.decide(&state, destination);
        if let Err(refusal) = decision {
            state.refuse(host, refusal);
            return Err(refusal);
        }
        state.connections += 1;
        Ok(())
    }

    fn decide(&self, state: &State, destination: SocketAddr) -> (String, Result<(), Refusal>) {
        let (address, port) = (destination.ip().to_canonical(), destination.port());
        let names = state.names.get(&address);
        let host = names.and_then(BTreeSet::first).map(|name| format!("{name}:{port}"));
        let decision = if names.is_some_and(|names| names.iter().any(|name| state.network.allows(name, port)))
            || state.network.allows_address(destination)
        {
            if !self.allows(address) {
                Err(Refusal::Address)
            } else if state.connections >= self.0.configuration.maximum_connections {
                Err(Refusal::Connections)
            } else {
                Ok(())
            }
        } else if names.is_some_and(|names| names.iter().any(|name| state.network.allows_name(name))) {
            Err(Refusal::Port)
        } else {
            Err(Refusal::NotAllowed)
        };
        (host.unwrap_or_else(|| destination.to_string()), decision)
    }

    /// Whether this machine's operator lets tasks reach an address at all.
    fn allows(&self, address: IpAddr) -> bool {
        address::is_public(address) || self.is_listed(address)
    }

    /// Makes a connection that was admitted.
    pub async fn connect(&self, destination: SocketAddr) -> io::Result<TcpStream> {
        let socket = if destination.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // What a task does not read stays in the kernel, outside the task's own limits.
        socket.set_recv_buffer_size(SOCKET_BUFFER)?;
        socket.set_send_buffer_size(SOCKET_BUFFER)?;
        let connecting = socket.connect(destination);
        let stream = tokio::time::timeout(self.0.configuration.connect_timeout, connecting)
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        // A public address of this machine itself leads to services that are meant for it alone.
        if stream.local_addr()?.ip() == destination.ip() && !self.is_listed(destination.ip()) {
            self.lock().refuse(destination.to_string(), Refusal::Address);
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(stream)
    }

    fn is_listed(&self, address: IpAddr) -> bool {
        self.0.configuration.allowed_networks.iter().any(|network| network.contains(&address))
    }

    /// Counts bytes before they are passed on; an error when they are more than the task may have.
    pub fn charge(&self, direction: Direction, bytes: usize) -> Result<(), Refusal> {
        let (counter, other) = match direction {
            Direction::Sent => (&self.0.sent, &self.0.received),
            Direction::Received => (&self.0.received, &self.0.sent),
        };
        let bytes = bytes as u64;
        let total = counter.fetch_add(bytes, Ordering::Relaxed) + bytes + other.load(Ordering::Relaxed);
        if total <= self.0.configuration.maximum_bytes {
            return Ok(());
        }
        counter.fetch_sub(bytes, Ordering::Relaxed);
        Err(Refusal::Bytes)
    }

    /// Notes that a connection was cut.
    pub(crate) fn cut(&self, destination: SocketAddr, refusal: Refusal) {
        let mut state = self.lock();
        let (host, _) = self.decide(&state, destination);
        state.refuse(host, refusal);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn refuse(&mut self, host: String, reason: Refusal) {
        let refused = RefusedHost { host, reason };
        if self.refused.len() < MOST_REFUSED && !self.refused.contains(&refused) {
            self.refused.push(refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(hosts: &[&str], change: impl FnOnce(&mut EgressConfiguration)) -> Session {
        let mut configuration = EgressConfiguration::default();
        change(&mut configuration);
        let allowed_hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
        Session::new(Arc::new(configuration), Network { allowed_hosts })
    }

    fn pinned(session: &Session, name: &str, address: &str) {
        session.lock().names.entry(address.parse().unwrap()).or_default().insert(name.to_owned());
    }

    fn refused(session: &Session) -> Vec<String> {
        session.usage().refused.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_address_counts_as_the_names_that_led_to_it() {
        let session = session(&["api.example.com"], |_| {});
        assert_eq!(session.admit("1.2.3.4:443".parse().unwrap()), Err(Refusal::NotAllowed));
        pinned(&session, "api.example.com", "1.2.3.4");
        assert_eq!(session.admit("1.2.3.4:443".parse().unwrap()), Ok(()));
        assert_eq!(session.admit("1.2.3.4:22".parse().unwrap()), Err(Refusal::Port));
        session.change(Network::default()).unwrap();
        assert_eq!(session.admit("1.2.3.4:443".parse().unwrap()), Err(Refusal::NotAllowed));
        assert_eq!(session.usage().connections, 1);
    }

    #[test]
    fn no_list_goes_beyond_the_configuration() {
        let ceiling = vec!["*.example.com".parse().unwrap()];
        let session = session(&[], |configuration| configuration.allowed_hosts = Some(ceiling));
        let allowed_hosts = vec!["a.example.com".parse().unwrap(), "1.2.3.4".parse().unwrap()];
        assert_eq!(session.change(Network { allowed_hosts }).unwrap_err().to_string(), "1.2.3.4");
        assert!(!session.lock().network.allows_name("a.example.com"));
        session.change(Network { allowed_hosts: vec!["a.example.com".parse().unwrap()] }).unwrap();
        assert!(session.lock().network.allows_name("a.example.com"));
        assert_eq!(session.admit("1.2.3.4:443".parse().unwrap()), Err(Refusal::NotAllowed));
    }

    #[test]
    fn a_listed_address_must_be_public_unless_the_operator_says_otherwise() {
        let hosts = ["10.0.0.5", "169.254.169.254"];
        let strict = session(&hosts, |_| {});
        assert_eq!(strict.admit("10.0.0.5:80".parse().unwrap()), Err(Refusal::Address));
        let open =
            session(&hosts, |configuration| configuration.allowed_networks = vec!["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(open.admit("10.0.0.5:80".parse().unwrap()), Ok(()));
        assert_eq!(open.admit("169.254.169.254:80".parse().unwrap()), Err(Refusal::Address));
        assert_eq!(refused(&open), ["169.254.169.254:80 (its address is not public)"]);
    }

    #[test]
    fn connections_and_bytes_have_limits() {
        let session = session(&["1.2.3.4"], |configuration| {
            configuration.maximum_connections = 1;
            configuration.maximum_bytes = 100;
        });
        assert_eq!(session.admit("1.2.3.4:80".parse().unwrap()), Ok(()));
        assert_eq!(session.admit("1.2.3.4:80".parse().unwrap()), Err(Refusal::Connections));
        assert_eq!(session.charge(Direction::Sent, 60), Ok(()));
        assert_eq!(session.charge(Direction::Received, 60), Err(Refusal::Bytes));
        assert_eq!(session.charge(Direction::Received, 40), Ok(()));
        let usage = session.usage();
        assert_eq!((usage.sent_bytes, usage.received_bytes), (60, 40));
    }

    #[test]
    fn what_is_refused_is_named_once_and_not_without_end() {
        let session = session(&[], |_| {});
        for port in 1..1000 {
            for _ in 0..2 {
                assert!(session.admit(SocketAddr::new([1, 2, 3, 4].into(), port)).is_err());
            }
        }
        assert_eq!(refused(&session).len(), MOST_REFUSED);
    }

    #[tokio::test]
    async fn so_have_names_also_when_they_are_asked_for_at_once() {
        let session = session(&["*.localhost"], |_| {});
        let asked = (0..2 * MOST_NAMES).map(|number| {
            let session = session.clone();
            tokio::spawn(async move { session.look_up(&format!("a{number}.localhost")).await })
        });
        for asked in asked.collect::<Vec<_>>() {
            asked.await.unwrap();
        }
        assert_eq!(session.lock().look_ups, MOST_NAMES);
        assert!(session.usage().refused.iter().any(|refused| refused.reason == Refusal::Names));
    }

    #[tokio::test]
    async fn names_are_looked_up_only_when_they_are_allowed() {
        let session = session(&["localhost"], |_| {});
        assert_eq!(session.look_up("example.org").await, None);
        assert_eq!(session.look_up("LOCALHOST.").await, None);
        assert_eq!(session.look_up("a\\.localhost").await, None);
        assert_eq!(
            refused(&session),
            ["example.org (not among the allowed hosts)", "localhost (its address is not public)"]
        );
    }
}
