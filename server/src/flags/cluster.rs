//! The flags of a server that shares its log with others. `flags` has them for serving, and `commands/check` for
//! comparing a ledger with the log.

use std::path::PathBuf;

use clap::{
    Args, Command, Error,
    builder::{PathBufValueParser, StringValueParser, TypedValueParser as _},
    error::ErrorKind,
};
use squares_server::ClusterConfig;
use squares_shared::flags::{trimmed, typed};

/// How a program without the feature says so.
const NOT_BUILT_IN: &str = "this squares-server was built without the feature 'cluster', and serves alone; \
                            leave --cluster out, or build it with: cargo build --release --features squares-server/cluster";

/// Where the shared log is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClusterFlags {
    /// Share one log with the other servers that name the same: NATS servers with JetStream, as nats://HOST:PORT or
    /// tls://HOST:PORT; only in a program built with the feature 'cluster'
    #[arg(long, value_name = "URL,...", env = "SQUARES_CLUSTER", value_parser = typed(StringValueParser::new()))]
    pub(crate) cluster: Option<String>,
    /// Which room of that NATS system: 1 to 32 of a-z, 0-9 and -
    #[arg(long, value_name = "NAME", env = "SQUARES_CLUSTER_NAME", default_value = "squares", value_parser = typed(StringValueParser::new().try_map(room_name)))]
    pub(crate) cluster_name: String,
    /// A NATS .creds file
    #[arg(long, value_name = "FILE", env = "SQUARES_CLUSTER_CREDENTIALS", value_parser = trimmed(PathBufValueParser::new()))]
    pub(crate) cluster_credentials: Option<PathBuf>,
    /// On how many NATS servers the log is kept, 1, 3 or 5 [default: 3, or 1 where the NATS server is alone]
    #[arg(long, value_name = "N", env = "SQUARES_CLUSTER_REPLICAS", value_parser = typed(StringValueParser::new().try_map(replicas)))]
    pub(crate) cluster_replicas: Option<usize>,
}

fn room_name(name: String) -> Result<String, &'static str> {
    let is_one = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = (1..=32).contains(&name.len()) && name.chars().all(is_one);
    if fits { Ok(name) } else { Err("a room of a cluster is named by 1 to 32 of a-z, 0-9 and -") }
}

#[allow(clippy::needless_pass_by_value, reason = "a value parser owns what it reads")]
fn replicas(count: String) -> Result<usize, &'static str> {
    match count.parse() {
        Ok(count @ (1 | 3 | 5)) => Ok(count),
        _ => Err("a log is kept on 1, 3 or 5 servers"),
    }
}

impl ClusterFlags {
    /// The cluster to join, where one is named.
    pub(crate) fn config(self, command: impl FnOnce() -> Command) -> Result<Option<ClusterConfig>, Error> {
        let Some(urls) = self.cluster else { return Ok(None) };
        if !cfg!(feature = "cluster") {
            return Err(command().error(ErrorKind::InvalidValue, NOT_BUILT_IN));
        }
        let servers: Vec<String> = urls.split(',').map(|url| url.trim().to_owned()).collect();
        if !servers.iter().all(|url| is_server(url)) {
            let message =
                "--cluster takes NATS servers with commas between them, each as nats://HOST:PORT or tls://HOST:PORT";
            return Err(command().error(ErrorKind::InvalidValue, message));
        }
        let Self { cluster_name: name, cluster_credentials: credentials, cluster_replicas: replicas, .. } = self;
        Ok(Some(ClusterConfig { servers, name, credentials, replicas }))
    }
}

/// Whether it is the address of a NATS server, with a port from 1 on if it has one.
fn is_server(url: &str) -> bool {
    let Some(address) = url.strip_prefix("nats://").or(url.strip_prefix("tls://")) else { return false };
    let (host, port) = match address.rsplit_once(':') {
        // An address of IPv6 has colons of its own.
        Some((host, port)) if !port.contains(']') && (host.ends_with(']') || !host.contains(':')) => (host, Some(port)),
        _ => (address, None),
    };
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_graphic() && c != '/' && c != '@');
    let is_port =
        |port: &str| port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse().is_ok_and(|p: u16| p > 0);
    is_host && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::is_server;
    use crate::flags::Flags;

    fn read(words: &[&str]) -> Result<Flags, clap::Error> {
        Flags::try_parse_from(["squares-server"].iter().chain(words))
    }

    #[test]
    fn a_room_and_its_replicas_are_named_as_they_may_be() {
        for good in ["squares", "a", "exam-2026", &"z".repeat(32)] {
            assert_eq!(read(&["--cluster-name", good]).unwrap().cluster.cluster_name, good);
        }
        for bad in ["", "A", "a b", "a.b", "한", "a_b", &"z".repeat(33)] {
            assert!(read(&["--cluster-name", bad]).is_err(), "{bad:?}");
        }
        assert_eq!(read(&["--cluster-replicas", " 3\r"]).unwrap().cluster.cluster_replicas, Some(3));
        for bad in ["0", "2", "-1", "x"] {
            assert!(read(&["--cluster-replicas", bad]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn who_leaves_a_cluster_names_none() {
        assert!(!read(&[]).unwrap().leave_cluster);
        let alone = read(&["--leave-cluster"]).unwrap();
        assert!(alone.leave_cluster && alone.check().is_ok());
        let both = read(&["--leave-cluster", "--cluster", "nats://a"]).unwrap();
        assert_eq!(both.check().unwrap_err().exit_code(), 2);
    }

    #[test]
    fn what_is_no_address_of_a_server_is_bad_usage() {
        let good = "nats://a nats://a:4222 tls://[::1] tls://[::1]:4223 nats://::1 nats://10.0.0.1:1 nats://a:65535";
        assert!(good.split(' ').all(is_server));
        for bad in [
            "",
            "a:4222",
            "http://a",
            "nats:/a",
            "nats://",
            "nats://:4222",
            "nats://a b",
            "nats://u:p@a",
            "nats://a/b",
            "nats://a:",
            "nats://a:0",
            "nats://a:65536",
            "nats://a:-1",
            "nats://a:+1",
            "nats://a:x",
            "tls://[::1]:x",
        ] {
            assert!(!is_server(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_program_without_the_feature_says_so_and_one_with_it_takes_addresses() {
        let config = |urls| read(&["--cluster", urls]).unwrap().cluster.config(Flags::command);
        assert!(read(&[]).unwrap().cluster.config(Flags::command).unwrap().is_none());
        let found = config("nats://127.0.0.1:4222,tls://[::1]:4223");
        if cfg!(feature = "cluster") {
            assert_eq!(found.unwrap().unwrap().servers, ["nats://127.0.0.1:4222", "tls://[::1]:4223"]);
            for bad in ["", "127.0.0.1:4222", "http://a", "nats://", "nats://a,", "nats://a b", "nats://u:p@a"] {
                assert_eq!(config(bad).unwrap_err().exit_code(), 2, "{bad:?}");
            }
        } else {
            let error = found.unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains("feature 'cluster'"), "{error}");
        }
    }
}
