#!/usr/bin/env bash
# Tries the packages in target/packages as somebody who has just got them: installs each in a fresh place, starts its
# server and squares a number with its client. Called by hand, by .ci/run and by the release workflow.
#
#   packaging/try.sh KIND...
#
#   native   unpacked and run on this machine's system
#   linux    unpacked in a folder that is then all there is (chroot; needs root)
#   windows  unpacked and run by wine, in the prefix of WINEPREFIX
#   wheel    installed by pip in a fresh virtual environment
#   deb      installed, upgraded, removed and purged in a fresh Debian root (mmdebstrap; needs root), its server started
#            by the command, settings and user of its unit, as systemd does not run there
set -euo pipefail
cd "$(dirname "$0")/.."
packages=${CARGO_TARGET_DIR:-target}/packages
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
    (cd "$folder" && ls LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt README.md README.ko.md completions/_squares \
        man/squares.1 >/dev/null) || fail "something is missing in $archive"
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

try_windows() {
    unpack x86_64-pc-windows-gnu
    if ! command -v wine >/dev/null || [ ! -f "${WINEPREFIX:-$HOME/.wine}/system.reg" ]; then
        echo "windows: unpacked, not run: there is no wine with a prefix"
        return
    fi
    export WINEDEBUG=-all
    start_server wine "$folder/squares-server.exe" --listen 127.0.0.1:0 --data "$folder/data"
    square wine "$folder/squares.exe"
    stop_server
    echo "windows: both programs ran under $(wine --version)"
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

try_deb() {
    local deb unit settings root=$fresh/root
    deb=$(package 'squares_*_amd64.deb')
    lintian --fail-on error "$deb" || fail "lintian has errors"
    mmdebstrap --quiet --variant=apt --include=ca-certificates "${DEBIAN_SUITE:-bookworm}" "$root"
    in_root() {
        chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
    }
    apt_in_root() {
        in_root apt-get -y -qq -o Dpkg::Options::=--force-confold "$@" >"$fresh/apt" 2>&1 && return
        cat "$fresh/apt"
        fail "apt-get $*"
    }

    # Installed: programs, pages, completions, units; a folder for rosters that others cannot read; nothing started.
    cp "$deb" "$root/squares.deb"
    apt_in_root install --no-install-recommends /squares.deb
    in_root squares --version
    in_root squares-server --version
    for file in man/man1/squares-server.1.gz bash-completion/completions/squares zsh/vendor-completions/_squares \
        fish/vendor_completions.d/squares.fish doc/squares/copyright; do
        # What dpkg is told to leave out, as in minimal images, is not there.
        [ -e "$root/usr/share/$file" ] || in_root dpkg -L squares | grep -q "/$file$" || fail "no $file"
    done
    [ "$(in_root stat -c '%a %U %G' /etc/squares)" = "2750 root squares" ] || fail "the mode of /etc/squares"
    unit=$root/$(in_root dpkg -L squares | grep '/squares-server\.service$')
    in_root systemd-analyze --version >/dev/null 2>&1 && in_root systemd-analyze verify --man=no squares-server.service
    # The roster, as the professor puts it there, and a port that is free.
    sed -i 's/^SQUARES_LISTEN=.*/SQUARES_LISTEN=127.0.0.1:0/; s/^#SQUARES_ROSTER/SQUARES_ROSTER/' \
        "$root/etc/squares/server.conf"
    (umask 027 && printf '학번,이름\n20260001,A\n' >"$root/etc/squares/roster.csv")
    [ "$(in_root stat -c %G /etc/squares/roster.csv)" = squares ] || fail "the group of a new roster"

    # Started by the unit's command, variables and group; systemd would make the user and the folder like this.
    start_unit() {
        local command
        # shellcheck disable=SC2207
        settings=($(sed -n 's/^Environment=//p' "$unit") $(grep '^SQUARES' "$root/etc/squares/server.conf"))
        command=$(sed -n 's/^ExecStart=//p' "$unit")
        grep -q '^SupplementaryGroups=squares$' "$unit" || fail "the unit has no group"
        install -d -m 700 -o 61234 -g 61234 "$root/var/lib/private/squares"
        ln -sfn private/squares "$root/var/lib/squares"
        chmod 755 "$root/var/lib/private"
        # shellcheck disable=SC2086
        start_server chroot "$root" /usr/bin/setpriv --reuid 61234 --regid 61234 --no-new-privs --bounding-set=-all \
            --groups "$(in_root getent group squares | cut -d: -f3)" /usr/bin/env -i "${settings[@]}" $command
    }
    start_unit
    square in_root squares
    stop_server

    # Upgraded, while the settings were changed by both sides: the professor's stay, and so do the results.
    dpkg-deb -R "$deb" "$fresh/next"
    sed -i 's/^Version: .*/&+next/' "$fresh/next/DEBIAN/control"
    echo '# a line of the next version' >>"$fresh/next/etc/squares/server.conf"
    dpkg-deb --root-owner-group -Zgzip -b "$fresh/next" "$root/next.deb" >/dev/null
    apt_in_root install /next.deb
    in_root dpkg -s squares | grep -q '^Version: .*+next$' || fail "not upgraded"
    grep -q '^SQUARES_LISTEN=127.0.0.1:0$' "$root/etc/squares/server.conf" || fail "the settings were lost"
    start_unit
    square in_root squares
    stop_server
    results() { in_root squares-server export --data "$1" --csv | grep -c ',144,\|,144$' || true; }
    [ "$(results /var/lib/squares)" = 2 ] || fail "the ledger has $(results /var/lib/squares) results, not 2"

    # Removed, then purged: the settings go, the roster and the results stay.
    apt_in_root remove squares
    [ -f "$root/etc/squares/server.conf" ] || fail "removing took the settings"
    apt_in_root purge squares
    grep -q 'The results in /var/lib/private/squares are kept' "$fresh/apt" || fail "purging is silent on results"
    [ ! -e "$root/etc/squares/server.conf" ] && [ ! -e "$root/usr/bin/squares" ] || fail "purging left something behind"
    [ -f "$root/etc/squares/roster.csv" ] || fail "purging took the roster"
    [ -s "$root/var/lib/private/squares/ledger.sqlite3" ] || fail "purging took the results"
    apt_in_root install /squares.deb
    [ "$(results /var/lib/private/squares)" = 2 ] || fail "the results are not there any more"
    echo "deb: installed, started, upgraded, purged and installed again on Debian $(cat "$root/etc/debian_version")"
}

[ $# != 0 ] || { sed -n '2,/^set /s/^# \{0,1\}//p' "packaging/try.sh"; exit 2; }
checksums
for kind in "$@"; do
    case $kind in
        native | linux | windows | wheel | deb) "try_$kind" ;;
        *) fail "$kind is not one of native, linux, windows, wheel, deb" ;;
    esac
done
