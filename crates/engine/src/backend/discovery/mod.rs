//! Backends whose targets a registry tells: found before a request needs them, and kept up to date behind it.
//!
//! The first request for a registry's name waits until that was asked; from then on a thread of its own asks again and
//! again for as long as somebody calls, and requests only read what it found. While a registry cannot be asked, the last
//! good answer stays. `nacos.rs` speaks with Nacos, `dns.rs` with name servers. Invariant: targets that a registry names pass the address policy at
//! each connection, as all do.

mod dns;
mod nacos;
mod nacos_login;

pub use nacos_login::Credentials as NacosCredentials;

use super::targets::Targets;
use super::tls::BackendTls;
use crate::attach::{AddressPolicy, Attachments};
use crate::request::answer::{Kind, Refusal};
use crate::settings::EngineSettings;
use arc_swap::ArcSwap;
use dns::Resolver;
use isthmus_plan::{Balance, Discovered, Registry, TargetSet, WeightedTarget, WhenAllDown};
use nacos_login::Logins;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

/// After so long without a request nobody asks any more.
const UNUSED_MS: u64 = 600_000;
/// How exactly it is known when a request last came: a word that all threads share is seldom written.
const USED_STEP_MS: u64 = 10_000;
/// How long one question may take.
const ASKING: Duration = Duration::from_secs(5);
/// How long an answer is taken as good, whatever it says.
const LONGEST: Duration = Duration::from_secs(3600);
/// Targets of one name.
const TARGET_LIMIT: usize = 1000;

/// What is asked for: the same targets may be used in different ways.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Wanted {
    registry: Registry,
    balance: Balance,
}

/// What a registry said.
struct Found {
    targets: Option<Arc<Targets>>,
    /// Why there is nothing, or nothing new.
    trouble: Option<String>,
    used: AtomicU64,
}

type Known = HashMap<Wanted, Arc<Found>>;

/// What all threads share.
pub struct Discovery {
    known: ArcSwap<Known>,
    asking: mpsc::UnboundedSender<Wanted>,
    told: watch::Sender<u64>,
}

/// The end at which the asking thread takes what is wanted.
pub struct Questions(mpsc::UnboundedReceiver<Wanted>);

impl Discovery {
    pub fn new() -> (Arc<Self>, Questions) {
        let (asking, questions) = mpsc::unbounded_channel();
        let known = ArcSwap::default();
        (Arc::new(Self { known, asking, told: watch::Sender::new(0) }), Questions(questions))
    }

    /// # Errors
    /// `BackendUnresolved` when the registry cannot be asked or does not know the name.
    pub async fn find(&self, discovered: &Discovered, limit: Duration) -> Result<Arc<Targets>, Refusal> {
        let registry = &discovered.registry;
        let wanted = Wanted { registry: registry.clone(), balance: discovered.balance.clone() };
        let mut told = self.told.subscribe();
        let mut asked = false;
        let waiting = async {
            loop {
                told.borrow_and_update();
                if let Some(found) = self.known.load().get(&wanted) {
                    return Some(Arc::clone(found));
                }
                if !asked {
                    asked = true;
                    self.asking.send(wanted.clone()).ok()?;
                }
                told.changed().await.ok()?;
            }
        };
        let found = timeout(limit, waiting).await.ok().flatten();
        let unresolved =
            |detail: &str| Refusal::because(Kind::BackendUnresolved, name_of(registry).to_owned()).with_detail(detail);
        let found = found.ok_or_else(|| unresolved("the registry has not answered yet"))?;
        found.note_use();
        found.targets.clone().ok_or_else(|| unresolved(found.trouble.as_deref().unwrap_or_default()))
    }

    fn put(&self, wanted: &Wanted, found: Option<Found>) {
        let found = found.map(Arc::new);
        self.known.rcu(|known| {
            let mut changed = Known::clone(known);
            match &found {
                Some(found) => drop(changed.insert(wanted.clone(), Arc::clone(found))),
                None => drop(changed.remove(wanted)),
            }
            changed
        });
        self.told.send_modify(|count| *count += 1);
    }
}

/// The name that a caller and a provider know.
pub fn name_of(registry: &Registry) -> &str {
    match registry {
        Registry::Nacos(nacos) => &nacos.service,
        Registry::Dns(dns) => &dns.name,
    }
}

impl Found {
    fn note_use(&self) {
        let now = unix_ms();
        if now.saturating_sub(self.used.load(Ordering::Relaxed)) >= USED_STEP_MS {
            self.used.store(now, Ordering::Relaxed);
        }
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Asks registries.
struct Asker {
    discovery: Arc<Discovery>,
    attachments: Attachments,
    tls: Arc<BackendTls>,
    names: Result<Resolver, String>,
    logins: Logins,
    interval: Duration,
}

/// What a registry named, and for how long it said that this is good.
struct Answered {
    targets: Vec<WeightedTarget>,
    good_for: Option<Duration>,
}

/// Asks for what is wanted until `stop`; in a `LocalSet`.
pub async fn watch(
    (discovery, mut questions): (Arc<Discovery>, Questions),
    policy: Arc<AddressPolicy>,
    (tls, credentials): (Arc<BackendTls>, NacosCredentials),
    settings: Arc<EngineSettings>,
    mut stop: watch::Receiver<bool>,
) {
    let interval = Duration::from_millis(settings.discovery_interval_ms);
    let names = Resolver::new(&settings.name_servers);
    let logins = Logins::new(credentials);
    let asker = Rc::new(Asker { discovery, attachments: Attachments::new(policy), tls, names, logins, interval });
    let mut tasks: HashMap<Wanted, tokio::task::JoinHandle<()>> = HashMap::new();
    loop {
        let wanted = tokio::select! {
            wanted = questions.0.recv() => wanted,
            _ = stop.wait_for(|stopped| *stopped) => None,
        };
        let Some(wanted) = wanted else { return };
        tasks.retain(|_, task| !task.is_finished());
        // Many requests may have asked for it while nothing was known.
        tasks.entry(wanted.clone()).or_insert_with(|| {
            let asker = Rc::clone(&asker);
            tokio::task::spawn_local(async move { asker.keep_asking(&wanted).await })
        });
    }
}

impl Asker {
    async fn keep_asking(&self, wanted: &Wanted) {
        let mut last: Option<Vec<WeightedTarget>> = None;
        loop {
            let asked = timeout(ASKING, self.ask(&wanted.registry)).await;
            let asked = asked.unwrap_or_else(|_| Err(format!("no answer within {} s", ASKING.as_secs())));
            let before = self.discovery.known.load().get(wanted).cloned();
            let good_for = asked.as_ref().ok().and_then(|answered| answered.good_for);
            let (trouble, changed) = match asked.map(|answered| answered.targets) {
                Ok(targets) if last.as_ref() == Some(&targets) => (None, false),
                Ok(targets) => {
                    last = Some(targets);
                    (None, true)
                }
                Err(trouble) => (Some(trouble), false),
            };
            let now = unix_ms();
            let used = before.as_ref().map_or(now, |before| before.used.load(Ordering::Relaxed));
            if now.saturating_sub(used) > UNUSED_MS {
                return self.discovery.put(wanted, None);
            }
            let known = before.and_then(|before| before.targets.clone());
            let targets = match known {
                // What threads keep of a set goes on as long as it does.
                Some(known) if !changed => Some(known),
                known => last.as_ref().map(|targets| {
                    let set = TargetSet {
                        targets: targets.clone(),
                        balance: wanted.balance.clone(),
                        check: None,
                        when_all_down: WhenAllDown::Serve,
                    };
                    Arc::new(Targets::new(&set, known.as_deref()))
                }),
            };
            self.discovery.put(wanted, Some(Found { targets, trouble, used: AtomicU64::new(used) }));
            // Engines that started together do not ask together for ever.
            let shared = self.interval.mul_f64(0.9 + fastrand::f64() * 0.2);
            sleep(good_for.map_or(shared, |good_for| good_for.min(LONGEST))).await;
        }
    }

    async fn ask(&self, registry: &Registry) -> Result<Answered, String> {
        let mut answered = match registry {
            Registry::Nacos(nacos) => {
                let (attachments, tls, logins) = (&self.attachments, &self.tls, &self.logins);
                let targets = nacos::instances(&nacos::Reach { attachments, tls, logins }, nacos).await?;
                Answered { targets, good_for: None }
            }
            Registry::Dns(dns) => self.names.as_ref().map_err(String::clone)?.targets(dns).await?,
        };
        let targets = &mut answered.targets;
        targets.sort_by(|a, b| (&a.target, a.port).cmp(&(&b.target, b.port)));
        targets.dedup_by(|a, b| a.target == b.target && a.port == b.port);
        targets.truncate(TARGET_LIMIT);
        Ok(answered)
    }
}
