#!/usr/bin/env python3
"""Packs a folder so that the same files give the same bytes. Called by packaging/package.sh.

    packaging/archive.py FOLDER ARCHIVE.tar.gz|ARCHIVE.zip

All times are SOURCE_DATE_EPOCH's, all owners root; files are sorted, and executable where the folder's are.
"""

import gzip
import os
import pathlib
import stat
import sys
import tarfile
import time
import zipfile

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])
# On Windows no file is executable; what the programs are is known by their names.
PROGRAMS = {"squares", "squares-server", "squares.exe", "squares-server.exe"}


def files(folder):
    """All files of the folder, with their names in the archive and their modes."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path, path.relative_to(folder.parent).as_posix(), 0o755 if path.name in PROGRAMS else 0o644


def pack_tar(folder, archive):
    """Packs for Linux and macOS."""
    with open(archive, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=EPOCH) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for path, name, mode in files(folder):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode, entry.mtime = path.stat().st_size, mode, EPOCH
                entry.uname = entry.gname = "root"
                with open(path, "rb") as content:
                    tar.addfile(entry, content)


def pack_zip(folder, archive):
    """Packs for Windows."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path, name, mode in files(folder):
            entry = zipfile.ZipInfo(name, time.gmtime(EPOCH)[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | mode) << 16
            packed.writestr(entry, path.read_bytes())


source, target = pathlib.Path(sys.argv[1]), sys.argv[2]
(pack_zip if target.endswith(".zip") else pack_tar)(source, target)
