//! Connections that notice a dead peer, and the copying of bytes between two of them until one ends or a right does.

use rustix::net::sockopt;
use std::io;
use std::time::Duration;
use tokio::io::{copy_bidirectional_with_sizes, AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// A peer that acknowledges nothing for so long is gone.
const UNACKNOWLEDGED_MS: u32 = 10_000;
const IDLE: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_secs(2);
const PROBES: u32 = 3;
/// Large enough that a bulk transfer needs few system calls, small enough for a thousand tunnels.
const BUFFER: usize = 64 * 1024;

/// # Errors
/// What the system says.
pub fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, IDLE)?;
    sockopt::set_tcp_keepintvl(stream, INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, PROBES)?;
    sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED_MS)?;
    Ok(())
}

/// Copies both ways until both directions ended, one broke, or `revoked` turns true.
pub async fn copy<A, B>(one: &mut A, other: &mut B, mut revoked: watch::Receiver<bool>)
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    tokio::select! {
        // How it ended is seen by both peers; nobody here could do more about it.
        _ = copy_bidirectional_with_sizes(one, other, BUFFER, BUFFER) => {}
        Ok(_) = revoked.wait_for(|revoked| *revoked) => {}
    }
}
