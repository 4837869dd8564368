//! Starting and stopping: threads, listeners, the follower of the plan.

use crate::attach::{AddressPolicy, Attachments, Egress};
use crate::backend::discovery::{self, Discovery, NacosCredentials};
use crate::backend::{checks, BackendTls};
use crate::callers::Callers;
use crate::certificates::Handshakes;
use crate::disk::{nonce_file, DiskCopy};
use crate::dry_run::{DryRun, Imagining};
use crate::follow::{self, FollowSettings, Links};
use crate::health;
use crate::limits::Counts;
use crate::listen::{self, Open};
use crate::live::Live;
use crate::metrics::Sources;
use crate::plugins::AnswerStore;
use crate::record::ring::Ring;
use crate::record::sampled::Sampled;
use crate::record::writer::{self, Inbox, Lost, Places};
use crate::record::{AccessLog, Counters, Recorder};
use crate::request::{AutomaticDomains, Nonces};
use crate::settings::EngineSettings;
use crate::thread::{Shared, Thread};
use crate::threads::{local, Threads};
use crate::two_way::Devices;
use crate::world::AddressSet;
use crate::{day_counts, probe};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How old buffered records may become, and how often idle connections are looked through.
const HOUSEKEEPING: Duration = Duration::from_millis(500);

/// A running engine.
pub struct Engine {
    pub live: Arc<Live>,
    pub addresses: Addresses,
    /// The last requests, when they are kept.
    pub records: Option<Arc<Ring>>,
    /// Records of sampled requests, when there is tracing.
    pub sampled: Option<Arc<Sampled>>,
    devices: Arc<Devices>,
    lost: Arc<Lost>,
    threads: Threads,
    stop: watch::Sender<bool>,
}

/// Where it listens, ports chosen.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Addresses {
    pub http: SocketAddr,
    pub https: Option<SocketAddr>,
    pub health: Option<SocketAddr>,
}

impl Engine {
    /// Opens the listeners and starts serving what `live` holds, which may still be empty.
    ///
    /// # Errors
    /// An address that cannot be listened on, an access log that cannot be opened, a thread that cannot be started;
    /// the text names which.
    pub fn start(settings: EngineSettings, live: Arc<Live>) -> io::Result<Engine> {
        let count = threads(&settings);
        let (http, plain) = open("http", settings.http, count)?;
        let (https, tls) = open_optional("https", settings.https, count)?;
        let (health_address, health_listener) = open_optional("health", settings.health, 1)?;
        let addresses = Addresses { http, https, health: health_address };
        keep_no_more_rights_than_needed(&settings)?;
        let settings = Arc::new(settings);
        let policy = Arc::new(address_policy(&settings, &addresses));
        let backend_tls = Arc::new(BackendTls::new(&settings)?);
        let handshakes = Handshakes::new(Arc::clone(&live)).map_err(io::Error::other)?;
        let (stop, stopped) = watch::channel(false);
        let mut engine = Engine::new(Arc::clone(&live), addresses, stop);
        let counters: Vec<_> = (0..plain.len()).map(|_| Arc::new(Counters::default())).collect();
        let reached = (Arc::clone(&policy), Arc::clone(&backend_tls));
        let (imagine, imagined) = mpsc::unbounded_channel();
        let inbox = engine.follow(&settings, reached, &counters, (stopped.clone(), imagine))?;
        let discovery = engine.watch_targets(&settings, &policy, &backend_tls, &stopped)?;
        let shared = Arc::new(Shared {
            live,
            nonces: nonces(&settings),
            automatic_domains: AutomaticDomains::new(settings.automatic_domain_quota),
            counts: Counts::new(u32::try_from(count).unwrap_or(u32::MAX)),
            devices: Arc::clone(&engine.devices),
            callers: Callers::new(settings.connections_per_address),
            internal: internal(&settings)?,
            https: engine.addresses.https,
            answers: AnswerStore::default(),
            backend_tls,
            discovery,
        });
        engine.keep_day_counts(&settings, &shared, stopped.clone())?;
        let (known, reach) = (Arc::clone(&shared), Arc::clone(&policy));
        engine.dry_run(
            Imagining { settings: Arc::clone(&settings), shared: known, policy: reach },
            imagined,
            &stopped,
        )?;
        let mut tls = tls.into_iter();
        for (index, (listener, own)) in plain.into_iter().zip(&counters).enumerate() {
            let start = ThreadStart {
                settings: Arc::clone(&settings),
                shared: Arc::clone(&shared),
                policy: Arc::clone(&policy),
                counters: Arc::clone(own),
                inbox: inbox.clone(),
                plain: listener,
                tls: tls.next().map(|listener| (listener, handshakes.clone())),
                stop: stopped.clone(),
            };
            engine.spawn(&format!("serve-{index}"), move || start.run())?;
        }
        if keeps_state(&settings) {
            let kept = nonce_file::keep(shared, settings.state.clone(), stopped.clone());
            engine.spawn("nonces", move || local(kept))?;
        }
        engine.show_health(health_listener, &counters, stopped)?;
        Ok(engine)
    }

    fn show_health(
        &mut self,
        listener: Vec<std::net::TcpListener>,
        counters: &[Arc<Counters>],
        stopped: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let Some(listener) = listener.into_iter().next() else { return Ok(()) };
        let sources = Arc::new(self.sources(counters));
        self.spawn("health", move || local(async move { drop(health::serve(listener, sources, stopped).await) }))
    }

    /// Answers for requests that are only imagined; who follows nobody is not asked.
    fn dry_run(
        &mut self,
        imagining: Imagining,
        imagined: mpsc::UnboundedReceiver<DryRun>,
        stopped: &watch::Receiver<bool>,
    ) -> io::Result<()> {
        if imagining.settings.feed.is_none() {
            return Ok(());
        }
        let until = stopped.clone();
        self.spawn("dry-runs", move || local(imagining.serve(imagined, until)))
    }

    fn new(live: Arc<Live>, addresses: Addresses, stop: watch::Sender<bool>) -> Self {
        let (devices, lost, threads) = (Arc::default(), Arc::default(), Threads::default());
        Self { live, addresses, records: None, sampled: None, devices, lost, threads, stop }
    }

    /// Serves the copy on disk at once, then follows the control plane. Who has the copy has the records beside it too.
    fn follow(
        &mut self,
        settings: &EngineSettings,
        (policy, tls): (Arc<AddressPolicy>, Arc<BackendTls>),
        counters: &[Arc<Counters>],
        (stopped, imagine): (watch::Receiver<bool>, mpsc::UnboundedSender<DryRun>),
    ) -> io::Result<Option<Inbox>> {
        let Some(feed) = &settings.feed else { return self.keep_records(settings) };
        let mut disk = DiskCopy::open(&settings.state, state_key(&settings.state_key)?)?;
        if let Some(batch) = disk.load() {
            self.live.apply(batch);
        }
        let inbox = self.keep_records(settings)?;
        let mut follow_settings = FollowSettings::new(feed, &settings.node)?;
        follow_settings.instance.clone_from(&settings.instance);
        let egress = Egress::default();
        let (asked, questions) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let (watched, live, until) = (egress.clone(), Arc::clone(&self.live), stopped.clone());
        self.spawn("networks", move || {
            local(async {
                let ways = (Attachments::new(policy), tls);
                let asked = probe::serve(questions, answers, Arc::clone(&live), ways, until.clone());
                tokio::join!(watched.watch(live, until), asked);
            });
        })?;
        let links = Links { egress: Box::new(move || egress.addresses()), asked, answered, imagine };
        let sources = self.sources(counters);
        self.spawn("follow", move || {
            if let Err(error) = follow::run(follow_settings, sources, Some(disk), links, stopped) {
                eprintln!("isthmus engine: the plan is not followed: {error}");
            }
        })?;
        Ok(inbox)
    }

    fn sources(&self, counters: &[Arc<Counters>]) -> Sources {
        let (live, devices, lost) = (Arc::clone(&self.live), Arc::clone(&self.devices), Arc::clone(&self.lost));
        Sources { live, counters: counters.to_vec(), records: self.records.clone(), devices, lost }
    }

    /// Opens the ring of records and the access log and starts their writer, which ends with the last serving thread.
    fn keep_records(&mut self, settings: &EngineSettings) -> io::Result<Option<Inbox>> {
        let ring = settings.records.filter(|kept| kept.bytes > 0 && keeps_state(settings));
        let ring = ring.map(|kept| Ring::open(&settings.state.join("records"), kept)).transpose()?;
        let log = settings.access_log.clone().map(AccessLog::open).transpose()?;
        self.records = ring.map(Arc::new);
        self.sampled = settings.spans.map(|_| Arc::new(Sampled::new(Arc::clone(&self.lost))));
        if self.records.is_none() && log.is_none() && self.sampled.is_none() {
            return Ok(None);
        }
        let places = Places { ring: self.records.clone(), log, sampled: self.sampled.clone() };
        let (inbox, writer) = writer::open(places, Arc::clone(&self.lost));
        self.spawn("records", move || writer.run())?;
        Ok(Some(inbox))
    }

    /// Asks targets how they are, and registries which ones there are.
    fn watch_targets(
        &mut self,
        settings: &Arc<EngineSettings>,
        policy: &Arc<AddressPolicy>,
        tls: &Arc<BackendTls>,
        stopped: &watch::Receiver<bool>,
    ) -> io::Result<Arc<Discovery>> {
        let (live, asked, known, until) =
            (Arc::clone(&self.live), Arc::clone(policy), Arc::clone(tls), stopped.clone());
        self.spawn("health-checks", move || local(checks::watch(live, asked, known, until)))?;
        let (discovery, questions) = Discovery::new();
        let (policy, tls, stopped) = (Arc::clone(policy), Arc::clone(tls), stopped.clone());
        let tls = (tls, NacosCredentials::read(settings.nacos_credentials_file.as_deref())?);
        let (both, settings) = ((Arc::clone(&discovery), questions), Arc::clone(settings));
        self.spawn("discovery", move || local(discovery::watch(both, policy, tls, settings, stopped)))?;
        Ok(discovery)
    }

    /// Goes on from the counts of the last run, for an engine that has a place to keep them.
    fn keep_day_counts(
        &mut self,
        settings: &EngineSettings,
        shared: &Arc<Shared>,
        stopped: watch::Receiver<bool>,
    ) -> io::Result<()> {
        if settings.feed.is_none() {
            return Ok(());
        }
        day_counts::load(&settings.state, shared);
        let (state, shared) = (settings.state.clone(), Arc::clone(shared));
        self.spawn("day-counts", move || local(day_counts::keep(state, shared, stopped)))
    }

    /// Stops accepting, lets running requests end within `drain_ms`, and returns when all threads have. A thread whose
    /// disk or pipe does not take what it writes is left behind after a moment; what it had is lost.
    pub fn stop(self) {
        self.stop.send_replace(true);
        self.threads.end();
    }

    /// Whether every thread runs.
    pub fn alive(&self) -> bool {
        self.threads.alive()
    }

    /// Wakes when the engine stops.
    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.spawn(name, run)
    }
}

/// How many serving threads there are.
fn threads(settings: &EngineSettings) -> usize {
    match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

fn open(what: &str, address: SocketAddr, count: usize) -> io::Result<(SocketAddr, Vec<std::net::TcpListener>)> {
    listen::open(address, count)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address} ({what}): {error}")))
}

fn open_optional(
    what: &str,
    address: Option<SocketAddr>,
    count: usize,
) -> io::Result<(Option<SocketAddr>, Vec<std::net::TcpListener>)> {
    let Some(address) = address else { return Ok((None, Vec::new())) };
    open(what, address, count).map(|(chosen, listeners)| (Some(chosen), listeners))
}

fn keeps_state(settings: &EngineSettings) -> bool {
    !settings.state.as_os_str().is_empty()
}

/// With what an engine before this one left; `follow` has made sure that no other one runs on the same state.
fn nonces(settings: &EngineSettings) -> Nonces {
    let kept = keeps_state(settings);
    let before = if kept { nonce_file::load(&settings.state) } else { None };
    Nonces::new(settings.nonce_window_ms, kept, before)
}

/// 64 hexadecimal digits.
fn state_key(text: &str) -> io::Result<[u8; 32]> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "state_key must be 64 hexadecimal digits");
    let mut key = [0; 32];
    if text.len() != 64 {
        return Err(wrong());
    }
    for (index, byte) in key.iter_mut().enumerate() {
        let digits = text.get(index * 2..index * 2 + 2).ok_or_else(wrong)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(key)
}

/// Everything that needed a right is open by now.
fn keep_no_more_rights_than_needed(settings: &EngineSettings) -> io::Result<()> {
    if settings.gives_up_capabilities {
        isthmus_connector::give_up_capabilities(settings.run_as)?;
    }
    Ok(())
}

fn internal(settings: &EngineSettings) -> io::Result<AddressSet> {
    AddressSet::of(&settings.internal_networks).map_err(|text| {
        let said = format!("internal_networks: {text:?} is neither an IP address nor a CIDR block");
        io::Error::new(io::ErrorKind::InvalidInput, said)
    })
}

fn address_policy(settings: &EngineSettings, addresses: &Addresses) -> AddressPolicy {
    let mut own = settings.own_addresses.clone();
    own.push(addresses.http);
    own.extend(addresses.https);
    own.extend(addresses.health);
    AddressPolicy { loopback_allowed: settings.loopback_backends, own_addresses: own }
}

/// What a serving thread is made of.
struct ThreadStart {
    settings: Arc<EngineSettings>,
    shared: Arc<Shared>,
    policy: Arc<AddressPolicy>,
    counters: Arc<Counters>,
    inbox: Option<Inbox>,
    plain: std::net::TcpListener,
    tls: Option<(std::net::TcpListener, Handshakes)>,
    stop: watch::Receiver<bool>,
}

impl ThreadStart {
    fn run(self) {
        local(self.serve());
    }

    async fn serve(self) {
        let drain = Duration::from_millis(self.settings.drain_ms);
        let recorder = Recorder::new(self.counters, self.inbox, self.settings.traces).with_spans(self.settings.spans);
        let attachments = Attachments::new(self.policy);
        let thread = Rc::new(Thread::new(self.settings, self.shared, attachments, recorder));
        let open = Rc::new(Open::default());
        let mut stop = self.stop;
        let plain = listen::accept(self.plain, None, Rc::clone(&thread), Rc::clone(&open), stop.clone());
        tokio::task::spawn_local(plain);
        if let Some((listener, handshakes)) = self.tls {
            let tls = listen::accept(listener, Some(handshakes), Rc::clone(&thread), Rc::clone(&open), stop.clone());
            tokio::task::spawn_local(tls);
        }
        tokio::select! {
            () = keep_house(&thread) => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
        let deadline = tokio::time::Instant::now() + drain;
        while open.count() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        thread.recorder.flush();
    }
}

/// Closes connections of accesses that changed as soon as they do, and hands on records that wait.
async fn keep_house(thread: &Rc<Thread>) {
    let mut changes = thread.shared.live.changes();
    loop {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(HOUSEKEEPING) => {}
        }
        thread.recorder.flush();
        thread.pools.sweep(&thread.world());
        thread.turns.sweep();
    }
}
