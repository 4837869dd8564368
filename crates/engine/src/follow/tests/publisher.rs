//! A publisher that does what a test tells it, and the lines that it sends.

use super::DEADLINE;
use isthmus_plan::{record_digest, SetDigest};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{Arc, Mutex};

/// What the publisher does with one feed connection after the response's head.
pub enum Act {
    /// Sends one chunk.
    Send(String),
    /// Sends bytes as they are, chunk framing or not.
    Raw(Vec<u8>),
    /// Says nothing more, but keeps the connection.
    Hang,
    /// Sends what the test gives it, as long as it does.
    Obey(Receiver<String>),
}

/// What the publisher answers a feed request with.
pub enum Answer {
    Feed(Vec<Act>),
    Status(&'static str),
}

pub struct Publisher {
    pub url: String,
    feeds: Receiver<String>,
    reports: Receiver<Value>,
    pub answers: Sender<Answer>,
}

impl Publisher {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (feed, feeds) = channel();
        let (report, reports) = channel();
        let (answers, next) = channel();
        let next = Arc::new(Mutex::new(next));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (feed, report, next) = (feed.clone(), report.clone(), Arc::clone(&next));
                std::thread::spawn(move || converse(stream.unwrap(), &feed, &report, &next));
            }
        });
        Self { url, feeds, reports, answers }
    }

    pub fn will(&self, acts: Vec<Act>) {
        self.answers.send(Answer::Feed(acts)).unwrap();
    }

    /// The query of the next feed request.
    pub fn asked(&self) -> String {
        self.feeds.recv_timeout(DEADLINE).unwrap()
    }

    pub fn reported(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let report = self.reports.recv_timeout(DEADLINE).unwrap();
            if wanted(&report) {
                return report;
            }
        }
    }
}

/// One connection: reports are noted, the first feed request gets the next answer.
fn converse(stream: TcpStream, feeds: &Sender<String>, reports: &Sender<Value>, next: &Mutex<Receiver<Answer>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.contains("\r\nauthorization: Bearer token\r\n"), "{head}");
        if head.starts_with("GET /plane/v1/feed?") {
            feeds.send(head.lines().next().unwrap().to_owned()).ok();
            let answer = next.lock().unwrap().recv_timeout(DEADLINE);
            return answer.map_or((), |answer| serve_feed(stream, answer));
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        reports.send(serde_json::from_slice(&body).unwrap()).ok();
        if (&stream).write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_err() {
            return;
        }
    }
}

fn serve_feed(mut stream: TcpStream, answer: Answer) {
    let acts = match answer {
        Answer::Status(status) => {
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 5\r\n\r\nwhy!!").ok();
            return;
        }
        Answer::Feed(acts) => acts,
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok();
    let chunk = |text: String| format!("{:x}\r\n{text}\r\n", text.len()).into_bytes();
    for act in acts {
        let sent = match act {
            Act::Send(text) => stream.write_all(&chunk(text)),
            Act::Raw(bytes) => stream.write_all(&bytes),
            Act::Hang => stream.read(&mut [0]).map(drop),
            Act::Obey(texts) => texts.iter().try_for_each(|text| stream.write_all(&chunk(text))),
        };
        if sent.is_err() {
            return;
        }
    }
}

pub fn body_of(key: &str) -> String {
    format!(r#"{{"app_id":{key},"codes":[],"keys":[],"name":"app {key}"}}"#)
}

pub fn digest_of(keys: &[&str]) -> String {
    let mut digest = SetDigest::default();
    keys.iter().for_each(|key| digest.toggle(record_digest("app", key, &body_of(key))));
    digest.to_hex()
}

pub fn record(key: &str, revision: u64) -> String {
    let body = body_of(key);
    format!(r#"{{"type":"record","kind":"app","key":"{key}","revision":{revision},"body":{body}}}"#) + "\n"
}

pub fn begin(mode: &str, revision: u64) -> String {
    format!(r#"{{"type":"begin","store":"store","mode":"{mode}","revision":{revision}}}"#) + "\n"
}

fn commit(revision: u64, all: &[&str]) -> String {
    format!(r#"{{"type":"commit","revision":{revision},"digest":"{}"}}"#, digest_of(all)) + "\n"
}

/// A batch with these new apps, after which there are `all`.
pub fn batch(mode: &str, revision: u64, new: &[&str], all: &[&str]) -> String {
    let records: String = new.iter().map(|key| record(key, revision)).collect();
    begin(mode, revision) + &records + &commit(revision, all)
}
