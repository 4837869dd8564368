//! Every type of plug-in is named in the trace of a request that it acted on, with its id and what it decided by.

use crate::records::Recording;
use crate::support::plugins::{binding, plugin};
use crate::support::*;
use isthmus_engine::settings::TraceSettings;
use isthmus_plan::PluginType;
use serde_json::{json, Value};

/// A definition that decides something about `GET /a?phone=12345678`, and how the request is answered.
fn definition(kind: PluginType) -> (Value, u16) {
    let condition = |name: &str| json!({"phone": format!("Query:{name}")});
    match kind {
        PluginType::Cors => (json!({"allowOrigins": "https://a.example"}), 403),
        PluginType::IpControl => (json!({"type": "REFUSE", "items": [{"blocks": ["127.0.0.0/8"]}]}), 403),
        PluginType::JwtAuth => {
            let key =
                json!({"kty": "oct", "alg": "HS256", "kid": "k", "k": "YS1zaGFyZWQtc2VjcmV0LW9mLTMyLWJ5dGVzLWxvbmch"});
            (json!({"parameter": "X-Token", "parameterLocation": "header", "jwk": key}), 400)
        }
        PluginType::BasicAuth => (json!({"users": [{"username": "alice", "password": "wonderland9"}]}), 401),
        PluginType::RemoteAuth => {
            let address = json!({"address": "http://127.0.0.1:9"});
            let rest = json!({"status": "StatusCode"});
            let body = json!({"authUriType": "HTTP", "authUri": address, "parameters": rest, "successCondition": "$status = 200"});
            (body, 504)
        }
        PluginType::RequestValidation => {
            (json!({"query": {"type": "object", "properties": {"phone": {"type": "string", "maxLength": 3}}}}), 400)
        }
        PluginType::AccessControl => {
            let rule = json!({"name": "no phones", "condition": "$phone = '12345678'", "ifTrue": "DENY"});
            (json!({"parameters": condition("phone"), "rules": [rule]}), 403)
        }
        PluginType::TrafficControl => (json!({"unit": "DAY", "apiDefault": 100}), 200),
        PluginType::Routing => {
            let backend = json!({"type": "MOCK", "statusCode": 203});
            (json!({"routes": [{"name": "away", "condition": "1 = 1", "backend": backend}]}), 203)
        }
        PluginType::ErrorMapping => {
            let mapping = json!({"code": "200", "statusCode": 202});
            (
                json!({"parameters": {"s": "StatusCode"}, "errorCondition": "$s = 200", "errorCode": "s", "mappings": [mapping]}),
                202,
            )
        }
        PluginType::Transformer => (json!({"putResponseHeader": [{"name": "X-Put", "value": "1"}]}), 200),
        PluginType::Caching => (json!({"duration": 60}), 200),
        PluginType::BackendSignature => {
            (json!({"type": "APIGW_BACKEND", "key": "DemoKey1", "secret": "DemoSecret1"}), 200)
        }
        PluginType::CircuitBreaker => {
            (json!({"timeoutThreshold": 2, "windowInSeconds": 30, "openTimeoutSeconds": 15}), 200)
        }
        PluginType::Compression => (json!({}), 200),
        PluginType::LogMask => {
            let rule = json!({"name": "phones", "location": "REQUEST_QUERY", "parameters": ["phone"], "policy": "ALL"});
            (json!({"rules": [rule]}), 200)
        }
    }
}

#[test]
fn every_type_of_plug_in_is_in_the_trace_of_what_it_decided() {
    for kind in PluginType::ALL.iter().copied() {
        let name = kind.name();
        let echo = Echo::start();
        let (definition, status) = definition(kind);
        let records = vec![
            group(),
            domain(),
            edition("a1", "GET", "/a", http_backend(echo.address), json!({})),
            plugin("p7", name, definition),
            binding("group", "g1", "p7"),
        ];
        let recording = Recording::start_with(&format!("plug-in-{name}"), records, |settings| {
            settings.traces = TraceSettings { one_in: 1, ..TraceSettings::default() };
        });
        let sent = [("Origin", "https://elsewhere.example"), ("Accept-Encoding", "gzip")];
        let answer = recording.gateway.get("/a?phone=12345678", &sent);
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        let record = recording.whole(&answer);
        let trace = record.trace.unwrap();
        let own: Vec<_> = trace.steps.iter().filter(|step| step.plugin_id == "p7").collect();
        assert!(!own.is_empty(), "{name} is not in {trace:#?}");
        for step in &own {
            let told = (step.plugin_type.as_ref(), step.plugin_name.as_ref(), step.binding.as_ref());
            assert_eq!(told, (name, "name_p7", "group"), "{trace:#?}");
        }
        let decided = own.iter().any(|step| !step.rule.is_empty() || !step.facts.is_empty());
        assert!(decided || kind == PluginType::LogMask, "{name} tells nothing: {trace:#?}");
        let refused = !record.error_code.is_empty() && kind != PluginType::ErrorMapping;
        let refusing = own.iter().any(|step| step.verdict == "refused" && !step.rule.is_empty());
        assert!(
            !refused || (record.plugin_id == "p7" && refusing),
            "{name} refused and does not say by what: {trace:#?}"
        );
    }
}

#[test]
fn a_log_mask_masks_records_and_everything_in_a_trace() {
    let echo = Echo::start();
    let rules = json!({"rules": [
        {"name": "a", "location": "REQUEST_QUERY", "parameters": ["phone"], "policy": "KEEP_LEFT:3"},
        {"name": "b", "location": "REQUEST_HEADER", "parameters": ["X-Mail"], "policy": "ALL"},
        {"name": "c", "location": "RESPONSE_HEADER", "parameters": ["X-Ca-Request-Id"], "policy": "ALL"}]});
    let parameters = json!({"phone": "Query:phone", "mail": "Header:X-Mail"});
    let rule = json!({"name": "no", "condition": "$phone = '13812345678' and $mail != ''", "ifTrue": "DENY"});
    let records = vec![
        group(),
        domain(),
        app(),
        edition("a1", "GET", "/a", http_backend(echo.address), json!({})),
        edition("a2", "GET", "/signed", http_backend(echo.address), json!({"auth": app_auth()})),
        plugin("p1", "logMask", rules),
        plugin("p2", "accessControl", json!({"parameters": parameters, "rules": [rule]})),
        binding("group", "g1", "p1"),
        binding("api", "a1", "p2"),
    ];
    let recording = Recording::start("log-mask", records);
    let sent = [("X-Mail", "somebody@example.com"), ("X-Ca-Key", APP_KEY), ("X-Ca-Signature", "d3Jvbmc=")];
    for (target, code) in [("/a?phone=13812345678&b=1", "A403AC"), ("/signed?phone=13812345678&b=1", "A403IS")] {
        let answer = recording.gateway.get(target, &sent);
        assert_eq!(answer.code(), code);
        let record = recording.whole(&answer);
        assert_eq!(record.query, "phone=138********&b=1");
        assert!(record.trace.is_some());
        let text = format!("{record:?}");
        assert!(!text.contains("13812345678") && !text.contains("somebody@example.com"), "{text}");
    }
}
