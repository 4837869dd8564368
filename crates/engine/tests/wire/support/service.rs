//! A small HTTP service whose answers a test decides, and which remembers what it was asked.

use super::{read_chunks, read_headers};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

type Handler = dyn Fn(&Value) -> String + Send + Sync;

pub struct Service {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl Service {
    /// `answer` gets a request as the echo backend shows it (method, target, headers, body) and gives the whole answer.
    pub fn start(answer: impl Fn(&Value) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (handler, kept): (Arc<Handler>, _) = (Arc::new(answer), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (handler, kept) = (Arc::clone(&handler), Arc::clone(&kept));
                std::thread::spawn(move || serve(stream, &*handler, &kept));
            }
        });
        Self { address, seen }
    }

    pub fn requests(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }

    pub fn last(&self) -> Value {
        self.requests().pop().expect("the service was asked")
    }
}

/// An answer with a length; each header with its line end.
pub fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Status\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn serve(stream: TcpStream, handler: &Handler, seen: &Mutex<Vec<Value>>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let headers = read_headers(&mut reader);
        let find = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let mut body = Vec::new();
        if let Some((_, length)) = find("content-length") {
            body = vec![0; length.parse().unwrap()];
            if reader.read_exact(&mut body).is_err() {
                return;
            }
        } else if find("transfer-encoding").is_some() {
            body = read_chunks(&mut reader);
        }
        let mut parts = line.split(' ');
        let pairs: Vec<_> = headers.iter().map(|(name, value)| json!([name.to_ascii_lowercase(), value])).collect();
        let request = json!({"method": parts.next(), "target": parts.next(), "headers": pairs,
            "body": String::from_utf8_lossy(&body)});
        let text = handler(&request);
        seen.lock().unwrap().push(request);
        if writer.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}
