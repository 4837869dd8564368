//! Two-way connections (docs/reference/two-way.md): words, calls, registration, notices, and every limit.

use crate::support::service::{answer, Service};
use crate::support::tls::{self, certificate, Authority};
use crate::support::{
    app, app_auth, connect, domain, edition, grant, group, http_backend, read_answer, seen_header, Echo, Gateway,
    APP_CODE, APP_ID, APP_KEY, APP_SECRET, DEADLINE, HOST,
};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use ring::hmac;
use serde_json::{json, Value};
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::time::Instant;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
use tokio_tungstenite::tungstenite::{Error, Message};

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// Calls of one connection that run at once.
const CALLS: usize = 16;
pub const DEVICE: &str = "0a1b2c3d@203753385";

type Record = (&'static str, String, Value);

fn two_way_domain(two_way: &str) -> Record {
    ("domain", HOST.into(), json!({"host": HOST, "group_id": "g1", "two_way": two_way}))
}

fn protocols() -> Value {
    json!({"http": true, "https": true, "websocket": true})
}

/// The three management APIs, for callers with an app, and an ordinary one.
pub fn records(backend: std::net::SocketAddr) -> Vec<Record> {
    let role = |role: &str| json!({"auth": app_auth(), "two_way": role, "protocols": protocols()});
    let mut notify = http_backend(backend);
    notify["timeout_ms"] = json!(500);
    vec![
        group(),
        two_way_domain("plain"),
        app(),
        grant("register"),
        grant("unregister"),
        grant("signed"),
        edition("register", "POST", "/register", http_backend(backend), role("register")),
        edition("unregister", "POST", "/unregister", http_backend(backend), role("unregister")),
        edition("notify", "POST", "/notify", notify, json!({"two_way": "notify", "protocols": protocols()})),
        edition("open", "ANY", "/open", http_backend(backend), json!({"protocols": protocols()})),
        edition(
            "signed",
            "POST",
            "/signed/*",
            http_backend(backend),
            json!({"auth": app_auth(), "protocols": protocols()}),
        ),
        edition("plain", "GET", "/plain", http_backend(backend), json!({})),
    ]
}

pub struct Client(pub WebSocket<TcpStream>);

impl Client {
    pub fn open(gateway: &Gateway) -> Self {
        let stream = connect(gateway.address());
        (&stream).write_all(format!("GET / HTTP/1.1\r\nHost: {HOST}:8080\r\n{HANDSHAKE}\r\n").as_bytes()).unwrap();
        // Nothing follows the head before the client speaks.
        let answer = read_answer(&mut BufReader::with_capacity(1, &stream));
        assert_eq!(answer.status, 101, "{answer:?}");
        // RFC 6455 section 1.3 has this pair.
        assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        Self(WebSocket::from_raw_socket(stream, Role::Client, None))
    }

    /// A connection of this device, which has not registered yet.
    pub fn named(gateway: &Gateway, device: &str) -> Self {
        let mut client = Self::open(gateway);
        client.say(&format!("RG#{device}"));
        let word = client.hear();
        assert!(word.starts_with("RO#") && word.ends_with("#25000"), "{word}");
        client
    }

    pub fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).unwrap();
    }

    pub fn hear(&mut self) -> String {
        match self.0.read().unwrap() {
            Message::Text(text) => text.to_string(),
            other => panic!("not a text: {other:?}"),
        }
    }

    /// The gateway has nothing more to say; the code of its close frame, if it sent one.
    pub fn end(&mut self) -> Option<u16> {
        match self.0.read() {
            Ok(Message::Close(frame)) => frame.map(|frame| frame.code.into()),
            Err(Error::Protocol(_) | Error::Io(_) | Error::ConnectionClosed) => None,
            other => panic!("not an end: {other:?}"),
        }
    }

    pub fn call(&mut self, call: &Value) -> Value {
        self.say(&call.to_string());
        serde_json::from_str(&self.hear()).unwrap()
    }

    pub fn manage(&mut self, what: &str) -> Value {
        self.call(&json!({"method": "POST", "host": HOST, "path": format!("/{what}"), "headers": {
            "authorization": [format!("APPCODE {APP_CODE}")], "x-ca-seq": ["7"],
            "x-ca-websocket_api_type": [what.to_uppercase()],
        }}))
    }

    pub fn registered(gateway: &Gateway, device: &str) -> Self {
        let mut client = Self::named(gateway, device);
        let answer = client.manage("register");
        assert_eq!(answer["status"], 200, "{answer}");
        client
    }
}

fn notify(gateway: &Gateway, device: &str, text: &str) -> (u16, String) {
    let answer = gateway.send("POST", "/notify", &[("X-Ca-DeviceId", device)], text.as_bytes());
    (answer.status, answer.code().to_owned())
}

pub const UNKNOWN: (u16, &str) = (404, "I404DD");

fn is(answer: &(u16, String), expected: (u16, &str)) -> bool {
    (answer.0, answer.1.as_str()) == expected
}

/// Waits until notices for the device are answered so.
pub fn until_notified(gateway: &Gateway, device: &str, expected: (u16, &str)) {
    let started = Instant::now();
    while !is(&notify(gateway, device, "x"), expected) {
        assert!(started.elapsed() < DEADLINE, "notices of {device} are never answered {expected:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_registered_device_gets_notices_until_it_unregisters() {
    let service = Service::start(|_| answer(200, "", "welcome"));
    let gateway = Gateway::start(records(service.address));
    let mut client = Client::named(&gateway, DEVICE);
    assert!(is(&notify(&gateway, DEVICE, "early"), UNKNOWN));

    let registered = client.manage("register");
    assert_eq!((&registered["status"], &registered["body"]), (&json!(200), &json!("welcome")));
    assert_eq!(registered["header"]["x-ca-seq"], json!(["7"]));
    assert_eq!(seen_header(&service.last(), "x-ca-deviceid"), Some(DEVICE));

    std::thread::scope(|scope| {
        let sent = scope.spawn(|| notify(&gateway, DEVICE, "hello #1 {}"));
        assert_eq!(client.hear(), "NF#hello #1 {}");
        client.say("NO");
        assert!(is(&sent.join().unwrap(), (200, "")));
    });

    let unregistered = client.manage("unregister");
    assert_eq!((&unregistered["status"], seen_header(&service.last(), "x-ca-deviceid")), (&json!(200), Some(DEVICE)));
    assert!(is(&notify(&gateway, DEVICE, "late"), UNKNOWN));
    client.say("H1");
    assert!(client.hear().starts_with("HO#"), "the connection goes on");
}

#[test]
fn a_heart_beat_is_answered_with_the_credential_of_the_connection() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let mut client = Client::open(&gateway);
    client.say(&format!("RG#{DEVICE}"));
    let word = client.hear();
    let credential = word.strip_prefix("RO#").and_then(|rest| rest.strip_suffix("#25000")).unwrap();
    assert!(!credential.is_empty() && !credential.contains('#'));
    for _ in 0..2 {
        client.say("H1");
        assert_eq!(client.hear(), format!("HO#{credential}"));
    }
    client.say(&format!("RG#{DEVICE}"));
    assert_eq!(client.hear(), word, "the same once more");
    client.say("RG#another");
    assert!(client.hear().starts_with("RF#"));
    for wrong in ["", "with space", "with#mark", &"x".repeat(129)] {
        client.say(&format!("RG#{wrong}"));
        assert!(client.hear().starts_with("RF#a device id is"), "{wrong:?}");
    }
}

#[test]
fn a_call_is_a_request_like_any_other() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let mut client = Client::open(&gateway);
    let call = json!({"method": "PUT", "host": HOST, "path": "/open", "querys": {"a": "1 2", "ü": ["&=", "2"], "none": null},
        "headers": {"x-ca-seq": ["12"], "content-type": ["text/plain"], "x-one": "text", "x-two": ["a", "b"],
            "connection": ["upgrade, x-hop"], "upgrade": ["websocket"], "x-hop": ["1"], "content-length": ["99"],
            "x-ca-deviceid": ["forged"]},
        "isBase64": 1, "body": STANDARD.encode("böse\n")});
    let answer = client.call(&call);
    assert_eq!((&answer["status"], &answer["header"]["x-ca-seq"]), (&json!(200), &json!(["12"])));
    assert!(answer["header"]["x-ca-request-id"][0].as_str().unwrap().len() == 36);
    let seen: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!((seen["method"].as_str(), seen["body"].as_str()), (Some("PUT"), Some("böse\n")));
    assert_eq!(seen["target"], "/backend?a=1+2&none=&%C3%BC=%26%3D&%C3%BC=2");
    assert_eq!((seen_header(&seen, "x-one"), seen_header(&seen, "content-length")), (Some("text"), Some("6")));
    for gone in ["x-hop", "upgrade", "x-ca-deviceid"] {
        assert_eq!(seen_header(&seen, gone), None, "{gone}");
    }
}

#[test]
fn a_signed_call_is_verified_as_over_http() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let mut client = Client::open(&gateway);
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    let string = format!("POST\n\n\n{form}\n\nx-ca-key:{APP_KEY}\nx-ca-seq:3\n/signed/a ü?b=x y&q=1");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes()), string.as_bytes());
    let mut call = json!({"method": "POST", "host": HOST, "path": "/signed/a ü", "querys": {"q": "1"}, "body": "b=x+y",
        "headers": {"content-type": [form], "x-ca-key": [APP_KEY], "x-ca-seq": ["3"],
            "x-ca-signature-headers": ["x-ca-key,x-ca-seq"], "x-ca-signature": [STANDARD.encode(tag)]}});
    let answer = client.call(&call);
    assert_eq!(answer["status"], 200, "{answer}");
    call["querys"]["q"] = json!("2");
    let answer = client.call(&call);
    assert_eq!((&answer["status"], &answer["header"]["x-ca-error-code"]), (&json!(403), &json!(["A403IS"])));
    assert_eq!(answer["body"], "");
}

#[test]
fn calls_run_side_by_side() {
    let (reach, reached) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel();
    let (reach, released) = (std::sync::Mutex::new(reach), std::sync::Mutex::new(released));
    let service = Service::start(move |request| {
        if request["target"].as_str().unwrap().ends_with("slow=1") {
            reach.lock().unwrap().send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
        }
        answer(200, "", "done")
    });
    let gateway = Gateway::start(records(service.address));
    let mut client = Client::open(&gateway);
    let call = |slow: &str, number: &str| {
        json!({"method": "GET", "path": "/open", "querys": {"slow": slow}, "headers": {"x-ca-seq": [number]}})
            .to_string()
    };
    client.say(&call("1", "1"));
    reached.recv_timeout(DEADLINE).unwrap();
    client.say(&call("0", "2"));
    let first: Value = serde_json::from_str(&client.hear()).unwrap();
    assert_eq!(first["header"]["x-ca-seq"], json!(["2"]));
    release.send(()).unwrap();
    let second: Value = serde_json::from_str(&client.hear()).unwrap();
    assert_eq!(second["header"]["x-ca-seq"], json!(["1"]));
}

#[test]
fn what_is_no_call_is_refused_and_the_connection_goes_on() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let mut client = Client::open(&gateway);
    let cases = [
        json!({}),
        json!({"method": "GET"}),
        json!({"method": "G T", "path": "/open"}),
        json!({"method": "GET", "path": "open"}),
        json!({"method": "GET", "path": "http://other/open"}),
        json!({"method": "GET", "path": "/open", "host": "other.example.com"}),
        json!({"method": "GET", "path": "/open", "headers": {"host": ["other.example.com"]}}),
        json!({"method": "GET", "path": "/open", "headers": {"a b": ["1"]}}),
        json!({"method": "GET", "path": "/open", "headers": {"a": ["1\r\nb: 2"]}}),
        json!({"method": "GET", "path": "/open", "isBase64": 1, "body": "%"}),
    ];
    for case in cases {
        let answer = client.call(&case);
        assert_eq!(
            (&answer["status"], &answer["header"]["x-ca-error-code"]),
            (&json!(400), &json!(["I400BD"])),
            "{case}"
        );
    }
    let answer = client.call(&json!({"method": "GET", "path": "/plain"}));
    assert_eq!(answer["header"]["x-ca-error-code"], json!(["I403PT"]), "an API without WebSocket");
    assert_eq!(echo.count(), 0);
    assert_eq!(client.call(&json!({"method": "GET", "path": "/open"}))["status"], 200);
}

#[test]
fn a_device_is_registered_by_its_own_app_and_by_a_200_only() {
    let service = Service::start(|request| {
        let status = seen_header(request, "x-status").map_or(200, |status| status.parse().unwrap());
        answer(status, "", "")
    });
    let mut all = records(service.address);
    let other =
        json!({"app_id": APP_ID + 1, "name": "other", "keys": [{"key": "222", "secret": "s"}], "codes": ["other"]});
    all.push(("app", (APP_ID + 1).to_string(), other));
    let key = format!("register/RELEASE/{}", APP_ID + 1);
    all.push(("grant", key, json!({"api_id": "register", "stage": "RELEASE", "app_id": APP_ID + 1})));
    let gateway = Gateway::start(all);
    let register = |code: &str, status: &str| {
        json!({"method": "POST", "path": "/register", "headers": {"authorization": [format!("APPCODE {code}")],
            "x-status": [status]}})
    };

    let mut nameless = Client::open(&gateway);
    let answer = nameless.manage("register");
    assert_eq!((&answer["status"], &answer["header"]["x-ca-error-code"]), (&json!(400), &json!(["I400MP"])));
    let over_http = gateway.send("POST", "/register", &[("Authorization", &format!("APPCODE {APP_CODE}"))], b"");
    assert_eq!((over_http.status, over_http.code()), (403, "I403PT"));

    let mut client = Client::named(&gateway, DEVICE);
    assert_eq!(client.call(&register(APP_CODE, "201"))["status"], 201);
    assert!(is(&notify(&gateway, DEVICE, "x"), UNKNOWN));
    let foreign = client.call(&register("other", "200"));
    assert_eq!(foreign["header"]["x-ca-error-code"], json!(["I403AA"]), "the id has another app's key");

    let mut first = Client::named(&gateway, "dashless");
    assert_eq!(first.call(&register(APP_CODE, "200"))["status"], 200);
    let mut thief = Client::named(&gateway, "dashless");
    assert_eq!(thief.call(&register("other", "200"))["header"]["x-ca-error-code"], json!(["I403AA"]));
    let mut again = Client::named(&gateway, "dashless");
    assert_eq!(again.call(&register(APP_CODE, "200"))["status"], 200, "the same app connected anew");
    drop(first);
    std::thread::scope(|scope| {
        scope.spawn(|| until_notified(&gateway, "dashless", (200, "")));
        assert_eq!(again.hear(), "NF#x", "the old connection's end does not unregister the new one");
        again.say("NO");
    });
    drop(again);
    until_notified(&gateway, "dashless", UNKNOWN);
    assert_eq!(thief.call(&register("other", "200"))["status"], 200, "nobody has it any more");
}

#[test]
fn a_notice_that_cannot_be_given_has_a_code() {
    let echo = Echo::start();
    let mut all = records(echo.address);
    let pre = json!({"two_way": "notify", "stage": "PRE", "protocols": protocols()});
    all.push(edition("notify", "POST", "/notify", http_backend(echo.address), pre));
    let gateway = Gateway::start(all);
    let mut client = Client::registered(&gateway, DEVICE);
    let reached = echo.count();
    let device = ("X-Ca-DeviceId", DEVICE);
    let nameless = gateway.send("POST", "/notify", &[], b"x");
    assert_eq!((nameless.status, nameless.code()), (400, "I400MP"));
    let stranger = gateway.send("POST", "/notify", &[("X-Ca-DeviceId", "nobody")], b"x");
    assert_eq!((stranger.code(), stranger.message()), ("I404DD", "Device id nobody not found"));
    let other_stage = gateway.send("POST", "/notify", &[device, ("X-Ca-Stage", "PRE")], b"x");
    assert_eq!(other_stage.code(), "I404DD");
    assert_eq!(gateway.send("POST", "/notify", &[device], b"\xff").code(), "I400BD");
    let never_taken = gateway.send("POST", "/notify", &[device], b"lost");
    assert_eq!((never_taken.status, never_taken.code()), (504, "D504TO"));
    assert_eq!(client.hear(), "NF#lost");
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| notify(&gateway, DEVICE, "next"));
        assert_eq!(client.hear(), "NF#next", "the one before does not block it");
        client.say("NO");
        assert!(is(&sent.join().unwrap(), (200, "")));
        let lost = scope.spawn(|| notify(&gateway, DEVICE, "gone"));
        assert_eq!(client.hear(), "NF#gone");
        client.0.close(None).unwrap();
        assert!(is(&lost.join().unwrap(), UNKNOWN), "the device left without taking it");
    });
    assert_eq!(echo.count(), reached, "a notice never reaches a backend");
}

#[test]
fn notices_that_wait_for_a_device_are_bounded() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let _client = Client::registered(&gateway, DEVICE);
    let mut waiting: Vec<_> = (0..34)
        .map(|_| {
            let mut stream = connect(gateway.address());
            let head = format!(
                "POST /notify HTTP/1.1\r\nHost: {HOST}\r\nX-Ca-DeviceId: {DEVICE}\r\nContent-Length: 1\r\n\r\nx"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    let mut codes: Vec<_> =
        waiting.drain(..).map(|stream| read_answer(&mut BufReader::new(stream)).code().to_owned()).collect();
    codes.sort();
    codes.dedup();
    assert_eq!(codes, ["D504TO", "T429PA"]);
}

#[test]
fn a_domain_takes_two_way_connections_only_when_it_says_so() {
    let echo = Echo::start();
    let mut gateway = Gateway::start(records(echo.address));
    let handshake =
        |gateway: &Gateway, head: &str| gateway.raw(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{head}\r\n").as_bytes());
    let wrong_version = handshake(&gateway, &HANDSHAKE.replace("13", "8"));
    assert_eq!((wrong_version.status, wrong_version.code()), (400, "I400HD"));
    let wrong_key = handshake(&gateway, &HANDSHAKE.replace("dGhl", ""));
    assert_eq!((wrong_key.status, wrong_key.code()), (400, "I400HD"));
    assert_eq!(handshake(&gateway, "").code(), "I404NF", "not a handshake");

    let mut client = Client::registered(&gateway, DEVICE);
    gateway.apply(vec![domain()]);
    client.say("H1");
    let mut word = client.hear();
    if word.starts_with("HO#") {
        word = client.hear();
    }
    assert_eq!(word, "CR", "what is open is told to go");
    assert_eq!(handshake(&gateway, HANDSHAKE).code(), "I404NF");
    client.0.close(None).unwrap();
    until_notified(&gateway, DEVICE, UNKNOWN);
}

#[test]
fn a_domain_takes_them_over_tls_only_when_it_says_so() {
    let authority = Authority::new("root");
    for (two_way, status, code) in [("plain", 403, "I403PT"), ("plain_and_tls", 101, "")] {
        let mut all = records(Echo::start().address);
        all.push(certificate("c1", HOST, &authority.issue(HOST)));
        all.push(two_way_domain(two_way));
        let gateway = Gateway::start_with(all, |settings| settings.https = Some("127.0.0.1:0".parse().unwrap()));
        let mut session = tls::Client::new(&authority).open(gateway.engine.as_ref().unwrap(), HOST).unwrap();
        let answer = session.send(&format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{HANDSHAKE}\r\n")).unwrap();
        assert_eq!((answer.status, answer.code()), (status, code), "{two_way}");
    }
}

#[test]
fn a_notice_has_at_most_128_kib() {
    let gateway = Gateway::start_with(records(Echo::start().address), |settings| settings.request_body_limit = 1 << 20);
    let mut client = Client::registered(&gateway, DEVICE);
    let limit = 128 << 10;
    assert!(is(&notify(&gateway, DEVICE, &"x".repeat(limit + 1)), (413, "I413RL")));
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| notify(&gateway, DEVICE, &"x".repeat(limit)));
        assert_eq!(client.hear().len(), "NF#".len() + limit);
        client.say("NO");
        assert!(is(&sent.join().unwrap(), (200, "")));
    });
}

/// What a device says beside the calls that run is read when one of them has ended.
#[test]
fn calls_that_run_at_once_are_bounded() {
    let (release, released) = std::sync::mpsc::channel();
    let released = std::sync::Mutex::new(released);
    let service = Service::start(move |_| {
        released.lock().unwrap().recv().unwrap();
        answer(200, "", "done")
    });
    let gateway = Gateway::start(records(service.address));
    let mut client = Client::open(&gateway);
    let call = json!({"method": "GET", "path": "/open", "headers": {"x-ca-seq": ["1"]}}).to_string();
    (0..CALLS).for_each(|_| client.say(&call));
    client.say("H1");
    release.send(()).unwrap();
    assert!(client.hear().starts_with('{'), "the heart beat waits for its turn");
    (1..CALLS).for_each(|_| release.send(()).unwrap());
    let heard: Vec<String> = (0..CALLS).map(|_| client.hear()).collect();
    assert!(heard.iter().any(|word| word.starts_with("HO#")));
}

#[test]
fn r27_a_handshake_is_under_the_limits_of_any_head() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let huge = format!("{HANDSHAKE}X-Huge: {}\r\n", "x".repeat(300 * 1024));
    let answer = gateway.raw(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{huge}\r\n").as_bytes());
    assert_eq!((answer.status, answer.code()), (431, "I431HD"));
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    let answer = gateway.raw(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{HANDSHAKE}{many}\r\n").as_bytes());
    assert_eq!((answer.status, answer.code()), (431, "I431HD"));
    Client::open(&gateway).say("H1");
}

#[test]
fn a_client_that_says_too_much_or_nonsense_is_sent_away() {
    let echo = Echo::start();
    let gateway = Gateway::start(records(echo.address));
    let mut client = Client::open(&gateway);
    for _ in 0..150 {
        client.say("H1");
    }
    let words: Vec<String> = (0..101).map(|_| client.hear()).collect();
    assert!(words.iter().take(100).all(|word| word.starts_with("HO#")));
    assert_eq!(words[100], "OS");
    client.0.close(None).unwrap();
    assert_eq!(client.end(), None);

    let mut client = Client::open(&gateway);
    client.say("XX#1");
    assert_eq!(client.end(), Some(1002));
    let mut client = Client::open(&gateway);
    client.0.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert_eq!(client.end(), Some(1003));
    let mut client = Client::open(&gateway);
    // Larger than any call may be; the gateway may be gone before all of it is sent.
    client.0.send(Message::text("x".repeat(400 * 1024))).ok();
    client.end();
    Client::open(&gateway).say("H1");
}

#[test]
fn an_answer_that_is_too_long_for_a_message_is_not_passed_on() {
    let service = Service::start(|_| answer(200, "", &"x".repeat(70_000)));
    let gateway = Gateway::start(records(service.address));
    let mut client = Client::open(&gateway);
    let answer = client.call(&json!({"method": "GET", "path": "/open", "headers": {"x-ca-seq": ["1"]}}));
    assert_eq!((&answer["status"], &answer["header"]["x-ca-error-code"]), (&json!(502), &json!(["N502RE"])));
    assert_eq!(answer["header"]["x-ca-seq"], json!(["1"]));
}

#[test]
fn an_engine_that_stops_sends_its_devices_to_another() {
    let echo = Echo::start();
    let mut gateway = Gateway::start_with(records(echo.address), |settings| settings.drain_ms = 20_000);
    let mut client = Client::registered(&gateway, DEVICE);
    let engine = gateway.engine.take().unwrap();
    let stopped = std::thread::spawn(move || engine.stop());
    assert_eq!(client.hear(), "CR");
    client.0.close(None).unwrap();
    let started = Instant::now();
    stopped.join().unwrap();
    assert!(started.elapsed() < DEADLINE, "it waits for the client's close, not for the end of the drain");
}
