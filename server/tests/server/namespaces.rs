//! Networks of a test's own, in namespaces in which it is root, where the system lets somebody make them: ports there
//! are taken by nobody else, and cables can be cut. All that runs in them ends with them.

use std::process::Command;

/// How `unshare` makes them.
pub(crate) const NAMESPACES: [&str; 7] =
    ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Set inside.
#[cfg(feature = "cluster")]
const INSIDE: &str = "SQUARES_TEST_IN_NAMESPACE";

/// Whether this system lets its user make them.
pub(crate) fn can_be_made() -> bool {
    let trial = Command::new("unshare").args(NAMESPACES).args(["ip", "link", "set", "lo", "up"]).output();
    trial.is_ok_and(|trial| trial.status.success())
}

/// Where a test runs that wants a network of its own.
#[cfg(feature = "cluster")]
pub(crate) enum Network {
    /// In one.
    Own,
    /// In that of the system, but it has just run, and passed, in its own.
    Done,
    /// This system does not let it have one.
    Shared,
}

/// Runs the test of this name, which calls this, again in a network of its own.
#[cfg(feature = "cluster")]
pub(crate) fn in_own_network(test: &str) -> Network {
    if std::env::var_os(INSIDE).is_some() {
        return Network::Own;
    }
    if !can_be_made() {
        return Network::Shared;
    }
    let output = Command::new("unshare")
        .args(NAMESPACES)
        .args(["sh", "-c", r#"ip link set lo up && "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    eprintln!("{said}");
    assert!(output.status.success() && said.contains("1 passed"), "{test} in a network of its own: {said}");
    Network::Done
}
