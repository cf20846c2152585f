//! The command line of `squares-server` and its environment. `main` reads it once.

mod cluster;

use std::path::PathBuf;

use clap::{
    ArgAction, CommandFactory as _, Error, FromArgMatches as _, Parser,
    builder::{BoolishValueParser, PathBufValueParser, PossibleValuesParser, StringValueParser, TypedValueParser as _},
    error::ErrorKind,
};
pub(crate) use cluster::ClusterFlags;
use squares_server::{DEFAULT_ADDRESS, SshGuests};
use squares_shared::flags::{Completions, is_empty, trimmed, typed, without_empty_variables};

use crate::commands::{backup, check, export, pin, roster};

/// A command; without one, the program serves.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommands {
    Backup(backup::Backup),
    Check(check::Check),
    Completions(Completions),
    Export(export::Export),
    Pin(pin::Pin),
    Roster(roster::MakePins),
}

/// The Squares server: takes numbers, keeps their exact squares in one durable order, and relays them to everybody.
#[derive(Debug, Parser)]
#[command(name = "squares-server", version, about, args_override_self = true)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Option<Subcommands>,
    /// Where to listen, on all addresses of a name; port 0 picks a free one
    #[arg(long, value_name = "ADDR", env = "SQUARES_LISTEN", default_value = DEFAULT_ADDRESS, value_parser = typed(StringValueParser::new()))]
    pub(crate) listen: String,
    /// Where the ledger lives; made if missing [default: squares in the user's data directory]
    #[arg(long, value_name = "DIR", env = "SQUARES_DATA", value_parser = trimmed(PathBufValueParser::new()))]
    pub(crate) data: Option<PathBuf>,
    /// The students: JSON or CSV
    #[arg(long, value_name = "FILE", env = "SQUARES_ROSTER", value_parser = trimmed(PathBufValueParser::new()))]
    pub(crate) roster: Option<PathBuf>,
    /// Who may join: anyone, or those on the roster [default: roster with a roster, else open]
    #[arg(long, value_name = "HOW", env = "SQUARES_AUTH", value_parser = typed(PossibleValuesParser::new(["open", "roster", "pin"])))]
    pub(crate) auth: Option<String>,
    /// Squares a second for one student; 0 lifts the limit
    #[arg(long, value_name = "N", env = "SQUARES_RATE", default_value_t = 20, value_parser = typed(clap::value_parser!(u32)))]
    pub(crate) rate: u32,
    /// Squares at once for one student before the rate counts
    #[arg(long, value_name = "N", env = "SQUARES_BURST", default_value_t = 50, value_parser = typed(clap::value_parser!(u32).range(1..)))]
    pub(crate) burst: u32,
    /// Digits a second for one student, ten seconds' worth at once; 0, and --rate 0, lift the limit
    #[arg(long, value_name = "N", env = "SQUARES_DIGIT_RATE", default_value_t = 20_000, value_parser = typed(clap::value_parser!(u32)))]
    pub(crate) digit_rate: u32,
    /// The most digits of a number
    #[arg(long, value_name = "N", env = "SQUARES_MAX_DIGITS", default_value_t = 10_000, value_parser = typed(clap::value_parser!(u32).range(1..=10_000_000)))]
    pub(crate) max_digits: u32,
    /// The most bytes of a line
    #[arg(long, value_name = "BYTES", env = "SQUARES_MAX_LINE", default_value_t = 65_536, value_parser = typed(clap::value_parser!(u32).range(64..=64 << 20)))]
    pub(crate) max_line: u32,
    /// The most connections in all
    #[arg(long, value_name = "N", env = "SQUARES_MAX_CONNECTIONS", default_value_t = 10_000, value_parser = typed(clap::value_parser!(u32).range(1..)))]
    pub(crate) max_connections: u32,
    /// The most connections from one address (IPv6: from one network of 64 bits); 0: no limit
    #[arg(long, value_name = "N", env = "SQUARES_MAX_PER_ADDRESS", default_value_t = 0, value_parser = typed(clap::value_parser!(u32)))]
    pub(crate) max_per_address: u32,
    /// The most terminals of one student; 0: no limit
    #[arg(long, value_name = "N", env = "SQUARES_MAX_PER_STUDENT", default_value_t = 16, value_parser = typed(clap::value_parser!(u32)))]
    pub(crate) max_per_student: u32,
    /// Where to serve metrics (/metrics, for Prometheus) and health (/healthz) over HTTP [default: nowhere]
    #[arg(long, value_name = "ADDR", env = "SQUARES_METRICS", value_parser = typed(StringValueParser::new()))]
    pub(crate) metrics: Option<String>,
    /// Speak TLS with this certificate (PEM, with what leads from it to its root)
    #[arg(long, value_name = "FILE", env = "SQUARES_TLS_CERT", requires = "tls_key", value_parser = trimmed(PathBufValueParser::new()))]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, value_name = "FILE", env = "SQUARES_TLS_KEY", requires = "tls_cert", value_parser = trimmed(PathBufValueParser::new()))]
    pub(crate) tls_key: Option<PathBuf>,
    /// The account that shows the room to students who have nothing but ssh, as USER, USER@HOST or USER@HOST:PORT: the
    /// log and the room tell students of it (docs/ssh.md says how to set it up)
    #[arg(long, value_name = "ACCOUNT", env = "SQUARES_SSH", value_parser = typed(StringValueParser::new().try_map(|text| text.parse::<SshGuests>())))]
    pub(crate) ssh: Option<SshGuests>,
    /// Speak TLS with a certificate of the server's own, made once and kept in the data directory; its fingerprint is
    /// in the log
    #[arg(long, value_name = "HOW", env = "SQUARES_TLS", conflicts_with = "tls_cert", value_parser = typed(PossibleValuesParser::new(["self"])))]
    pub(crate) tls: Option<String>,
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,
    /// Go on alone, and for good, with the data of a server that was one of a cluster; its ledger gets a new name
    #[arg(long, env = "SQUARES_LEAVE_CLUSTER", action = ArgAction::SetTrue, value_parser = typed(BoolishValueParser::new()))]
    pub(crate) leave_cluster: bool,
}

impl Flags {
    /// Reads the command line and the environment. A variable that is set to nothing counts as not set.
    pub(crate) fn read() -> Result<Self, Error> {
        let command = without_empty_variables(Self::command(), is_empty);
        let flags = Self::from_arg_matches(&command.try_get_matches()?)?;
        if flags.command.is_none() {
            flags.check()?;
            flags.cluster.clone().config(Self::command)?;
        }
        Ok(flags)
    }

    /// What the flags say together.
    fn check(&self) -> Result<(), Error> {
        let auth = self.auth.as_deref();
        if matches!(auth, Some("roster" | "pin")) && self.roster.is_none() {
            let message = "--auth roster and --auth pin need a roster; give one with --roster FILE";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        if self.leave_cluster && self.cluster.cluster.is_some() {
            let message = "--leave-cluster is for going on alone; give it, or --cluster, and not both";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "../../tests/flags.rs"]
mod shared;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_man_pages_and_completions_are_current() {
        shared::assert_assets_are_current(&Flags::command(), "squares-server");
    }

    #[test]
    fn every_flag_has_the_variable_of_its_name() {
        shared::assert_variables(&Flags::command());
    }

    #[test]
    fn values_are_read_as_they_are_meant() {
        let read = |words: &[&str]| Flags::try_parse_from(["squares-server"].iter().chain(words));
        let flags =
            read(&["--rate", " 7\r", "--burst=１１\r\n", "--listen", " localhost:1 ", "--auth", "open\r"]).unwrap();
        assert_eq!(
            (flags.rate, flags.burst, &*flags.listen, flags.auth.as_deref()),
            (7, 11, "localhost:1", Some("open"))
        );
        let flags = read(&["--data", " /a b（１）\r", "--metrics", "127.0.0.1:９", "--tls", "self "]).unwrap();
        assert_eq!(flags.data, Some("/a b（１）".into()));
        assert_eq!((flags.metrics.as_deref(), flags.tls.as_deref()), (Some("127.0.0.1:9"), Some("self")));
        for bad in [["--rate", "-1"], ["--rate", "1 2"], ["--burst", "0"], ["--auth", "some"], ["--max-line", "1"]] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn of_a_flag_given_twice_the_last_counts() {
        let words =
            ["squares-server", "--rate", "1", "--auth=pin", "--rate", "2", "--auth=open", "--listen=a", "--listen=b"];
        let flags = Flags::try_parse_from(words).unwrap();
        assert_eq!((flags.rate, flags.auth.as_deref(), &*flags.listen), (2, Some("open"), "b"));
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Flags::command().debug_assert();
    }
}
