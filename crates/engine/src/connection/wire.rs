//! The bytes of a client's connection: what was read ahead is read first, a client that does not take its answer is
//! given up, and a message that is no HTTP gets an answer with this gateway's headers.
//!
//! The HTTP library answers malformed messages itself, with a bare head. Such a head is the only thing it ever writes
//! while no request runs and everything before it was sent; so exactly then, it is replaced.

use super::activity::{Activity, Malformed};
use super::Spoken;
use crate::request::answer;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

pub struct Wire<S> {
    stream: S,
    /// Read already, and how much of it was read again.
    front: Vec<u8>,
    front_read: usize,
    activity: Arc<Activity>,
    /// Requests begun when everything was last sent; None while answers of ours may wait in the library.
    sent_all_at: Option<u64>,
    /// The rest of an answer to a malformed message.
    own: Vec<u8>,
    limit: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    pub fn new(stream: S, front: Vec<u8>, spoken: Spoken, activity: Arc<Activity>, limit: Duration) -> Self {
        let sent_all_at = (spoken != Spoken::Http2).then_some(0);
        Self { stream, front, front_read: 0, activity, sent_all_at, own: Vec::new(), limit, stalled: None }
    }

    /// The peer must take something within the limit.
    fn waiting<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let limit = self.limit;
        let timer = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        timer.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    /// Takes the library's own answer in, and gives out one of ours for it.
    fn replace(&mut self, head: &[u8]) -> Option<usize> {
        if self.sent_all_at != Some(self.activity.begun()) || self.activity.running() > 0 {
            return None;
        }
        let status = std::str::from_utf8(head.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()?.parse().ok()?;
        let (answer, request_id) = answer::malformed(status)?;
        self.own.extend_from_slice(&answer);
        self.activity.set_malformed(Malformed { request_id, status });
        Some(head.len())
    }

    fn send_own(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.own.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.own))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.own.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if let Some(rest) = wire.front.get(wire.front_read..).filter(|rest| !rest.is_empty()) {
            let length = rest.len().min(into.remaining());
            into.put_slice(rest.get(..length).unwrap_or_default());
            wire.front_read += length;
            if wire.front_read == wire.front.len() {
                wire.front = Vec::new();
                wire.front_read = 0;
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut wire.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if let Some(taken) = wire.replace(bytes) {
            return Poll::Ready(Ok(taken));
        }
        let polled = Pin::new(&mut wire.stream).poll_write(context, bytes);
        wire.waiting(context, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if let Some(taken) = slices.first().and_then(|first| wire.replace(first)) {
            return Poll::Ready(Ok(taken));
        }
        let polled = Pin::new(&mut wire.stream).poll_write_vectored(context, slices);
        wire.waiting(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let polled = wire.send_own(context);
        ready!(wire.waiting(context, polled))?;
        // The library flushes when it has nothing left to write.
        if wire.sent_all_at.is_some() && wire.activity.running() == 0 {
            wire.sent_all_at = Some(wire.activity.begun());
        }
        let polled = Pin::new(&mut wire.stream).poll_flush(context);
        wire.waiting(context, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(wire.send_own(context))?;
        Pin::new(&mut wire.stream).poll_shutdown(context)
    }
}
