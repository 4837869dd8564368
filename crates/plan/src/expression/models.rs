//! Expressions against a slow, obvious model: conditions are made at random as lists of parts with words between them,
//! and the model works on the lists, bit by bit and byte by byte. A failure shows the text.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use fastrand::Rng;

/// A value as the model knows it; numbers in tenths.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Nothing,
    Truth(bool),
    Tenths(i64),
    Letters(&'static str),
}

use Known::{Letters, Nothing, Tenths, Truth};

/// How values are written, and what they are.
const VALUES: [(&str, Known); 24] = [
    ("null", Nothing),
    ("$gone", Nothing),
    ("true", Truth(true)),
    ("false", Truth(false)),
    ("0", Tenths(0)),
    ("7", Tenths(70)),
    ("-2", Tenths(-20)),
    ("2.5", Tenths(25)),
    ("10", Tenths(100)),
    ("$seven", Tenths(70)),
    ("''", Letters("")),
    ("'7'", Letters("7")),
    ("\"7\"", Letters("7")),
    ("' 7 '", Letters(" 7 ")),
    ("'2.5'", Letters("2.5")),
    ("'10'", Letters("10")),
    ("'abc'", Letters("abc")),
    ("'ab'", Letters("ab")),
    ("'ABC'", Letters("ABC")),
    ("'True'", Letters("True")),
    ("'false'", Letters("false")),
    ("$text", Letters("abc")),
    ("${text}", Letters("abc")),
    ("$client", Letters("10.1.2.3")),
];
const COMPARISONS: [&str; 8] = ["=", "==", "!=", "<>", "<", "<=", ">", ">="];
const PATTERNS: [&str; 9] = ["%", "%%", "ab%", "%bc", "%b%", "abc", "x%", "%7%", "10.%"];
const NETWORKS: [&str; 6] =
    ["10.0.0.0/8", "10.1.2.3", "10.1.2.2/31", "11.0.0.0/8, 10.1.2.3/32", "10.1.2.4/30, nonsense", "0.0.0.0/0"];

struct Named;

impl Scope for Named {
    fn value(&self, name: &str) -> Value<'_> {
        match name {
            "seven" => Value::Number(7.0),
            "text" => Value::text("abc"),
            "client" => Value::text("10.1.2.3"),
            _ => Value::Null,
        }
    }

    fn call(&self, _: Function) -> f64 {
        0.0
    }
}

enum Part {
    One(usize),
    Compared(usize, &'static str, usize),
    Like(usize, bool, &'static str),
    Within(usize, bool, &'static str),
    Group(Sentence),
}

/// Parts, each with the word before it (none before the first) and how often it is negated.
struct Sentence(Vec<(&'static str, usize, Part)>);

fn sentence(random: &mut Rng, depth: usize) -> Sentence {
    let count = random.usize(1..5);
    let part = |random: &mut Rng| match random.u8(0..if depth < 3 { 6 } else { 5 }) {
        0 => Part::One(random.usize(..VALUES.len())),
        1 | 2 => Part::Compared(
            random.usize(..VALUES.len()),
            COMPARISONS[random.usize(..COMPARISONS.len())],
            random.usize(..VALUES.len()),
        ),
        3 => Part::Like(random.usize(..VALUES.len()), random.bool(), PATTERNS[random.usize(..PATTERNS.len())]),
        4 => Part::Within(random.usize(..VALUES.len()), random.bool(), NETWORKS[random.usize(..NETWORKS.len())]),
        _ => Part::Group(sentence(random, depth + 1)),
    };
    let words = ["and", "or", "xor"];
    let word = |random: &mut Rng, index: usize| if index == 0 { "" } else { words[random.usize(..3)] };
    Sentence((0..count).map(|index| (word(random, index), random.usize(0..3), part(random))).collect())
}

fn written(sentence: &Sentence, random: &mut Rng) -> String {
    let mut text = String::new();
    for (word, negations, part) in &sentence.0 {
        let word = match (*word, random.bool()) {
            ("and", true) => "&&",
            ("or", true) => "||",
            (word, _) => word,
        };
        text.push_str(&format!(" {word} "));
        (0..*negations).for_each(|_| text.push_str(if random.bool() { "not " } else { "!" }));
        let negated = |is_negated: &bool| if *is_negated { "!" } else { "" };
        text.push_str(&match part {
            Part::One(value) => VALUES[*value].0.to_owned(),
            Part::Compared(left, how, right) => format!("{} {how} {}", VALUES[*left].0, VALUES[*right].0),
            Part::Like(left, is_negated, pattern) => {
                format!("{} {}like '{pattern}'", VALUES[*left].0, negated(is_negated))
            }
            Part::Within(left, is_negated, networks) => {
                format!("{} {}in_cidr '{networks}'", VALUES[*left].0, negated(is_negated))
            }
            Part::Group(inner) => format!("({})", written(inner, random)),
        });
    }
    text
}

/// Weakest word first: any of the alternatives, in each an odd number, in each of those all.
fn holds(sentence: &Sentence) -> bool {
    let mut alternatives = vec![vec![vec![]]];
    for (word, negations, part) in &sentence.0 {
        match *word {
            "or" => alternatives.push(vec![vec![]]),
            "xor" => alternatives.last_mut().unwrap().push(vec![]),
            _ => {}
        }
        let is_true = part_holds(part) != (negations % 2 == 1);
        alternatives.last_mut().unwrap().last_mut().unwrap().push(is_true);
    }
    alternatives.iter().any(|odd| odd.iter().filter(|all| all.iter().all(|one| *one)).count() % 2 == 1)
}

fn part_holds(part: &Part) -> bool {
    match part {
        Part::One(value) => match VALUES[*value].1 {
            Nothing => false,
            Truth(truth) => truth,
            Tenths(number) => number != 0,
            Letters(text) => text.to_lowercase() == "true",
        },
        Part::Compared(left, how, right) => {
            let (left, right) = (VALUES[*left].1, VALUES[*right].1);
            let order = order(left, right);
            match *how {
                "=" | "==" => equal(left, right),
                "!=" | "<>" => !equal(left, right),
                "<" => order == Some(-1),
                "<=" => order == Some(-1) || order == Some(0),
                ">" => order == Some(1),
                _ => order == Some(1) || order == Some(0),
            }
        }
        Part::Like(left, is_negated, pattern) => like(VALUES[*left].1, pattern) != *is_negated,
        Part::Within(left, is_negated, networks) => within(VALUES[*left].1, networks) != *is_negated,
        Part::Group(inner) => holds(inner),
    }
}

fn equal(left: Known, right: Known) -> bool {
    match (left, right) {
        (Truth(truth), Letters(text)) | (Letters(text), Truth(truth)) => text.to_lowercase() == truth.to_string(),
        (Truth(one), Truth(other)) => one == other,
        (Nothing, Nothing) => true,
        _ => order(left, right) == Some(0),
    }
}

fn tenths(value: Known) -> Option<i64> {
    match value {
        Tenths(number) => Some(number),
        Letters("7" | " 7 ") => Some(70),
        Letters("2.5") => Some(25),
        Letters("10") => Some(100),
        _ => None,
    }
}

fn order(left: Known, right: Known) -> Option<i64> {
    if let (Letters(one), Letters(other)) = (left, right) {
        let (one, other) = (one.as_bytes(), other.as_bytes());
        for at in 0..one.len().min(other.len()) {
            if one[at] != other[at] {
                return Some(if one[at] < other[at] { -1 } else { 1 });
            }
        }
        return Some((i64::try_from(one.len()).unwrap() - i64::try_from(other.len()).unwrap()).signum());
    }
    let one_is_a_number = matches!(left, Tenths(_)) || matches!(right, Tenths(_));
    one_is_a_number.then(|| Some((tenths(left)? - tenths(right)?).signum())).flatten()
}

fn like(left: Known, pattern: &str) -> bool {
    let text = match left {
        Nothing => return false,
        Truth(truth) => truth.to_string(),
        Tenths(number) if number % 10 == 0 => (number / 10).to_string(),
        Tenths(number) => format!("{}.{}", number / 10, number % 10),
        Letters(text) => text.to_owned(),
    };
    let (open_start, open_end) = (pattern.starts_with('%'), pattern.ends_with('%'));
    let middle = pattern.trim_matches('%');
    (0..=text.len()).any(|at| {
        let fits_start = at == 0 || open_start;
        let end = at + middle.len();
        fits_start && text.get(at..end) == Some(middle) && (end == text.len() || open_end)
    })
}

fn within(left: Known, networks: &str) -> bool {
    let bits = |text: &str| -> Option<Vec<bool>> {
        let parts: Vec<u8> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let all = parts.iter().flat_map(|part| (0..8).rev().map(move |bit| part >> bit & 1 == 1)).collect();
        (parts.len() == 4).then_some(all)
    };
    let Letters(text) = left else { return false };
    let Some(address) = bits(text) else { return false };
    networks.split(", ").any(|network| {
        let (start, length) = network.split_once('/').unwrap_or((network, "32"));
        let length: usize = length.parse().unwrap();
        bits(start).is_some_and(|start| start[..length] == address[..length])
    })
}

#[test]
fn conditions_hold_when_the_model_says_so() {
    let mut counts = [0, 0];
    for seed in 0..20_000 {
        let mut random = Rng::with_seed(seed);
        let condition = sentence(&mut random, 0);
        let text = written(&condition, &mut random);
        if text.chars().count() > LENGTH_LIMIT {
            continue;
        }
        let parsed = Expression::parse(&text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        let expected = holds(&condition);
        assert_eq!(parsed.holds(&Named), expected, "seed {seed}: {text}");
        counts[usize::from(expected)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 5_000), "both happen often: {counts:?}");
}
