//! What is linked into the programs: licences that allow it, and one registry that it all comes from. `deny.toml` has
//! the same rules for cargo-deny, which knows of weaknesses too.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

/// The licences that `deny.toml` allows.
fn allowed() -> BTreeSet<String> {
    let deny = include_str!("../../../deny.toml");
    let list = deny.split_once("allow = [").expect("a list of licences").1.split_once(']').expect("its end").0;
    list.split(',').map(|licence| licence.trim().trim_matches('"').to_owned()).collect()
}

/// Whether one of the choices that this expression gives is allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ");
    let licence = |licence: &str| allowed.contains(licence.trim().trim_matches(['(', ')']).trim());
    // In `A AND (B OR C)` each part has a choice of its own; in `A OR B AND C` a choice has parts.
    if let Some((all, choice)) = expression.split_once(" AND (") {
        return is_allowed(all, allowed) && is_allowed(choice.trim_end_matches(')'), allowed);
    }
    expression.split(" OR ").any(|choice| choice.split(" AND ").all(licence))
}

#[test]
fn licences_are_read_as_they_are_written() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    for good in
        ["MIT", "GPL-3.0 OR MIT", "Apache-2.0/MIT", "MIT AND ISC", "(X OR MIT) AND (Y OR ISC)", "MIT AND (X OR ISC)"]
    {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "MIT AND (X OR Y)", ""] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

/// What cargo tells of everything that is linked, on every system where all of that is on this machine, else on this
/// one.
fn metadata() -> Value {
    let of = |platform: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["metadata", "--format-version", "1", "--locked", "--offline", "--manifest-path"]);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).args(platform).output().unwrap()
    };
    let mut output = of(&[]);
    if !output.status.success() {
        let version = Command::new(env!("CARGO")).arg("-vV").output().unwrap().stdout;
        let version = String::from_utf8(version).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo tells its host");
        output = of(&["--filter-platform", host]);
    }
    assert!(output.status.success(), "nothing can be told: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn everything_that_is_linked_has_an_allowed_licence() {
    let metadata = metadata();
    let allowed = allowed();
    let (mut looked_at, mut refused) = (0, Vec::new());
    for package in metadata["packages"].as_array().unwrap() {
        if package["source"].is_null() {
            continue;
        }
        looked_at += 1;
        let licence = package["license"].as_str().unwrap_or_default();
        if !is_allowed(licence, &allowed) {
            refused.push(format!("{} {licence:?}", package["name"]));
        }
    }
    assert!(refused.is_empty() && looked_at > 100, "{refused:?} of {looked_at}");
}

#[test]
fn everything_for_every_system_comes_from_one_registry() {
    let lock = include_str!("../../../Cargo.lock");
    let sources: BTreeSet<&str> = lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    assert!(sources.len() == 1 && sources.iter().all(|source| source.starts_with("\"registry+")), "{sources:?}");
}

#[test]
fn the_rules_are_held_against_every_system() {
    let deny = include_str!("../../../deny.toml");
    let targets = deny.split_once("targets = [").expect("a list of targets").1.split_once(']').expect("its end").0;
    for system in ["x86_64-unknown-linux-", "aarch64-unknown-linux-", "-apple-darwin", "x86_64-pc-windows-"] {
        assert!(targets.contains(system), "{system} is not in {targets}");
    }
}
