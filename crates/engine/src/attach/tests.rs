//! Which addresses are dialled, and how a connector that comes and goes is met.

use super::*;
use isthmus_connector::packet::{PacketListener, PacketSocket};
use std::collections::BTreeMap;
use std::io::Read;
use std::os::fd::AsFd;
use tokio::task::LocalSet;
use tokio::time::timeout;

fn network(attachment: Attachment) -> Network {
    let instances = BTreeMap::from([("i-web".to_owned(), "10.0.0.11".to_owned())]);
    Network { network_id: "vpc-a".to_owned(), attachment, instances, ..Network::of_engine() }
}

fn connector() -> Attachment {
    Attachment::Connector { socket: "/nowhere".to_owned() }
}

fn host() -> Attachment {
    Attachment::Host { source: None, device: None }
}

fn policy(loopback_allowed: bool) -> AddressPolicy {
    let own_addresses = vec!["127.0.0.1:7080".parse().unwrap(), "0.0.0.0:8080".parse().unwrap()];
    AddressPolicy { loopback_allowed, own_addresses }
}

#[test]
fn refuses_special_addresses_everywhere_and_loopback_where_it_is_not_allowed() {
    for text in ["169.254.169.254:80", "0.0.0.0:80", "224.0.0.1:80", "[fe80::1]:80", "[::ffff:169.254.169.254]:80"] {
        assert!(policy(true).check(&network(host()), text.parse().unwrap()).is_err(), "{text}");
        assert!(policy(true).check(&network(connector()), text.parse().unwrap()).is_err(), "{text}");
    }
    for text in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
        assert!(policy(true).check(&network(host()), text.parse().unwrap()).is_ok(), "{text}");
        assert!(policy(false).check(&network(host()), text.parse().unwrap()).is_err(), "{text}");
        assert!(policy(true).check(&network(connector()), text.parse().unwrap()).is_err(), "{text}");
    }
    assert!(policy(false).check(&network(connector()), "10.0.0.11:80".parse().unwrap()).is_ok());
}

#[test]
fn refuses_the_gateways_own_ports_on_every_address_of_the_machine() {
    for text in ["127.0.0.1:7080", "127.0.0.1:8080", "127.0.0.2:8080", "[::ffff:127.0.0.1]:7080"] {
        assert!(policy(true).check(&network(host()), text.parse().unwrap()).is_err(), "{text}");
    }
    assert!(policy(true).check(&network(host()), "127.0.0.1:8081".parse().unwrap()).is_ok());
}

#[tokio::test]
async fn resolves_instances_and_canonical_addresses_only() {
    let address = resolve(&Rc::default(), &network(connector()), "i-web", 80).await.unwrap();
    assert_eq!(address, vec!["10.0.0.11:80".parse().unwrap()]);
    for target in ["127.1", "0x7f.0.0.1", "2130706433", "010.0.0.1", "i-other", "shop.internal"] {
        assert_eq!(
            resolve(&Rc::default(), &network(connector()), target, 80).await.unwrap_err().kind,
            FailureKind::Unresolved,
            "{target}"
        );
    }
    for target in ["127.1", "2130706433", "010.0.0.1"] {
        assert_eq!(
            resolve(&Rc::default(), &network(host()), target, 80).await.unwrap_err().kind,
            FailureKind::Unresolved
        );
    }
}

#[tokio::test]
async fn tries_the_addresses_of_a_name_in_turn_and_tells_what_the_first_one_met() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let open = listener.local_addr().unwrap();
    let closed = SocketAddr::from(([127, 0, 0, 2], open.port()));
    let forbidden = SocketAddr::from(([169, 254, 169, 254], open.port()));
    let attachments = Attachments::new(Arc::new(policy(true)));
    let network = network(host());
    let deadline = Instant::now() + Duration::from_secs(10);
    let stream = attachments.connect_any(&network, &[closed, forbidden, open], deadline).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), open);
    assert!(stream.nodelay().unwrap());
    for (addresses, kind) in
        [([closed, forbidden], FailureKind::Refused), ([forbidden, closed], FailureKind::AddressRefused)]
    {
        let failure = attachments.connect_any(&network, &addresses, deadline).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{}", failure.detail);
    }
}

#[tokio::test]
async fn fails_what_a_vanished_connector_was_asked_and_finds_a_new_one() {
    let folder = std::env::temp_dir().join(format!("isthmus-attach-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("c.sock");
    let text = path.to_str().unwrap().to_owned();
    let steps = async {
        let clients = Clients::default();
        let limit = Duration::from_secs(5);
        let address = "10.0.0.11:80".parse().unwrap();
        assert_eq!(clients.connect(&text, (address, None), limit).await.unwrap_err().kind, FailureKind::ConnectorGone);
        let listener = PacketListener::bind(&path).unwrap();
        listener.listen().unwrap();
        let asking = clients.connect(&text, (address, None), limit);
        let vanishing = async {
            let socket = listener.accept().await.unwrap();
            socket.receive().await.unwrap();
        };
        let (asked, ()) = tokio::join!(asking, vanishing);
        assert_eq!(asked.unwrap_err().kind, FailureKind::ConnectorGone);
        let asking = clients.egress(&text);
        let answering = async {
            let socket = listener.accept().await.unwrap();
            let packet = socket.receive().await.unwrap().unwrap();
            let asked: serde_json::Value = serde_json::from_slice(&packet.bytes).unwrap();
            let reply =
                serde_json::json!({"id": asked["id"], "egress": ["10.0.0.250"], "allow_count": 1, "version": "1"});
            socket.send(reply.to_string().as_bytes(), None).await.unwrap();
        };
        let (egress, ()) = tokio::join!(asking, answering);
        assert_eq!(egress.unwrap(), vec!["10.0.0.250".parse::<IpAddr>().unwrap()]);
    };
    LocalSet::new().run_until(steps).await;
    std::fs::remove_dir_all(&folder).ok();
}

/// A TCP connection: the end to hand over, and the other one.
fn connection() -> (std::net::TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let handed = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (handed, listener.accept().unwrap().0)
}

#[tokio::test]
async fn closes_a_connection_that_comes_after_its_asker_left() {
    let folder = std::env::temp_dir().join(format!("isthmus-attach-late-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("c.sock");
    let text = path.to_str().unwrap().to_owned();
    let steps = async {
        let (clients, limit) = (Clients::default(), Duration::from_secs(5));
        let address = "10.0.0.11:80".parse().unwrap();
        let listener = PacketListener::bind(&path).unwrap();
        listener.listen().unwrap();
        let left = clients.connect(&text, (address, None), limit);
        let asked = async {
            let socket = listener.accept().await.unwrap();
            let packet = socket.receive().await.unwrap();
            (socket, packet.unwrap())
        };
        let (socket, first) = tokio::select! {
            _ = left => panic!("nobody has answered yet"),
            asked = asked => asked,
        };
        let (late, mut forgotten) = connection();
        let (current, wanted) = connection();
        let answering = async {
            let second = socket.receive().await.unwrap().unwrap();
            for (question, stream) in [(first, late), (second, current)] {
                let asked: serde_json::Value = serde_json::from_slice(&question.bytes).unwrap();
                let reply = serde_json::json!({"id": asked["id"], "ok": true, "source": null}).to_string();
                socket.send(reply.as_bytes(), Some(stream.as_fd())).await.unwrap();
            }
        };
        let (stream, ()) = tokio::join!(clients.connect(&text, (address, None), limit), answering);
        assert_eq!(stream.unwrap().local_addr().unwrap(), wanted.peer_addr().unwrap());
        forgotten.set_read_timeout(Some(limit)).unwrap();
        assert_eq!(forgotten.read(&mut [0]).unwrap(), 0, "the late connection is closed");
    };
    LocalSet::new().run_until(steps).await;
    std::fs::remove_dir_all(&folder).ok();
}

#[tokio::test]
async fn asks_a_restarted_connector_whose_end_was_not_noticed_yet() {
    let folder = std::env::temp_dir().join(format!("isthmus-attach-restart-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("c.sock");
    let text = path.to_str().unwrap().to_owned();
    let steps = async {
        let clients = Clients::default();
        let listener = listening(&path);
        let (asked, old) = tokio::join!(clients.egress(&text), introduce(&listener));
        asked.unwrap();
        // No await between the end of the old one and the next question.
        drop((old, listener));
        std::fs::remove_file(&path).unwrap();
        let listener = listening(&path);
        let (asked, _new) = tokio::join!(clients.egress(&text), introduce(&listener));
        assert_eq!(asked.unwrap(), vec!["10.0.0.250".parse::<IpAddr>().unwrap()]);
    };
    LocalSet::new().run_until(steps).await;
    std::fs::remove_dir_all(&folder).ok();
}

fn listening(path: &std::path::Path) -> PacketListener {
    let listener = PacketListener::bind(path).unwrap();
    listener.listen().unwrap();
    listener
}

/// Answers one greeting; the connection stays open as long as what is returned.
async fn introduce(listener: &PacketListener) -> PacketSocket {
    let socket = timeout(Duration::from_secs(10), listener.accept()).await.unwrap().unwrap();
    let packet = socket.receive().await.unwrap().unwrap();
    let asked: serde_json::Value = serde_json::from_slice(&packet.bytes).unwrap();
    let reply = serde_json::json!({"id": asked["id"], "egress": ["10.0.0.250"], "allow_count": 1, "version": "1"});
    socket.send(reply.to_string().as_bytes(), None).await.unwrap();
    socket
}
