//! Asking connectors for connections: one Unix socket per connector and thread, many questions at once.
//!
//! A question that nobody waits for any more is forgotten, and the socket of its late answer closes when it arrives. A
//! connector that is gone fails what it was asked, and the next question looks for it again.

use super::{ConnectFailure, FailureKind};
use isthmus_connector::packet::{Packet, PacketSocket};
use isthmus_connector::protocol::{Reply, Request};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What a connector may take longer than the connection itself.
const GRACE: Duration = Duration::from_millis(500);

/// Connections to connectors, by the path of their socket.
#[derive(Default)]
pub struct Clients {
    by_path: RefCell<HashMap<Box<str>, Rc<Client>>>,
}

/// What a connector said, with the socket when it connected.
type Answer = (Reply, Option<OwnedFd>);

struct Client {
    socket: PacketSocket,
    next: Cell<u64>,
    waiting: RefCell<HashMap<u64, oneshot::Sender<Answer>>>,
    gone: Cell<bool>,
}

impl Clients {
    /// From a certain one of its source addresses, or from each in turn.
    pub async fn connect(
        &self,
        path: &str,
        (address, source): (SocketAddr, Option<IpAddr>),
        limit: Duration,
    ) -> Result<TcpStream, ConnectFailure> {
        let timeout_ms = u64::try_from(limit.as_millis()).ok();
        let (ip, port) = (address.ip(), address.port());
        let ask = |id| Request::Connect { id, ip, port, timeout_ms, source };
        let answered = timeout(limit + GRACE, self.ask(path, ask)).await;
        let silent = || ConnectFailure::new(FailureKind::ConnectorGone, format!("the connector at {path} is silent"));
        let (reply, descriptor) = answered.map_err(|_| silent())??;
        match (reply, descriptor) {
            (Reply::Connected { .. }, Some(descriptor)) => {
                let stream = std::net::TcpStream::from(descriptor);
                let ready = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                ready.map_err(|error| ConnectFailure::new(FailureKind::Other, error.to_string()))
            }
            (Reply::Failed { error, detail, .. }, _) => Err(ConnectFailure::new(error.into(), detail)),
            _ => Err(ConnectFailure::new(FailureKind::Other, format!("the connector at {path} answered nonsense"))),
        }
    }

    /// The source addresses that backends see.
    pub async fn egress(&self, path: &str) -> Result<Vec<IpAddr>, ConnectFailure> {
        match timeout(GRACE, self.ask(path, |id| Request::Hello { id })).await {
            Ok(Ok((Reply::Hello { egress, .. }, _))) => Ok(egress),
            Ok(Err(failure)) => Err(failure),
            _ => Err(ConnectFailure::new(FailureKind::ConnectorGone, format!("the connector at {path} is silent"))),
        }
    }

    async fn ask(&self, path: &str, request: impl Fn(u64) -> Request) -> Result<Answer, ConnectFailure> {
        let gone =
            |why: String| ConnectFailure::new(FailureKind::ConnectorGone, format!("the connector at {path}: {why}"));
        let mut is_repeated = false;
        loop {
            let client = self.client(path).map_err(|error| gone(error.to_string()))?;
            let id = client.next.get();
            client.next.set(id + 1);
            let text = serde_json::to_vec(&request(id)).map_err(|error| gone(error.to_string()))?;
            let (answer, answered) = oneshot::channel();
            client.waiting.borrow_mut().insert(id, answer);
            let _forget = Forget { client: Rc::clone(&client), id };
            let Err(error) = client.socket.send(&text, None).await else {
                return answered.await.map_err(|_| gone("it went away".to_owned()));
            };
            client.gone.set(true);
            if is_repeated {
                return Err(gone(error.to_string()));
            }
            // Its end was not noticed yet, and it was asked nothing: the one that stands there now may be asked.
            is_repeated = true;
        }
    }

    fn client(&self, path: &str) -> std::io::Result<Rc<Client>> {
        if let Some(client) = self.by_path.borrow().get(path).filter(|client| !client.gone.get()) {
            return Ok(Rc::clone(client));
        }
        let client = Rc::new(Client {
            socket: PacketSocket::connect(Path::new(path))?,
            next: Cell::new(1),
            waiting: RefCell::default(),
            gone: Cell::new(false),
        });
        self.by_path.borrow_mut().insert(path.into(), Rc::clone(&client));
        tokio::task::spawn_local(Rc::clone(&client).listen());
        Ok(client)
    }
}

/// Takes a question back when its asker stops waiting.
struct Forget {
    client: Rc<Client>,
    id: u64,
}

impl Drop for Forget {
    fn drop(&mut self) {
        self.client.waiting.borrow_mut().remove(&self.id);
    }
}

impl Client {
    /// Hands answers to those who wait for them, until the connector goes.
    async fn listen(self: Rc<Self>) {
        while let Ok(Some(packet)) = self.socket.receive().await {
            self.deliver(packet);
        }
        self.gone.set(true);
        self.waiting.borrow_mut().clear();
    }

    fn deliver(&self, packet: Packet) {
        let Ok(reply) = serde_json::from_slice::<Reply>(&packet.bytes) else { return };
        let id = match &reply {
            Reply::Connected { id, .. } | Reply::Hello { id, .. } | Reply::Failed { id, .. } => *id,
        };
        if let Some(answer) = self.waiting.borrow_mut().remove(&id) {
            answer.send((reply, packet.descriptor)).ok();
        }
    }
}
