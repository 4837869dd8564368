//! What follows a WebSocket handshake: bytes both ways, as they come, until one side ends.
//!
//! Nothing is buffered beyond one piece a direction, so a slow side slows the other. It ends when both sides have, after
//! too long a silence, with the VPC access it goes through, and when the engine drains; then its record is written.

use super::pool::TargetPool;
use crate::connection::Exchange;
use crate::record::Entry;
use crate::request::Traffic;
use crate::thread::Thread;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of one piece.
const PIECE: usize = 16 * 1024;

pub struct Tunnel {
    pub client: OnUpgrade,
    pub backend: OnUpgrade,
    pub pool: Rc<TargetPool>,
    /// How long nothing may move.
    pub silence: Duration,
}

impl Tunnel {
    pub async fn run(self, thread: Rc<Thread>, mut entry: Box<Entry>, mut exchange: Exchange) {
        let traffic = Traffic::start();
        let (received, sent) = (Cell::new(0), Cell::new(0));
        let copied = async {
            let (client, backend) = tokio::try_join!(self.client, self.backend).map_err(io::Error::other)?;
            let (from_client, to_client) = tokio::io::split(TokioIo::new(client));
            let (from_backend, to_backend) = tokio::io::split(TokioIo::new(backend));
            tokio::try_join!(
                copy(from_client, to_backend, &traffic, &received),
                copy(from_backend, to_client, &traffic, &sent)
            )
        };
        let completed = tokio::select! {
            copied = traffic.within(self.silence, copied) => matches!(copied, Some(Ok(_))),
            () = self.pool.closed() => false,
            () = exchange.ending() => false,
        };
        entry.request_bytes += received.get();
        entry.response_bytes += sent.get();
        entry.completed = completed;
        if completed {
            exchange.complete();
        }
        thread.recorder.finish(entry);
        exchange.ended();
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    traffic: &Traffic,
    count: &Cell<u64>,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece).await?;
        traffic.mark();
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(piece.get(..length).unwrap_or_default()).await?;
        to.flush().await?;
        traffic.mark();
        count.set(count.get() + length as u64);
    }
}
