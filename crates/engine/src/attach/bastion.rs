//! Through a bastion: a server at the edge of a network that passes connections on, by SOCKS5 or HTTP CONNECT.
//!
//! Called by `mod.rs` with an address that the policy has admitted; the bastion's own address is checked here. SOCKS5 is
//! spoken in one flight, without waiting for each answer, and step by step with a bastion that dislikes that. Nothing of
//! a caller is sent before the bastion has said that the connection stands: what it did not understand as the end of its
//! own dialogue it might take for a request to itself.

use super::{direct, AddressPolicy, ConnectFailure, FailureKind};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use isthmus_plan::{Bastion, Network, Secret};
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{lookup_host, TcpStream};
use tokio::time::{timeout_at, Instant};

/// The longest head of an answer to CONNECT.
const HEAD_LIMIT: usize = 8 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    Socks5,
    HttpConnect,
}

/// Whether answers are waited for before the next message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    OneFlight,
    StepByStep,
}

/// What a thread has learnt of bastions: those that want to be spoken to step by step, by host and port.
#[derive(Default)]
pub struct Bastions {
    slow: RefCell<HashSet<(Box<str>, u16)>>,
}

enum Trouble {
    /// The dialogue broke: another pace may do.
    Broken(String),
    Answered(ConnectFailure),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        let what =
            if error.kind() == io::ErrorKind::UnexpectedEof { "it hung up".to_owned() } else { error.to_string() };
        Self::Broken(what)
    }
}

impl Bastions {
    /// A connection to the target, made by the bastion.
    pub async fn connect(
        &self,
        (speech, bastion): (Speech, &Bastion),
        policy: &AddressPolicy,
        target: SocketAddr,
        limit: Duration,
    ) -> Result<TcpStream, ConnectFailure> {
        let deadline = Instant::now() + limit;
        let name = (bastion.host.as_str().into(), bastion.port);
        let is_slow = speech == Speech::Socks5 && self.slow.borrow().contains(&name);
        let pace = if is_slow { Pace::StepByStep } else { Pace::OneFlight };
        let work = async {
            match talk((speech, bastion), policy, target, (pace, limit)).await {
                Err(Trouble::Broken(_)) if speech == Speech::Socks5 && !is_slow => {
                    let stream = talk((speech, bastion), policy, target, (Pace::StepByStep, limit)).await?;
                    self.slow.borrow_mut().insert(name);
                    Ok(stream)
                }
                outcome => outcome,
            }
        };
        let place = place(bastion);
        match timeout_at(deadline, work).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(Trouble::Answered(failure))) => Err(failure),
            Ok(Err(Trouble::Broken(why))) => {
                Err(ConnectFailure::new(FailureKind::ConnectorGone, format!("the bastion {place}: {why}")))
            }
            Err(_) => {
                let limit = limit.as_millis();
                let detail = format!("no answer from {target} through the bastion {place} within {limit} ms");
                Err(ConnectFailure::new(FailureKind::Timeout, detail))
            }
        }
    }
}

fn place(bastion: &Bastion) -> String {
    format!("{}:{}", bastion.host, bastion.port)
}

async fn talk(
    (speech, bastion): (Speech, &Bastion),
    policy: &AddressPolicy,
    target: SocketAddr,
    (pace, limit): (Pace, Duration),
) -> Result<TcpStream, Trouble> {
    let mut stream = to_bastion(bastion, policy, limit).await.map_err(Trouble::Answered)?;
    // Each message of the dialogue is small and waited for.
    stream.set_nodelay(true)?;
    match speech {
        Speech::Socks5 => socks5(&mut stream, bastion, target, pace).await?,
        Speech::HttpConnect => http_connect(&mut stream, bastion, target).await?,
    }
    Ok(stream)
}

/// The bastion stands in the engine's own network, so its address follows that network's policy.
async fn to_bastion(bastion: &Bastion, policy: &AddressPolicy, limit: Duration) -> Result<TcpStream, ConnectFailure> {
    let place = place(bastion);
    let gone = |why: String| ConnectFailure::new(FailureKind::ConnectorGone, format!("the bastion {place}: {why}"));
    let here = Network::of_engine();
    let found = lookup_host((bastion.host.as_str(), bastion.port)).await.map_err(|error| gone(error.to_string()))?;
    let mut first = None;
    for address in found.take(super::ADDRESS_LIMIT) {
        let dialled = match policy.check(&here, address) {
            Ok(()) => direct::dial(address, &direct::Way::default(), limit).await.map_err(|failure| failure.detail),
            Err(why) => Err(why),
        };
        match dialled {
            Ok(stream) => return Ok(stream),
            Err(why) => first = first.or(Some(why)),
        }
    }
    Err(gone(first.unwrap_or_else(|| "it has no address".to_owned())))
}

async fn socks5(stream: &mut TcpStream, bastion: &Bastion, target: SocketAddr, pace: Pace) -> Result<(), Trouble> {
    let login = bastion.user.as_deref().map(|user| login(user, bastion.password.as_ref()));
    let method = if login.is_some() { 2 } else { 0 };
    let greeting = [5, 1, method];
    let wish = wish(target);
    if pace == Pace::OneFlight {
        let flight = [greeting.as_slice(), login.as_deref().unwrap_or_default(), &wish].concat();
        stream.write_all(&flight).await?;
    } else {
        stream.write_all(&greeting).await?;
    }
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    if chosen == [5, 0xff] {
        return Err(refused(bastion, "does not take the gateway's way to sign in; check user and password"));
    }
    if chosen != [5, method] {
        return Err(Trouble::Broken("it does not speak SOCKS5".to_owned()));
    }
    if let Some(login) = &login {
        if pace == Pace::StepByStep {
            stream.write_all(login).await?;
        }
        let mut verdict = [0; 2];
        stream.read_exact(&mut verdict).await?;
        if verdict != [1, 0] {
            return Err(refused(bastion, "does not accept user and password"));
        }
    }
    if pace == Pace::StepByStep {
        stream.write_all(&wish).await?;
    }
    socks5_answer(stream, bastion, target).await
}

/// RFC 1929.
fn login(user: &str, password: Option<&Secret>) -> Vec<u8> {
    let mut message = vec![1];
    for text in [user, password.map_or("", Secret::reveal)] {
        // Lengths were checked when the record was read.
        message.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        message.extend_from_slice(text.as_bytes());
    }
    message
}

/// "Connect to this address."
fn wish(target: SocketAddr) -> Vec<u8> {
    let mut message = vec![5, 1, 0];
    match target.ip() {
        IpAddr::V4(address) => {
            message.push(1);
            message.extend_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            message.push(4);
            message.extend_from_slice(&address.octets());
        }
    }
    message.extend_from_slice(&target.port().to_be_bytes());
    message
}

async fn socks5_answer(stream: &mut TcpStream, bastion: &Bastion, target: SocketAddr) -> Result<(), Trouble> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [version, code, _, kind] = head;
    if version != 5 {
        return Err(Trouble::Broken("it does not speak SOCKS5".to_owned()));
    }
    let (what, text) = match code {
        0 => (None, ""),
        2 => (Some(FailureKind::RefusedByConnector), "its rules do not allow it"),
        3 => (Some(FailureKind::Unreachable), "the network is unreachable"),
        4 => (Some(FailureKind::Unreachable), "the host is unreachable"),
        5 => (Some(FailureKind::Refused), "the connection was refused"),
        6 => (Some(FailureKind::Timeout), "no answer in time"),
        _ => (Some(FailureKind::Other), "it could not connect"),
    };
    if let Some(what) = what {
        let detail = format!("the bastion {} says of {target}: {text}", place(bastion));
        return Err(Trouble::Answered(ConnectFailure::new(what, detail)));
    }
    // The bastion's own address towards the target, and its port.
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await?),
        _ => return Err(Trouble::Broken("it does not speak SOCKS5".to_owned())),
    };
    let mut rest = vec![0; length + 2];
    stream.read_exact(&mut rest).await?;
    Ok(())
}

async fn http_connect(stream: &mut TcpStream, bastion: &Bastion, target: SocketAddr) -> Result<(), Trouble> {
    let mut message = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(user) = &bastion.user {
        let pair = format!("{user}:{}", bastion.password.as_ref().map_or("", Secret::reveal));
        write!(message, "Proxy-Authorization: Basic {}\r\n", STANDARD.encode(pair)).ok();
    }
    message.push_str("\r\n");
    stream.write_all(message.as_bytes()).await?;
    let head = read_head(stream).await?;
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|text| text.parse::<u16>().ok());
    let Some(status) = status else { return Err(Trouble::Broken("it does not speak HTTP".to_owned())) };
    let kind = match status {
        200..=299 => return Ok(()),
        407 => return Err(refused(bastion, "does not accept user and password (407)")),
        403 | 405 => FailureKind::RefusedByConnector,
        502 | 503 => FailureKind::Unreachable,
        504 => FailureKind::Timeout,
        _ => FailureKind::Other,
    };
    let detail = format!("the bastion {} answered {status} for {target}", place(bastion));
    Err(Trouble::Answered(ConnectFailure::new(kind, detail)))
}

/// The head and not a byte more: what follows is the backend's, and servers of HTTP/2 speak first.
async fn read_head(stream: &mut TcpStream) -> Result<String, Trouble> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while head.len() < HEAD_LIMIT {
        let seen = stream.peek(&mut buffer).await?;
        if seen == 0 {
            return Err(Trouble::Broken("it hung up".to_owned()));
        }
        let before = head.len();
        head.extend_from_slice(buffer.get(..seen).unwrap_or_default());
        let end =
            head.windows(HEAD_END.len()).position(|window| window == HEAD_END).map(|start| start + HEAD_END.len());
        let taken = end.map_or(seen, |end| end.saturating_sub(before));
        stream.read_exact(buffer.get_mut(..taken).unwrap_or_default()).await?;
        if let Some(end) = end {
            head.truncate(end);
            return Ok(String::from_utf8_lossy(&head).into_owned());
        }
    }
    Err(Trouble::Broken(format!("its answer is longer than {HEAD_LIMIT} bytes")))
}

fn refused(bastion: &Bastion, what: &str) -> Trouble {
    let detail = format!("the bastion {} {what}", place(bastion));
    Trouble::Answered(ConnectFailure::new(FailureKind::ConnectorGone, detail))
}
