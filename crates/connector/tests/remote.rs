//! A hub, connectors in processes of their own, and an engine's questions; backends are this machine's loopback
//! addresses, so 10.0.0.11 is 127.102.0.11.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed assumption must end the test.

use isthmus_connector::packet::PacketSocket;
use isthmus_connector::protocol::{ErrorKind, Reply, Request};
use isthmus_connector::remote::{run_hub, Authority, HubConfig};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DnType, IsCa, KeyPair,
};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{mpsc, Arc, Mutex};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(20);
const NET: u8 = 102;
const SECRET: &str = "a-secret-of-128-bits";

/// The control plane's part: writes certificates, takes each token once, remembers what it was asked.
struct Gateway {
    issuer: CertifiedIssuer<'static, KeyPair>,
    used: Mutex<BTreeSet<String>>,
    asked: Mutex<Vec<Value>>,
    serials: Mutex<Vec<String>>,
    renew_after_s: u64,
}

impl Gateway {
    fn new(renew_after_s: u64) -> Arc<Self> {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, "authority");
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let (used, asked, serials) = Default::default();
        Arc::new(Self { issuer, used, asked, serials, renew_after_s })
    }

    fn token(&self, secret: &str) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.issuer.der());
        let digits: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("vpc-c.{secret}.{digits}")
    }

    fn answer(&self, text: &str) -> Result<String, String> {
        let asked: Value = serde_json::from_str(text).unwrap();
        self.asked.lock().unwrap().push(asked.clone());
        match asked["op"].as_str().unwrap() {
            "seen" => return Ok(String::new()),
            "enrol" if !self.used.lock().unwrap().insert(asked["token"].as_str().unwrap().to_owned()) => {
                return Err("the token was used before".to_owned());
            }
            _ => {}
        }
        let mut request = CertificateSigningRequestParams::from_pem(asked["request"].as_str().unwrap()).unwrap();
        let id = asked["connector_id"].as_str().unwrap_or(asked["name"].as_str().unwrap_or("c"));
        let serial = vec![1, u8::try_from(self.serials.lock().unwrap().len()).unwrap()];
        self.serials.lock().unwrap().push(serial.iter().map(|byte| format!("{byte:02x}")).collect());
        request.params.serial_number = Some(serial.into());
        request.params.distinguished_name = rcgen::DistinguishedName::new();
        request.params.distinguished_name.push(DnType::CommonName, id);
        request.params.distinguished_name.push(DnType::OrganizationName, "vpc-c");
        let certificate = request.signed_by(&self.issuer).unwrap();
        let renew_after_s = self.renew_after_s;
        Ok(json!({"op": "certificate", "certificate": certificate.pem(), "authority": self.issuer.pem(),
            "renew_after_s": renew_after_s})
        .to_string())
    }

    fn count(&self, op: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked["op"] == op).count()
    }
}

struct Hub {
    gateway: Arc<Gateway>,
    address: SocketAddr,
    folder: PathBuf,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Hub {
    fn start(name: &str, renew_after_s: u64) -> Self {
        let folder = std::env::temp_dir().join(format!("hub-test-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let gateway = Gateway::new(renew_after_s);
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["hub.isthmus.internal".to_owned()]).unwrap();
        let certificate = own.signed_by(&key, &gateway.issuer).unwrap();
        let networks = folder.join("networks.json");
        std::fs::write(&networks, json!({"networks": ["vpc-c"], "revoked": []}).to_string()).unwrap();
        let config: HubConfig =
            serde_json::from_value(json!({"listen": "127.0.0.1:0", "certificate": certificate.pem(),
            "key": key.serialize_pem(), "authority": gateway.issuer.pem(), "sockets": folder, "networks": networks}))
            .unwrap();
        let (told, listening) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let asked = Arc::clone(&gateway);
        let authority: Authority = Arc::new(move |text| asked.answer(&text));
        let thread = std::thread::spawn(move || {
            let until = async { drop(stopped.await) };
            run_hub(config, authority, |address| told.send(address).unwrap(), until).unwrap();
        });
        let address = listening.recv_timeout(DEADLINE).unwrap();
        Self { gateway, address, folder, stop: Some(stop), thread: Some(thread) }
    }

    /// `change` goes over a configuration that allows nothing.
    fn join(&self, name: &str, token: Option<String>, change: Value) -> Connector {
        let state = self.folder.join(name);
        std::fs::create_dir_all(&state).unwrap();
        std::fs::set_permissions(&state, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let mut config = json!({"hub": self.address.to_string(), "token": token, "name": name, "state": state,
            "loopback_map": {"net": NET}, "connect_timeout_ms": 2000, "allow": []});
        for (name, value) in change.as_object().unwrap() {
            config[name] = value.clone();
        }
        let mut program = std::env::current_exe().unwrap();
        program.pop();
        program.pop();
        program.push("examples/joiner");
        let mut command = Command::new(program);
        let process = command.arg(config.to_string()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        Connector { process }
    }

    fn set_known(&self, known: &Value) {
        let draft = self.folder.join("networks.new");
        std::fs::write(&draft, known.to_string()).unwrap();
        std::fs::rename(draft, self.folder.join("networks.json")).unwrap();
    }

    /// What an engine gets that asks for a connection.
    fn ask(&self, target: SocketAddr) -> Result<UnixStream, (ErrorKind, String)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = PacketSocket::connect(&self.folder.join("vpc-c.sock")).unwrap();
            let request =
                Request::Connect { id: 7, ip: target.ip(), port: target.port(), timeout_ms: Some(3000), source: None };
            socket.send(&serde_json::to_vec(&request).unwrap(), None).await.unwrap();
            let packet = tokio::time::timeout(DEADLINE, socket.receive()).await.unwrap().unwrap().unwrap();
            match serde_json::from_slice(&packet.bytes).unwrap() {
                Reply::Connected { id: 7, .. } => {
                    let stream = UnixStream::from(packet.descriptor.unwrap());
                    stream.set_nonblocking(false).unwrap();
                    stream.set_read_timeout(Some(DEADLINE)).unwrap();
                    Ok(stream)
                }
                Reply::Failed { error, detail, .. } => Err((error, detail)),
                other => panic!("{other:?}"),
            }
        })
    }

    fn until_both_are_seen(&self) {
        until("both are seen", || {
            let asked = self.gateway.asked.lock().unwrap();
            asked.iter().any(|asked| asked["connectors"].as_array().is_some_and(|list| list.len() == 2))
        });
    }

    /// Asks until it is answered with a connection.
    fn reach(&self, target: SocketAddr) -> UnixStream {
        let started = Instant::now();
        loop {
            match self.ask(target) {
                Ok(stream) => return stream,
                Err(failure) => assert!(started.elapsed() < DEADLINE, "{failure:?}"),
            }
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().map(std::thread::JoinHandle::join);
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

struct Connector {
    process: Child,
}

impl Connector {
    fn ended_with(mut self) -> String {
        let mut text = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A backend that says back what it hears; gives its address as the network has it.
fn echo(host: u8) -> SocketAddr {
    backend(host, |mut stream| {
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            stream.write_all(&buffer[..read]).unwrap();
        }
    })
}

fn backend(host: u8, serve: impl Fn(std::net::TcpStream) + Send + Copy + 'static) -> SocketAddr {
    let listener = TcpListener::bind((std::net::Ipv4Addr::new(127, NET, 0, host), 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    SocketAddr::from(([10, 0, 0, host], port))
}

fn says_back(mut stream: &UnixStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), text);
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < DEADLINE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn enrols_with_a_token_once_and_needs_none_again() {
    let hub = Hub::start("enrols", 3600);
    let target = echo(11);
    let token = hub.gateway.token(SECRET);
    let mut first = hub.join("c1", Some(token.clone()), json!({"allow": [target]}));
    says_back(&hub.reach(target), "hello");
    first.kill();
    let again = hub.join("c1", None, json!({"allow": [target]}));
    says_back(&hub.reach(target), "and again");
    assert_eq!(hub.gateway.count("enrol"), 1);
    drop(again);
    let thief = hub.join("c2", Some(token), json!({"allow": [target]}));
    assert!(thief.ended_with().contains("the token was used before"));
}

#[test]
fn a_gateway_that_the_token_is_not_from_is_told_nothing() {
    let (hub, other) = (Hub::start("pinned", 3600), Hub::start("pinned-other", 3600));
    let connector = hub.join("c1", Some(other.gateway.token(SECRET)), json!({}));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(hub.gateway.count("enrol"), 0);
    drop(connector);
}

#[test]
fn what_the_connector_does_not_list_is_not_reached() {
    let hub = Hub::start("unlisted", 3600);
    let (listed, unlisted) = (echo(12), backend(12, |_| panic!("nobody may come here")));
    let _connector = hub.join("c1", Some(hub.gateway.token(SECRET)), json!({"allow": [listed]}));
    says_back(&hub.reach(listed), "hello");
    for target in [unlisted, "169.254.169.254:80".parse().unwrap(), "127.0.0.1:22".parse().unwrap()] {
        let (kind, detail) = hub.ask(target).unwrap_err();
        assert_eq!(kind, ErrorKind::RefusedByConnector, "{detail}");
    }
    says_back(&hub.reach(listed), "and a refusal costs no tunnel");
}

#[test]
fn says_that_no_connector_is_there() {
    let hub = Hub::start("offline", 3600);
    let (kind, detail) = hub.ask("10.0.0.13:80".parse().unwrap()).unwrap_err();
    assert_eq!(kind, ErrorKind::Offline);
    assert!(detail.contains("no connector of this network is connected"), "{detail}");
}

#[test]
fn of_two_connectors_one_may_die_and_the_only_one_may_come_back() {
    let hub = Hub::start("dies", 3600);
    let target = echo(14);
    let allow = json!({"allow": [target]});
    let mut first = hub.join("c1", Some(hub.gateway.token("one")), allow.clone());
    says_back(&hub.reach(target), "hello");
    let mut second = hub.join("c2", Some(hub.gateway.token("two")), allow.clone());
    hub.until_both_are_seen();
    first.kill();
    for turn in 0..50 {
        says_back(&hub.ask(target).unwrap_or_else(|failure| panic!("turn {turn}: {failure:?}")), "still here");
    }
    second.kill();
    let _back = hub.join("c2", None, allow);
    says_back(&hub.reach(target), "back");
}

#[test]
fn a_frozen_connector_is_gone_around_and_what_ran_through_it_ends() {
    let hub = Hub::start("frozen", 3600);
    let target = echo(21);
    let joined = ["c1", "c2"].map(|id| hub.join(id, Some(hub.gateway.token(id)), json!({"allow": [target]})));
    hub.until_both_are_seen();
    let standing = [hub.reach(target), hub.reach(target)];
    let frozen = joined[0].process.id().to_string();
    assert!(Command::new("kill").args(["-STOP", &frozen]).status().unwrap().success());
    (0..20).for_each(|_| says_back(&hub.ask(target).unwrap(), "around it"));
    standing.iter().for_each(|stream| stream.set_nonblocking(true).unwrap());
    let has_ended = |mut stream: &UnixStream| matches!(stream.read(&mut [0]), Ok(0));
    until("one connection ends", || standing.iter().filter(|stream| has_ended(stream)).count() == 1);
}

#[test]
fn a_reader_that_stalls_holds_up_nobody_else() {
    let hub = Hub::start("stalls", 3600);
    let flood = backend(15, |mut stream| while stream.write_all(&[b'x'; 65536]).is_ok() {});
    let target = echo(15);
    let _connector = hub.join("c1", Some(hub.gateway.token(SECRET)), json!({"allow": [target, flood]}));
    let _stalled: Vec<_> = (0..12).map(|_| hub.reach(flood)).collect();
    for _ in 0..100 {
        says_back(&hub.ask(target).unwrap(), "not held up");
    }
}

#[test]
fn more_connections_than_warm_tunnels_are_served() {
    let hub = Hub::start("many", 3600);
    let target = echo(16);
    let _connector = hub.join("c1", Some(hub.gateway.token(SECRET)), json!({"allow": [target], "warm": 2}));
    let streams: Vec<_> = (0..60).map(|_| hub.reach(target)).collect();
    for (turn, stream) in streams.iter().enumerate() {
        says_back(stream, &format!("stream {turn}"));
    }
}

#[test]
fn a_connector_that_is_revoked_loses_everything_at_once() {
    let hub = Hub::start("revoked", 3600);
    let target = echo(17);
    let _connector = hub.join("c1", Some(hub.gateway.token(SECRET)), json!({"allow": [target]}));
    let mut open = hub.reach(target);
    says_back(&open, "hello");
    let serials = hub.gateway.serials.lock().unwrap().clone();
    hub.set_known(&json!({"networks": ["vpc-c"], "revoked": serials}));
    assert_eq!(open.read(&mut [0; 1]).unwrap_or(0), 0, "the open connection ends");
    until("nothing is reached any more", || hub.ask(target).is_err_and(|(kind, _)| kind == ErrorKind::Offline));
}

#[test]
fn a_certificate_is_renewed_while_connections_go_on() {
    let hub = Hub::start("renews", 1);
    let target = echo(18);
    let _connector = hub.join("c1", Some(hub.gateway.token(SECRET)), json!({"allow": [target]}));
    let stream = hub.reach(target);
    until("it is renewed twice", || hub.gateway.count("renew") >= 2);
    says_back(&stream, "an old connection");
    says_back(&hub.reach(target), "a new connection");
    let asked = hub.gateway.asked.lock().unwrap();
    let renewal = asked.iter().find(|asked| asked["op"] == "renew").unwrap();
    assert_eq!((&renewal["connector_id"], &renewal["network_id"]), (&json!("c1"), &json!("vpc-c")));
}

#[test]
fn strangers_get_nowhere() {
    let hub = Hub::start("strangers", 3600);
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x00\x05hello", b"", &[0xff; 4096]] {
        let mut stream = std::net::TcpStream::connect(hub.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(bytes).ok();
        stream.shutdown(std::net::Shutdown::Write).ok();
        stream.read_to_end(&mut Vec::new()).ok();
    }
    let target = echo(19);
    let _connector = hub.join("c1", Some(hub.gateway.token(SECRET)), json!({"allow": [target]}));
    says_back(&hub.reach(target), "the hub lives on");
}

#[test]
fn strangers_that_say_nothing_keep_no_connector_out() {
    let hub = Hub::start("silent", 3600);
    let _silent: Vec<_> = (0..300).map(|_| std::net::TcpStream::connect(hub.address).unwrap()).collect();
    let target = echo(20);
    let _connector = hub.join("c1", Some(hub.gateway.token(SECRET)), json!({"allow": [target]}));
    says_back(&hub.reach(target), "let in beside them");
}
