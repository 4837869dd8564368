//! Expressions: what parses has an answer over any values, and parses again from its own text.
//! Input: the value of every name, a line feed, the expression.

#![no_main]

use isthmus_plan::expression::{Expression, Function, Scope, Value};
use libfuzzer_sys::fuzz_target;

struct Same<'t>(&'t str);

impl Scope for Same<'_> {
    fn value(&self, name: &str) -> Value<'_> {
        match name.len() % 4 {
            0 => Value::Null,
            1 => Value::Boolean(self.0.len() % 2 == 0),
            2 => Value::Number(self.0.parse().unwrap_or(f64::NAN)),
            _ => Value::text(self.0),
        }
    }

    fn call(&self, _: Function) -> f64 {
        0.5
    }
}

fuzz_target!(|text: &str| {
    let (value, expression) = text.split_once('\n').unwrap_or(("", text));
    let Ok(parsed) = Expression::parse(expression) else { return };
    parsed.names();
    let held = parsed.holds(&Same(value));
    let again = Expression::parse(parsed.text()).expect("an expression's own text parses");
    // NaN differs from itself, so the trees cannot be compared; what they answer can.
    assert_eq!(again.holds(&Same(value)), held);
});
