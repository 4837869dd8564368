//! What is kept of each request: a record with what happened, found by its request id, without any secret.

use crate::support::*;
use isthmus_engine::record::packed::Record;
use isthmus_engine::settings::{EngineSettings, RecordSettings};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub struct Recording {
    pub gateway: Gateway,
    state: PathBuf,
}

impl Recording {
    pub fn start(name: &str, records: Vec<(&'static str, String, serde_json::Value)>) -> Self {
        Self::start_with(name, records, |_| {})
    }

    pub fn start_with(
        name: &str,
        records: Vec<(&'static str, String, serde_json::Value)>,
        change: impl FnOnce(&mut EngineSettings),
    ) -> Self {
        let state = std::env::temp_dir().join(format!("isthmus-records-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&state).ok();
        std::fs::create_dir_all(&state).unwrap();
        let gateway = Gateway::start_with(records, |settings| {
            settings.state.clone_from(&state);
            settings.records = Some(RecordSettings { bytes: 1 << 20, age_ms: 3_600_000 });
            settings.access_log = Some(access_log(state.join("access.log")));
            change(settings);
        });
        Self { gateway, state }
    }

    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The record of an answer; it is there a moment after the answer.
    pub fn of(&self, answer: &Answer) -> Record<'static> {
        Record::unpack(self.bytes(answer)).unwrap()
    }

    /// With its trace.
    pub fn whole(&self, answer: &Answer) -> Record<'static> {
        Record::unpack_whole(self.bytes(answer)).unwrap()
    }

    fn bytes(&self, answer: &Answer) -> &'static [u8] {
        let id = answer.header("X-Ca-Request-Id").unwrap();
        let id = u128::from_str_radix(&id.replace('-', ""), 16).unwrap();
        let ring = self.gateway.engine.as_ref().unwrap().records.as_ref().unwrap();
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(bytes) = ring.find(id).unwrap() {
                return Box::leak(bytes.into_boxed_slice());
            }
            assert!(Instant::now() < until, "no record of {answer:?}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.gateway.end();
        std::fs::remove_dir_all(&self.state).ok();
    }
}

fn world(echo: &Echo) -> Vec<(&'static str, String, serde_json::Value)> {
    let backend = http_backend(echo.address);
    vec![
        group(),
        domain(),
        app(),
        grant("a1"),
        edition("a1", "GET", "/users/[id]", backend.clone(), json!({"auth": app_auth()})),
        edition("a2", "GET", "/closed", backend, json!({"auth": app_auth()})),
    ]
}

#[test]
fn a_call_is_recorded_with_who_what_where_and_how_long() {
    let echo = Echo::start();
    let recording = Recording::start("call", world(&echo));
    let answer = recording.gateway.get("/users/7?page=2", &[("Authorization", &format!("APPCODE {APP_CODE}"))]);
    assert_eq!(answer.status, 200);
    let record = recording.of(&answer);
    let port = echo.address.port();
    assert_eq!((record.status, record.completed, record.scheme), (200, true, "HTTP"));
    assert_eq!((record.method, record.path, record.query), ("GET", "/users/7", "page=2"));
    assert_eq!((record.api_id, record.stage), ("a1", "RELEASE"));
    assert_eq!((record.version, record.instance_id), ("20261124090000000", "api-shared-vpc-001"));
    assert_eq!((record.app_id, record.app_name), (Some(APP_ID), "caller"));
    assert_eq!((record.client_ip, record.backend), ("127.0.0.1", &*format!("127.0.0.1:{port}")));
    assert_eq!(record.response_bytes, answer.body.len() as u64);
    assert!(record.connect_us > 0 && record.backend_us >= record.connect_us, "{record:?}", record = record.backend_us);
    assert!(record.total_us >= record.before_backend_us + record.backend_us);
    assert_eq!((record.error_code, record.plugin), ("", ""));
}

#[test]
fn a_refusal_is_recorded_with_its_code_and_what_only_the_provider_may_know() {
    let recording = Recording::start("refusal", world(&Echo::start()));
    let answer = recording.gateway.get("/closed", &[("Authorization", &format!("APPCODE {APP_CODE}"))]);
    let record = recording.of(&answer);
    assert_eq!((record.status, record.error_code), (403, "I403AA"));
    assert_eq!(record.error_message, "Unauthorized");
    assert_eq!(record.detail, "the app has no grant for this API and stage");
    assert_eq!((record.backend, record.before_backend_us), ("", 0));
}

#[test]
fn no_code_and_no_signature_is_written_down() {
    let recording = Recording::start("secrets", world(&Echo::start()));
    let signature = "c2lnbmF0dXJlLXRoYXQtaXMtd3Jvbmc=";
    let signed = [
        ("X-Ca-Key", APP_KEY),
        ("X-Ca-Signature", signature),
        ("X-Ca-Signature-Headers", "Authorization,X-Ca-Key"),
        ("Authorization", "Bearer tok-en-tok-en"),
    ];
    let called = recording.gateway.get(&format!("/users/7?AppCode={APP_CODE}&a=1"), &[]);
    let refused = recording.gateway.get("/users/7?access_token=tok-en-tok-en", &signed);
    assert_eq!((called.status, refused.code()), (200, "A403IS"));
    assert_eq!(recording.of(&called).query, "AppCode=***&a=1");
    let message = recording.of(&refused).error_message;
    assert!(message.contains("X-Ca-Key:203753385") && message.contains("access_token=***"), "{message}");
    let mut files = vec![recording.state.join("access.log")];
    files.extend(std::fs::read_dir(recording.state.join("records")).unwrap().map(|entry| entry.unwrap().path()));
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.is_empty(), "{} is empty", file.display());
        for secret in [APP_CODE, APP_SECRET, signature, "tok-en-tok-en"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {}", file.display());
        }
    }
}

#[test]
fn records_are_found_after_a_restart() {
    let recording = Recording::start("restart", world(&Echo::start()));
    let answer = recording.gateway.get("/nowhere", &[]);
    let before = recording.of(&answer);
    let mut again = Recording { gateway: Gateway::start(vec![group()]), state: PathBuf::new() };
    again.gateway = Gateway::start_with(vec![group()], |settings| {
        settings.state = recording.state.join("copy");
        std::fs::create_dir_all(settings.state.join("records")).unwrap();
        for entry in std::fs::read_dir(recording.state.join("records")).unwrap().flatten() {
            std::fs::copy(entry.path(), settings.state.join("records").join(entry.file_name())).unwrap();
        }
        settings.records = Some(RecordSettings { bytes: 1 << 20, age_ms: 3_600_000 });
    });
    assert_eq!(again.of(&answer), before);
}

#[test]
fn records_of_an_older_engine_are_read() {
    const FIXED: usize = 67;
    const TEXTS: usize = 20;
    let recording = Recording::start("older", world(&Echo::start()));
    let answer = recording.gateway.get("/nowhere?page=2", &[]);
    let bytes = recording.bytes(&answer);
    // It wrote each text behind its length, and nothing after them.
    let (fixed, rest) = bytes.split_at(FIXED);
    let (lengths, mut texts) = rest.split_at(2 * TEXTS);
    let mut older = fixed.to_vec();
    older[26] &= !16;
    for length in lengths.chunks_exact(2) {
        let (text, behind) = texts.split_at(usize::from(u16::from_le_bytes([length[0], length[1]])));
        older.extend_from_slice(length);
        older.extend_from_slice(text);
        texts = behind;
    }
    let expected = Record { traced: false, ..recording.of(&answer) };
    assert_eq!((Record::unpack_whole(&older), expected.query), (Some(expected.clone()), "page=2"));
}
