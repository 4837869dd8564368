//! HTTP/2 for tests: a client with prior knowledge, and a backend that sends back each piece of a body as it arrives,
//! then trailers.

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2::SendRequest;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

type Frames = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>;
pub type Body = StreamBody<Frames>;

/// Runs a test to its end, within the tests' deadline.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    run_for(super::DEADLINE, test)
}

pub fn run_for<T>(deadline: std::time::Duration, test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(deadline, test).await.expect("the test takes too long") })
}

pub async fn client(address: SocketAddr) -> SendRequest<Body> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(async move { connection.await.ok() });
    sender
}

pub fn full(bytes: &'static [u8]) -> Body {
    StreamBody::new(Box::pin(stream::iter((!bytes.is_empty()).then(|| Ok(Frame::data(Bytes::from_static(bytes)))))))
}

/// A body whose pieces are sent by the test, one by one.
pub fn pieces() -> (mpsc::UnboundedSender<Bytes>, Body) {
    let (sender, receiver) = mpsc::unbounded_channel::<Bytes>();
    let frames = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|bytes| (Ok(Frame::data(bytes)), receiver))
    });
    (sender, StreamBody::new(Box::pin(frames)))
}

pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let uri = format!("http://{}{target}", super::HOST);
    let mut builder = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body).unwrap()
}

/// A whole answer.
pub struct Read {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub trailers: Option<HeaderMap>,
}

impl Read {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub async fn read(response: Response<Incoming>) -> Read {
    let (head, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    Read { status: head.status.as_u16(), headers: head.headers, body: collected.to_bytes().to_vec(), trailers }
}

/// A backend of HTTP/2 that echoes bodies piece by piece; `te` and content type of the request come back as headers.
pub struct Backend {
    pub address: SocketAddr,
    pub connections: Arc<AtomicUsize>,
}

impl Backend {
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    counted.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(
                        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), service_fn(echo)),
                    );
                }
            });
        });
        Self { address, connections }
    }
}

async fn echo(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    if request.uri().path().ends_with("/silent") {
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().header("content-type", "application/grpc");
    for name in ["te", "x-ca-request-id", "cookie"] {
        if let Some(value) = request.headers().get(name) {
            response = response.header(format!("seen-{name}"), value);
        }
    }
    response = response.header("seen-authority", request.uri().authority().unwrap().as_str());
    let frames = stream::unfold(Some(request.into_body()), |state| async move {
        let mut body = state?;
        match body.frame().await {
            Some(Ok(frame)) => Some((Ok(frame), Some(body))),
            _ => {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().unwrap());
                Some((Ok(Frame::trailers(trailers)), None))
            }
        }
    });
    Ok(response.body(StreamBody::new(Box::pin(frames) as Frames)).unwrap())
}
