//! One connection: the list, the address policy, a source address, the wait, and what to say when it fails.

use crate::address;
use crate::allow::AllowList;
use crate::config::{Config, LoopbackMap};
use crate::lanes::Lanes;
use crate::protocol::ErrorKind;
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{timeout_at, Instant};

pub struct Dialler {
    pub allow: AllowList,
    egress: Vec<IpAddr>,
    turn: Cell<usize>,
    limit: Duration,
    lanes: Lanes,
    map: Option<LoopbackMap>,
}

#[derive(Debug)]
pub struct Failure {
    pub kind: ErrorKind,
    pub detail: String,
}

/// What one request asks for.
pub struct Wanted {
    pub target: SocketAddr,
    pub limit: Option<Duration>,
    pub source: Option<IpAddr>,
}

/// How long one request may take, and until when.
#[derive(Clone, Copy)]
struct Time {
    limit: Duration,
    deadline: Instant,
}

impl Failure {
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

impl Dialler {
    pub fn new(config: &Config, allow: AllowList) -> Self {
        Self {
            allow,
            egress: config.egress.clone(),
            turn: Cell::new(0),
            limit: Duration::from_millis(config.connect_timeout_ms),
            lanes: Lanes::default(),
            map: config.loopback_map,
        }
    }

    /// The connection and the source address that its backend sees.
    ///
    /// # Errors
    /// The first reason that stands in its way; a used-up source address counts only when every other one is, too.
    pub async fn connect(&self, wanted: &Wanted) -> Result<(TcpStream, Option<IpAddr>), Failure> {
        self.check(wanted.target)?;
        let limit = wanted.limit.unwrap_or(self.limit).min(self.limit);
        let time = Time { limit, deadline: Instant::now() + limit };
        let Ok(_place) = timeout_at(time.deadline, self.lanes.enter(wanted.target)).await else {
            let detail = format!("{} gives no answer to others, {} ms long", wanted.target, limit.as_millis());
            return Err(Failure::new(ErrorKind::Timeout, detail));
        };
        let mut last = None;
        for source in self.sources(wanted)? {
            match self.attempt(wanted.target, source, time).await {
                Err(failure) if failure.kind == ErrorKind::NoSourceAddress => last = Some(failure),
                Err(failure) => return Err(failure),
                Ok(stream) => return Ok((stream, source)),
            }
        }
        let none = || Failure::new(ErrorKind::NoSourceAddress, format!("no source address fits {}", wanted.target));
        Err(last.unwrap_or_else(none))
    }

    fn check(&self, target: SocketAddr) -> Result<(), Failure> {
        let refused = |why: String| Failure::new(ErrorKind::RefusedByConnector, why);
        if let Some(what) = address::forbidden(target.ip()) {
            return Err(refused(format!("{} is {what}", target.ip())));
        }
        if address::is_loopback(target.ip()) {
            return Err(refused(format!("{} is loopback: the connector's own machine, not the network", target.ip())));
        }
        self.allow.check(target).map_err(refused)
    }

    /// In the order in which they are tried.
    fn sources(&self, wanted: &Wanted) -> Result<Vec<Option<IpAddr>>, Failure> {
        if let Some(source) = wanted.source {
            // Without a list of its own it has told which addresses the kernel would take: those can be named, too.
            if self.egress().contains(&source) {
                return Ok(vec![Some(source)]);
            }
            return Err(Failure::new(ErrorKind::NoSourceAddress, format!("{source} is none of this connector's")));
        }
        if self.egress.is_empty() {
            return Ok(vec![None]);
        }
        let mut fitting: Vec<_> =
            self.egress.iter().filter(|ip| ip.is_ipv4() == wanted.target.is_ipv4()).copied().map(Some).collect();
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        let start = turn.checked_rem(fitting.len()).unwrap_or(0);
        fitting.rotate_left(start);
        Ok(fitting)
    }

    async fn attempt(&self, target: SocketAddr, source: Option<IpAddr>, time: Time) -> Result<TcpStream, Failure> {
        let from = source.map_or(String::new(), |source| format!(" from {source}"));
        let failed = |error: io::Error| Failure::new(kind_of(&error), format!("{target}{from}: {error}"));
        let socket = if target.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
        if let Some(source) = source {
            let here = self.map.map_or(source, |map| map.ip(source));
            leave_from(&socket, here).map_err(failed)?;
        }
        let there = self.map.map_or(target, |map| map.address(target));
        match timeout_at(time.deadline, socket.connect(there)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(failed(error)),
            Err(_) if no_neighbour(target.ip()) => {
                Err(Failure::new(ErrorKind::Unreachable, format!("no machine answers for {}{from}", target.ip())))
            }
            Err(_) => {
                let detail = format!("no answer from {target} within {} ms{from}", time.limit.as_millis());
                Err(Failure::new(ErrorKind::Timeout, detail))
            }
        }
    }

    /// The addresses that backends see: those configured, else what the kernel would take for each target.
    pub fn egress(&self) -> Vec<IpAddr> {
        if !self.egress.is_empty() {
            return self.egress.clone();
        }
        let mut found: Vec<_> = self.allow.addresses().into_iter().filter_map(source_address).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Makes a socket leave from a source address.
///
/// # Errors
/// What the kernel says, for example that the address is not this machine's.
pub fn leave_from(socket: &TcpSocket, source: IpAddr) -> io::Result<()> {
    // Without it a source address has 28,232 connections in all; with it, that many per backend.
    setsockopt(socket, IpBindAddressNoPort, &true)?;
    socket.bind(SocketAddr::new(source, 0))
}

/// The source address that the kernel would take towards a target; sends nothing.
pub fn source_address(target: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if target.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(target).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

pub fn kind_of(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorKind::Refused,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => ErrorKind::Unreachable,
        io::ErrorKind::TimedOut => ErrorKind::Timeout,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => ErrorKind::Reset,
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => ErrorKind::NoSourceAddress,
        _ => ErrorKind::Other,
    }
}

/// The kernel gives up on a machine that does not exist only after about 3 s, later than most limits here; its table of
/// neighbours knows before, and tells a missing machine from a security group.
pub fn no_neighbour(ip: IpAddr) -> bool {
    is_incomplete(&std::fs::read_to_string("/proc/thread-self/net/arp").unwrap_or_default(), ip)
}

fn is_incomplete(table: &str, ip: IpAddr) -> bool {
    let ip = ip.to_string();
    table.lines().any(|line| {
        let mut columns = line.split_whitespace();
        columns.next() == Some(ip.as_str()) && columns.nth(1) == Some("0x0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_neighbour_is_a_missing_machine() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
            10.0.0.9         0x1         0x2         02:00:00:00:00:09     *        eth0\n\
            10.0.0.99        0x1         0x0         00:00:00:00:00:00     *        eth0\n";
        let missing = ["10.0.0.9", "10.0.0.99", "10.0.0.1", "::1"].map(|ip| is_incomplete(table, ip.parse().unwrap()));
        assert_eq!(missing, [false, true, false, false]);
    }

    #[test]
    fn each_error_of_the_kernel_has_its_kind() {
        for (errno, kind) in [
            (rustix::io::Errno::CONNREFUSED, ErrorKind::Refused),
            (rustix::io::Errno::HOSTUNREACH, ErrorKind::Unreachable),
            (rustix::io::Errno::NETUNREACH, ErrorKind::Unreachable),
            (rustix::io::Errno::TIMEDOUT, ErrorKind::Timeout),
            (rustix::io::Errno::CONNRESET, ErrorKind::Reset),
            (rustix::io::Errno::ADDRNOTAVAIL, ErrorKind::NoSourceAddress),
            (rustix::io::Errno::ADDRINUSE, ErrorKind::NoSourceAddress),
            (rustix::io::Errno::ACCESS, ErrorKind::Other),
        ] {
            assert_eq!(kind_of(&errno.into()), kind, "{errno:?}");
        }
    }
}
