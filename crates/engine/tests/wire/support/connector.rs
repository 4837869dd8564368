//! A connector that allows everything, leads to one backend whatever it is asked for, and remembers what it was asked.

use isthmus_connector::packet::{PacketListener, PacketSocket};
use isthmus_connector::protocol::{Reply, Request};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

pub struct Connector {
    pub socket: PathBuf,
    asked: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Connector {
    pub fn start(name: &str, backend: SocketAddr) -> Self {
        let socket = std::env::temp_dir().join(format!("isthmus-wire-{}-{name}.sock", std::process::id()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (path, log, ready) = (socket.clone(), Arc::clone(&asked), std::sync::mpsc::channel());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            LocalSet::new().block_on(&runtime, async {
                let listener = PacketListener::bind(&path).unwrap();
                listener.listen().unwrap();
                ready.0.send(()).unwrap();
                while let Ok(engine) = listener.accept().await {
                    tokio::task::spawn_local(serve(engine, backend, Arc::clone(&log)));
                }
            });
        });
        ready.1.recv().unwrap();
        Self { socket, asked }
    }

    pub fn asked(&self) -> Vec<SocketAddr> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        std::fs::remove_file(&self.socket).ok();
    }
}

async fn serve(engine: PacketSocket, backend: SocketAddr, log: Arc<Mutex<Vec<SocketAddr>>>) {
    while let Ok(Some(packet)) = engine.receive().await {
        match serde_json::from_slice(&packet.bytes).unwrap() {
            Request::Connect { id, ip, port, .. } => {
                log.lock().unwrap().push(SocketAddr::new(ip, port));
                let stream = TcpStream::connect(backend).await.unwrap();
                let reply = serde_json::to_vec(&Reply::Connected { id, ok: true, source: None }).unwrap();
                engine.send(&reply, Some(stream.as_fd())).await.ok();
            }
            Request::Hello { id } => {
                let reply = Reply::Hello { id, egress: Vec::new(), allow_count: 1, version: "test".to_owned() };
                engine.send(&serde_json::to_vec(&reply).unwrap(), None).await.ok();
            }
        }
    }
}
