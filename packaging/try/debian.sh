# The .deb, in fresh Debian roots. Read by packaging/try.sh, whose functions it uses; needs root.
# shellcheck shell=bash disable=SC2154

# Makes a fresh Debian root with what a professor's machine has, and sets `root` to it.
make_root() {
    [ -d "$fresh/debian" ] || mmdebstrap --quiet --variant=apt \
        --include=ca-certificates,systemd,systemd-sysv,dbus,openssh-server "${DEBIAN_SUITE:-bookworm}" "$fresh/debian"
    root=$fresh/$1
    mkdir "$root"
    cp -a "$fresh/debian/." "$root"
}

# Runs a program in it, with /proc, which goes with the program.
in_root() {
    # shellcheck disable=SC2016
    unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

apt_in_root() {
    in_root apt-get -y -qq -o Dpkg::Options::=--force-confold "$@" >"$fresh/apt" 2>&1 && return
    cat "$fresh/apt"
    fail "apt-get $*"
}

# The same package as its next version, which brings other settings.
next_deb() {
    dpkg-deb -R "$1" "$fresh/next"
    sed -i 's/^Version: .*/&+next/' "$fresh/next/DEBIAN/control"
    echo '# a line of the next version' >>"$fresh/next/etc/squares/server.conf"
    dpkg-deb --root-owner-group -Zgzip -b "$fresh/next" "$2" >/dev/null
    rm -r "$fresh/next"
}

# The roster, as the professor puts it there, and where to listen.
set_up() {
    sed -i "s/^SQUARES_LISTEN=.*/SQUARES_LISTEN=$1/; s/^#SQUARES_ROSTER/SQUARES_ROSTER/" "$root/etc/squares/server.conf"
    (umask 027 && printf '학번,이름\n20260001,A\n' >"$root/etc/squares/roster.csv")
    [ "$(in_root stat -c %G /etc/squares/roster.csv)" = squares-roster ] || fail "the group of a new roster"
}

try_deb() {
    local deb unit
    deb=$(package 'squares_*_amd64.deb')
    lintian --fail-on error "$deb" || fail "lintian has errors"
    make_root root

    # Installed: programs, pages, completions, units; a folder for rosters that others cannot read; nothing started.
    cp "$deb" "$root/squares.deb"
    apt_in_root install --no-install-recommends /squares.deb
    in_root squares --version
    in_root squares-server --version
    in_root systemd-analyze verify --man=no squares-server.service squares-server@a.service || fail "the units"
    for file in man/man1/squares-server.1.gz bash-completion/completions/squares zsh/vendor-completions/_squares \
        fish/vendor_completions.d/squares.fish doc/squares/copyright; do
        # What dpkg is told to leave out, as in minimal images, is not there.
        [ -e "$root/usr/share/$file" ] || in_root dpkg -L squares | grep -q "/$file$" || fail "no $file"
    done
    [ "$(in_root stat -c '%a %U %G' /etc/squares)" = "2750 root squares-roster" ] || fail "the mode of /etc/squares"
    unit=$root/$(in_root dpkg -L squares | grep '/squares-server\.service$')
    set_up 127.0.0.1:0

    # Started by the unit's command, variables and group; systemd would make the user and the folder like this.
    start_unit() {
        local command settings
        # shellcheck disable=SC2207
        settings=($(sed -n 's/^Environment=//p' "$unit") $(grep '^SQUARES' "$root/etc/squares/server.conf"))
        command=$(sed -n 's/^ExecStart=//p' "$unit")
        grep -q '^SupplementaryGroups=squares-roster$' "$unit" || fail "the unit has no group"
        install -d -m 700 -o 61234 -g 61234 "$root/var/lib/private/squares"
        ln -sfn private/squares "$root/var/lib/squares"
        chmod 755 "$root/var/lib/private"
        # shellcheck disable=SC2086
        start_server chroot "$root" /usr/bin/setpriv --reuid 61234 --regid 61234 --no-new-privs --bounding-set=-all \
            --groups "$(in_root getent group squares-roster | cut -d: -f3)" /usr/bin/env -i "${settings[@]}" $command
    }
    start_unit
    square in_root squares
    stop_server

    # Upgraded, while the settings were changed by both sides: the professor's stay, and so do the results.
    next_deb "$deb" "$root/next.deb"
    apt_in_root install /next.deb
    in_root dpkg -s squares | grep -q '^Version: .*+next$' || fail "not upgraded"
    grep -q '^SQUARES_LISTEN=127.0.0.1:0$' "$root/etc/squares/server.conf" || fail "the settings were lost"
    start_unit
    square in_root squares
    stop_server
    results() { in_root squares-server export --data "$1" --csv | grep -c ',144' || true; }
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

try_service() {
    local deb
    deb=$(package 'squares_*_amd64.deb')
    make_root booted
    cp "$deb" "$root/squares.deb"
    next_deb "$deb" "$root/next.deb"
    apt_in_root install --no-install-recommends /squares.deb
    set_up 127.0.0.1:7878
    # systemd boots, has the script do its work, and ends with what came of it.
    install -m 755 packaging/try/service.sh "$root/try.sh"
    cat >"$root/etc/systemd/system/try.service" <<'UNIT'
[Unit]
SuccessAction=exit-force
SuccessActionExitStatus=0
FailureAction=exit-force
FailureActionExitStatus=1

[Service]
Type=oneshot
ExecStart=/try.sh
StandardOutput=append:/try.log
StandardError=append:/try.log
TimeoutStartSec=300
UNIT
    ln -s ../try.service "$root/etc/systemd/system/multi-user.target.wants/try.service"
    systemd-nspawn --quiet --directory="$root" --private-network --register=no --keep-unit --boot >"$fresh/boot" 2>&1 ||
        { cat "$fresh/boot" "$root/try.log" >&2; fail "the service under systemd"; }
    echo "service: systemd $(in_root systemctl --version | sed -n '1s/[^0-9]*\([0-9]*\).*/\1/p') started, reloaded," \
        "upgraded and purged it"
}

try_ssh() {
    make_root guests
    cp "$(package 'squares_*_amd64.deb')" "$root/squares.deb"
    # Minimal images leave out what is only to be read.
    apt_in_root -o Dpkg::Options::=--path-include='/usr/share/doc/*' install --no-install-recommends /squares.deb
    unshare --mount --net --pid --fork --kill-child packaging/try/ssh.sh "$root"
    echo "ssh: guests with and without a password squared, and got at nothing else"
}
