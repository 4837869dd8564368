//! One two-way connection, from its handshake to its end: words are answered, calls are served side by side, notices go
//! out one after the other.
//!
//! Everything is bounded: the size of a message, calls at once, messages a second, notices that wait, silence, and the
//! bytes of one connection. A client that is to connect anew is told so (`CR`, `OS`) and closes by itself, as the
//! vendor's do. Dropping a channel cancels its calls and ends its registrations.

use super::devices::{Device, Notice};
use super::message::{self, Word};
use crate::connection::{self, Exchange};
use crate::listen::Peer;
use crate::record::Entry;
use crate::request::answer::{Kind, Refusal};
use crate::thread::Thread;
use futures_util::future::{Fuse, FutureExt, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::SinkExt;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use isthmus_plan::TwoWay;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep_until, Instant, Sleep};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::WebSocketStream;

/// How often a client says that it is there. Source: the vendor's Java SDK.
const HEART_BEAT_MS: u64 = 25_000;
/// Messages of one connection in a second of its own.
const MESSAGES_PER_SECOND: u32 = 100;
/// Calls of one connection at once; the next one waits.
const CALLS: usize = 16;
/// What a call may have besides its body.
const HEAD: usize = 192 * 1024;
/// Bytes of a connection that says nothing.
const BUFFER: usize = 4 * 1024;
/// How long a client that is to connect anew may take to close.
const FAREWELL: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A connection whose handshake is answered.
pub struct Channel {
    client: OnUpgrade,
    peer: Rc<Peer>,
    notices: mpsc::Receiver<Notice>,
    domain: Box<str>,
}

impl Channel {
    pub fn new(thread: &Rc<Thread>, peer: &Peer, client: OnUpgrade, domain: &str) -> Self {
        let (device, notices) = thread.shared.devices.connect();
        let peer =
            Peer { device: Some(Rc::new(device)), client: peer.client.clone(), ..Peer::new(peer.address, peer.scheme) };
        Self { client, peer: Rc::new(peer), notices, domain: domain.into() }
    }

    pub async fn run(self, thread: Rc<Thread>, mut entry: Box<Entry>, mut exchange: Exchange) {
        let Self { client, peer, notices, domain } = self;
        if let Ok(client) = client.await {
            let limit = usize::try_from(thread.settings.request_body_limit).unwrap_or(usize::MAX);
            let message = limit.saturating_add(HEAD);
            let config = WebSocketConfig::default()
                .max_message_size(Some(message))
                .max_frame_size(Some(message))
                .read_buffer_size(BUFFER)
                .write_buffer_size(0);
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(client), Role::Server, Some(config)).await;
            let credential = entry.request_id().to_owned();
            let mut open = Open::new(socket, Rc::clone(&thread), Rc::clone(&peer), domain, credential, limit);
            let ended = open.serve(notices, exchange.ending()).await;
            (entry.request_bytes, entry.response_bytes) = (open.received, open.sent);
            entry.completed = ended.is_some();
        }
        if let Some(device) = &peer.device {
            thread.shared.devices.disconnect(device);
        }
        if entry.completed {
            exchange.complete();
        }
        thread.recorder.finish(entry);
        exchange.ended();
    }
}

/// What a channel does next.
enum Event {
    Message(Option<Message>),
    Answer(String),
    Notice(Notice),
    /// The one who sent a notice waits no more.
    NoticeLeft,
    Drain,
    Timer,
}

struct Open {
    socket: Socket,
    thread: Rc<Thread>,
    peer: Rc<Peer>,
    domain: Box<str>,
    /// A client that hears another one than at first registers anew.
    credential: String,
    body_limit: usize,
    calls: FuturesUnordered<LocalBoxFuture<'static, String>>,
    /// Whom to tell that the notice under way is taken.
    taken: Option<oneshot::Sender<()>>,
    heard: Instant,
    second: (Instant, u32),
    /// Told to connect anew; nothing that it says counts any more.
    dismissed: bool,
    received: u64,
    sent: u64,
}

impl Open {
    fn new(
        socket: Socket,
        thread: Rc<Thread>,
        peer: Rc<Peer>,
        domain: Box<str>,
        credential: String,
        body_limit: usize,
    ) -> Self {
        let now = Instant::now();
        Self {
            socket,
            thread,
            peer,
            domain,
            credential,
            body_limit,
            calls: FuturesUnordered::new(),
            taken: None,
            heard: now,
            second: (now, 0),
            dismissed: false,
            received: 0,
            sent: 0,
        }
    }

    /// Until the client closes or must; None when it broke off.
    async fn serve(
        &mut self,
        mut notices: mpsc::Receiver<Notice>,
        ending: impl std::future::Future<Output = ()>,
    ) -> Option<()> {
        let drain = ending.fuse();
        tokio::pin!(drain);
        let mut timer = Box::pin(sleep_until(self.heard + self.silence()));
        loop {
            match self.next(&mut notices, drain.as_mut(), timer.as_mut()).await {
                Event::Message(None) => return None,
                Event::Message(Some(Message::Close(_))) => return Some(()),
                Event::Message(Some(message)) => {
                    if !self.dismissed {
                        self.heard = Instant::now();
                    }
                    self.message(message).await?;
                }
                Event::Answer(text) => self.send(text).await?,
                Event::Notice(notice) => {
                    self.taken = Some(notice.taken);
                    self.send(format!("NF#{}", notice.text)).await?;
                }
                Event::NoticeLeft => self.taken = None,
                Event::Drain => self.dismiss("CR").await?,
                Event::Timer if self.dismissed || self.silent() => return None,
                Event::Timer => {}
            }
            if !self.dismissed && !self.is_welcome() {
                self.dismiss("CR").await?;
            }
            let patience = if self.dismissed { FAREWELL } else { self.silence() };
            timer.as_mut().reset(self.heard + patience);
        }
    }

    async fn next(
        &mut self,
        notices: &mut mpsc::Receiver<Notice>,
        drain: Pin<&mut Fuse<impl std::future::Future<Output = ()>>>,
        timer: Pin<&mut Sleep>,
    ) -> Event {
        let waiting = self.taken.is_some();
        let left = async {
            match &mut self.taken {
                Some(taken) => taken.closed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            message = self.socket.next(), if self.calls.len() < CALLS => Event::Message(message.and_then(Result::ok)),
            Some(answer) = self.calls.next() => Event::Answer(answer),
            Some(notice) = notices.recv(), if !waiting && !self.dismissed => Event::Notice(notice),
            () = left => Event::NoticeLeft,
            () = drain => Event::Drain,
            () = timer => Event::Timer,
        }
    }

    async fn message(&mut self, message: Message) -> Option<()> {
        self.received += message.len() as u64;
        let text = match &message {
            Message::Text(text) => text.as_str(),
            // Answered by the library.
            Message::Ping(_) | Message::Pong(_) => return self.counted().await.map(|_| ()),
            _ => return self.close(CloseCode::Unsupported).await,
        };
        if self.dismissed || !self.counted().await? {
            return Some(());
        }
        match Word::read(text) {
            None => self.close(CloseCode::Protocol).await,
            Some(Word::HeartBeat) => self.send(format!("HO#{}", self.credential)).await,
            Some(Word::Taken) => {
                if let Some(taken) = self.taken.take() {
                    // Who sent the notice may have given up at this moment.
                    taken.send(()).ok();
                }
                Some(())
            }
            Some(Word::Register(id)) => {
                let answer = self.register(id);
                self.send(answer).await
            }
            Some(Word::Call(text)) => self.call(text).await,
        }
    }

    fn register(&self, id: &str) -> String {
        if !message::is_device_id(id) {
            return "RF#a device id is 1 to 128 printable characters without #".to_owned();
        }
        if !self.peer.device.as_deref().is_some_and(|device: &Device| device.name(id)) {
            return "RF#this connection has another device id".to_owned();
        }
        format!("RO#{}#{HEART_BEAT_MS}", self.credential)
    }

    async fn call(&mut self, text: &str) -> Option<()> {
        match message::read_call(text, &self.domain) {
            Ok(call) => {
                let (thread, peer, limit) = (Rc::clone(&self.thread), Rc::clone(&self.peer), self.body_limit);
                self.calls.push(
                    async move {
                        let response = connection::call(thread, peer, call.request).await;
                        message::write_answer(response, call.sequence, limit).await
                    }
                    .boxed_local(),
                );
                Some(())
            }
            Err(why) => self.send(message::refused(&Refusal::because(Kind::InvalidBody, why), None)).await,
        }
    }

    /// Whether one more message fits into this second; a client that sends too many is told to come back later.
    async fn counted(&mut self) -> Option<bool> {
        let now = Instant::now();
        if now.duration_since(self.second.0) >= Duration::from_secs(1) {
            self.second = (now, 0);
        }
        self.second.1 += 1;
        if self.second.1 > MESSAGES_PER_SECOND {
            self.dismiss("OS").await?;
            return Some(false);
        }
        Some(true)
    }

    async fn dismiss(&mut self, word: &str) -> Option<()> {
        if self.dismissed {
            return Some(());
        }
        self.dismissed = true;
        self.heard = Instant::now();
        self.send(word.to_owned()).await
    }

    /// Whether the domain still takes such connections, and this one has not carried too much.
    fn is_welcome(&self) -> bool {
        let world = self.thread.world();
        let open = world.domain(&self.domain).is_some_and(|domain| domain.domain.two_way != TwoWay::Closed);
        open && self.received + self.sent < self.thread.settings.two_way.bytes
    }

    fn silence(&self) -> Duration {
        Duration::from_millis(self.thread.settings.two_way.silence_ms)
    }

    /// A client that waits for the answer of a call may say nothing.
    fn silent(&mut self) -> bool {
        if !self.calls.is_empty() {
            self.heard = Instant::now();
        }
        self.heard.elapsed() >= self.silence()
    }

    async fn send(&mut self, text: String) -> Option<()> {
        self.sent += text.len() as u64;
        self.socket.send(Message::text(text)).await.ok()
    }

    async fn close(&mut self, code: CloseCode) -> Option<()> {
        self.socket.close(Some(CloseFrame { code, reason: "".into() })).await.ok();
        None
    }
}
