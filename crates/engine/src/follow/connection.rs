//! HTTP/1.1 to the control plane: one connection for the feed, one for reports.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use isthmus_plan::Secret;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// As much of an answer's text as is worth showing.
const TEXT_LIMIT: usize = 2000;

/// Where the control plane is.
#[derive(Debug, Clone)]
pub struct Endpoint {
    host: String,
    port: u16,
    authority: String,
    token: Secret,
}

impl Endpoint {
    /// # Errors
    /// Anything but `http://host[:port]`.
    pub fn new(url: &str, token: Secret) -> io::Result<Self> {
        let wrong = |what: &str| {
            let text = format!("the control plane's address {url:?} {what}; expected http://<host>:<port>");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        };
        let uri: Uri = url.parse().map_err(|_| wrong("is no URL"))?;
        if uri.scheme_str() != Some("http") {
            return Err(wrong("is not http"));
        }
        if !matches!(uri.path_and_query().map(|path| path.as_str()), None | Some("" | "/")) {
            return Err(wrong("has a path"));
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(wrong("has no host"));
        }
        let authority = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        if authority.contains('@') {
            return Err(wrong("holds a user name"));
        }
        if format!("Bearer {}", token.reveal()).parse::<hyper::header::HeaderValue>().is_err() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the engine token is not one line of text"));
        }
        Ok(Self { host, port: uri.port_u16().unwrap_or(80), authority, token })
    }

    pub fn name(&self) -> &str {
        &self.authority
    }
}

/// An open connection; dropping it closes it, whatever it is doing.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    pub async fn open(endpoint: &Endpoint, patience: Duration) -> Result<Self, String> {
        let stream = match timeout(patience, TcpStream::connect((endpoint.host.as_str(), endpoint.port))).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(format!("cannot connect: {error}")),
            Err(_) => return Err("cannot connect: no answer".into()),
        };
        // A report is small and a publish waits for it.
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let handshake = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| error.to_string())?;
        let task = tokio::spawn(async move {
            // What goes wrong shows in the request that is under way.
            connection.await.ok();
        });
        Ok(Self { sender, task })
    }

    /// Sends a request; an answer outside 2xx is an error with its text.
    pub async fn send(
        &mut self,
        endpoint: &Endpoint,
        (method, path): (Method, String),
        body: Vec<u8>,
        patience: Duration,
    ) -> Result<Response<Incoming>, String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &endpoint.authority)
            .header(AUTHORIZATION, format!("Bearer {}", endpoint.token.reveal()))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(|error| error.to_string())?;
        let exchange = async {
            self.sender.ready().await.map_err(|error| error.to_string())?;
            self.sender.send_request(request).await.map_err(|error| error.to_string())
        };
        let response = timeout(patience, exchange).await.map_err(|_| "no answer in time".to_owned())??;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let text = timeout(patience, Limited::new(response.into_body(), TEXT_LIMIT).collect()).await;
        let text = text.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
        let text: String = String::from_utf8_lossy(&text).chars().filter(|char| !char.is_control()).collect();
        Err(match status {
            StatusCode::UNAUTHORIZED => "the engine token is not accepted; it must be the control plane's".into(),
            _ => format!("answered {status}: {text}"),
        })
    }
}

/// A value for a query string.
pub fn query_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => value.push(char::from(byte)),
            _ => value.push_str(&format!("%{byte:02X}")),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_refused_with_the_form_expected() {
        let wrong =
            ["", "7080", "127.0.0.1:7080", "https://h:1", "ftp://h", "http://h/path", "http://u@h:1", "http://"];
        for url in wrong {
            let text = Endpoint::new(url, Secret::new("t")).unwrap_err().to_string();
            assert!(text.contains("expected http://<host>:<port>"), "{text}");
        }
        assert!(Endpoint::new("http://h:1", Secret::new("a\nb")).is_err());
    }

    #[test]
    fn an_address_may_be_a_name_or_of_either_family() {
        let read = |url| Endpoint::new(url, Secret::new("t")).map(|it| (it.host, it.port)).unwrap();
        assert_eq!(read("http://127.0.0.1:7080"), ("127.0.0.1".into(), 7080));
        assert_eq!(read("http://[::1]:7080/"), ("::1".into(), 7080));
        assert_eq!(read("http://control"), ("control".into(), 80));
    }

    #[test]
    fn a_query_value_holds_nothing_that_means_something() {
        assert_eq!(query_value("n-1.a_b&c=é "), "n-1.a_b%26c%3D%C3%A9%20");
    }
}
