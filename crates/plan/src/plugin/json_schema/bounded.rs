//! How often a schema can make a checker look at one part of a value.
//!
//! A few bytes of schema can ask for more work than any machine has: a reference to itself, or branches that double
//! at each level. `check` walks the schema as a checker would, without a value: its state is how often each subschema
//! is applied to one part of a value, and from a state each property and each list leads to the next. A schema passes
//! when no state applies more than `MOST` subschemas, so that the work is at most that much for each part of a value.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Subschemas applied to one part of a value, with repetition.
const MOST: u64 = 1_000;
/// Steps of the walk.
const STEPS: usize = 200_000;

type State = BTreeMap<usize, u64>;

/// # Errors
/// What is not allowed, and where.
pub fn check(document: &Value) -> Result<(), String> {
    let mut walk = Walk { root: document, known: Vec::new(), ids: HashMap::new(), steps: 0, path: Vec::new() };
    let mut first = State::new();
    walk.apply(document, 1, &mut first)?;
    let (mut seen, mut waiting) = (HashSet::from([key(&first)]), vec![first]);
    while let Some(state) = waiting.pop() {
        for next in walk.below(&state)? {
            if !next.is_empty() && seen.insert(key(&next)) {
                waiting.push(next);
            }
        }
    }
    Ok(())
}

fn key(state: &State) -> Vec<(usize, u64)> {
    state.iter().map(|(id, count)| (*id, *count)).collect()
}

struct Walk<'s> {
    root: &'s Value,
    known: Vec<&'s Map<String, Value>>,
    /// By address.
    ids: HashMap<usize, usize>,
    steps: usize,
    /// Subschemas that are being applied to the same part.
    path: Vec<usize>,
}

impl<'s> Walk<'s> {
    /// Adds a subschema, and all that it applies to the same part of the value.
    fn apply(&mut self, schema: &'s Value, times: u64, state: &mut State) -> Result<(), String> {
        let Value::Object(map) = schema else { return Ok(()) };
        let address = std::ptr::from_ref(map) as usize;
        let id = *self.ids.entry(address).or_insert_with(|| {
            self.known.push(map);
            self.known.len() - 1
        });
        self.steps += 1;
        if self.path.contains(&id) {
            return Err("has a $ref that leads back to itself".to_owned());
        }
        *state.entry(id).or_default() += times;
        let applied = state.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
        if applied > MOST || self.steps > STEPS {
            return Err(format!("is too complex: more than {MOST} subschemas look at one part of a value"));
        }
        self.path.push(id);
        for one in self.in_place(map)? {
            self.apply(one, times, state)?;
        }
        self.path.pop();
        Ok(())
    }

    fn in_place(&self, map: &'s Map<String, Value>) -> Result<Vec<&'s Value>, String> {
        let mut found = Vec::new();
        for (name, value) in map {
            match name.as_str() {
                "$ref" => found.push(self.target(value)?),
                "$dynamicRef" | "$recursiveRef" => return Err(format!("has {name}, which is not supported")),
                "$id" if !std::ptr::eq(map, self.root_map()) => {
                    return Err("has an $id inside; only the whole schema may have one".to_owned());
                }
                "allOf" | "anyOf" | "oneOf" => found.extend(value.as_array().into_iter().flatten()),
                "not" | "if" | "then" | "else" => found.push(value),
                "dependentSchemas" | "dependencies" => {
                    found.extend(value.as_object().into_iter().flat_map(Map::values))
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn root_map(&self) -> *const Map<String, Value> {
        self.root.as_object().map_or(std::ptr::null(), std::ptr::from_ref)
    }

    fn target(&self, reference: &Value) -> Result<&'s Value, String> {
        let text = reference.as_str().unwrap_or_default();
        let pointer = text.strip_prefix('#').filter(|pointer| pointer.is_empty() || pointer.starts_with('/'));
        let Some(pointer) = pointer else {
            return Err(format!("has the $ref {text:?}; only references inside the schema work, as in #/$defs/name"));
        };
        let decoded = percent_encoding::percent_decode_str(pointer).decode_utf8_lossy();
        self.root.pointer(&decoded).ok_or_else(|| format!("has the $ref {text:?}, which leads nowhere"))
    }

    /// What is applied to the parts of the value: one state for each named property, one for any other property, one
    /// for items of lists.
    fn below(&mut self, state: &State) -> Result<Vec<State>, String> {
        let schemas: Vec<(&'s Map<String, Value>, u64)> =
            state.iter().filter_map(|(id, times)| self.known.get(*id).map(|map| (*map, *times))).collect();
        let objects = |map: &'s Map<String, Value>, name: &str| map.get(name).and_then(Value::as_object);
        let names: HashSet<&str> = schemas
            .iter()
            .filter_map(|(map, _)| objects(map, "properties"))
            .flat_map(|map| map.keys())
            .map(String::as_str)
            .collect();
        let mut found = Vec::new();
        for name in names.into_iter().map(Some).chain([None]) {
            let mut next = State::new();
            for (map, times) in &schemas {
                let own = name.and_then(|name| objects(map, "properties")?.get(name));
                let patterns = objects(map, "patternProperties").into_iter().flat_map(Map::values);
                let others =
                    ["additionalProperties", "unevaluatedProperties"].into_iter().filter_map(|other| map.get(other));
                for one in own.into_iter().chain(patterns).chain(others.filter(|_| own.is_none())) {
                    self.apply(one, *times, &mut next)?;
                }
            }
            found.push(next);
        }
        let mut items = State::new();
        for (map, times) in &schemas {
            for name in ["items", "prefixItems", "additionalItems", "unevaluatedItems", "contains", "propertyNames"] {
                match map.get(name) {
                    Some(Value::Array(several)) => {
                        several.iter().try_for_each(|one| self.apply(one, *times, &mut items))?
                    }
                    Some(one) => self.apply(one, *times, &mut items)?,
                    None => {}
                }
            }
        }
        found.push(items);
        Ok(found)
    }
}
