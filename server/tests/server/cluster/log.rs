//! The stream and its records: how it is made, what stands in it, and what is refused.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::nats::{Nats, ledger, rows};
use crate::support::{Peer, Program, command};

#[test]
fn the_log_keeps_everything_and_people_can_read_it() {
    let nats = Nats::start(1);
    let folder = tempfile::tempdir().unwrap();
    let node = nats.node(folder.path(), &["--cluster-name", "exam-1"]);
    let (mut peer, _) = Peer::join(&node, "20260001", json!({"name": "가나"}));
    peer.square("-12", "x1");
    assert_eq!(peer.next_of("result")["seq"], 1);
    let (config, first, second) = nats.speak(async |jetstream| {
        let stream = jetstream.get_stream("SQUARES_exam-1").await.unwrap();
        let message = async |sequence| stream.get_raw_message(sequence).await.unwrap().payload;
        let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        (stream.cached_info().config.clone(), read(&message(1).await), read(&message(2).await))
    });
    assert_eq!(config.subjects, ["squares.exam-1.log"]);
    assert_eq!((config.storage, config.discard, config.num_replicas), (StorageType::File, DiscardPolicy::New, 1));
    assert_eq!((config.max_bytes, config.max_messages, config.max_age), (-1, -1, Duration::ZERO));
    assert!(config.deny_delete && config.deny_purge);
    assert_eq!(config.duplicate_window, Duration::from_secs(120));
    assert_eq!((&first["format"], &first["log"]), (&json!(1), &peer.hello["log"]));
    let entry = json!({"student": "20260001", "name": "가나", "number": "-12", "square": "144", "id": "x1"});
    assert_eq!((&second["format"], &second["entries"], &second["counter"]), (&json!(1), &json!([entry]), &json!(1)));
}

#[test]
fn a_stream_with_other_settings_is_refused_and_left_as_it_is() {
    let nats = Nats::start(1);
    let stands = |name: &str, change: fn(&mut Config)| {
        let mut config = Config {
            name: format!("SQUARES_{name}"),
            subjects: vec![format!("squares.{name}.log")],
            discard: DiscardPolicy::New,
            deny_delete: true,
            deny_purge: true,
            ..Config::default()
        };
        change(&mut config);
        nats.speak(async |jetstream| jetstream.create_stream(config).await.map(drop).unwrap());
    };
    stands("old", |config| config.discard = DiscardPolicy::Old);
    stands("short", |config| config.max_messages = 10);
    stands("open", |config| config.deny_purge = false);
    stands("other", |config| config.subjects = vec!["something".to_owned()]);
    for (name, differs) in [("old", "discard"), ("short", "limits"), ("open", "deny_delete"), ("other", "subjects")] {
        let folder = tempfile::tempdir().unwrap();
        let why = nats.refused(folder.path(), &["--cluster-name", name]);
        assert!(why.contains("other settings") && why.contains(differs) && why.contains("exit status: 1"), "{why}");
    }
    stands("fine", |_| {});
    let folder = tempfile::tempdir().unwrap();
    let why = nats.refused(folder.path(), &["--cluster-name", "fine", "--cluster-replicas", "3"]);
    assert!(why.contains("--cluster-replicas 1"), "{why}");
    drop(nats.node(folder.path(), &["--cluster-name", "fine"]));
    nats.speak(async |jetstream| {
        jetstream.get_stream("SQUARES_short").await.unwrap().cached_info().state.messages.checked_sub(0).unwrap();
        let publish = jetstream.publish("squares.other.log", "x".into()).await;
        assert!(publish.unwrap().await.is_err(), "nobody has made that subject a log");
    });
}

#[test]
fn a_folder_of_another_log_and_one_with_results_of_its_own_are_refused() {
    let nats = Nats::start(1);
    let [own, first, copy] = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let record = |program: &Program, number: &str| {
        let (mut peer, _) = Peer::join(program, "a", json!({"backlog": 0}));
        peer.square(number, number);
        peer.next_of("result");
        peer.hello["log"].clone()
    };
    let alone = Program::start(own.path(), &[]);
    record(&alone, "1");
    alone.stop();
    let why = nats.refused(own.path(), &[]);
    assert!(why.contains("results of its own") && why.contains("--data"), "{why}");
    assert_eq!(rows(own.path()).len(), 1);

    let node = nats.node(first.path(), &[]);
    let log = record(&node, "2");
    node.stop();
    let why = nats.refused(first.path(), &["--cluster-name", "b"]);
    assert!(why.contains("another log"), "{why}");
    // A copy is another ledger; an empty folder is filled instead.
    std::fs::copy(ledger(first.path()), ledger(copy.path())).unwrap();
    let why = nats.refused(copy.path(), &[]);
    assert!(why.contains("or is a copy"), "{why}");

    // It does not go on alone because somebody forgets a flag.
    let mut forgotten = command(first.path());
    forgotten.args(["--listen", "127.0.0.1:0"]);
    let why = Program::try_start_as(forgotten).map(drop).expect_err("it is refused");
    assert!(why.contains("part of a cluster") && why.contains("--leave-cluster"), "{why}");
    assert!(why.contains("exit status: 1"), "{why}");
    let node = nats.node(first.path(), &[]);
    assert_eq!(record(&node, "3"), log, "nothing was changed");
    node.stop();
    // Where that is meant, it goes on under another name, since its next results are not those of the log, and cannot
    // come back.
    let alone = Program::start(first.path(), &["--leave-cluster"]);
    let own_log = record(&alone, "4");
    assert_ne!(own_log, log);
    alone.stop();
    let alone = Program::start(first.path(), &[]);
    assert_eq!(record(&alone, "5"), own_log, "it has left");
    alone.stop();
    assert_eq!(rows(first.path()).iter().map(|row| row.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let why = nats.refused(first.path(), &[]);
    assert!(why.contains("results of its own"), "{why}");
}

#[test]
fn servers_that_start_at_once_make_one_log() {
    let nats = Nats::start(1);
    let folders = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let nodes: Vec<Program> = std::thread::scope(|scope| {
        let started = folders.each_ref().map(|folder| scope.spawn(|| nats.node(folder.path(), &[])));
        started.into_iter().map(|node| node.join().unwrap()).collect()
    });
    let logs: Vec<Value> = nodes.iter().map(|node| Peer::connect(node).hello["log"].clone()).collect();
    assert_eq!(logs[0], logs[1]);
    assert_eq!(logs[0], logs[2]);
}

#[test]
fn what_no_server_wrote_is_passed_over_by_all_and_what_a_newer_one_did_stops_them() {
    let nats = Nats::start(1);
    let [a, b] = [0; 2].map(|_| tempfile::tempdir().unwrap());
    let put = |text: &'static str| {
        nats.speak(async |jetstream| {
            jetstream.publish("squares.squares.log", text.into()).await.unwrap().await.unwrap();
        });
    };
    let node = nats.node(a.path(), &[]);
    put("nonsense");
    let (mut peer, _) = Peer::join(&node, "a", json!({}));
    peer.square("5", "1");
    assert_eq!(peer.next_of("result")["seq"], 1);
    let other = nats.node(b.path(), &[]);
    assert_eq!(Peer::connect(&other).hello["latest"], 1);
    put(r#"{"format":2,"entries":"in another way"}"#);
    for node in [node, other] {
        let (status, log) = node.ended();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.lines().last().unwrap().contains("newer"), "{log}");
    }
}

#[test]
fn a_server_whose_records_differ_takes_itself_out() {
    let nats = Nats::start(1);
    let [a, b] = [0; 2].map(|_| tempfile::tempdir().unwrap());
    let (sound, harmed) = (nats.node(a.path(), &[]), nats.node(b.path(), &[]));
    let (mut peer, _) = Peer::join(&sound, "a", json!({}));
    peer.square("5", "1");
    peer.next_of("result");
    harmed.stop();
    let check = |data: &TempDir| {
        let mut command = command(data.path());
        let output = command.args(["check", "--cluster", &nats.urls()]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = check(&b);
    assert!(code == Some(0) && said.ends_with("sound\n"), "{said}");
    let connection = rusqlite::Connection::open(ledger(b.path())).unwrap();
    connection.execute("UPDATE projection SET chain = zeroblob(32)", ()).unwrap();
    drop(connection);
    let (code, said) = check(&b);
    assert!(code == Some(3) && said.contains("not those of the cluster's log"), "{said}");
    let (status, log) = nats.node(b.path(), &[]).ended();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.lines().last().unwrap().contains("other records than the shared log"), "{log}");
    peer.square("6", "2");
    assert_eq!(peer.next_of("result")["seq"], 2, "the other one goes on");
}

#[test]
fn nobody_is_told_that_a_log_is_synced_when_that_cannot_be_seen() {
    let nats = Nats::start(1);
    let folder = tempfile::tempdir().unwrap();
    let (_, log) = nats.node(folder.path(), &[]).stop();
    assert!(log.contains("sync_interval: always"), "{log}");
}
