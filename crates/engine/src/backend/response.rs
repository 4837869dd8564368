//! The body of an answer: the gateway's own bytes, or the backend's as they arrive.
//!
//! It also carries what ends with the answer: the upstream connection, which goes back to its pool when the backend's
//! body was read to its end, and the record's entry.

use super::compressed::{Compressed, Compressor};
use super::pool::{Taken, TargetPool};
use super::tunnel::Tunnel;
use super::turns::Running;
use crate::connection::Exchange;
use crate::record::Entry;
use crate::request::{RequestBody, Traffic};
use crate::thread::Thread;
use crate::two_way::Channel;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use isthmus_plan::plugin::Algorithm;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

pub struct ResponseBody {
    /// Read already and sent first.
    front: Option<Bytes>,
    content: Content,
    carried: Option<(Rc<Thread>, Box<Entry>)>,
    exchange: Option<Exchange>,
}

pub(super) enum Content {
    Own(Option<Bytes>),
    Upstream(Box<Upstream>),
    Compressed(Box<Compressed>),
    /// Nothing is sent; what follows the head is not HTTP any more.
    Switched(Option<Switched>),
}

/// What follows the head of an answer 101.
pub enum Switched {
    Tunnel(Box<Tunnel>),
    Channel(Box<Channel>),
}

impl Switched {
    fn start(self, thread: Rc<Thread>, entry: Box<Entry>, exchange: Exchange) {
        drop(match self {
            Switched::Tunnel(tunnel) => tokio::task::spawn_local(tunnel.run(thread, entry, exchange)),
            Switched::Channel(channel) => tokio::task::spawn_local(channel.run(thread, entry, exchange)),
        });
    }
}

impl Content {
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        match self {
            Content::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Content::Upstream(upstream) => upstream.poll(context),
            Content::Compressed(compressed) => compressed.poll(context),
            Content::Switched(_) => Poll::Ready(None),
        }
    }

    fn is_end(&self) -> bool {
        match self {
            Content::Own(bytes) => bytes.is_none(),
            Content::Upstream(upstream) => upstream.incoming.is_end_stream(),
            Content::Compressed(compressed) => compressed.is_end(),
            Content::Switched(_) => true,
        }
    }

    /// The connection goes back to its pool once nothing is left to read.
    pub(super) fn ended(&mut self) {
        match self {
            Content::Upstream(upstream) => upstream.ended(),
            Content::Compressed(compressed) => compressed.ended(),
            Content::Own(_) | Content::Switched(_) => {}
        }
    }
}

/// A backend's answer on its way.
pub struct Upstream {
    incoming: Incoming,
    connection: Connection,
    limit: Limit,
    timer: Option<Pin<Box<Sleep>>>,
    /// The request's place at one of several targets.
    running: Option<Running>,
}

/// What the answer comes on.
enum Connection {
    Own(Rc<TargetPool>, SendRequest<RequestBody>),
    Shared { _taken: Taken },
    GivenBack,
}

/// How long an answer may take.
pub enum Limit {
    /// When the exchange must have ended (`ServiceTimeout` covers the body too).
    Whole(Instant),
    /// How long nothing may move, in a stream; it also ends with its target.
    Idle(Box<Idle>),
}

pub struct Idle {
    limit: Duration,
    traffic: Traffic,
    gone: Pin<Box<dyn Future<Output = ()>>>,
}

impl Limit {
    pub fn idle(limit: Duration, traffic: Traffic, gone: impl Future<Output = ()> + 'static) -> Self {
        traffic.mark();
        Limit::Idle(Box::new(Idle { limit, traffic, gone: Box::pin(gone) }))
    }
}

impl Upstream {
    pub fn new(incoming: Incoming, pool: Rc<TargetPool>, sender: SendRequest<RequestBody>, limit: Limit) -> Self {
        Self { incoming, connection: Connection::Own(pool, sender), limit, timer: None, running: None }
    }

    pub fn shared(incoming: Incoming, taken: Taken, limit: Limit) -> Self {
        Self { incoming, connection: Connection::Shared { _taken: taken }, limit, timer: None, running: None }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(frame) => {
                if let Limit::Idle(idle) = &self.limit {
                    idle.traffic.mark();
                }
                Poll::Ready(frame.map(|frame| frame.map_err(AnswerError::Backend)))
            }
            Poll::Pending if self.expired(context) => Poll::Ready(Some(Err(AnswerError::Timeout))),
            Poll::Pending => Poll::Pending,
        }
    }

    /// The connection may be used again only after its answer was read to the end.
    fn ended(&mut self) {
        if let Connection::Own(pool, sender) = std::mem::replace(&mut self.connection, Connection::GivenBack) {
            pool.give_back(sender);
        }
    }

    fn expired(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let until = match &mut self.limit {
                Limit::Whole(deadline) => *deadline,
                Limit::Idle(idle) => {
                    if idle.gone.as_mut().poll(context).is_ready() {
                        return true;
                    }
                    idle.traffic.until(idle.limit)
                }
            };
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
            if timer.as_mut().poll(context).is_pending() {
                return false;
            }
            if timer.deadline() >= until {
                return true;
            }
            timer.as_mut().reset(until);
        }
    }
}

/// Why an answer broke off after its head was sent.
#[derive(Debug)]
pub enum AnswerError {
    Backend(hyper::Error),
    Timeout,
    Compression(std::io::Error),
}

impl std::fmt::Display for AnswerError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AnswerError::Backend(error) => write!(formatter, "the backend's answer broke off: {error}"),
            AnswerError::Compression(error) => write!(formatter, "the answer could not be compressed: {error}"),
            AnswerError::Timeout => formatter.write_str("the backend's answer did not end in time"),
        }
    }
}

impl std::error::Error for AnswerError {}

impl ResponseBody {
    pub fn empty() -> Self {
        Self { front: None, content: Content::Own(None), carried: None, exchange: None }
    }

    pub fn full(bytes: Bytes) -> Self {
        Self { front: None, content: Content::Own((!bytes.is_empty()).then_some(bytes)), carried: None, exchange: None }
    }

    pub fn upstream(mut upstream: Upstream) -> Self {
        if upstream.incoming.is_end_stream() {
            upstream.ended();
            return Self::empty();
        }
        Self { front: None, content: Content::Upstream(Box::new(upstream)), carried: None, exchange: None }
    }

    pub fn switched(switched: Switched) -> Self {
        let content = Content::Switched(Some(switched));
        Self { front: None, content, carried: None, exchange: None }
    }

    /// Reads up to `limit` bytes, which are sent all the same; None when the body is longer.
    ///
    /// # Errors
    /// What the backend's connection says, or that its time is over.
    pub async fn peek(&mut self, limit: usize) -> Result<Option<Bytes>, AnswerError> {
        let mut read = BytesMut::from(self.front.take().unwrap_or_default());
        let mut ended = false;
        while !ended && read.len() <= limit {
            match std::future::poll_fn(|context| self.content.poll(context)).await {
                None => ended = true,
                Some(Err(error)) => return Err(error),
                Some(Ok(frame)) => read.extend_from_slice(&frame.into_data().unwrap_or_default()),
            }
        }
        if ended {
            self.content.ended();
        }
        let read = read.freeze();
        self.front = (!read.is_empty()).then(|| read.clone());
        Ok(ended.then_some(read))
    }

    /// What is over with the backend's answer.
    pub fn keep(&mut self, running: Option<Running>) {
        if let Content::Upstream(upstream) = &mut self.content {
            upstream.running = running;
        }
    }

    /// What is still to be sent goes through a compressor; false when there is nothing.
    pub fn compress(&mut self, algorithm: Algorithm) -> bool {
        if self.is_end_stream() {
            return false;
        }
        let Ok(compressor) = Compressor::new(algorithm) else { return false };
        let source = std::mem::replace(&mut self.content, Content::Own(None));
        self.content = Content::Compressed(Box::new(Compressed::new(compressor, self.front.take(), source)));
        true
    }

    /// The record's entry, to be finished with this body.
    pub fn carry(&mut self, thread: Rc<Thread>, entry: Box<Entry>) {
        self.carried = Some((thread, entry));
    }

    /// The place among the requests of its connection that this answer keeps until its end.
    pub fn hold(&mut self, exchange: Exchange) {
        let switched = match &mut self.content {
            Content::Switched(switched) => switched.take(),
            Content::Own(_) | Content::Upstream(_) | Content::Compressed(_) => None,
        };
        match (switched, self.carried.take()) {
            (Some(switched), Some((thread, entry))) => switched.start(thread, entry, exchange),
            (_, carried) => (self.carried, self.exchange) = (carried, Some(exchange)),
        }
        if !self.is_end_stream() {
            self.offered();
        }
    }

    fn offered(&mut self) {
        if let Some(exchange) = &mut self.exchange {
            exchange.offer();
        }
    }

    fn sent(&mut self, bytes: usize) {
        if let Some((_, entry)) = &mut self.carried {
            entry.response_bytes += bytes as u64;
        }
    }

    fn completed(&mut self) {
        if let Some((_, entry)) = &mut self.carried {
            entry.completed = true;
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        let body = self.get_mut();
        if let Some(exchange) = &mut body.exchange {
            exchange.taken();
        }
        let polled = match body.front.take() {
            Some(front) => Poll::Ready(Some(Ok(Frame::data(front)))),
            None => body.content.poll(context),
        };
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let length = frame.data_ref().map_or(0, Bytes::len);
            body.sent(length);
            body.offered();
        }
        if matches!(polled, Poll::Ready(None)) || body.is_end_stream() {
            body.completed();
            body.content.ended();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.front.is_none() && self.content.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = match &self.content {
            Content::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Content::Upstream(upstream) => upstream.incoming.size_hint(),
            Content::Compressed(_) => SizeHint::new(),
            Content::Switched(_) => SizeHint::with_exact(0),
        };
        let Some(front) = &self.front else { return rest };
        let front = front.len() as u64;
        let mut whole = SizeHint::new();
        whole.set_lower(rest.lower() + front);
        if let Some(upper) = rest.upper() {
            whole.set_upper(upper + front);
        }
        whole
    }
}

/// The answer is over, sent or not: the only place that sees both is the end of its body.
impl Drop for ResponseBody {
    fn drop(&mut self) {
        if let Some((thread, mut entry)) = self.carried.take() {
            entry.completed |= self.is_end_stream();
            if let Some(exchange) = self.exchange.as_mut().filter(|_| entry.completed) {
                exchange.complete();
            }
            thread.recorder.finish(entry);
        }
    }
}
