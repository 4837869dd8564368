//! Why a request was answered as it was: the trace beside a record, noted by the deciding functions themselves.

use crate::records::Recording;
use crate::support::plugins::{binding, plugin};
use crate::support::service::{answer, Service};
use crate::support::*;
use isthmus_engine::record::trace::{Step, Trace};
use isthmus_engine::settings::TraceSettings;
use serde_json::json;
use std::time::Duration;

fn world(echo: &Echo) -> Vec<(&'static str, String, serde_json::Value)> {
    let backend = http_backend(echo.address);
    vec![
        group(),
        domain(),
        app(),
        grant("a1"),
        edition("a1", "GET", "/users/[id]", backend.clone(), json!({"auth": app_auth()})),
        edition("a2", "GET", "/users/me", backend, json!({"auth": app_auth()})),
    ]
}

fn started(name: &str, traces: TraceSettings) -> (Recording, Echo) {
    let echo = Echo::start();
    (Recording::start_with(name, world(&echo), |settings| settings.traces = traces), echo)
}

fn fact<'s>(step: &'s Step<'_>, name: &str) -> Option<&'s str> {
    step.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_ref())
}

fn step<'t, 's>(trace: &'t Trace<'s>, word: &str) -> &'t Step<'s> {
    trace.steps.iter().find(|step| step.step == word).unwrap_or_else(|| panic!("no step {word} in {trace:#?}"))
}

fn words(trace: &Trace<'_>) -> Vec<String> {
    trace.steps.iter().map(|step| step.step.to_string()).collect()
}

#[test]
fn a_request_that_was_picked_out_tells_every_step_with_its_values_and_times() {
    let (recording, echo) = started("traced", TraceSettings { one_in: 1, ..TraceSettings::default() });
    let code = format!("APPCODE {APP_CODE}");
    let answer = recording.gateway.get("/users/me2?page=2", &[("Authorization", &code), ("X-Tell", "all")]);
    assert_eq!(answer.status, 200);
    let record = recording.whole(&answer);
    let trace = record.trace.unwrap();
    assert_eq!((trace.kept.as_ref(), trace.brief, trace.cut), ("sampled", false, false));
    let expected = [
        "message", "domain", "stage", "api", "guard", "identity", "grant", "throttle", "backend", "mapping", "attempt",
        "answer",
    ];
    assert_eq!(words(&trace), expected);
    assert!(trace.steps.iter().all(|step| step.verdict == "passed"), "{trace:#?}");
    assert_eq!(fact(step(&trace, "domain"), "host"), Some(HOST));
    assert_eq!(fact(step(&trace, "stage"), "because"), Some("it is the default, without X-Ca-Stage"));
    assert_eq!((step(&trace, "api").rule.as_ref(), fact(step(&trace, "api"), "id")), ("a1", Some("me2")));
    assert_eq!(fact(step(&trace, "identity"), "app"), Some(APP_ID.to_string().as_str()));
    assert_eq!(fact(step(&trace, "grant"), "grant"), Some("without an end"));
    let target = format!("Http {}", echo.address);
    assert_eq!(fact(step(&trace, "attempt"), "target"), Some(target.as_str()));
    let total: u64 = trace.steps.iter().map(|step| step.microseconds).sum();
    assert!(total.abs_diff(u64::from(record.total_us)) <= trace.steps.len() as u64, "{total} of {}", record.total_us);
    let sent = |name: &str| trace.request_headers.iter().find(|one| one.name == name).map(|one| one.value.as_ref());
    assert_eq!((sent("x-tell"), sent("authorization")), (Some("all"), Some("***")));
    assert!(trace.response_headers.iter().any(|one| one.name == "x-ca-request-id"), "{trace:#?}");
}

#[test]
fn what_came_second_is_named_with_the_reason() {
    let (recording, _echo) = started("second", TraceSettings { one_in: 1, ..TraceSettings::default() });
    let found = recording.whole(&recording.gateway.get("/users/me", &[])).trace.unwrap();
    let second = "GET /users/[id] (a1): a path without placeholders goes before it";
    assert_eq!(fact(step(&found, "api"), "not"), Some(second));
    let missed = recording.whole(&recording.gateway.send("POST", "/users/me", &[], b"")).trace.unwrap();
    assert_eq!(fact(step(&missed, "api"), "not"), Some("GET /users/me (a2): its method is GET"));
}

#[test]
fn a_refusal_tells_what_refused_without_being_picked_out() {
    let (recording, _echo) = started("refused", TraceSettings::default());
    let code = format!("APPCODE {APP_CODE}");
    let answer = recording.gateway.get("/users/me?AppCode=no", &[("Authorization", &code), ("X-Token", "tok-en")]);
    let record = recording.whole(&answer);
    let trace = record.trace.unwrap();
    assert_eq!((trace.kept.as_ref(), trace.brief), ("refused", true));
    assert_eq!(words(&trace), ["message", "domain", "stage", "api", "guard", "identity", "grant", "answer"]);
    let last = step(&trace, "grant");
    assert_eq!(
        (last.verdict.as_ref(), fact(last, "code"), fact(last, "grant")),
        ("refused", Some("I403AA"), Some("none"))
    );
    assert_eq!(fact(step(&trace, "identity"), "app"), Some(APP_ID.to_string().as_str()));
    assert!(trace.request_headers.iter().any(|one| one.name == "x-token" && one.value == "***"), "{trace:#?}");
    let total: u64 = trace.steps.iter().map(|step| step.microseconds).sum();
    assert!(total.abs_diff(u64::from(record.total_us)) <= trace.steps.len() as u64, "{trace:#?}");
}

#[test]
fn a_quick_answer_leaves_no_trace_unless_the_caller_asks() {
    let (recording, _echo) = started("quick", TraceSettings { slow_ms: 60_000, ..TraceSettings::default() });
    let code = format!("APPCODE {APP_CODE}");
    let quick = recording.whole(&recording.gateway.get("/users/7", &[("Authorization", &code)]));
    assert_eq!((quick.status, quick.traced, quick.trace), (200, false, None));
    let asked = [("Authorization", code.as_str()), ("X-Ca-Request-Mode", "DEBUG")];
    let asked = recording.whole(&recording.gateway.get("/users/7", &asked)).trace.unwrap();
    assert_eq!((asked.kept.as_ref(), asked.brief), ("debug", false));
}

#[test]
fn a_request_that_is_slow_leaves_one() {
    let service = Service::start(|_| {
        std::thread::sleep(Duration::from_millis(5));
        answer(200, "", "late")
    });
    let records = vec![group(), domain(), edition("a1", "GET", "/late", http_backend(service.address), json!({}))];
    let traces = TraceSettings { slow_ms: 5, ..TraceSettings::default() };
    let recording = Recording::start_with("slow", records, |settings| settings.traces = traces);
    let record = recording.whole(&recording.gateway.get("/late", &[]));
    let trace = record.trace.unwrap();
    assert_eq!((trace.kept.as_ref(), trace.brief), ("slow", true));
    let attempt = step(&trace, "attempt");
    assert_eq!(fact(attempt, "backend"), Some(service.address.to_string().as_str()));
    assert!(attempt.microseconds.abs_diff(u64::from(record.backend_us)) < 50, "{trace:#?}");
}

#[test]
fn a_plug_in_that_refuses_is_named_with_its_rule_and_what_it_looked_at() {
    let echo = Echo::start();
    let rules = json!({"parameters": {"who": "Header:X-Who", "key": "Header:X-Secret"}, "rules": [
        {"name": "known", "condition": "$key = 'k'", "ifTrue": "ALLOW"},
        {"name": "nobody", "condition": "$who = 'nobody'", "ifTrue": "DENY"}]});
    let mut records = world(&echo);
    records.extend([grant("a2"), plugin("p9", "accessControl", rules), binding("api", "a2", "p9")]);
    let recording = Recording::start("plug-in", records);
    let code = format!("APPCODE {APP_CODE}");
    let sent = [("Authorization", code.as_str()), ("X-Who", "nobody"), ("X-Secret", "hush-hush")];
    let answer = recording.gateway.get("/users/me", &sent);
    assert_eq!(answer.code(), "A403AC");
    let record = recording.whole(&answer);
    assert_eq!((record.plugin, record.plugin_id), ("accessControl", "p9"));
    let trace = record.trace.unwrap();
    let own = step(&trace, "plug-in");
    let told = (own.plugin_id.as_ref(), own.plugin_type.as_ref(), own.binding.as_ref());
    assert_eq!(told, ("p9", "accessControl", "API"));
    assert_eq!((own.rule.as_ref(), own.verdict.as_ref()), ("nobody", "refused"));
    assert_eq!((fact(own, "who"), fact(own, "key")), (Some("nobody"), Some("***")));
}

#[test]
fn a_caller_in_debug_mode_is_told_how_long_it_took() {
    let service = Service::start(|_| {
        std::thread::sleep(Duration::from_millis(30));
        answer(200, "X-Ca-Debug-Info: forged\r\n", "late")
    });
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        edition("a1", "GET", "/late", http_backend(service.address), json!({})),
    ]);
    let told = |answer: &Answer| -> (u64, u64) {
        let info: serde_json::Value = serde_json::from_str(answer.header("X-Ca-Debug-Info").unwrap()).unwrap();
        (info["ServiceLatency"].as_u64().unwrap(), info["TotalLatency"].as_u64().unwrap())
    };
    for mode in ["debug", "DEBUG"] {
        let (service, total) = told(&gateway.get("/late", &[("X-Ca-Request-Mode", mode)]));
        assert!((30..10_000).contains(&service) && total >= service, "{service} of {total}");
    }
    let refused = gateway.get("/nothing", &[("X-Ca-Request-Mode", "debug")]);
    assert_eq!((refused.code(), told(&refused).0), ("I404NF", 0));
    assert_eq!(gateway.get("/nothing", &[]).header("X-Ca-Debug-Info"), None);
    assert_eq!(gateway.get("/nothing", &[("X-Ca-Request-Mode", "other")]).header("X-Ca-Debug-Info"), None);
}
