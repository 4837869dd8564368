//! The network's side: dials out, enrols once, keeps warm tunnels, and connects to what its own list allows.
//!
//! Nothing listens here. A hub that is gone is dialled again, from 50 ms up to 30 s apart; a certificate is renewed at
//! half its life over the control connection. Rights are given up before the first byte is sent.

use super::frame::{read, write, About, ToConnector, ToHub};
use super::kept::{load, now, pinned, request, save, Kept};
use super::{kept, tls, watch};
use crate::allow::AllowList;
use crate::config::{Config, ConfigError, LoopbackMap, RunAs};
use crate::dial::{Dialler, Wanted};
use crate::privileges;
use crate::protocol::{Reply, Request};
use crate::serve::{raise_descriptor_limit, ConnectorError};
use rustls::pki_types::ServerName;
use rustls::ClientConfig;
use serde::Deserialize;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{watch as signal, Notify};
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;
use tokio_rustls::TlsConnector;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The hub pings every second.
const SILENCE: Duration = Duration::from_secs(6);
/// Tunnels in all, whatever the hub asks for.
const TUNNEL_LIMIT: usize = 2048;
/// How long running connections may go on after the signal to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// What `isthmus connector join` is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinConfig {
    /// Where the gateway's hub listens, `host:port`.
    pub hub: String,
    /// The one-time token; not needed again once there is a certificate.
    #[serde(default)]
    pub token: Option<String>,
    /// Shown in the gateway's list of connectors.
    pub name: String,
    /// A directory for key and certificate, for the connector's user alone.
    pub state: PathBuf,
    #[serde(default)]
    pub allow: Option<Vec<SocketAddr>>,
    #[serde(default)]
    pub allow_file: Option<PathBuf>,
    #[serde(default)]
    pub egress: Vec<IpAddr>,
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Tunnels that wait for requests.
    #[serde(default = "default_warm")]
    pub warm: usize,
    #[serde(default)]
    pub run_as: RunAs,
    #[serde(default)]
    pub loopback_map: Option<LoopbackMap>,
}

fn default_connect_timeout_ms() -> u64 {
    5000
}

fn default_warm() -> usize {
    8
}

impl JoinConfig {
    /// # Errors
    /// The field and the problem.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let config: Self = serde_json::from_str(text).map_err(|error| ConfigError(error.to_string()))?;
        if config.allow.is_some() == config.allow_file.is_some() {
            return Err(ConfigError("give either allow (a list) or allow_file (a path)".to_owned()));
        }
        if config.warm == 0 || config.warm > TUNNEL_LIMIT {
            return Err(ConfigError(format!("warm must be between 1 and {TUNNEL_LIMIT}")));
        }
        if config.run_as.uid == 0 {
            return Err(ConfigError("run_as.uid must not be 0: a connector never serves as root".to_owned()));
        }
        if let Some(token) = &config.token {
            pinned(token).map_err(|problem| ConfigError(format!("token: {problem}")))?;
        }
        Ok(config)
    }

    /// What dialling needs, in the form that a local connector has it.
    fn dialling(&self) -> Config {
        Config {
            socket: PathBuf::new(),
            mode: "0600".to_owned(),
            allow: self.allow.clone(),
            allow_file: self.allow_file.clone(),
            egress: self.egress.clone(),
            connect_timeout_ms: self.connect_timeout_ms,
            run_as: self.run_as,
            loopback_map: self.loopback_map,
        }
    }
}

/// Serves until `stop` completes, then lets what runs end for a while.
///
/// # Errors
/// When it cannot start; a hub that is not there is no such case.
pub fn run_join(config: JoinConfig, stop: impl Future<Output = ()>) -> Result<(), ConnectorError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ConnectorError::Runtime)?;
    raise_descriptor_limit();
    LocalSet::new().block_on(&runtime, async {
        privileges::drop_all(config.run_as).map_err(ConnectorError::Privileges)?;
        let dialling = config.dialling();
        let allow = AllowList::new(&dialling).map_err(ConnectorError::Allow)?;
        let (stopping, stopped) = signal::channel(false);
        let member = Rc::new(Member {
            dialler: Dialler::new(&dialling, allow),
            tls: RefCell::new(None),
            idle: Cell::new(0),
            running: Cell::new(0),
            wanted: Cell::new(config.warm),
            changed: Notify::new(),
            stopped,
            config,
        });
        // Beside the work: what does not answer takes its time.
        tokio::task::spawn_local(Rc::clone(&member).report());
        tokio::select! {
            ended = member.serve() => ended?,
            () = stop => {}
        }
        stopping.send_replace(true);
        timeout(DRAIN, member.drained()).await.ok();
        Ok(())
    })
}

struct Member {
    config: JoinConfig,
    dialler: Dialler,
    tls: RefCell<Option<Arc<ClientConfig>>>,
    idle: Cell<usize>,
    running: Cell<usize>,
    wanted: Cell<usize>,
    changed: Notify,
    stopped: signal::Receiver<bool>,
}

impl Member {
    /// Prints what can be reached from here, so that a mistake in list or security group shows at once.
    async fn report(self: Rc<Self>) {
        for target in self.dialler.allow.addresses() {
            let wanted = Wanted { target, limit: Some(Duration::from_secs(2)), source: None };
            match self.dialler.connect(&wanted).await {
                Ok((_, source)) => println!("connector: {target} answers{}", from(source)),
                Err(failure) => println!("connector: {target} does not answer: {}", failure.detail),
            }
        }
    }

    /// Never ends but with an error that trying again cannot mend.
    async fn serve(self: &Rc<Self>) -> Result<(), ConnectorError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.session().await {
                Ok(()) => pause = FIRST_PAUSE,
                Err(Broken::ForGood(problem)) => return Err(ConnectorError::Hub(problem)),
                Err(Broken::ForNow(problem)) => eprintln!("connector: {}: {problem}", self.config.hub),
            }
            // Full jitter, so that a gateway that comes back is not met by all of its connectors at once.
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One control connection from its beginning to its end; Ok when it had stood.
    async fn session(self: &Rc<Self>) -> Result<(), Broken> {
        let kept = match load(&self.config.state) {
            Some(kept) => kept,
            None => self.enrol().await?,
        };
        let config = tls::client(&kept.certificate, &kept.key, &kept.authority).map_err(Broken::ForGood)?;
        let mut control = dial(&self.config.hub, &config).await?;
        let about = About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            egress: self.dialler.egress(),
            allow_count: self.dialler.allow.addresses().len(),
        };
        write(&mut control, &ToHub::Control { about }).await?;
        match read(&mut control).await? {
            ToConnector::Welcome { connector_id } => println!("connector: connected as {connector_id}"),
            ToConnector::Refused { problem } => return Err(Broken::ForNow(problem)),
            other => return Err(Broken::ForNow(format!("the hub answered {other:?}"))),
        }
        *self.tls.borrow_mut() = Some(config);
        let (over, ended) = signal::channel(false);
        let keeper = tokio::task::spawn_local(Rc::clone(self).keep_warm(ended));
        let outcome = self.follow(&mut control, kept).await;
        over.send_replace(true);
        keeper.await.ok();
        if let Err(problem) = outcome {
            eprintln!("connector: the connection to {} ended: {problem}", self.config.hub);
        }
        Ok(())
    }

    /// A certificate for the token; the key never leaves this machine.
    async fn enrol(&self) -> Result<Kept, Broken> {
        let Some(token) = &self.config.token else {
            return Err(Broken::ForGood(format!("no certificate in {} and no token", self.config.state.display())));
        };
        // A token is good once: whether what it brings can be kept is asked before it is spent.
        kept::try_folder(&self.config.state).map_err(|error| self.unwritable(&error))?;
        let (key, request) = request(&self.config.name).map_err(Broken::ForGood)?;
        let config = tls::enrolling(pinned(token).map_err(Broken::ForGood)?).map_err(Broken::ForGood)?;
        let mut stream = dial(&self.config.hub, &config).await?;
        let asked = ToHub::Enrol { token: token.clone(), request, name: self.config.name.clone() };
        write(&mut stream, &asked).await?;
        match read(&mut stream).await? {
            ToConnector::Certificate { certificate, authority, renew_after_s } => {
                let kept = Kept { key, certificate, authority, renew_at: now() + renew_after_s };
                save(&self.config.state, &kept).map_err(|error| self.unwritable(&error))?;
                Ok(kept)
            }
            ToConnector::Refused { problem } => Err(Broken::ForGood(problem)),
            other => Err(Broken::ForNow(format!("the hub answered {other:?}"))),
        }
    }

    fn unwritable(&self, error: &io::Error) -> Broken {
        Broken::ForGood(format!("{} cannot be written: {error}", self.config.state.display()))
    }

    /// Hears the hub's orders, renews in time, says good-bye at the end.
    async fn follow(&self, control: &mut TlsStream<TcpStream>, mut kept: Kept) -> io::Result<()> {
        let mut renewing: Option<String> = None;
        let mut stopped = self.stopped.clone();
        loop {
            let until_renewal = Duration::from_secs(kept.renew_at.saturating_sub(now()));
            let heard = tokio::select! {
                heard = timeout(SILENCE, read::<ToConnector>(control)) => heard,
                () = sleep(until_renewal), if renewing.is_none() => {
                    let (key, request) = request(&self.config.name).map_err(io::Error::other)?;
                    renewing = Some(key);
                    write(control, &ToHub::Renew { request }).await?;
                    continue;
                }
                Ok(_) = stopped.wait_for(|stopped| *stopped) => return write(control, &ToHub::Leaving).await,
            };
            match heard.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? {
                ToConnector::Ping => write(control, &ToHub::Pong).await?,
                ToConnector::More { count } => self.want(count),
                ToConnector::Certificate { certificate, authority, renew_after_s } => {
                    let key = renewing.take().ok_or_else(|| io::Error::other("a certificate nobody asked for"))?;
                    let config = tls::client(&certificate, &key, &authority).map_err(io::Error::other)?;
                    kept = Kept { key, certificate, authority, renew_at: now() + renew_after_s };
                    save(&self.config.state, &kept)?;
                    *self.tls.borrow_mut() = Some(config);
                }
                ToConnector::Refused { problem } => {
                    eprintln!("connector: no new certificate: {problem}");
                    renewing = None;
                    kept.renew_at = now() + SILENCE.as_secs();
                }
                ToConnector::Welcome { .. } => return Err(io::Error::other("welcomed twice")),
            }
        }
    }

    fn want(&self, count: usize) {
        let most = TUNNEL_LIMIT.saturating_sub(self.running.get());
        self.wanted.set(self.idle.get().saturating_add(count).max(self.config.warm).min(most));
        self.changed.notify_one();
    }

    /// Opens tunnels until as many wait as are wanted, again and again.
    async fn keep_warm(self: Rc<Self>, mut ended: signal::Receiver<bool>) {
        let mut stopped = self.stopped.clone();
        loop {
            while self.idle.get() < self.wanted.get() {
                self.idle.set(self.idle.get() + 1);
                tokio::task::spawn_local(Rc::clone(&self).tunnel(ended.clone()));
            }
            self.wanted.set(self.config.warm);
            tokio::select! {
                () = self.changed.notified() => {}
                _ = ended.wait_for(|ended| *ended) => return,
                _ = stopped.wait_for(|stopped| *stopped) => return,
            }
        }
    }

    /// One tunnel: waits for a backend to be named, connects, copies, ends. It was counted as idle by who spawned it.
    async fn tunnel(self: Rc<Self>, ended: signal::Receiver<bool>) {
        let named = self.wait_for_request(ended).await;
        self.idle.set(self.idle.get().saturating_sub(1));
        match named {
            Ok(Some((mut tunnel, mut backend))) => {
                self.running.set(self.running.get() + 1);
                self.changed.notify_one();
                watch::copy(&mut tunnel, &mut backend, signal::channel(false).1).await;
                self.running.set(self.running.get().saturating_sub(1));
            }
            Ok(None) => {}
            Err(_) => sleep(FIRST_PAUSE).await,
        }
        self.changed.notify_one();
    }

    async fn wait_for_request(
        &self,
        mut ended: signal::Receiver<bool>,
    ) -> io::Result<Option<(TlsStream<TcpStream>, TcpStream)>> {
        let Some(config) = self.tls.borrow().clone() else { return Ok(None) };
        let mut stopped = self.stopped.clone();
        let mut tunnel =
            dial(&self.config.hub, &config).await.map_err(|broken| io::Error::other(broken.to_string()))?;
        write(&mut tunnel, &ToHub::Tunnel).await?;
        loop {
            let request = tokio::select! {
                request = read::<Request>(&mut tunnel) => request?,
                _ = ended.wait_for(|ended| *ended) => return Ok(None),
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(None),
            };
            let Request::Connect { id, ip, port, timeout_ms, source } = request else {
                return Err(io::Error::other("the hub asked for something else than a connection"));
            };
            let limit = timeout_ms.map(Duration::from_millis);
            let wanted = Wanted { target: SocketAddr::new(ip, port), limit, source };
            match self.dialler.connect(&wanted).await {
                Ok((backend, source)) => {
                    backend.set_nodelay(true).ok();
                    write(&mut tunnel, &Reply::Connected { id, ok: true, source }).await?;
                    return Ok(Some((tunnel, backend)));
                }
                Err(failure) => {
                    write(&mut tunnel, &Reply::Failed { id, error: failure.kind, detail: failure.detail }).await?;
                }
            }
        }
    }

    async fn drained(&self) {
        while self.running.get() > 0 {
            self.changed.notified().await;
        }
    }
}

fn from(source: Option<IpAddr>) -> String {
    source.map_or(String::new(), |source| format!(" (from {source})"))
}

/// Why there is no session.
enum Broken {
    ForNow(String),
    ForGood(String),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Broken::ForNow(problem) | Broken::ForGood(problem) => f.write_str(problem),
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Broken::ForNow(error.to_string())
    }
}

async fn dial(hub: &str, config: &Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, Broken> {
    let connected = async {
        let stream = TcpStream::connect(hub).await?;
        watch::prepare(&stream)?;
        let name = ServerName::try_from(tls::HUB_NAME).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(config)).connect(name, stream).await
    };
    match timeout(HANDSHAKE, connected).await {
        Ok(stream) => Ok(stream?),
        Err(_) => Err(Broken::ForNow("no answer in time".to_owned())),
    }
}
