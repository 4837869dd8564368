//! Whose turn it is: the target that a request goes to, and the next one when that cannot be reached.
//!
//! Called by `route.rs`. What a thread counts here (turns, requests under way, second tries) is its own: no thread waits
//! for another. Invariant: second tries are a bounded share of all requests, so that a backend in trouble gets no more
//! of them the worse it is.

use super::targets::{Member, Targets};
use hyper::header::HeaderMap;
use isthmus_plan::{Balance, WhenAllDown};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Second tries of one request, at most.
const RETRIES: usize = 2;
/// Of how many requests one may be tried again, and how many tries are saved up.
const RETRY_SHARE: f32 = 0.2;
const RETRIES_SAVED: f32 = 10.0;
/// What a thread remembers of a set that nobody uses.
const FORGOTTEN: Duration = Duration::from_secs(300);

/// What one thread keeps of all sets.
#[derive(Default)]
pub struct Turns {
    known: RefCell<HashMap<u64, Rc<Turn>, foldhash::fast::RandomState>>,
}

/// What one thread keeps of one set.
pub struct Turn {
    /// Of each target: how far it is behind its share.
    behind: RefCell<Vec<i64>>,
    /// Of each target: requests of this thread that are under way.
    running: Vec<Cell<u32>>,
    retries: Cell<f32>,
    used: Cell<Instant>,
}

/// One request that is under way at a target; over when dropped.
pub struct Running {
    turn: Rc<Turn>,
    index: usize,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(running) = self.turn.running.get(self.index) {
            running.set(running.get().saturating_sub(1));
        }
    }
}

impl Turns {
    fn of(&self, targets: &Targets) -> Rc<Turn> {
        let mut known = self.known.borrow_mut();
        let turn = known.entry(targets.id).or_insert_with(|| {
            let count = targets.members.len();
            Rc::new(Turn {
                behind: RefCell::new(vec![0; count]),
                running: vec![Cell::new(0); count],
                retries: Cell::new(RETRIES_SAVED),
                used: Cell::new(Instant::now()),
            })
        });
        Rc::clone(turn)
    }

    /// Forgets sets that are not used any more.
    pub fn sweep(&self) {
        self.known.borrow_mut().retain(|_, turn| turn.used.get().elapsed() < FORGOTTEN);
    }
}

/// The target that a request goes to.
pub struct Picked<'w> {
    pub set: &'w Targets,
    turn: Rc<Turn>,
    pub index: usize,
    /// Targets that this request has met already.
    tried: Vec<usize>,
    running: Option<Running>,
    key: Option<u64>,
}

impl<'w> Picked<'w> {
    /// None when no target is well and requests are refused then.
    pub fn first(turns: &Turns, set: &'w Targets, headers: &HeaderMap, now: u64) -> Option<Self> {
        let turn = turns.of(set);
        turn.used.set(Instant::now());
        turn.retries.set((turn.retries.get() + RETRY_SHARE).min(RETRIES_SAVED));
        let key = set.key(headers).map(hash);
        let mut picked = Self { set, turn, index: 0, tried: Vec::new(), running: None, key };
        picked.choose(now).then_some(picked)
    }

    /// Goes on to another target, when there is one and this request may be tried again.
    pub fn another(&mut self, now: u64) -> bool {
        let left = self.turn.retries.get();
        if self.tried.len() >= RETRIES || left < 1.0 {
            return false;
        }
        self.tried.push(self.index);
        if !self.choose(now) {
            return false;
        }
        self.turn.retries.set(left - 1.0);
        true
    }

    pub fn member(&self) -> Option<&'w Member> {
        self.set.members.get(self.index)
    }

    /// Ends with the answer.
    pub fn take_running(&mut self) -> Option<Running> {
        self.running.take()
    }

    fn choose(&mut self, now: u64) -> bool {
        let members = &self.set.members;
        let open = |index: usize, member: &Member| member.weight > 0 && !self.tried.contains(&index);
        let well = |(index, member): &(usize, &Member)| open(*index, member) && member.health.usable(now);
        let chosen = if members.iter().enumerate().any(|one| well(&one)) {
            self.among(|index| members.get(index).is_some_and(|member| well(&(index, member))))
        } else if self.set.when_all_down == WhenAllDown::Serve && !members.iter().any(|one| one.health.usable(now)) {
            self.among(|index| members.get(index).is_some_and(|member| open(index, member)))
        } else {
            None
        };
        let Some(index) = chosen else { return false };
        self.index = index;
        if let Some(running) = self.turn.running.get(index) {
            running.set(running.get().saturating_add(1));
        }
        self.running = Some(Running { turn: Rc::clone(&self.turn), index });
        true
    }

    fn among(&self, open: impl Fn(usize) -> bool) -> Option<usize> {
        let indices = || (0..self.set.members.len()).filter(|index| open(*index));
        match (&self.set.balance, self.key) {
            (_, Some(key)) => indices().min_by(|a, b| self.distance(key, *a).total_cmp(&self.distance(key, *b))),
            (Balance::LeastRequests, None) => {
                let first = self.draw(indices())?;
                let second = self.draw(indices().filter(|index| *index != first)).unwrap_or(first);
                Some(if self.load(second) < self.load(first) { second } else { first })
            }
            _ => self.next_in_turn(indices()),
        }
    }

    /// Weighted rendezvous hashing: a target that comes or goes moves only its own share.
    fn distance(&self, key: u64, index: usize) -> f64 {
        let Some(member) = self.set.members.get(index) else { return f64::INFINITY };
        let hash = foldhash::fast::FixedState::default().hash_one((key, &*member.target, member.port));
        let share = (hash >> 11) as f64 / (1_u64 << 53) as f64;
        -share.max(f64::MIN_POSITIVE).ln() / f64::from(member.weight)
    }

    /// By weight, at random.
    fn draw(&self, indices: impl Iterator<Item = usize> + Clone) -> Option<usize> {
        let total: u32 = indices.clone().map(|index| self.set.weight(index)).sum();
        let mut left = if total == 0 { return None } else { fastrand::u32(..total) };
        for index in indices {
            let weight = self.set.weight(index);
            if left < weight {
                return Some(index);
            }
            left -= weight;
        }
        None
    }

    fn load(&self, index: usize) -> f64 {
        let running = self.turn.running.get(index).map_or(0, Cell::get);
        f64::from(running) / f64::from(self.set.weight(index).max(1))
    }

    /// Smooth weighted round robin: the one that is furthest behind its share.
    fn next_in_turn(&self, indices: impl Iterator<Item = usize>) -> Option<usize> {
        let mut behind = self.turn.behind.borrow_mut();
        let (mut total, mut best) = (0, None);
        for index in indices {
            let weight = i64::from(self.set.weight(index));
            let Some(own) = behind.get_mut(index) else { continue };
            *own += weight;
            total += weight;
            if best.is_none_or(|(_, most)| *own > most) {
                best = Some((index, *own));
            }
        }
        let (index, _) = best?;
        if let Some(own) = behind.get_mut(index) {
            *own -= total;
        }
        Some(index)
    }
}

fn hash(bytes: &[u8]) -> u64 {
    foldhash::fast::FixedState::default().hash_one(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Picked, Turns};
    use crate::backend::Targets;
    use hyper::header::{HeaderMap, HeaderValue};
    use isthmus_plan::TargetSet;
    use serde_json::{json, Value};
    use std::collections::BTreeMap;

    fn set(weights: &[u32], change: Value) -> TargetSet {
        let target = |weight: &u32| json!({"target": format!("10.0.0.{weight}"), "port": 80, "weight": weight});
        let mut body = json!({"targets": weights.iter().map(target).collect::<Vec<_>>()});
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        serde_json::from_value(body).unwrap()
    }

    fn headers(client: &str) -> HeaderMap {
        let value = HeaderValue::from_str(&format!("203.0.113.1, {client}")).unwrap();
        HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), value)])
    }

    fn chosen(targets: &Targets, turns: &Turns, client: &str) -> Option<usize> {
        Picked::first(turns, targets, &headers(client), 0).map(|picked| picked.index)
    }

    #[test]
    fn gives_each_its_share_in_turn() {
        let (targets, turns) = (Targets::new(&set(&[1, 3, 0], json!({})), None), Turns::default());
        let order: Vec<_> = (0..8).map(|_| chosen(&targets, &turns, "c").unwrap()).collect();
        assert_eq!(order, [1, 0, 1, 1, 1, 0, 1, 1]);
    }

    #[test]
    fn a_client_stays_with_its_target_while_another_comes_and_goes() {
        let by = json!({"balance": {"by": "client_address"}});
        let (three, four) =
            (Targets::new(&set(&[1, 2, 3], by.clone()), None), Targets::new(&set(&[1, 2, 3, 4], by), None));
        let turns = Turns::default();
        let (mut counts, mut moved) = (BTreeMap::new(), 0);
        for client in 0..600 {
            let client = format!("10.1.{}.{}", client / 250, client % 250);
            let before = chosen(&three, &turns, &client).unwrap();
            assert_eq!(chosen(&three, &turns, &client), Some(before));
            *counts.entry(before).or_insert(0) += 1;
            let after = chosen(&four, &turns, &client).unwrap();
            assert!(after == before || after == 3, "only the new one takes clients over");
            moved += usize::from(after == 3);
        }
        assert!(counts[&0] < counts[&1] && counts[&1] < counts[&2], "{counts:?}");
        assert!((180..300).contains(&moved), "its share is 4 of 10: {moved}");
    }

    #[test]
    fn prefers_the_less_busy_one() {
        let (targets, turns) =
            (Targets::new(&set(&[1, 1], json!({"balance": {"by": "least_requests"}})), None), Turns::default());
        let mut busy = Vec::new();
        for _ in 0..20 {
            busy.push(Picked::first(&turns, &targets, &HeaderMap::new(), 0).unwrap());
        }
        assert_eq!(busy.iter().filter(|picked| picked.index == 0).count(), 10);
        drop(busy);
        assert!(turns.of(&targets).running.iter().all(|running| running.get() == 0));
    }

    #[test]
    fn leaves_a_failing_one_alone_for_a_while_and_tells_when_none_is_left() {
        let (targets, turns) =
            (Targets::new(&set(&[1, 2], json!({"when_all_down": "refuse"})), None), Turns::default());
        let fails = |index: usize| (0..3).for_each(|_| targets.members[index].health.failed(0));
        fails(0);
        assert!((0..6).all(|_| chosen(&targets, &turns, "c") == Some(1)));
        fails(1);
        assert_eq!(chosen(&targets, &turns, "c"), None);
        assert!(targets.explain(0).contains("10.0.0.1:80 could not be connected to"), "{}", targets.explain(0));
        assert!(Picked::first(&turns, &targets, &HeaderMap::new(), 10_000).is_some(), "it may be tried again");
        let serving = Targets::new(&set(&[1, 2], json!({})), Some(&targets));
        assert!(chosen(&serving, &turns, "c").is_some(), "it knows that both are ill, and serves all the same");
    }

    #[test]
    fn tries_again_within_a_budget() {
        let (targets, turns) = (Targets::new(&set(&[1, 2, 3, 4], json!({})), None), Turns::default());
        let mut picked = Picked::first(&turns, &targets, &HeaderMap::new(), 0).unwrap();
        let first = picked.index;
        assert!(picked.another(0) && picked.index != first);
        assert!(picked.another(0) && !picked.another(0), "a request is tried three times at most");
        let more =
            (0..40).filter(|_| Picked::first(&turns, &targets, &HeaderMap::new(), 0).unwrap().another(0)).count();
        assert!((8..20).contains(&more), "40 requests may be tried again 8 times, and as often as was saved: {more}");
    }
}
