//! A bastion: SOCKS5 and HTTP CONNECT on one port; whatever it is asked for, it connects to one backend.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// How a bastion behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Usual,
    /// Hangs up on whoever says more than was asked for.
    Strict,
    /// Says that its rules do not allow the connection.
    Forbids,
    /// Answers with bytes of no known meaning.
    Babbles,
}

pub struct Bastion {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Bastion {
    pub fn start(backend: SocketAddr, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                std::thread::spawn(move || drop(serve(stream, backend, manner, &log)));
            }
        });
        Self { address, asked }
    }

    /// The targets that it was asked for, and with which credentials.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, backend: SocketAddr, manner: Manner, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut first = [0];
    stream.peek(&mut first)?;
    if manner == Manner::Babbles {
        return stream.write_all(b"\x00\x00\x00\x00\x00\x00\x00\x00");
    }
    let is_socks = first == [5];
    let wish = if is_socks { socks5_wish(&mut stream, manner)? } else { connect_wish(&mut stream)? };
    log.lock().unwrap().push(wish);
    if manner == Manner::Forbids {
        let answer: &[u8] = if is_socks { &[5, 2, 0, 1, 0, 0, 0, 0, 0, 0] } else { b"HTTP/1.1 403 No\r\n\r\n" };
        return stream.write_all(answer);
    }
    let upstream = TcpStream::connect(backend)?;
    let answer: &[u8] = if is_socks { &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0] } else { b"HTTP/1.1 200 Yes\r\nX: y\r\n\r\n" };
    stream.write_all(answer)?;
    let (mut back, mut down) = (upstream.try_clone()?, stream.try_clone()?);
    std::thread::spawn(move || {
        std::io::copy(&mut back, &mut down).and_then(|_| down.shutdown(std::net::Shutdown::Both))
    });
    std::io::copy(&mut stream, &mut &upstream)?;
    upstream.shutdown(std::net::Shutdown::Both)
}

fn take<const N: usize>(stream: &mut TcpStream) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(stream: &mut TcpStream) -> std::io::Result<String> {
    let [length] = take(stream)?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn socks5_wish(stream: &mut TcpStream, manner: Manner) -> std::io::Result<String> {
    if manner == Manner::Strict {
        let mut early = [0; 64];
        if stream.peek(&mut early)? > 3 {
            return Err(std::io::Error::other("too much at once"));
        }
    }
    let [_, _, method] = take(stream)?;
    stream.write_all(&[5, method])?;
    let mut who = String::new();
    if method == 2 {
        let [_] = take(stream)?;
        who = format!("{}:{}@", text(stream)?, text(stream)?);
        let good = who == "gateway:hunter2@";
        stream.write_all(&[1, u8::from(!good)])?;
        if !good {
            return Err(std::io::Error::other("a wrong password"));
        }
    }
    let [_, _, _, _, a, b, c, d, high, low] = take(stream)?;
    Ok(format!("{who}{a}.{b}.{c}.{d}:{}", u16::from_be_bytes([high, low])))
}

fn connect_wish(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(take::<1>(stream)?);
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let login = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: Basic "));
    Ok(login.map_or(target.clone(), |login| format!("{login}@{target}")))
}
