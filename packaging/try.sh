#!/usr/bin/env bash
# Tries the packages in target/packages as somebody who has just got them: installs each in a fresh place, starts its
# server and squares a number with its client. Called by hand, by .ci/run and by the release workflow.
#
#   packaging/try.sh [--dev] KIND...
#
#   --dev    what `packaging/package.sh --dev` made, in target/packages-dev
#   native   unpacked and run on this machine's system
#   linux    unpacked in a folder that is then all there is (chroot; needs root)
#   windows  unpacked and run by wine, in the prefix of WINEPREFIX
#   wheel    installed by pip in a fresh virtual environment
#   wheel-windows  looked at as pip does, unpacked and run by wine
#   deb      installed, upgraded, removed and purged in a fresh Debian root (mmdebstrap; needs root), its server started
#            by the command, settings and user of its unit, as systemd does not run there
#   service  the same with systemd, where systemd-nspawn can boot such a root: two classes at once, a reload, a crash
#   ssh      the account and the sshd of docs/ssh.md in such a root, with and without a class password
set -euo pipefail
cd "$(dirname "$0")/.."
packages=${CARGO_TARGET_DIR:-target}/packages
[ "${1-}" != --dev ] || { packages+=-dev && shift; }
case $packages in /*) ;; *) packages=$PWD/$packages ;; esac
fresh=$(mktemp -d)
server_id=
stop_server() {
    [ -n "$server_id" ] || return 0
    kill "$server_id" 2>/dev/null || true
    wait "$server_id" 2>/dev/null || true
    server_id=
}
# What is left of a wine or a root may be busy for a moment.
clean_up() {
    stop_server
    rm -rf "$fresh" || true
}
trap clean_up EXIT

fail() {
    echo "try: $*" >&2
    [ ! -s "$fresh/log" ] || cat "$fresh/log" >&2
    exit 1
}

# The one package of a form.
package() {
    local found
    found=$(compgen -G "$packages/$1") || fail "there is no $1 in $packages: make it with packaging/package.sh"
    [ -f "$found" ] || fail "there are several: $found"
    echo "$found"
}

# Starts a server with this command, and sets `address` to where it listens.
start_server() {
    exec 4< <(exec "$@" 2>"$fresh/log")
    server_id=$!
    read -r -t 60 address <&4 || fail "the server did not say where it listens"
    exec 4<&-
    address=${address%$'\r'}
    address=${address##* }
}

# Squares a number with this client.
square() {
    local answer
    answer=$("$@" --server "$address" --student 20260001 12 </dev/null) || fail "the client ended with $?"
    [ "${answer%$'\r'}" = "12² = 144" ] || fail "the client said: $answer"
}

checksums() {
    local check
    if command -v sha256sum >/dev/null; then check=(sha256sum); else check=(shasum -a 256); fi
    (cd "$packages" && "${check[@]}" --check SHA256SUMS >/dev/null) || fail "SHA256SUMS does not fit: make it again"
}

# Unpacks the archive for a target, and sets `folder` to where.
unpack() {
    local archive
    archive=$(package "squares-*-$1.*")
    folder=$(basename "$archive")
    case $archive in
        *.zip) python3 -m zipfile -e "$archive" "$fresh" && folder=$fresh/${folder%.zip} ;;
        *) tar -xzf "$archive" -C "$fresh" && folder=$fresh/${folder%.tar.gz} ;;
    esac
    (cd "$folder" && ls LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt README.md README.ko.md SECURITY.md docs/ssh.md \
        assets/{completions/_squares,man/squares.1,roster.example.csv,sshd_squares.conf} >/dev/null) || fail "something is missing in $archive"
}

try_native() {
    local target
    target=$(rustc -vV | sed -n 's/^host: //p')
    unpack "$target"
    start_server "$folder/squares-server" --listen 127.0.0.1:0 --data "$folder/data"
    square "$folder/squares"
    stop_server
    echo "native: both programs ran on $target"
}

try_linux() {
    unpack x86_64-unknown-linux-musl
    mkdir "$folder/data"
    start_server chroot "$folder" /squares-server --listen 127.0.0.1:0 --data /data
    square chroot "$folder" /squares
    stop_server
    chroot "$folder" /squares-server export --data /data --csv | grep -q 144 || fail "the result is not in the ledger"
    echo "linux: $("$folder/squares" --version) and $("$folder/squares-server" --version) ran in an empty folder"
}

# Sets `wine` to what runs programs for Windows, or says that nothing does. It needs a prefix, such as .ci/windows makes.
find_wine() {
    wine=$(command -v wine64 || command -v /usr/lib/wine/wine64 || command -v wine || true)
    export WINEDEBUG=-all
    [ -n "$wine" ] && [ -f "${WINEPREFIX:-$HOME/.wine}/system.reg" ] && return
    echo "$1: unpacked, not run: there is no wine with a prefix"
    return 1
}

try_windows() {
    unpack x86_64-pc-windows-gnu
    find_wine windows || return 0
    start_server "$wine" "$folder/squares-server.exe" --listen 127.0.0.1:0 --data "$folder/data"
    square "$wine" "$folder/squares.exe"
    stop_server
    echo "windows: both programs ran under $("$wine" --version)"
}

try_wheel() {
    local bin=$fresh/venv/bin
    python3 -m venv "$fresh/venv"
    "$bin/pip" install --quiet --no-index --disable-pip-version-check "$(package 'squares-*manylinux*.whl')"
    start_server "$bin/squares-server" --listen 127.0.0.1:0 --data "$fresh/wheel-data"
    square "$bin/squares"
    stop_server
    "$bin/pip" uninstall --quiet --yes squares
    [ ! -e "$bin/squares" ] && [ ! -e "$bin/squares-server" ] || fail "pip left a program behind"
    echo "wheel: installed by $("$bin/python" --version), ran, and was removed"
}

# No pip on Linux installs it: what pip looks at is looked at, and the programs are run.
try_wheel-windows() {
    local wheel
    wheel=$(package 'squares-*-py3-none-win_amd64.whl')
    python3 packaging/try/wheel.py "$wheel" "$fresh/wheel-windows" squares.exe squares-server.exe \
        || fail "what is in $wheel"
    find_wine wheel-windows || return 0
    start_server "$wine" "$fresh/wheel-windows/squares-server.exe" --listen 127.0.0.1:0 --data "$fresh/wheel-windows/data"
    square "$wine" "$fresh/wheel-windows/squares.exe"
    stop_server
    echo "wheel-windows: both programs ran under $("$wine" --version)"
}

# shellcheck source=packaging/try/debian.sh
. packaging/try/debian.sh

[ $# != 0 ] || { sed -n '2,/^set /s/^# \{0,1\}//p' "packaging/try.sh"; exit 2; }
checksums
for kind in "$@"; do
    case $kind in
        native | linux | windows | wheel | wheel-windows | deb | service | ssh) "try_$kind" ;;
        *) fail "$kind is not one of native, linux, windows, wheel, wheel-windows, deb, service, ssh" ;;
    esac
done
