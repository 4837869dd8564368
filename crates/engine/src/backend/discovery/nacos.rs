//! Nacos: the instances of a service, by its open API (`/v2/ns/instance/list`, and `/v1/…` for servers before 2.2).
//!
//! Called by `mod.rs` again and again; `nacos_login.rs` signs in where that is asked for; the servers are asked in turn until one answers. Source: Nacos documentation,
//! "Open API Guide". Invariant: an answer of another shape is an error, never an empty list.

use super::super::tls::{self, BackendTls};
use super::nacos_login::Logins;
use crate::attach::Attachments;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use isthmus_plan::plugin::routing::RoutedAddress;
use isthmus_plan::{Nacos, Network, Scheme, Secret, WeightedTarget};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

const CONNECTING: Duration = Duration::from_secs(2);
/// Bytes of an answer.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;
/// A weight of 1.0 in whole numbers; Nacos has weights down to 0.01.
const UNIT: f64 = 100.0;
const MOST_WEIGHT: f64 = 10_000.0;

#[derive(Deserialize)]
struct Hosts {
    hosts: Vec<Host>,
}

/// What version 2 wraps its answers in.
#[derive(Deserialize)]
struct Wrapped {
    data: Hosts,
}

#[derive(Deserialize)]
struct Host {
    ip: String,
    port: u16,
    #[serde(default = "one")]
    weight: f64,
    #[serde(default = "yes")]
    healthy: bool,
    #[serde(default = "yes")]
    enabled: bool,
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// How servers are reached.
pub struct Reach<'a> {
    pub attachments: &'a Attachments,
    pub tls: &'a Arc<BackendTls>,
    pub logins: &'a Logins,
}

/// # Errors
/// What each server said, or why it could not be asked.
pub async fn instances(reach: &Reach<'_>, nacos: &Nacos) -> Result<Vec<WeightedTarget>, String> {
    let mut troubles = Vec::new();
    for server in &nacos.servers {
        match ask(reach, server, nacos).await {
            Ok(hosts) => return Ok(targets(hosts)),
            Err(trouble) => troubles.push(format!("{server}: {trouble}")),
        }
    }
    Err(troubles.join("; "))
}

/// Those that are well; all that are enabled when none is, as Nacos itself protects a service.
fn targets(hosts: Vec<Host>) -> Vec<WeightedTarget> {
    let any_healthy = hosts.iter().any(|host| host.healthy && host.enabled);
    let used = hosts.into_iter().filter(|host| host.enabled && host.port != 0 && (host.healthy || !any_healthy));
    let target = |host: Host| {
        let weight = (host.weight * UNIT).round().clamp(0.0, MOST_WEIGHT);
        // In range by now; what is no number counts as nothing.
        WeightedTarget { target: host.ip, port: host.port, weight: weight as u32 }
    };
    used.map(target).collect()
}

async fn ask(reach: &Reach<'_>, server: &str, nacos: &Nacos) -> Result<Vec<Host>, String> {
    let address = RoutedAddress::parse(server)?;
    let (status, bytes) = list(reach, &address, nacos, "v2").await?;
    if status.is_success() {
        return read::<Wrapped>(&bytes).map(|wrapped| wrapped.data.hosts);
    }
    if status != StatusCode::NOT_FOUND {
        return Err(said(status, &bytes));
    }
    let (status, bytes) = list(reach, &address, nacos, "v1").await?;
    if status.is_success() {
        return read::<Hosts>(&bytes).map(|found| found.hosts);
    }
    Err(said(status, &bytes))
}

/// Signs in again, once, when what the server gave before is not good any more.
async fn list(
    reach: &Reach<'_>,
    address: &RoutedAddress,
    nacos: &Nacos,
    version: &str,
) -> Result<(StatusCode, Bytes), String> {
    let mut again = false;
    loop {
        let token = reach.logins.token(reach, address).await?;
        let target = target(address, nacos, version, token.as_ref());
        let (status, bytes) = call(reach, address, Method::GET, &target, String::new()).await?;
        let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !is_refused || token.is_none() || again {
            return Ok((status, bytes));
        }
        reach.logins.forget(address);
        again = true;
    }
}

fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("the answer is no list of instances: {error}"))
}

fn said(status: StatusCode, bytes: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(bytes).chars().filter(|one| !one.is_control()).take(200).collect();
    format!("{} {text}", status.as_u16())
}

/// What stands in front of a server's paths.
pub fn base(address: &RoutedAddress) -> &str {
    if address.path.is_empty() {
        "/nacos"
    } else {
        &address.path
    }
}

fn target(address: &RoutedAddress, nacos: &Nacos, version: &str, token: Option<&Secret>) -> String {
    let place = format!("{}/{version}/ns/instance/list?", base(address));
    let start = place.len();
    let mut query = Serializer::for_suffix(place, start);
    query.append_pair("serviceName", &nacos.service);
    query.append_pair("groupName", &nacos.group);
    query.append_pair("namespaceId", &nacos.namespace);
    if !nacos.clusters.is_empty() {
        query.append_pair(if version == "v1" { "clusters" } else { "clusterName" }, &nacos.clusters.join(","));
    }
    query.append_pair("healthyOnly", "false");
    if let Some(token) = token {
        query.append_pair("accessToken", token.reveal());
    }
    query.finish()
}

/// # Errors
/// Why there is no answer.
pub async fn call(
    reach: &Reach<'_>,
    address: &RoutedAddress,
    method: Method,
    target: &str,
    form: String,
) -> Result<(StatusCode, Bytes), String> {
    let request = request(address, method, target, form)?;
    let network = Network::of_engine();
    let stream = reach.attachments.reach(&network, &address.host, address.port, CONNECTING).await;
    let stream = stream.map_err(|failure| failure.detail)?;
    match address.scheme {
        Scheme::Http => exchange(stream, request).await,
        Scheme::Https => {
            let secured = tls::connect(reach.tls.http1(true), &address.host, stream).await;
            let secured = secured.map_err(|refusal| refusal.detail.unwrap_or_default().into_string())?;
            exchange(secured, request).await
        }
    }
}

fn request(
    address: &RoutedAddress,
    method: Method,
    target: &str,
    form: String,
) -> Result<Request<Full<Bytes>>, String> {
    let bracketed = address.host.contains(':');
    let host = if bracketed { format!("[{}]", address.host) } else { address.host.clone() };
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header(HOST, format!("{host}:{}", address.port))
        .header(USER_AGENT, "isthmus-discovery")
        .header(ACCEPT, "application/json");
    if !form.is_empty() {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    request.body(Full::new(Bytes::from(form))).map_err(|error| error.to_string())
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let text = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    tokio::task::spawn_local(async move { connection.await.ok() });
    let response = sender.send_request(request).await.map_err(text)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await.map_err(|error| error.to_string())?;
    Ok((status, body.to_bytes()))
}
