"""Looks at a wheel as pip does, and lays its programs into a folder. Called by packaging/try.sh.

    wheel.py WHEEL FOLDER PROGRAM...

Ends with an error where the name, the tags, the list of files with their hashes, the licences or the programs are not
as a wheel of Squares must have them.
"""

import base64
import csv
import hashlib
import io
import pathlib
import sys
import zipfile


def look_at(wheel: pathlib.Path, folder: pathlib.Path, programs: list[str]) -> None:
    name, version, tag = wheel.stem.split("-", 2)
    info, scripts = f"{name}-{version}.dist-info", f"{name}-{version}.data/scripts"
    with zipfile.ZipFile(wheel) as archive:
        files = {entry.filename for entry in archive.infolist() if not entry.is_dir()}
        rows = csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode()))
        record = {path: digest for path, digest, _ in rows}
        assert files == set(record), f"the list of files differs in {files ^ set(record)}"
        for path, digest in record.items():
            if path == f"{info}/RECORD":
                continue
            kind, _, value = digest.partition("=")
            found = base64.urlsafe_b64encode(hashlib.new(kind, archive.read(path)).digest()).rstrip(b"=").decode()
            assert found == value, f"the hash of {path}"
        about = archive.read(f"{info}/WHEEL").decode().splitlines()
        assert f"Tag: {tag}" in about and "Root-Is-Purelib: false" in about, about
        metadata = archive.read(f"{info}/METADATA").decode()
        for line in ["Name: squares", f"Version: {version}", "License-Expression: MIT OR Apache-2.0"]:
            assert line in metadata.splitlines(), f"no {line} in METADATA"
        for licence in ["LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt"]:
            assert f"{info}/licenses/{licence}" in files, f"no {licence}"
        assert {path for path in files if path.startswith(scripts)} == {f"{scripts}/{program}" for program in programs}
        folder.mkdir()
        for program in programs:
            (folder / program).write_bytes(archive.read(f"{scripts}/{program}"))


if __name__ == "__main__":
    look_at(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
