//! What an expression means, and that wrong ones are refused with a position.

#![allow(clippy::unwrap_used)]

use super::*;

struct Fixed;

impl Scope for Fixed {
    fn value(&self, name: &str) -> Value<'_> {
        match name {
            "CaAppId" => Value::text("123456"),
            "ClientVersion" => Value::text("2.0.10"),
            "client" => Value::text("10.1.2.3"),
            "latency" => Value::Number(510.0),
            "flag" => Value::text("TRUE"),
            _ => Value::Null,
        }
    }

    fn call(&self, function: Function) -> f64 {
        match function {
            Function::Random => 0.25,
            Function::Timestamp => 1_700_000_000_000.0,
            Function::TimeOfDay => 3_600_000.0,
        }
    }
}

fn holds(text: &str) -> bool {
    Expression::parse(text).unwrap().holds(&Fixed)
}

#[test]
fn conditions_hold_as_documented() {
    for text in [
        "1 = 1",
        "$CaAppId = 123456",
        "$CaAppId == '123456'",
        "${CaAppId} <> 7",
        "$ClientVersion < '2.0.5'",
        "$latency > 500 and $latency <= 510",
        "$missing = null",
        "$missing != 'x'",
        "not $missing",
        "$flag",
        "$flag = true",
        "$client in_cidr '10.0.0.0/8'",
        "$client !in_cidr '192.168.0.0/16, 10.1.2.4'",
        "$client like '10.1.%'",
        "$client like '%.2.%' and $client like '%3' and $client like '%'",
        "$client !like '11%'",
        "Random() < 0.3",
        "Timestamp() >= 1700000000000",
        "TimeOfDay() = 3600000",
        "true xor false",
        "false or true and true",
        "(1 = 2 or 2 = 2) and !(3 = 4)",
        "-1 < 0",
        "\"a\" = 'a'",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn conditions_that_do_not_hold() {
    for text in [
        "1 = 2",
        "$missing < 1",
        "$missing > 1",
        "$missing like 'x'",
        "$CaAppId = 'x'",
        "$ClientVersion = 2",
        "$client in_cidr 'nonsense'",
        "$missing in_cidr '0.0.0.0/0'",
        "true xor true",
        "'a' < 1",
        "true and not true or false",
        "''",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn wrong_expressions_are_refused_with_their_place() {
    for (text, problem) in [
        ("", "empty"),
        ("$a =", "missing"),
        ("$a = 'x", "character 6"),
        ("$ = 1", "character 1"),
        ("$a = 1 1", "character 8"),
        ("($a = 1", "without )"),
        ("abc = 1", "quotes"),
        ("Random = 1", "()"),
        ("$a # 1", "character 4"),
        ("${a = 1", "without }"),
        ("1.2.3 = 1", "not a number"),
        ("12ab = 1", "letters"),
    ] {
        let refused = Expression::parse(text).unwrap_err();
        assert!(refused.contains(problem), "{text}: {refused}");
    }
    assert!(Expression::parse(&"(".repeat(200)).unwrap_err().contains("deeper"));
    assert!(Expression::parse(&format!("'{}'", "x".repeat(600))).unwrap_err().contains("512"));
}

#[test]
fn names_are_listed() {
    assert_eq!(Expression::parse("$a = 1 and not ($b like 'x%' or ${c})").unwrap().names(), ["a", "b", "c"]);
}
