//! Every refusal that any test provokes is looked up afterwards, as `isthmus why` does it: its record must have a trace
//! that ends in the step that refused, and that step must name what decided. Used by `Gateway` alone, so that no test
//! can do without.

use super::Answer;
use isthmus_engine::record::packed::Record;
use isthmus_engine::record::ring::Ring;
use isthmus_engine::record::trace::Step;
use isthmus_engine::request::answer::Kind;
use isthmus_engine::settings::{EngineSettings, RecordSettings};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

static FOLDERS: AtomicUsize = AtomicUsize::new(0);
/// Traces that a thread keeps in a second (`record/trace.rs`); what a flood brings beyond them has none.
const MOST_IN_A_SECOND: usize = 500;

/// What one gateway answered, and where its records are.
#[derive(Default)]
pub struct Explained {
    folder: Option<PathBuf>,
    /// Ids of requests that were refused, with the codes that the caller got.
    refused: Mutex<Vec<(u128, String)>>,
}

/// Where a refusal of this kind is decided, and what of its step names what decided: `rule`, `plug-in`, or facts.
/// One of the alternatives must hold, and all words of it.
#[rustfmt::skip]
fn wanted(kind: Kind) -> (&'static [&'static str], &'static [&'static [&'static str]]) {
    match kind {
        Kind::InvalidHeader => (&["message", "domain", "identity"], &[&["rule"]]),
        Kind::InvalidBody => (&["plug-in", "identity", "mapping", "backend", "attempt"], &[&["rule"]]),
        Kind::InvalidPath => (&["api", "mapping", "attempt"], &[&["path"], &["defined as"]]),
        Kind::UnsupportedProtocol => (&["domain", "guard"], &[&["protocol", "protocols of the API"], &["rule"]]),
        Kind::InternetDenied => (&["guard"], &[&["detail"]]),
        Kind::BodyTooLarge => (&["guard", "plug-in", "identity", "mapping", "attempt", "backend"], &[&["rule"]]),
        Kind::HeadTooLarge => (&["message"], &[&["headers allowed", "bytes allowed"]]),
        Kind::Misdirected => (&["domain"], &[&["rule", "certificate asked", "certificate shown"]]),
        Kind::UrlTooLarge => (&["message", "guard"], &[&["bytes allowed"]]),
        Kind::InvalidDomain => (&["domain"], &[&["host"]]),
        Kind::InvalidStage => (&["stage"], &[&["stages of the group"], &["rule"]]),
        Kind::ApiNotFound | Kind::CrossOriginNotFound => (&["api"], &[&["looked for in"]]),
        Kind::NotCached => (&["plug-in"], &[&["plug-in", "rule", "stored answer"]]),
        Kind::DeviceNotFound => (&["backend"], &[&["rule", "looked for in"]]),
        Kind::BrokenApi => (&["api"], &[&["rule", "detail"]]),
        Kind::InvalidPlugin => (&["plug-in"], &[&["plug-in", "rule"]]),
        Kind::BrokenGroup => (&["domain"], &[&["rule", "group"]]),
        Kind::AuthorizationNeeded => (&["identity", "grant"], &[&["looked for"]]),
        Kind::InvalidAppCode => (&["identity"], &[&["AppCode"], &["AppCodes of the API"]]),
        Kind::InvalidAppKey => (&["identity"], &[&["AppKey"]]),
        Kind::InvalidSignature => (&["identity"], &[&["rule", "AppKey", "detail"]]),
        Kind::GrantExpired => (&["grant"], &[&["app", "API and stage", "grant ends"]]),
        Kind::Unauthorized => (&["grant", "throttle"], &[&["app", "API and stage", "grant"], &["app", "detail"], &["device"]]),
        Kind::CrossOriginForbidden => (&["plug-in"], &[&["plug-in", "rule"]]),
        Kind::JwtRequired | Kind::JwtUnreadable | Kind::InvalidJwtPlugin | Kind::InvalidJwt | Kind::JwtKeyNotFound
        | Kind::JwtExpired | Kind::JtiRequired | Kind::JtiUsed => (&["plug-in", "identity"], &[&["rule"]]),
        Kind::PluginAuthorization | Kind::AccessDenied => (&["plug-in"], &[&["plug-in", "rule"]]),
        Kind::IpDenied => (&["plug-in", "domain"], &[&["plug-in", "rule"], &["rule", "address"]]),
        Kind::InvalidContentMd5 | Kind::NonceRequired => (&["identity"], &[&["rule"]]),
        Kind::NonceUsed => (&["identity"], &[&["rule", "nonce"]]),
        Kind::TimestampExpired => (&["identity"], &[&["rule", "detail", "milliseconds allowed"]]),
        Kind::ParameterRequired | Kind::InvalidParameter => (&["mapping", "plug-in", "throttle", "backend"], &[&["rule"]]),
        Kind::AutomaticDomainQuota => (&["throttle"], &[&["rule", "calls a day"]]),
        Kind::InstanceRate | Kind::GroupRate => (&["throttle"], &[&["rule", "limit of the", "calls a second"]]),
        Kind::CallRate => (&["plug-in", "backend"], &[&["plug-in", "rule", "limit"], &["rule"]]),
        Kind::PluginRate => (&["plug-in"], &[&["plug-in", "rule", "limit"]]),
        Kind::StageRoute => (&["backend"], &[&["rule"]]),
        Kind::IncompleteBackend => (&["plug-in"], &[&["plug-in", "rule"]]),
        Kind::BackendTimeout => (&["attempt", "backend", "plug-in"], &[&["defined as", "timeout"], &["timeout"], &["plug-in", "rule"]]),
        Kind::BackendUnresolved | Kind::BackendConnect | Kind::BackendTls => {
            (&["attempt", "plug-in"], &[&["defined as"], &["plug-in", "rule"]])
        }
        Kind::BackendAddress => (&["attempt", "backend", "plug-in"], &[&["defined as", "detail"], &["rule", "detail"]]),
        Kind::BreakerOpen | Kind::BreakerBusy => (&["plug-in", "attempt"], &[&["breaker"]]),
        Kind::NoHealthyTarget | Kind::VpcAccess => (&["attempt", "plug-in"], &[&["defined as", "detail"], &["plug-in", "detail"]]),
        Kind::FunctionForbidden | Kind::FunctionResult => (&["attempt"], &[&["defined as"]]),
        Kind::BackendResponse => (&["attempt", "plug-in"], &[&["defined as", "detail"], &["plug-in", "detail"]]),
        Kind::Internal => (&["message", "answer"], &[&["detail"]]),
    }
}

impl Explained {
    /// Records are kept, whatever the test is about.
    pub fn keep(settings: &mut EngineSettings) -> Self {
        if settings.records.is_some() {
            return Self::default();
        }
        settings.records = Some(RecordSettings { bytes: 256 << 20, age_ms: 3_600_000 });
        if !settings.state.as_os_str().is_empty() {
            return Self::default();
        }
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("isthmus-explained-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        settings.state.clone_from(&folder);
        Self { folder: Some(folder), refused: Mutex::default() }
    }

    pub fn saw(&self, answer: &Answer) {
        let id = answer.header("X-Ca-Request-Id").and_then(|id| u128::from_str_radix(&id.replace('-', ""), 16).ok());
        if let Some(id) = id.filter(|_| !answer.code().is_empty()) {
            self.refused.lock().unwrap().push((id, answer.code().to_owned()));
        }
    }

    /// After the engine's end, when everything is written.
    pub fn check(&self, ring: Option<Arc<Ring>>) {
        let Some(ring) = ring else { return };
        for (id, code) in self.refused.lock().unwrap().iter() {
            let bytes = ring.find(*id).unwrap().unwrap_or_else(|| panic!("no record of a {code}"));
            let record = Record::unpack(&bytes).unwrap();
            assert_eq!(record.error_code, code, "{record:?}");
        }
        let mut seconds: HashMap<i64, usize> = HashMap::new();
        ring.recent(|bytes| {
            let record = Record::unpack_whole(bytes).unwrap();
            if !record.error_code.is_empty() {
                *seconds.entry(record.time.div_euclid(1000)).or_default() += 1;
                if record.trace.is_some() {
                    explained(&record);
                }
            }
            true
        })
        .unwrap();
        let flooded = |record: &Record<'_>| {
            seconds.get(&record.time.div_euclid(1000)).is_some_and(|count| *count > MOST_IN_A_SECOND)
        };
        ring.recent(|bytes| {
            let record = Record::unpack(bytes).unwrap();
            assert!(record.error_code.is_empty() || record.traced || flooded(&record), "no trace of {record:?}");
            true
        })
        .unwrap();
    }
}

/// Whether the trace of a refusal says who decided, and by what.
fn explained(record: &Record<'_>) {
    let trace = record.trace.as_ref().unwrap();
    let refused = trace.steps.iter().rev().find(|step| step.verdict == "refused");
    let Some(step) = refused else { panic!("no step refuses in {record:#?}") };
    let behind = trace.steps.iter().rev().take_while(|other| !std::ptr::eq(*other, step));
    assert!(behind.clone().all(|step| ["answer", "plug-in"].contains(&&*step.step)), "{record:#?}");
    let code = fact(step, "code").unwrap_or_default();
    assert_eq!(code, record.error_code, "{record:#?}");
    let kind = *Kind::ALL.iter().find(|kind| kind.listed().code == code).unwrap();
    let (stops, alternatives) = wanted(kind);
    assert!(stops.contains(&&*step.step), "{code} is refused at the step {} in {trace:#?}", step.step);
    let has = |word: &&str| match *word {
        "rule" => !step.rule.is_empty(),
        "plug-in" => !step.plugin_id.is_empty() && record.plugin_id == step.plugin_id,
        name => fact(step, name).is_some_and(|value| !value.is_empty()),
    };
    let told = alternatives.iter().any(|words| words.iter().all(has));
    assert!(told, "{code} at {} does not tell any of {alternatives:?}: {step:#?}", step.step);
}

fn fact<'s>(step: &'s Step<'_>, name: &str) -> Option<&'s str> {
    step.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_ref())
}

impl Drop for Explained {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}
