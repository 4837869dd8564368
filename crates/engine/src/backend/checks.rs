//! Asking targets how they are: active health checks of VPC accesses with several targets.
//!
//! A thread of its own follows the plan and runs one task for each access that asks for checks; requests only read what
//! it finds. A check goes the way that a request goes: through the access's network, under the address policy, under
//! the same TLS rules. Invariant: an access that changed or ended is not asked under its old terms any more.

use super::targets::Member;
use super::tls::{self, BackendTls};
use crate::attach::{AddressPolicy, Attachments};
use crate::live::Live;
use crate::world::Access;
use isthmus_plan::{CheckKind, HealthCheck, Network};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// What checks are made with.
struct Checker {
    attachments: Attachments,
    tls: Arc<BackendTls>,
}

/// Access name, its revision and that of its network: one running task each.
type Tasks = HashMap<(String, u64), JoinHandle<()>>;

/// Runs checks until `stop`; in a `LocalSet`.
pub async fn watch(live: Arc<Live>, policy: Arc<AddressPolicy>, tls: Arc<BackendTls>, mut stop: watch::Receiver<bool>) {
    let checker = Rc::new(Checker { attachments: Attachments::new(policy), tls });
    let mut tasks = Tasks::new();
    let mut changes = live.changes();
    loop {
        let world = live.world();
        let mut current = Tasks::new();
        for access in world.accesses().filter(|access| access.wants_checks()) {
            let key = (access.access.name.clone(), access.revision);
            let task = tasks.remove(&key).unwrap_or_else(|| {
                let (checker, access, live) = (Rc::clone(&checker), Arc::clone(access), Arc::clone(&live));
                tokio::task::spawn_local(async move { checker.keep_asking(&access, &live).await })
            });
            current.insert(key, task);
        }
        tasks.drain().for_each(|(_, gone)| gone.abort());
        tasks = current;
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

impl Checker {
    async fn keep_asking(&self, access: &Access, live: &Live) {
        let Some((targets, check)) = access.targets.as_ref().and_then(|one| Some((one, one.check.as_ref()?))) else {
            return;
        };
        let asked = targets.members.iter().map(|member| async move {
            let mut streak = Streak { down: member.health.is_down(), other: 0 };
            loop {
                let network = live.world().network(&access.access.network_id).cloned();
                let well = match network {
                    Some(network) => self.is_well(access, &network, member, check).await,
                    None => false,
                };
                if let Some(down) = streak.note(well, check) {
                    member.health.set_down(down);
                }
                // Engines that started together do not ask together for ever.
                let share = 0.9 + fastrand::f64() * 0.2;
                sleep(Duration::from_millis(check.interval_ms).mul_f64(share)).await;
            }
        });
        futures_util::future::join_all(asked).await;
    }

    async fn is_well(&self, access: &Access, network: &Network, member: &Member, check: &HealthCheck) -> bool {
        let limit = Duration::from_millis(check.timeout_ms);
        let asked = async {
            let stream = self.attachments.reach(network, &member.target, member.port, limit).await.ok()?;
            let host = access.access.host.as_deref().filter(|host| !host.is_empty());
            let host = host.map_or_else(|| address(network, member), str::to_owned);
            match check.kind {
                CheckKind::Tcp => Some(true),
                CheckKind::Http => status(stream, &host, &check.path).await.map(|status| is_good(check, status)),
                CheckKind::Https => {
                    let name = super::route::without_port(&host);
                    let stream = tls::connect(self.tls.http1(access.access.verify_tls), name, stream).await.ok()?;
                    status(stream, &host, &check.path).await.map(|status| is_good(check, status))
                }
            }
        };
        timeout(limit, asked).await.ok().flatten().unwrap_or(false)
    }
}

fn is_good(check: &HealthCheck, status: u16) -> bool {
    (check.statuses.0..=check.statuses.1).contains(&status)
}

/// `Host` of a check where the access has none.
fn address(network: &Network, member: &Member) -> String {
    let address = network.instances.get(&*member.target).map_or(&*member.target, String::as_str);
    if address.contains(':') {
        format!("[{address}]:{}", member.port)
    } else {
        format!("{address}:{}", member.port)
    }
}

/// The status of an answer; nothing else of it is read.
async fn status(mut stream: impl AsyncRead + AsyncWrite + Unpin, host: &str, path: &str) -> Option<u16> {
    let question =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: isthmus-health\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.ok()?;
    // "HTTP/1.1 200"
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.ok()?;
    let text = std::str::from_utf8(&start).ok()?;
    text.strip_prefix("HTTP/1.")?.get(2..)?.parse().ok()
}

/// What was found in a row.
struct Streak {
    down: bool,
    other: u32,
}

impl Streak {
    /// Whether the target is down, when that changes.
    fn note(&mut self, well: bool, check: &HealthCheck) -> Option<bool> {
        if well != self.down {
            self.other = 0;
            return None;
        }
        self.other += 1;
        let needed = if self.down { check.healthy_after } else { check.unhealthy_after };
        if self.other < needed {
            return None;
        }
        *self = Streak { down: !self.down, other: 0 };
        Some(self.down)
    }
}
