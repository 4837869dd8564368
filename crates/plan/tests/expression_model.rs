//! Conditions against a slow, obvious model: a tree is made at random, written down in one of the ways that the language
//! allows, and must hold exactly when the model says so.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use fastrand::Rng;
use isthmus_plan::expression::{Expression, Function, Scope, Value};

const NAMES: [(&str, Known); 7] = [
    ("none", Known::Null),
    ("yes", Known::Boolean(true)),
    ("seven", Known::Number(7.0)),
    ("half", Known::Number(0.5)),
    ("seven_text", Known::Text("7")),
    ("address", Known::Text("10.1.2.3")),
    ("word", Known::Text("Grün")),
];

/// A value, as the model has it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Null,
    Boolean(bool),
    Number(f64),
    Text(&'static str),
}

#[derive(Debug)]
enum Tree {
    Value(Known),
    Name(usize),
    Not(Box<Tree>),
    Join(&'static str, Box<Tree>, Box<Tree>),
    Compare(&'static str, Box<Tree>, Box<Tree>),
}

struct Names;

impl Scope for Names {
    fn value(&self, name: &str) -> Value<'_> {
        match NAMES.iter().find(|(known, _)| *known == name).unwrap().1 {
            Known::Null => Value::Null,
            Known::Boolean(value) => Value::Boolean(value),
            Known::Number(number) => Value::Number(number),
            Known::Text(text) => Value::text(text),
        }
    }

    fn call(&self, _: Function) -> f64 {
        0.0
    }
}

const TEXTS: [&str; 9] = ["", "7", "7.0", "true", "10.1.0.0/16", "%", "10.1%", "%r%", "Grün"];
const COMPARISONS: [&str; 12] = ["=", "==", "!=", "<>", "<", ">", "<=", ">=", "like", "!like", "in_cidr", "!in_cidr"];

fn leaf(random: &mut Rng) -> Tree {
    match random.u8(..6) {
        0 => Tree::Value(Known::Null),
        1 => Tree::Value(Known::Boolean(random.bool())),
        2 => Tree::Value(Known::Number(f64::from(random.i8(-2..9)))),
        3 => Tree::Value(Known::Text(TEXTS[random.usize(..TEXTS.len())])),
        _ => Tree::Name(random.usize(..NAMES.len())),
    }
}

fn tree(random: &mut Rng, depth: u8) -> Tree {
    let below = |random: &mut Rng| Box::new(tree(random, depth - 1));
    match random.u8(..8) {
        0..=2 if depth > 0 => {
            let word = ["and", "or", "xor"][random.usize(..3)];
            Tree::Join(word, below(random), below(random))
        }
        3 if depth > 0 => Tree::Not(below(random)),
        4..=6 if depth > 0 => Tree::Compare(
            COMPARISONS[random.usize(..COMPARISONS.len())],
            Box::new(leaf(random)),
            Box::new(leaf(random)),
        ),
        _ => leaf(random),
    }
}

/// As text: parentheses where they are needed and sometimes where they are not, words in any case, odd spaces.
fn written(tree: &Tree, random: &mut Rng, text: &mut String) {
    let extra = random.u8(..8) == 0;
    if extra {
        text.push('(');
    }
    match tree {
        Tree::Value(Known::Null) => text.push_str("null"),
        Tree::Value(Known::Boolean(value)) => text.push_str(if *value { "true" } else { "FALSE" }),
        Tree::Value(Known::Number(number)) => text.push_str(&number.to_string()),
        Tree::Value(Known::Text(inner)) => {
            text.push_str(&format!("{0}{inner}{0}", if random.bool() { '\'' } else { '"' }))
        }
        Tree::Name(index) => {
            let name = NAMES[*index].0;
            text.push_str(&if random.bool() { format!("${name}") } else { format!("${{{name}}}") });
        }
        Tree::Not(inner) => {
            text.push_str(if random.bool() { "not (" } else { "!(" });
            written(inner, random, text);
            text.push(')');
        }
        Tree::Join(word, left, right) => {
            text.push('(');
            written(left, random, text);
            text.push_str(") ");
            text.push_str(match (*word, random.bool()) {
                ("and", true) => "&&",
                ("or", true) => "||",
                ("and", false) => "AND",
                (other, _) => other,
            });
            text.push_str("  (");
            written(right, random, text);
            text.push(')');
        }
        Tree::Compare(operator, left, right) => {
            written(left, random, text);
            text.push_str(&format!(" {operator} "));
            written(right, random, text);
        }
    }
    if extra {
        text.push(')');
    }
}

fn value(tree: &Tree) -> Known {
    match tree {
        Tree::Value(value) => *value,
        Tree::Name(index) => NAMES[*index].1,
        Tree::Not(inner) => Known::Boolean(!holds(inner)),
        Tree::Join(word, left, right) => {
            let (left, right) = (holds(left), holds(right));
            Known::Boolean(match *word {
                "and" => left & right,
                "or" => left | right,
                _ => left ^ right,
            })
        }
        Tree::Compare(operator, left, right) => Known::Boolean(compared(operator, value(left), value(right))),
    }
}

fn holds(tree: &Tree) -> bool {
    match value(tree) {
        Known::Null => false,
        Known::Boolean(value) => value,
        Known::Number(number) => number != 0.0,
        Known::Text(text) => text.to_lowercase() == "true",
    }
}

fn compared(operator: &str, left: Known, right: Known) -> bool {
    if let Some(positive) = operator.strip_prefix('!').filter(|rest| *rest != "=") {
        return !compared(positive, left, right);
    }
    match operator {
        "=" | "==" => equal(left, right),
        "!=" | "<>" => !equal(left, right),
        "like" => like(left, right),
        "in_cidr" => left == Known::Text("10.1.2.3") && matches!(right, Known::Text("10.1.0.0/16" | "10.1.2.3")),
        _ => match order(left, right) {
            None => false,
            Some(sign) => match operator {
                "<" => sign < 0,
                ">" => sign > 0,
                "<=" => sign <= 0,
                _ => sign >= 0,
            },
        },
    }
}

fn equal(left: Known, right: Known) -> bool {
    match (left, right) {
        (Known::Null, other) | (other, Known::Null) => other == Known::Null,
        (Known::Boolean(one), Known::Boolean(other)) => one == other,
        (Known::Boolean(one), Known::Text(text)) | (Known::Text(text), Known::Boolean(one)) => {
            text.to_lowercase() == one.to_string()
        }
        _ => order(left, right) == Some(0),
    }
}

/// Two texts as texts; with a number on one side, both as numbers; nothing else has an order.
fn order(left: Known, right: Known) -> Option<i32> {
    let number = |known: Known| match known {
        Known::Number(number) => Some(number),
        Known::Text(text) => text.parse().ok(),
        _ => None,
    };
    match (left, right) {
        (Known::Text(one), Known::Text(other)) => Some(one.cmp(other) as i32),
        (Known::Number(_), _) | (_, Known::Number(_)) => {
            let (one, other) = (number(left)?, number(right)?);
            Some(if one < other { -1 } else { i32::from(one > other) })
        }
        _ => None,
    }
}

/// Tries every split of the text: `%` at an end stands for what is before or behind.
fn like(left: Known, right: Known) -> bool {
    let Known::Text(pattern) = right else { return false };
    let text = match left {
        Known::Null => return false,
        Known::Boolean(value) => value.to_string(),
        Known::Number(number) => number.to_string(),
        Known::Text(text) => text.to_owned(),
    };
    let characters: Vec<char> = text.chars().collect();
    let piece = |from: usize, to: usize| characters[from..to].iter().collect::<String>();
    let middle = pattern.trim_matches('%');
    let (before, behind) = (pattern.starts_with('%'), pattern.ends_with('%'));
    let count = characters.len();
    (0..=count).any(|from| {
        (from..=count).any(|to| (before || from == 0) && (behind || to == count) && piece(from, to) == middle)
    })
}

#[test]
fn conditions_hold_exactly_when_the_model_says_so() {
    let (mut positive, mut tried) = (0, 0);
    for seed in 0..20_000 {
        let mut random = Rng::with_seed(seed);
        let tree = tree(&mut random, 4);
        let mut text = String::new();
        written(&tree, &mut random, &mut text);
        if text.chars().count() > isthmus_plan::expression::LENGTH_LIMIT {
            continue;
        }
        let parsed = Expression::parse(&text).unwrap_or_else(|problem| panic!("seed {seed}: {text} {problem}"));
        assert_eq!(parsed.holds(&Names), holds(&tree), "seed {seed}: {text}");
        positive += u32::from(holds(&tree));
        tried += 1;
    }
    assert!(tried > 15_000 && positive > tried / 10 && positive < tried * 9 / 10, "{positive} of {tried}");
}

/// Without parentheses: `not` before `and` before `xor` before `or`, each from the left.
#[test]
fn words_bind_as_documented() {
    for seed in 0..20_000 {
        let mut random = Rng::with_seed(seed);
        let mut flat: Vec<(bool, bool)> = Vec::new();
        let mut words = Vec::new();
        let mut text = String::new();
        for index in 0..random.usize(1..7) {
            if index > 0 {
                let word = ["and", "xor", "or"][random.usize(..3)];
                words.push(word);
                text.push_str(&format!(" {word} "));
            }
            let one = (random.bool(), random.bool());
            flat.push(one);
            text.push_str(&format!("{}{}", if one.0 { "not " } else { "" }, one.1));
        }
        let mut values: Vec<bool> = flat.iter().map(|(negated, value)| negated ^ value).collect();
        for word in ["and", "xor", "or"] {
            while let Some(at) = words.iter().position(|known| *known == word) {
                let right = values.remove(at + 1);
                words.remove(at);
                values[at] = match word {
                    "and" => values[at] & right,
                    "xor" => values[at] ^ right,
                    _ => values[at] | right,
                };
            }
        }
        assert_eq!(Expression::parse(&text).unwrap().holds(&Names), values[0], "{text}");
    }
}
