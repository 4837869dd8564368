//! An engine in a process of its own, where what it holds (memory, descriptors) can be limited and measured.
//!
//! The process is this very program, asked to run one test that serves until its input ends.

use super::{anonymous, domain, edition, group, http_backend, Gateway};
use serde_json::json;
use std::io::{BufRead, BufReader, Lines, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Serves `/a` with any method from the backend in the environment; not a test of its own.
#[test]
#[ignore = "run by other tests, in a process of its own"]
fn serve() {
    let backend = std::env::var("BACKEND").unwrap().parse().unwrap();
    let mut service = http_backend(backend);
    service["timeout_ms"] = json!(600_000);
    let records = vec![group(), domain(), edition("api1", "ANY", "/a", service, json!({"auth": anonymous()}))];
    let gateway = Gateway::start_with(records, |settings| {
        settings.threads = 2;
        settings.request_body_limit = 1 << 40;
    });
    println!("\nlistens {}", gateway.address());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

pub struct Alone {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    pub address: SocketAddr,
}

impl Alone {
    /// `before` is run by the shell first, for example `ulimit -n 64`.
    pub fn start(backend: SocketAddr, before: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let exact = "--exact support::alone::serve --ignored --nocapture";
        let mut child = Command::new("sh")
            .args(["-c", &format!("{before}; exec '{}' {exact}", program.display())])
            .env("BACKEND", backend.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = output.find_map(|line| line.unwrap().strip_prefix("listens ").map(str::to_owned));
        Self { child, output, address: address.unwrap().parse().unwrap() }
    }

    /// The most memory it has had so far, in bytes.
    pub fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Whether it ended as it should.
    pub fn stop(mut self) -> bool {
        drop(self.child.stdin.take());
        self.output.by_ref().for_each(drop);
        self.child.wait().unwrap().success()
    }
}
