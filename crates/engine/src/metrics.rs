//! What an engine exports to Prometheus, in the OpenMetrics text format (`/metrics` on the health port).
//!
//! Nothing is counted here: the counts of the serving threads are summed up when somebody asks. Labels are bounded by
//! the plan: ids of APIs and apps, stages, classes of statuses, codes of refusals; never a path or an address.

use crate::live::Live;
use crate::record::ring::Ring;
use crate::record::tally::{ApiKey, Tallied, STEPS};
use crate::record::writer::Lost;
use crate::record::Counters;
use crate::two_way::Devices;
use crate::world::World;
use isthmus_plan::Target;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Where the numbers of an engine are.
#[derive(Clone)]
pub struct Sources {
    pub live: Arc<Live>,
    pub counters: Vec<Arc<Counters>>,
    pub records: Option<Arc<Ring>>,
    pub devices: Arc<Devices>,
    pub lost: Arc<Lost>,
}

/// The whole answer.
///
/// # Errors
/// The text could not be made, which does not happen when writing to memory.
pub fn text(sources: &Sources) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("isthmus");
    registry.register_collector(Box::new(Export(sources.clone())));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

struct Export(Sources);

impl fmt::Debug for Export {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Export")
    }
}

impl Collector for Export {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        self.engine(&mut encoder)?;
        let apis = sum_apis(self.0.counters.iter().map(|counters| &counters.tallied));
        per_api(&mut encoder, &apis)?;
        backends(&mut encoder, &apis, &self.0.live.world())?;
        per_app(&mut encoder, &self.0.counters)
    }
}

impl Export {
    fn engine(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let sources = &self.0;
        let total = |pick: fn(&Counters) -> &AtomicU64| -> u64 {
            sources.counters.iter().map(|counters| pick(counters).load(Ordering::Relaxed)).sum()
        };
        let opened = total(|counters| &counters.connections_opened);
        let open = opened.saturating_sub(total(|counters| &counters.connections_closed));
        let (lines, records) = (&sources.lost.lines, &sources.lost.records);
        let (lines, records) = (lines.load(Ordering::Relaxed), records.load(Ordering::Relaxed));
        let applied = sources.live.applied();
        for (name, help, value) in [
            ("connections", "Connections of clients accepted", opened),
            (
                "connections_refused",
                "Connections closed because their address had too many",
                total(|counters| &counters.connections_refused),
            ),
            ("aborted", "Requests whose client went away before the end of the answer", total(|all| &all.aborted)),
            ("panics", "Defects that were contained in their request", total(|all| &all.panics)),
            ("log_lines_lost", "Lines of the access log that could not be written", lines),
            ("records_lost", "Records of requests that could not be kept", records),
            ("spans_lost", "Sampled requests whose spans nobody took", sources.lost.spans.load(Ordering::Relaxed)),
        ] {
            ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        for (name, help, value) in [
            ("connections_open", "Connections of clients that are open", open),
            ("devices_registered", "Registrations of devices on two-way connections", sources.devices.count()),
            ("plan_revision", "Revision of the plan that is served", applied.revision),
            ("plan_refused_records", "Records of the plan that are not served", applied.refused.len() as u64),
        ] {
            let value = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            value.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

/// The counts of all threads together.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sum {
    pub classes: [u64; 5],
    pub total_us: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub backend_calls: u64,
    pub backend_us: u64,
    pub durations: [u64; STEPS.len() + 1],
    pub refusals: BTreeMap<&'static str, u64>,
}

pub fn sum_apis<'t>(threads: impl Iterator<Item = &'t Arc<Tallied>>) -> BTreeMap<ApiKey, Sum> {
    let mut sums: BTreeMap<ApiKey, Sum> = BTreeMap::new();
    for tally in threads.flat_map(|thread| thread.apis()) {
        let sum = sums.entry(tally.key.clone()).or_default();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        sum.classes.iter_mut().zip(tally.answers.classes()).for_each(|(sum, count)| *sum += count);
        sum.durations.iter_mut().zip(&tally.durations).for_each(|(sum, count)| *sum += read(count));
        sum.total_us += read(&tally.answers.total_us);
        sum.bytes_in += read(&tally.bytes_in);
        sum.bytes_out += read(&tally.bytes_out);
        sum.backend_calls += read(&tally.backend_calls);
        sum.backend_us += read(&tally.backend_us);
        for (code, count) in tally.refusals() {
            *sum.refusals.entry(code).or_default() += count;
        }
    }
    sums
}

/// Answers and microseconds by app.
pub fn sum_apps<'t>(threads: impl Iterator<Item = &'t Arc<Tallied>>) -> BTreeMap<u64, ([u64; 5], u64)> {
    let mut sums: BTreeMap<u64, ([u64; 5], u64)> = BTreeMap::new();
    for tally in threads.flat_map(|thread| thread.apps()) {
        let (classes, total_us) = sums.entry(tally.app_id).or_default();
        classes.iter_mut().zip(tally.answers.classes()).for_each(|(sum, count)| *sum += count);
        *total_us += tally.answers.total_us.load(Ordering::Relaxed);
    }
    sums
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

fn per_api(encoder: &mut DescriptorEncoder<'_>, apis: &BTreeMap<ApiKey, Sum>) -> Result<(), fmt::Error> {
    let mut requests = encoder.encode_descriptor("requests", "Requests answered", None, MetricType::Counter)?;
    for (key, sum) in apis {
        for (class, count) in CLASSES.iter().zip(sum.classes).filter(|(_, count)| *count > 0) {
            let labels = [("api_id", &*key.api_id), ("stage", &*key.stage), ("class", class)];
            ConstCounter::new(count).encode(requests.encode_family(&labels)?)?;
        }
    }
    let help = "Requests that the gateway answered itself, by code";
    let mut refusals = encoder.encode_descriptor("refusals", help, None, MetricType::Counter)?;
    for (key, sum) in apis {
        for (code, count) in &sum.refusals {
            let labels = [("api_id", &*key.api_id), ("stage", &*key.stage), ("code", code)];
            ConstCounter::new(*count).encode(refusals.encode_family(&labels)?)?;
        }
    }
    let help = "From a request's head to the end of its answer";
    let mut durations = encoder.encode_descriptor("request_duration_seconds", help, None, MetricType::Histogram)?;
    for (key, sum) in apis {
        histogram(durations.encode_family(&[("api_id", &*key.api_id), ("stage", &*key.stage)])?, sum)?;
    }
    type Pick = fn(&Sum) -> f64;
    let counted: [(&str, &str, Pick); 4] = [
        ("received_bytes", "Bytes of requests' bodies", |sum| sum.bytes_in as f64),
        ("sent_bytes", "Bytes of answers' bodies", |sum| sum.bytes_out as f64),
        ("backend_requests", "Requests sent to backends", |sum| sum.backend_calls as f64),
        ("backend_seconds", "Time until the head of backends' answers", |sum| seconds(sum.backend_us)),
    ];
    for (name, help, pick) in counted {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (key, sum) in apis {
            let labels = [("api_id", &*key.api_id), ("stage", &*key.stage)];
            ConstCounter::new(pick(sum)).encode(metric.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

/// What is behind each API that was called, from the plan: rates of the metrics above are joined with it, so that a
/// request costs nothing for it. A routing plug-in may send a request elsewhere.
fn backends(
    encoder: &mut DescriptorEncoder<'_>,
    apis: &BTreeMap<ApiKey, Sum>,
    world: &World,
) -> Result<(), fmt::Error> {
    let help = "Kind of backend, and VPC access, of an API in a stage; always 1";
    let mut metric = encoder.encode_descriptor("api_backend_info", help, None, MetricType::Gauge)?;
    for key in apis.keys() {
        let edition = format!("{}/{}", key.api_id, key.stage);
        let table = world.routes(&key.group_id, &key.stage);
        let Some(target) = table.and_then(|table| table.backend(&edition)) else { continue };
        let (kind, access) = match target {
            Target::Http { .. } | Target::Address { .. } => ("http", ""),
            Target::Vpc { access, .. } => ("vpc", access.as_str()),
            Target::Function(_) => ("function", ""),
            Target::Discovered(_) => ("discovered", ""),
            Target::Mock { .. } => ("mock", ""),
        };
        let labels = [("api_id", &*key.api_id), ("stage", &*key.stage), ("kind", kind), ("access", access)];
        ConstGauge::new(1_i64).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn per_app(encoder: &mut DescriptorEncoder<'_>, counters: &[Arc<Counters>]) -> Result<(), fmt::Error> {
    let apps = sum_apps(counters.iter().map(|counters| &counters.tallied));
    let help = "Requests answered, by the app that sent them";
    let mut requests = encoder.encode_descriptor("app_requests", help, None, MetricType::Counter)?;
    for (app_id, (classes, _)) in &apps {
        let app_id = app_id.to_string();
        for (class, count) in CLASSES.iter().zip(classes).filter(|(_, count)| **count > 0) {
            let labels = [("app_id", app_id.as_str()), ("class", class)];
            ConstCounter::new(*count).encode(requests.encode_family(&labels)?)?;
        }
    }
    let help = "Time of an app's requests, from their heads to the ends of their answers";
    let mut durations = encoder.encode_descriptor("app_request_seconds", help, None, MetricType::Counter)?;
    for (app_id, (_, total_us)) in &apps {
        let app_id = app_id.to_string();
        ConstCounter::new(seconds(*total_us)).encode(durations.encode_family(&[("app_id", app_id.as_str())])?)?;
    }
    Ok(())
}

fn histogram(mut encoder: MetricEncoder<'_>, sum: &Sum) -> Result<(), fmt::Error> {
    let bounds = STEPS.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(sum.durations).collect();
    encoder.encode_histogram::<prometheus_client::encoding::NoLabelSet>(
        seconds(sum.total_us),
        sum.durations.iter().sum(),
        &buckets,
        None,
    )
}

fn seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1e6
}
