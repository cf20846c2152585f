#!/usr/bin/env python3
"""Prints the licences of all crates that the programs link for a target. Called by packaging/package.sh.

    packaging/third_party.py TARGET
"""

import json
import pathlib
import subprocess
import sys

INTRODUCTION = """\
Squares contains the crates below, each under the licence that its name is followed by, SQLite (public domain),
Rust's standard library (MIT or Apache-2.0, https://www.rust-lang.org), and on Linux musl (MIT, https://musl.libc.org).
Below the list are the licences as the crates have them; those with the same text stand together.
"""


def cargo(*arguments):
    """What cargo prints when it is called so."""
    return subprocess.run(["cargo", *arguments], check=True, capture_output=True, text=True, encoding="utf-8").stdout


def linked(target):
    """The names and versions of the crates that are linked, ours left out."""
    tree = cargo(
        "tree", "--locked", "-p", "squares", "-p", "squares-server", "--target", target,
        "-e", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}",
    )
    crates = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    return {(name, version.removeprefix("v")) for name, version in crates if not name.startswith("squares")}


def licences(folder):
    """The texts of the licences and notices in a crate's folder."""
    for path in sorted(pathlib.Path(folder).iterdir()):
        if path.is_file() and path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE")):
            yield "\n".join(line.rstrip() for line in path.read_text("utf-8", "replace").strip().splitlines())


def main():
    """Prints the list of crates, then each text with the crates that have it."""
    wanted = linked(sys.argv[1])
    texts, crates = {}, []
    for package in json.loads(cargo("metadata", "--locked", "--format-version", "1"))["packages"]:
        if (package["name"], package["version"]) not in wanted:
            continue
        crate = f"{package['name']} {package['version']}"
        crates.append(f"{crate}: {package['license'] or 'see its text'}")
        for text in licences(pathlib.Path(package["manifest_path"]).parent):
            texts.setdefault(text, []).append(crate)
    if len(crates) != len(wanted):
        sys.exit(f"of {len(wanted)} crates only {len(crates)} are known")
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    print(INTRODUCTION + "\n" + "\n".join(sorted(crates)))
    for text, owners in sorted(texts.items(), key=lambda item: item[1]):
        print(f"\n{'-' * 80}\n{', '.join(sorted(owners))}:\n\n{text}")


main()
