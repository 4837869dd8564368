//! A small HTTP service whose answers a test decides, and which remembers what it was asked.

use super::read_request;
use serde_json::Value;
use std::io::{BufReader, Write};
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
    while let Some(request) = read_request(&mut reader) {
        let text = handler(&request);
        seen.lock().unwrap().push(request);
        if writer.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}
