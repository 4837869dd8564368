//! Testing the way to a VPC access: each stop with its time, and at the stop where it ends, why.
//!
//! Asked for by the control plane over the feed (`follow`), answered on the thread that looks after networks, through
//! the same attachments and the same address policy as every request. It sends one GET and reads the head of the answer.

use crate::attach::{Attachments, ConnectFailure, FailureKind};
use crate::backend::{self, BackendTls};
use crate::live::Live;
use crate::world::{Access, World};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::header::{HOST, USER_AGENT};
use hyper::Request;
use hyper_util::rt::TokioIo;
use isthmus_plan::{Attachment, Network, Scheme, VpcAccess};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{timeout, Instant};

/// A test never takes longer at one stop.
const LONGEST: Duration = Duration::from_secs(10);

/// A question of the control plane.
#[derive(Debug)]
pub struct Asked {
    pub id: String,
    /// What is wanted, as JSON.
    pub wanted: Box<str>,
}

/// The answer, as JSON.
#[derive(Debug, Serialize)]
pub struct Answered {
    pub id: String,
    pub answer: Finding,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    access: String,
    scheme: Scheme,
    path: String,
    timeout_ms: u64,
}

#[derive(Debug, Default, Serialize)]
pub struct Finding {
    pub stops: Vec<Stop>,
}

/// One stop on the way.
#[derive(Debug, Serialize)]
pub struct Stop {
    /// `access`, `resolve`, `attach`, `connect`, `tls` or `http`.
    name: &'static str,
    /// The source address it was tried from, where one was chosen.
    source: Option<IpAddr>,
    microseconds: u64,
    /// None when it was passed.
    problem: Option<&'static str>,
    /// For the provider: it names addresses.
    detail: String,
}

/// Answers questions until the engine stops; runs in a `LocalSet`.
pub async fn serve(
    mut asked: mpsc::UnboundedReceiver<Asked>,
    answered: mpsc::UnboundedSender<Answered>,
    live: Arc<Live>,
    (ways, tls): (Attachments, Arc<BackendTls>),
    mut stop: watch::Receiver<bool>,
) {
    let ways = Rc::new(ways);
    loop {
        let question = tokio::select! {
            question = asked.recv() => question,
            _ = stop.wait_for(|stopped| *stopped) => None,
        };
        let Some(question) = question else { return };
        let (ways, tls, world, answered) = (Rc::clone(&ways), Arc::clone(&tls), live.world(), answered.clone());
        tokio::task::spawn_local(async move {
            let answer = find(&question.wanted, &world, &ways, &tls).await;
            // A follower that is gone waits for no answer.
            answered.send(Answered { id: question.id, answer }).ok();
        });
    }
}

async fn find(wanted: &str, world: &World, ways: &Attachments, tls: &BackendTls) -> Finding {
    let mut finding = Finding::default();
    let wanted: Wanted = match serde_json::from_str(wanted) {
        Ok(wanted) => wanted,
        Err(error) => {
            finding.note(("access", None), Instant::now(), Err(("other", format!("the question: {error}"))));
            return finding;
        }
    };
    let started = Instant::now();
    let Some((access, network)) = known(world, &wanted.access) else {
        let detail = format!("this engine has no VPC access {:?}, or not its network", wanted.access);
        finding.note(("access", None), started, Err(("access_missing", detail)));
        return finding;
    };
    finding.note(("access", None), started, Ok(format!("in {}", network.network_id)));
    let limit = Duration::from_millis(wanted.timeout_ms).min(LONGEST);
    for (target, port) in targets(access) {
        let way = Way { access: &access.access, network, place: (target, port), limit, wanted: &wanted, tls };
        way.walk(ways, &mut finding).await;
    }
    finding
}

fn known<'w>(world: &'w World, name: &str) -> Option<(&'w Access, &'w Network)> {
    let access = world.access(name)?;
    Some((access, world.network(&access.access.network_id)?))
}

fn targets(access: &Access) -> Vec<(&str, u16)> {
    match &access.targets {
        Some(targets) => targets.members.iter().map(|member| (&*member.target, member.port)).collect(),
        None => vec![(access.access.target.as_str(), access.access.port)],
    }
}

/// What is tested: one target of an access.
struct Way<'w> {
    access: &'w VpcAccess,
    network: &'w Network,
    place: (&'w str, u16),
    limit: Duration,
    wanted: &'w Wanted,
    tls: &'w BackendTls,
}

impl Way<'_> {
    async fn walk(&self, ways: &Attachments, finding: &mut Finding) {
        let (target, port) = self.place;
        let started = Instant::now();
        let resolved = timeout(self.limit, ways.resolve(self.network, target, port)).await;
        let addresses = match resolved {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(failure)) => return finding.note(("resolve", None), started, Err(told(failure))),
            Err(_) => {
                let detail = format!("no answer for {target:?} in {} ms", self.limit.as_millis());
                return finding.note(("resolve", None), started, Err(("unresolved", detail)));
            }
        };
        let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        finding.note(("resolve", None), started, Ok(texts.join(", ")));
        let started = Instant::now();
        let sources = match ways.sources(self.network).await {
            Ok(sources) => sources,
            Err(failure) => return finding.note(("attach", None), started, Err(told(failure))),
        };
        finding.note(("attach", None), started, Ok(way_in(&self.network.attachment)));
        for address in addresses {
            for source in &sources {
                self.try_from(ways, (address, *source), finding).await;
            }
        }
    }

    async fn try_from(&self, ways: &Attachments, (to, from): (SocketAddr, Option<IpAddr>), finding: &mut Finding) {
        let started = Instant::now();
        let stream = match ways.connect_from(self.network, to, from, self.limit).await {
            Ok(stream) => stream,
            Err(failure) => return finding.note(("connect", from), started, Err(told(failure))),
        };
        finding.note(("connect", from), started, Ok(to.to_string()));
        if self.wanted.scheme == Scheme::Http {
            return self.ask(stream, from, finding).await;
        }
        let started = Instant::now();
        let (verifies, name) = (self.access.verify_tls, backend::without_port(self.host()));
        let handshake = backend::tls_connect(self.tls.http1(verifies), name, stream);
        match timeout(self.limit, handshake).await {
            Ok(Ok(stream)) => {
                let how = if verifies { "the certificate is good for" } else { "not verified, for" };
                finding.note(("tls", from), started, Ok(format!("{how} {name}")));
                self.ask(stream, from, finding).await;
            }
            Ok(Err(refusal)) => {
                let more = refusal.detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
                finding.note(("tls", from), started, Err(("tls", format!("{}{more}", refusal.reason))));
            }
            Err(_) => finding.note(("tls", from), started, Err(("tls", "no answer to the handshake".to_owned()))),
        }
    }

    /// `Host`, and the name of the certificate: that of the access, else the address.
    fn host(&self) -> &str {
        let address = || self.network.instances.get(self.place.0).map_or(self.place.0, String::as_str);
        self.access.host.as_deref().filter(|host| !host.is_empty()).unwrap_or_else(address)
    }

    async fn ask<S>(&self, stream: S, from: Option<IpAddr>, finding: &mut Finding)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let started = Instant::now();
        let outcome = match timeout(self.limit, self.exchange(stream)).await {
            Ok(Ok(status)) => Ok(format!("status {status}")),
            Ok(Err(error)) => Err(("no_http", error)),
            Err(_) => Err(("silent", format!("no answer within {} ms", self.limit.as_millis()))),
        };
        finding.note(("http", from), started, outcome);
    }

    async fn exchange<S>(&self, stream: S) -> Result<u16, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let (mut sender, connection) =
            http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let connection = tokio::task::spawn_local(async move { connection.await.ok() });
        let request = Request::get(self.wanted.path.as_str())
            .header(HOST, self.host())
            .header(USER_AGENT, "isthmus-test")
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await;
        connection.abort();
        answer.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
    }
}

fn way_in(attachment: &Attachment) -> String {
    match attachment {
        Attachment::Host { source: None, device: None } => "from this machine".to_owned(),
        Attachment::Host { source, device } => {
            let source = source.map(|source| format!(" from {source}")).unwrap_or_default();
            let device = device.as_ref().map(|device| format!(" through {device}")).unwrap_or_default();
            format!("this machine,{source}{device}")
        }
        Attachment::Connector { socket } => format!("the connector at {socket}"),
        Attachment::Socks5(bastion) => format!("the bastion {}:{}, SOCKS5", bastion.host, bastion.port),
        Attachment::HttpConnect(bastion) => format!("the bastion {}:{}, HTTP CONNECT", bastion.host, bastion.port),
    }
}

fn told(failure: ConnectFailure) -> (&'static str, String) {
    let kind = match failure.kind {
        FailureKind::Timeout => "timeout",
        FailureKind::Refused => "refused",
        FailureKind::Unreachable => "unreachable",
        FailureKind::Reset => "reset",
        FailureKind::RefusedByConnector => "refused_by_connector",
        FailureKind::ConnectorGone => "connector_gone",
        FailureKind::AddressRefused => "address_refused",
        FailureKind::NoSourceAddress => "no_source_address",
        FailureKind::Unresolved => "unresolved",
        FailureKind::Other => "other",
    };
    (kind, failure.detail)
}

impl Finding {
    fn note(
        &mut self,
        (name, source): (&'static str, Option<IpAddr>),
        started: Instant,
        outcome: Result<String, (&'static str, String)>,
    ) {
        let microseconds = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (problem, detail) = match outcome {
            Ok(detail) => (None, detail),
            Err((problem, detail)) => (Some(problem), detail),
        };
        self.stops.push(Stop { name, source, microseconds, problem, detail });
    }
}
