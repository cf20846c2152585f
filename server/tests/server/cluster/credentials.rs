//! NATS servers that let in only who has credentials of an account: a `.creds` file, as an operator's tools make it.

use std::path::{Path, PathBuf};

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::nats::Nats;
use crate::support::{Peer, Program, command};

/// Whose key it is, as the first letter of its name says: operator, account, user.
const OPERATOR: u8 = 14 << 3;
const ACCOUNT: u8 = 0;
const USER: u8 = 20 << 3;

/// The first letter of a key that is secret.
const SEED: u8 = 18 << 3;

/// A key as NATS names it.
struct Key {
    kind: u8,
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl Key {
    fn new(kind: u8) -> Self {
        let seed = [(); 32].map(|()| fastrand::u8(..));
        Self { kind, seed, pair: Ed25519KeyPair::from_seed_unchecked(&seed).unwrap() }
    }

    fn public(&self) -> String {
        named(&[&[self.kind][..], self.pair.public_key().as_ref()].concat())
    }

    fn secret(&self) -> String {
        named(&[&[SEED | (self.kind >> 5), self.kind << 3][..], &self.seed[..]].concat())
    }

    /// What this key says of another one, as a JSON web token.
    fn says(&self, of: &str, nats: Value) -> String {
        let part = |value: Value| text(value.to_string().as_bytes(), 6, BASE64);
        let header = part(json!({"typ": "JWT", "alg": "ed25519-nkey"}));
        let claims = json!({"jti": "test", "iat": 1, "iss": self.public(), "name": "test", "sub": of, "nats": nats});
        let said = format!("{header}.{}", part(claims));
        let signature = text(self.pair.sign(said.as_bytes()).as_ref(), 6, BASE64);
        format!("{said}.{signature}")
    }
}

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as text of so many bits a letter, without padding.
fn text(bytes: &[u8], bits: usize, letters: &[u8]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| usize::from((byte >> (7 - at % 8)) & 1));
    let letter = |at: usize| (at..at + bits).fold(0, |value, at| (value << 1) | bit(at));
    (0..bytes.len() * 8).step_by(bits).map(|at| char::from(letters[letter(at)])).collect()
}

/// A key's name: its bytes with a check sum (CRC-16, XMODEM), in base 32.
fn named(bytes: &[u8]) -> String {
    let shifted = |sum: u16| if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 };
    let sum = bytes.iter().fold(0, |sum, &byte| (0..8).fold(sum ^ (u16::from(byte) << 8), |sum, _| shifted(sum)));
    text(&[bytes, &sum.to_le_bytes()[..]].concat(), 5, BASE32)
}

/// What the operator says of an account, which may store so many bytes: -1 stands for any number.
fn account(operator: &Key, account: &Key, storage: i64) -> String {
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": storage, "disk_storage": storage, "streams": -1, "consumer": -1,
    });
    operator.says(&account.public(), json!({"limits": limits, "type": "account", "version": 2}))
}

/// Writes the credentials of a user of this account.
fn credentials(folder: &Path, name: &str, account: &Key) -> PathBuf {
    let user = Key::new(USER);
    let limits = json!({"subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {}, "type": "user", "version": 2});
    let (token, seed) = (account.says(&user.public(), limits), user.secret());
    let file = folder.join(name);
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_server_joins_with_the_credentials_of_an_account_and_not_without() {
    let operator = Key::new(OPERATOR);
    let [room, plain, system, stranger] = [(); 4].map(|()| Key::new(ACCOUNT));
    let own = operator.says(&operator.public(), json!({"type": "operator", "version": 2}));
    let preloaded = [(&room, -1), (&plain, 0), (&system, 0)]
        .map(|(known, storage)| format!("{}: {}", known.public(), account(&operator, known, storage)));
    let nats = Nats::start_with(
        1,
        "nats",
        &format!(
            "operator: {own}\nresolver: MEMORY\nsystem_account: {}\nresolver_preload {{\n{}\n}}",
            system.public(),
            preloaded.join("\n")
        ),
    );
    let [folder, data, none] = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let file = credentials(folder.path(), "room.creds", &room);
    let node = nats.node(data.path(), &["--cluster-credentials", file.to_str().unwrap()]);
    let (mut peer, _) = Peer::join(&node, "a", json!({}));
    peer.square("12", "1");
    assert_eq!(peer.next_of("result")["square"], "144");
    let (_, log) = node.stop();
    let secret = std::fs::read_to_string(&file).unwrap().lines().nth(5).unwrap().to_owned();
    assert!(secret.starts_with("SU") && !log.contains(&secret), "{log}");

    let refused = |flags: &[&str]| nats.refused(none.path(), flags);
    let why = refused(&[]);
    assert!(why.contains("authorization violation") && why.contains("exit status: 1"), "{why}");
    let file = credentials(folder.path(), "stranger.creds", &stranger);
    let why = refused(&["--cluster-credentials", file.to_str().unwrap()]);
    assert!(why.contains("authorization violation") && why.contains("exit status: 1"), "{why}");
    let file = credentials(folder.path(), "plain.creds", &plain);
    let why = refused(&["--cluster-credentials", file.to_str().unwrap()]);
    assert!(why.contains("no JetStream for this account") && why.contains("exit status: 1"), "{why}");
}

#[test]
fn a_file_that_holds_no_credentials_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("room.creds");
    for text in ["", "nothing of the kind", "-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------\n"] {
        std::fs::write(&file, text).unwrap();
        let mut command = command(&folder.path().join("data"));
        command
            .args(["--listen", "127.0.0.1:0", "--cluster", "nats://127.0.0.1:1", "--cluster-credentials"])
            .arg(&file);
        let why = Program::try_start_as(command).map(drop).expect_err("it does not start");
        assert!(why.contains("room.creds") && why.contains(".creds file with --cluster-credentials"), "{why}");
        assert!(why.contains("exit status: 1"), "{why}");
    }
}
