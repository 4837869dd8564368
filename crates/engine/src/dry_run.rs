//! Requests that are only imagined: what would be decided, without asking a backend and without counting anything.
//!
//! Asked for over the feed (`follow::questions`). They run through `request::serve` like every other request, on a
//! `Thread` of their own that imagines: there, limits are looked at and not used, nonces and token ids are not remembered,
//! and nothing is sent to anyone. Invariant: a dry run changes nothing that a later request could notice.

use crate::attach::{AddressPolicy, Attachments};
use crate::listen::Peer;
use crate::record::packed::Packed;
use crate::record::{Counters, Recorder};
use crate::request::{self, RequestBody};
use crate::settings::EngineSettings;
use crate::thread::{Shared, Thread};
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use hyper::header::{HeaderName, HeaderValue, CONTENT_LENGTH};
use hyper::Request;
use isthmus_plan::Scheme;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// A request as somebody imagines it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imagined {
    scheme: Scheme,
    method: String,
    /// Path and query.
    target: String,
    headers: Vec<(String, String)>,
    /// Base64.
    #[serde(default)]
    body: String,
    #[serde(default)]
    client_ip: Option<IpAddr>,
}

/// One of them, and who waits for its record.
pub struct DryRun {
    pub imagined: Imagined,
    pub told: oneshot::Sender<Result<Packed, String>>,
}

/// What a thread that imagines is made of.
pub struct Imagining {
    pub settings: Arc<EngineSettings>,
    pub shared: Arc<Shared>,
    pub policy: Arc<AddressPolicy>,
}

impl Imagining {
    /// Answers until the engine stops; runs in a `LocalSet`.
    pub async fn serve(self, mut asked: mpsc::UnboundedReceiver<DryRun>, mut stop: watch::Receiver<bool>) {
        let recorder = Recorder::imagining(Arc::new(Counters::default()));
        let thread = Rc::new(Thread::imagining(self.settings, self.shared, Attachments::new(self.policy), recorder));
        loop {
            let next = tokio::select! {
                next = asked.recv() => next,
                _ = stop.wait_for(|stopped| *stopped) => None,
            };
            let Some(DryRun { imagined, told }) = next else { return };
            let thread = Rc::clone(&thread);
            // A defect ends this task only; who waits then learns that there is no answer.
            let run = tokio::task::spawn_local(async move { told.send(run(&thread, &imagined).await).ok() });
            run.await.ok();
        }
    }
}

async fn run(thread: &Rc<Thread>, imagined: &Imagined) -> Result<Packed, String> {
    let request = imagined.request()?;
    let ip = imagined.client_ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let peer = Peer::new(SocketAddr::new(ip, 0), imagined.scheme);
    drop(request::serve(Rc::clone(thread), Rc::new(peer), request).await);
    thread.recorder.imagined().ok_or_else(|| "it left no record: this is a defect of the engine".to_owned())
}

impl Imagined {
    fn request(&self) -> Result<Request<RequestBody>, String> {
        let body = BASE64.decode(&self.body).map_err(|_| "the body is not Base64".to_owned())?;
        let mut request = Request::builder().method(self.method.as_str()).uri(self.target.as_str());
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header's name"))?;
            let value =
                HeaderValue::from_bytes(value.as_bytes()).map_err(|_| format!("{name} cannot have this value"))?;
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header(CONTENT_LENGTH, body.len());
        }
        let body = RequestBody::from_bytes(body.into());
        request.body(body).map_err(|error| format!("it is no request: {error}"))
    }
}
