//! The follower against a publisher that misbehaves in every way it can, over real sockets.

mod publisher;

use self::publisher::{batch, begin, body_of, digest_of, record, Act, Answer, Publisher};
use super::{run, FollowSettings, Links};
use crate::disk::DiskCopy;
use crate::live::{Applied, Batch, BatchRecord, Live};
use crate::metrics::Sources;
use crate::probe::{Answered, Asked, Finding};
use crate::settings::FeedSettings;
use isthmus_plan::{record_digest, Secret, SetDigest};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

const DEADLINE: Duration = Duration::from_secs(20);

struct Following {
    live: Arc<Live>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

fn settings(url: &str) -> FollowSettings {
    let feed = FeedSettings { url: url.to_owned(), token: Secret::new("token") };
    let mut settings = FollowSettings::new(&feed, "node 1").unwrap();
    settings.instance = Some("apigateway-cn-1".to_owned());
    settings.times.first_wait = Duration::from_millis(1);
    settings.times.longest_wait = Duration::from_millis(20);
    settings.times.report = Duration::from_millis(50);
    settings
}

impl Following {
    fn start(settings: FollowSettings, live: Arc<Live>, disk: Option<DiskCopy>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let own = Arc::clone(&live);
        let egress = || BTreeMap::from([("vpc-a".to_owned(), vec!["192.0.2.1".to_owned()])]);
        let (asked, mut questions) = mpsc::unbounded_channel::<Asked>();
        let (answer, answered) = mpsc::unbounded_channel();
        // Whoever looks after networks: finds nothing, at once.
        std::thread::spawn(move || {
            while let Some(question) = questions.blocking_recv() {
                answer.send(Answered { id: question.id, answer: Finding::default() }).ok();
            }
        });
        let links = Links { egress: Box::new(egress), asked, answered, imagine: mpsc::unbounded_channel().0 };
        let sources =
            Sources { live: own, counters: Vec::new(), records: None, devices: Arc::default(), lost: Arc::default() };
        let thread = std::thread::spawn(move || run(settings, sources, disk, links, stopped).unwrap());
        Self { live, stop, thread: Some(thread) }
    }

    fn of(publisher: &Publisher) -> Self {
        Self::start(settings(&publisher.url), Arc::default(), None)
    }

    fn until(&self, wanted: impl Fn(&Applied) -> bool) -> Applied {
        let end = Instant::now() + DEADLINE;
        loop {
            let applied = self.live.applied();
            if wanted(&applied) {
                return applied;
            }
            assert!(Instant::now() < end, "the engine stays at {applied:?}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || std::thread::panicking());
    }
}

#[test]
fn applies_a_snapshot_and_each_change_and_reports_what_it_serves() {
    let publisher = Publisher::start();
    let (more, texts) = channel();
    publisher.will(vec![Act::Send(batch("snapshot", 3, &["1", "2"], &["1", "2"])), Act::Obey(texts)]);
    let following = Following::of(&publisher);
    assert_eq!(publisher.asked(), "GET /plane/v1/feed?node=node%201&asks=1&store=&after=0 HTTP/1.1");
    let report = publisher.reported(|report| report["revision"] == 3);
    assert_eq!((&report["node"], &report["instance"]), (&"node 1".into(), &"apigateway-cn-1".into()));
    assert_eq!(report["store"], "store");
    assert_eq!(report["digest"], digest_of(&["1", "2"]));
    assert_eq!(report["refused"], serde_json::json!([]));
    assert_eq!(report["egress"], serde_json::json!({"vpc-a": ["192.0.2.1"]}));
    more.send("{\"type\":\"ping\"}\n".into()).unwrap();
    more.send(batch("tail", 4, &["3"], &["1", "2", "3"])).unwrap();
    publisher.reported(|report| report["revision"] == 4 && report["digest"] == digest_of(&["1", "2", "3"]));
    assert_eq!(following.live.applied().revision, 4);
}

#[test]
fn a_refused_record_is_reported_and_takes_no_neighbour_down() {
    let publisher = Publisher::start();
    let odd = "{\"type\":\"record\",\"kind\":\"balloon\",\"key\":\"7\",\"revision\":3,\"body\":[1]}\n";
    let mut digest = SetDigest::default();
    digest.toggle(record_digest("balloon", "7", "[1]"));
    digest.toggle(record_digest("app", "1", &body_of("1")));
    let commit = format!("{{\"type\":\"commit\",\"revision\":3,\"digest\":\"{}\"}}\n", digest.to_hex());
    publisher.will(vec![Act::Send(begin("snapshot", 3) + odd + &record("1", 3) + &commit), Act::Hang]);
    let following = Following::of(&publisher);
    let report = publisher.reported(|report| report["revision"] == 3);
    assert_eq!(report["refused"][0]["key"], "7");
    assert_eq!(report["digest"], digest.to_hex());
    assert!(following.live.applied().refused[0].reason.contains("does not know records of this kind"));
}

/// After each of these the engine serves what it had, comes back, and asks for what follows.
#[test]
fn survives_every_way_a_stream_can_break() {
    let whole = batch("tail", 4, &["2"], &["1", "2"]);
    let half = whole[..whole.len() - 10].to_owned();
    let ways: Vec<(&str, Vec<Act>)> = vec![
        ("the connection is closed at once", vec![]),
        ("half a batch", vec![Act::Send(half.clone())]),
        ("half a batch and the end of the stream", vec![Act::Send(half), Act::Raw(b"0\r\n\r\n".to_vec())]),
        ("garbage", vec![Act::Send("what is this\n".into()), Act::Hang]),
        ("bytes that are no text", vec![Act::Raw(b"4\r\n\xff\xfe\x00\n\r\n".to_vec()), Act::Hang]),
        ("broken chunks", vec![Act::Raw(b"zz\r\nno chunk".to_vec()), Act::Hang]),
        ("a giant line", vec![Act::Send("x".repeat(5000)), Act::Hang]),
        ("silence", vec![Act::Hang]),
        ("silence within a batch", vec![Act::Send(begin("tail", 4)), Act::Hang]),
        ("a record outside a batch", vec![Act::Send(record("2", 4)), Act::Hang]),
    ];
    for (name, acts) in ways {
        let publisher = Publisher::start();
        publisher.will(vec![Act::Send(batch("snapshot", 3, &["1"], &["1"]))]);
        publisher.will(acts);
        publisher.will(vec![Act::Send(whole.clone()), Act::Hang]);
        let mut settings = settings(&publisher.url);
        settings.times.silence = Duration::from_millis(300);
        settings.line_limit = 4000;
        let following = Following::start(settings, Arc::default(), None);
        assert!(publisher.asked().contains("after=0"), "{name}");
        for _ in 0..2 {
            assert!(publisher.asked().contains("store=store&after=3"), "{name}");
        }
        let applied = following.until(|applied| applied.revision == 4);
        assert_eq!(applied.digest, digest_of(&["1", "2"]), "{name}");
    }
}

#[test]
fn a_publisher_that_refuses_is_asked_again() {
    let publisher = Publisher::start();
    for status in ["401 Unauthorized", "500 Oops", "302 Found"] {
        publisher.answers.send(Answer::Status(status)).unwrap();
    }
    publisher.will(vec![Act::Send(batch("snapshot", 3, &["1"], &["1"])), Act::Hang]);
    Following::of(&publisher).until(|applied| applied.revision == 3);
}

#[test]
fn a_wrong_hash_leads_to_the_whole_plan() {
    let publisher = Publisher::start();
    publisher
        .will(vec![Act::Send(batch("snapshot", 3, &["1"], &["1"]) + &batch("tail", 4, &["2"], &["1"])), Act::Hang]);
    publisher.will(vec![Act::Send(batch("snapshot", 4, &["1", "2", "3"], &["1", "2", "3"]))]);
    publisher.will(vec![Act::Send(batch("tail", 5, &["4"], &["1", "2", "3", "4"])), Act::Hang]);
    let following = Following::of(&publisher);
    let asked: Vec<_> = (0..3).map(|_| publisher.asked()).collect();
    let after: Vec<_> = asked.iter().map(|line| line.split("after=").nth(1).unwrap().split(' ').next()).collect();
    assert_eq!(after, [Some("0"), Some("0"), Some("4")]);
    following.until(|applied| applied.digest == digest_of(&["1", "2", "3", "4"]));
}

#[test]
fn a_change_of_another_plan_leads_to_the_whole_plan() {
    let publisher = Publisher::start();
    publisher.will(vec![Act::Send(batch("snapshot", 3, &["1"], &["1"]) + &batch("tail", 2, &[], &["1"])), Act::Hang]);
    publisher.will(vec![Act::Send(batch("snapshot", 5, &["2"], &["2"])), Act::Hang]);
    let following = Following::of(&publisher);
    assert!([publisher.asked(), publisher.asked()][1].contains("after=0"));
    assert_eq!(following.until(|applied| applied.revision == 5).digest, digest_of(&["2"]));
}

#[test]
fn an_engine_starts_from_its_disk_and_asks_for_what_it_missed() {
    let dir = directory("starts");
    let publisher = Publisher::start();
    publisher.will(vec![
        Act::Send(batch("snapshot", 3, &["1"], &["1"])),
        Act::Send(batch("tail", 4, &["2"], &["1", "2"])),
        Act::Hang,
    ]);
    let following =
        Following::start(settings(&publisher.url), Arc::default(), Some(DiskCopy::open(&dir, [1; 32]).unwrap()));
    assert!(publisher.asked().contains("after=0"));
    publisher.reported(|report| report["revision"] == 4 && report["disk_problem"].is_null());
    drop(following);

    let mut disk = DiskCopy::open(&dir, [1; 32]).unwrap();
    let live = Arc::new(Live::default());
    live.apply(disk.load().unwrap());
    assert_eq!((live.applied().revision, live.applied().digest), (4, digest_of(&["1", "2"])));
    publisher.will(vec![Act::Send(batch("tail", 4, &[], &["1", "2"])), Act::Hang]);
    let generation = live.generation();
    let following = Following::start(settings(&publisher.url), live, Some(disk));
    assert!(publisher.asked().contains("store=store&after=4"));
    publisher.reported(|report| report["revision"] == 4);
    assert_eq!(following.live.generation(), generation, "an empty batch changed what is served");
    drop(following);
    std::fs::remove_dir_all(dir).ok();
}

#[test]
fn a_copy_that_is_not_what_the_control_plane_has_is_replaced() {
    let dir = directory("replaced");
    let mut disk = DiskCopy::open(&dir, [1; 32]).unwrap();
    let stale = BatchRecord { kind: "app".into(), key: "9".into(), revision: 3, body: Some(body_of("9").into()) };
    let plan = Batch { store: "store".into(), snapshot: true, revision: 3, records: vec![stale] };
    disk.append(&plan).blocking_recv().unwrap();
    let live = Arc::new(Live::default());
    live.apply(plan);
    let publisher = Publisher::start();
    publisher.will(vec![Act::Send(batch("tail", 3, &[], &["1"])), Act::Hang]);
    publisher.will(vec![Act::Send(batch("snapshot", 3, &["1"], &["1"])), Act::Hang]);
    let following = Following::start(settings(&publisher.url), live, Some(disk));
    assert!(publisher.asked().contains("after=3"));
    assert!(publisher.asked().contains("after=0"));
    publisher.reported(|report| report["digest"] == digest_of(&["1"]));
    drop(following);
    let kept = DiskCopy::open(&dir, [1; 32]).unwrap().load().unwrap();
    assert_eq!(kept.records.iter().map(|record| record.key.as_str()).collect::<Vec<_>>(), ["1"]);
    std::fs::remove_dir_all(dir).ok();
}

#[test]
fn a_plan_larger_than_any_buffer_arrives_whole() {
    let keys: Vec<String> = (1..=3000).map(|number| number.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let publisher = Publisher::start();
    let text = batch("snapshot", 3, &keys, &keys);
    // In pieces that end anywhere.
    let pieces = text.as_bytes().chunks(777).map(|piece| Act::Send(String::from_utf8(piece.to_vec()).unwrap()));
    publisher.will(pieces.chain([Act::Hang]).collect());
    assert_eq!(Following::of(&publisher).until(|applied| applied.revision == 3).digest, digest_of(&keys));
}

#[test]
fn stops_at_once_while_nobody_answers() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    drop(Following::start(settings(&url), Arc::default(), None));
}

fn directory(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("isthmus-follow-{name}-{}", std::process::id()))
}
