//! The engine against slow, obvious models: which API a path leads to, what selectors see, what mappings build. Worlds
//! and requests are made at random from seeds, so a failure names the seed that shows it again.

use crate::support::plugins::{binding, plugin};
use crate::support::{domain, edition, group, http_backend, seen_header, Echo, Gateway};
use fastrand::Rng;
use serde_json::{json, Value};

fn pick<'t>(random: &mut Rng, from: &[&'t str]) -> &'t str {
    from[random.usize(..from.len())]
}

// --- which API ---------------------------------------------------------------------------------------------------

/// A path pattern's segments: texts, `[]` for a placeholder, `*` for the rest.
fn pattern(random: &mut Rng) -> Vec<&'static str> {
    let mut segments: Vec<_> = (0..random.usize(1..4)).map(|_| pick(random, &["a", "b", "[]", "[]"])).collect();
    if random.u8(..3) == 0 {
        segments.push("*");
    }
    segments
}

fn fits(pattern: &[&str], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((&"*", _)) => !path.is_empty(),
        Some((first, behind)) => {
            path.split_first().is_some_and(|(segment, rest)| (*first == "[]" || first == segment) && fits(behind, rest))
        }
    }
}

/// Text before placeholder before rest, from the left; then the method itself before any method.
fn rank(pattern: &[&str], method: &str) -> (Vec<u8>, bool) {
    let kinds = pattern.iter().map(|segment| match *segment {
        "[]" => 1,
        "*" => 2,
        _ => 0,
    });
    (kinds.collect(), method == "ANY")
}

fn written(pattern: &[&str]) -> String {
    let named = pattern.iter().enumerate().map(|(index, segment)| match *segment {
        "[]" => format!("/[p{index}]"),
        other => format!("/{other}"),
    });
    named.collect()
}

#[test]
fn a_path_leads_where_the_model_says() {
    let mut gateway = Gateway::start(vec![group(), domain()]);
    let mut found = 0;
    for seed in 0..60 {
        let mut random = Rng::with_seed(seed);
        let mut apis: Vec<(Vec<&str>, &str)> = Vec::new();
        for _ in 0..random.usize(1..12) {
            let one = (pattern(&mut random), pick(&mut random, &["GET", "PUT", "ANY"]));
            if !apis.contains(&one) {
                apis.push(one);
            }
        }
        let named = |index: usize| format!("s{seed}n{index}");
        let mock = |name: &str| json!({"target": {"type": "mock", "status": 200, "body": name}, "timeout_ms": 1});
        let records = apis.iter().enumerate().map(|(index, (pattern, method))| {
            edition(&named(index), method, &written(pattern), mock(&named(index)), json!({}))
        });
        let applied = gateway.apply(records.collect());
        assert_eq!(applied.refused, vec![]);
        for _ in 0..40 {
            let path: Vec<&str> = (0..random.usize(1..5)).map(|_| pick(&mut random, &["a", "b", "c"])).collect();
            let method = pick(&mut random, &["GET", "PUT", "POST"]);
            let able = apis
                .iter()
                .enumerate()
                .filter(|(_, (pattern, own))| (*own == method || *own == "ANY") && fits(pattern, &path));
            let best = able.min_by_key(|(_, (pattern, own))| rank(pattern, own)).map(|(index, _)| named(index));
            let answer = gateway.send(method, &format!("/{}", path.join("/")), &[], b"");
            let got = (answer.status == 200).then(|| answer.text());
            assert_eq!(got, best, "seed {seed}: {method} {path:?} among {apis:?}");
            found += usize::from(best.is_some());
        }
        gateway.apply(
            (0..apis.len()).map(|index| ("edition", format!("{}/RELEASE", named(index)), Value::Null)).collect(),
        );
    }
    assert!(found > 600, "{found}");
}

// --- texts of a request ------------------------------------------------------------------------------------------

const WORDS: [&str; 8] = ["", "x", " a b", "1+1", "50%", "Größe", "a&b=c", "~-._*"];

/// Every byte that is not a letter or a digit as `%XX`, a space now and then as `+`.
fn encoded(text: &str, random: &mut Rng) -> String {
    let one = |byte: u8, plus: bool| match byte {
        b' ' if plus => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(|byte| one(byte, random.bool())).collect()
}

fn pairs(random: &mut Rng, names: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    (0..random.usize(..5)).map(|_| (pick(random, names), pick(random, &WORDS))).collect()
}

fn as_query(pairs: &[(&str, &str)], random: &mut Rng) -> String {
    let one = |(name, value): &(&str, &str)| format!("{}={}", encoded(name, random), encoded(value, random));
    pairs.iter().map(one).collect::<Vec<_>>().join("&")
}

fn first<'t>(pairs: &[(&str, &'t str)], name: &str) -> &'t str {
    pairs.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[test]
fn selectors_see_what_the_model_says() {
    let selectors = json!({"q": "Query:q", "f": "Form:q", "h": "Header:X-Text", "m": "Method", "p": "Path", "id": "path:id",
        "own": "Parameter:id", "none": "Query:none", "last": "XFF:-1", "second": "XFF:1", "api": "System:CaApiName"});
    let text = "${q}|${f}|${h}|${m}|${p}|${id}|${own}|${none}|${last}|${second}|${api}";
    let rules =
        json!({"parameters": selectors, "rules": [{"condition": "true", "ifTrue": "DENY", "responseBody": text}]});
    let echo = Echo::start();
    let gateway = Gateway::start(vec![
        group(),
        domain(),
        edition("api1", "ANY", "/users/[id]", http_backend(echo.address), json!({})),
        plugin("p1", "accessControl", rules),
        binding("api", "api1", "p1"),
    ]);
    for seed in 0..600 {
        let mut random = Rng::with_seed(seed);
        let query = pairs(&mut random, &["q", "r", "Q"]);
        let form = pairs(&mut random, &["q", "r"]);
        let (id, header) = (pick(&mut random, &["7", "a b", "Größe", "50%"]), pick(&mut random, &["x", "a,b", "1=1"]));
        let entries: Vec<&str> =
            (0..random.usize(1..4)).map(|_| pick(&mut random, &["10.0.0.1", "::1", "x"])).collect();
        let method = pick(&mut random, &["POST", "PUT"]);
        let encoded_id = encoded(id, &mut random).replace('+', "%20");
        let target = format!("/users/{encoded_id}?{}", as_query(&query, &mut random));
        let is_form = random.bool();
        let kind = if is_form { FORM } else { ("Content-Type", "text/plain") };
        let forwarded = entries.join(", ");
        let headers = [kind, ("X-Text", header), ("X-Forwarded-For", &forwarded)];
        let body = as_query(&form, &mut random);
        let answer = gateway.send(method, &target, &headers, body.as_bytes());
        let seen_form = if is_form { first(&form, "q") } else { "" };
        let expected = [
            first(&query, "q"),
            seen_form,
            header,
            method,
            &format!("/users/{encoded_id}"),
            id,
            id,
            "",
            entries[entries.len() - 1],
            entries.get(1).copied().unwrap_or_default(),
            "name_api1",
        ];
        assert_eq!(answer.text(), expected.join("|"), "seed {seed}: {target} {body}");
    }
}

/// Parameters declared anywhere, mapped to anywhere, with values of any kind.
#[test]
fn mappings_build_what_the_model_says() {
    let echo = Echo::start();
    let mut gateway = Gateway::start(vec![group(), domain()]);
    let places = ["query", "head", "body", "path"];
    for seed in 0..300 {
        let mut random = Rng::with_seed(seed);
        let (mut declared, mut mappings, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        let mut expected: Vec<(&str, String, String)> = Vec::new();
        let mut path = String::from("/in");
        for index in 0..random.usize(1..7) {
            let (name, target) = (format!("front{index}"), format!("back{index}"));
            let from = pick(&mut random, &places);
            let to = pick(&mut random, &places[..3]);
            // Headers keep no space at an end, and only what is ASCII in these tests; a path's segment is never empty.
            let plain = from == "head" || to == "head";
            let value = if plain { pick(&mut random, &["x", "a b", "50%"]) } else { pick(&mut random, &WORDS) };
            let value = if from == "path" && value.is_empty() { "x" } else { value };
            let default = (from != "path" && random.u8(..4) == 0).then_some("usual");
            let is_sent = from == "path" || random.u8(..4) > 0;
            if from == "path" {
                path.push_str(&format!("/[{name}]"));
            }
            declared.push(json!({"name": name, "location": from, "parameter_type": "string", "required": false, "default": default}));
            mappings.push(json!({"source": {"request": name}, "location": to, "name": target}));
            if let Some(value) = if is_sent { Some(value) } else { default } {
                expected.push((to, target, value.to_owned()));
            }
            if is_sent {
                sent.push((from, name, value));
            }
        }
        mappings.push(json!({"source": {"constant": "c d"}, "location": "query", "name": "fixed"}));
        expected.push(("query", "fixed".to_owned(), "c d".to_owned()));
        let change =
            json!({"request_mode": "mapping", "body_format": "form", "parameters": declared, "mappings": mappings});
        let applied = gateway.apply(vec![edition("api1", "POST", &path, http_backend(echo.address), change)]);
        assert_eq!(applied.refused, vec![], "seed {seed}");

        let at = |place: &str| -> Vec<(&str, &str)> {
            sent.iter().filter(|(from, _, _)| *from == place).map(|(_, name, value)| (name.as_str(), *value)).collect()
        };
        let segments: String = at("path")
            .iter()
            .map(|(_, value)| format!("/{}", encoded(value, &mut random).replace('+', "%20")))
            .collect();
        let query = as_query(&[at("query"), vec![("undeclared", "1")]].concat(), &mut random);
        let body = as_query(&[at("body"), vec![("undeclared", "1")]].concat(), &mut random);
        let headers = [at("head"), vec![FORM, ("X-Undeclared", "1")]].concat();
        let seen = gateway.send("POST", &format!("/in{segments}?{query}"), &headers, body.as_bytes()).seen();

        let of = |place: &str| -> Vec<(String, String)> {
            let those = expected.iter().filter(|(to, _, _)| *to == place);
            those.map(|(_, name, value)| (name.clone(), value.clone())).collect()
        };
        let read = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<(String, String)>>();
        let target = seen["target"].as_str().unwrap();
        assert_eq!(read(target.split_once('?').unwrap().1), of("query"), "seed {seed}: {target}");
        assert_eq!(read(seen["body"].as_str().unwrap()), of("body"), "seed {seed}");
        for (name, value) in of("head") {
            assert_eq!(seen_header(&seen, &name), Some(value.as_str()), "seed {seed}: {name}");
        }
        assert_eq!(seen_header(&seen, "x-undeclared"), None);
    }
}
