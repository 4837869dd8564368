//! A Unix SOCK_SEQPACKET socket for tokio that can carry one file descriptor with a packet.
//!
//! Both ends use it: the connector to serve, the engine to ask. A packet arrives whole or not at all, and a descriptor
//! that nobody takes is closed when its packet is dropped. tokio has no type for this kind of socket; its datagram type
//! stands in for the readiness alone, and what is sent and received goes through `sendmsg` and `recvmsg` here.

use crate::protocol::PACKET_LIMIT;
use rustix::io::Errno;
use rustix::net::{
    accept_with, bind, connect, listen, recvmsg, sendmsg, socket_with, AddressFamily, RecvAncillaryBuffer,
    RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix,
    SocketFlags, SocketType,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixDatagram as StdUnixDatagram;
use std::path::Path;
use tokio::io::Interest;
use tokio::net::UnixDatagram;

const BACKLOG: i32 = 128;

pub struct Packet {
    pub bytes: Vec<u8>,
    pub descriptor: Option<OwnedFd>,
    /// The packet was longer than `PACKET_LIMIT`; `bytes` holds only its beginning.
    pub truncated: bool,
}

/// One connection.
pub struct PacketSocket {
    socket: UnixDatagram,
}

impl PacketSocket {
    /// Never waits: a Unix socket connects at once or not at all.
    ///
    /// # Errors
    /// When nothing serves the path, or too many wait for it already.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let socket = new_socket()?;
        connect(&socket, &SocketAddrUnix::new(path)?)?;
        Ok(Self { socket: watched(socket)? })
    }

    /// # Errors
    /// When the other side is gone.
    pub async fn send(&self, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
        self.socket.async_io(Interest::WRITABLE, || send_now(self.socket.as_fd(), bytes, descriptor)).await
    }

    /// The next packet, or None when the other side closed.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn receive(&self) -> io::Result<Option<Packet>> {
        self.socket.async_io(Interest::READABLE, || receive_now(self.socket.as_fd())).await
    }
}

/// A socket that accepts connections at a path.
pub struct PacketListener {
    socket: UnixDatagram,
}

impl PacketListener {
    /// Binds without listening: nobody can connect before `listen`.
    ///
    /// # Errors
    /// What `bind` says.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let socket = new_socket()?;
        bind(&socket, &SocketAddrUnix::new(path)?)?;
        Ok(Self { socket: watched(socket)? })
    }

    /// # Errors
    /// What `listen` says.
    pub fn listen(&self) -> io::Result<()> {
        Ok(listen(&self.socket, BACKLOG)?)
    }

    /// # Errors
    /// What `accept` says; the listener stays usable.
    pub async fn accept(&self) -> io::Result<PacketSocket> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let accept = || Ok(accept_with(self.socket.as_fd(), flags)?);
        let accepted = self.socket.async_io(Interest::READABLE, accept).await?;
        Ok(PacketSocket { socket: watched(accepted)? })
    }
}

fn new_socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

fn watched(socket: OwnedFd) -> io::Result<UnixDatagram> {
    UnixDatagram::from_std(StdUnixDatagram::from(socket))
}

fn send_now(socket: BorrowedFd<'_>, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let carried: Vec<BorrowedFd<'_>> = descriptor.into_iter().collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !carried.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&carried)) {
        return Err(io::Error::other("no room for the descriptor"));
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn receive_now(socket: BorrowedFd<'_>) -> io::Result<Option<Packet>> {
    let mut bytes = vec![0; PACKET_LIMIT];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = match recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::CMSG_CLOEXEC) {
        Ok(received) => received,
        Err(Errno::CONNRESET) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut descriptor = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            descriptor = descriptors.last().or(descriptor);
        }
    }
    if received.bytes == 0 {
        return Ok(None);
    }
    bytes.truncate(received.bytes);
    Ok(Some(Packet { bytes, descriptor, truncated: received.flags.contains(ReturnFlags::TRUNC) }))
}
