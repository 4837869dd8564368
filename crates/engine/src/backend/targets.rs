//! Several targets behind one name, and what is known of each.
//!
//! A set is compiled with the world, for a VPC access. Its health is shared by all threads: every request reads it, and it
//! is written only when something fails or recovers. `turns.rs` chooses among the targets, `checks.rs` asks them how they
//! are. Invariant: a set that replaces another keeps what was known of the targets that both have.

use hyper::header::HeaderMap;
use isthmus_plan::{Balance, HealthCheck, TargetSet, WhenAllDown};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

/// Connections that fail in a row until a target is left alone, and for how long.
const EJECTING_FAILURES: u32 = 3;
const EJECTED_MS: u64 = 10_000;

pub struct Targets {
    /// Of this set in this process: what threads keep is found by it.
    pub id: u64,
    pub members: Vec<Member>,
    pub balance: Balance,
    pub when_all_down: WhenAllDown,
    pub check: Option<HealthCheck>,
}

pub struct Member {
    pub target: Box<str>,
    pub port: u16,
    pub weight: u32,
    pub health: Arc<Health>,
}

/// What is known of one target.
#[derive(Default)]
pub struct Health {
    /// Connections that failed in a row.
    failures: AtomicU32,
    /// Until when it is left alone (Unix milliseconds).
    ejected_until: AtomicU64,
    /// Whether checks say so.
    down: AtomicBool,
}

impl Health {
    pub fn usable(&self, now: u64) -> bool {
        !self.down.load(Ordering::Relaxed) && self.ejected_until.load(Ordering::Relaxed) <= now
    }

    /// No connection, or one that ended before an answer began.
    pub fn failed(&self, now: u64) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures >= EJECTING_FAILURES {
            self.ejected_until.store(now.saturating_add(EJECTED_MS), Ordering::Relaxed);
        }
    }

    pub fn worked(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    pub fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    /// Why it gets no requests.
    fn trouble(&self, now: u64) -> Option<&'static str> {
        if self.down.load(Ordering::Relaxed) {
            return Some("does not pass its health check");
        }
        (!self.usable(now)).then_some("could not be connected to")
    }
}

impl Targets {
    /// What is known of the targets of `before` stays known.
    pub fn new(set: &TargetSet, before: Option<&Targets>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let members = set.targets.iter().map(|one| {
            let same = |known: &&Member| *known.target == *one.target && known.port == one.port;
            let known = before.and_then(|before| before.members.iter().find(same));
            let health = known.map(|known| Arc::clone(&known.health)).unwrap_or_default();
            if set.check.is_none() {
                // Nobody would find out that it is well again.
                health.set_down(false);
            }
            Member { target: one.target.as_str().into(), port: one.port, weight: one.weight, health }
        });
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            members: members.collect(),
            balance: set.balance.clone(),
            when_all_down: set.when_all_down,
            check: set.check.clone(),
        }
    }

    /// For the provider: what keeps each target from getting requests.
    pub fn explain(&self, now: u64) -> String {
        let mut text = String::new();
        for member in self.members.iter().take(8) {
            let why = member.health.trouble(now).unwrap_or(if member.weight == 0 { "has weight 0" } else { "is well" });
            let gap = if text.is_empty() { "" } else { ", " };
            text.push_str(&format!("{gap}{}:{} {why}", member.target, member.port));
        }
        text
    }

    pub fn weight(&self, index: usize) -> u32 {
        self.members.get(index).map_or(0, |member| member.weight)
    }

    /// What decides where a request always goes, when anything does.
    pub fn key<'h>(&self, headers: &'h HeaderMap) -> Option<&'h [u8]> {
        // Its last entry is ours: the address that the client has.
        let client = || headers.get("x-forwarded-for")?.as_bytes().rsplit(|byte| *byte == b' ').next();
        match &self.balance {
            Balance::RoundRobin | Balance::LeastRequests => None,
            Balance::ClientAddress => client(),
            Balance::Header { name } => headers.get(name.as_str()).map(|value| value.as_bytes()).or_else(client),
        }
    }
}
