#!/usr/bin/env bash
# Guests of a real account, by the steps of docs/ssh.md, in a Debian root that has the .deb and OpenSSH's server. Called
# by packaging/try.sh, which gives it a network and processes of its own:
#
#   unshare --mount --net --pid --fork --kill-child packaging/try/ssh.sh ROOT
set -euo pipefail
root=$1
guest=$(dirname "$0")/guest.py
in_root() {
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
fail() {
    echo "try: $*" >&2
    cat "$root/tmp/sshd" "$root/tmp/server" >&2
    exit 1
}

ip link set lo up
# An address of the network, for what the log says.
ip address add 192.0.2.7/32 dev lo
mount -t proc proc "$root/proc"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"

# 2 and 3: the account, and what it may do.
in_root useradd --system --home-dir / --no-create-home --shell /bin/sh squares
echo 'squares:four eggs' | in_root chpasswd
in_root cp /usr/share/doc/squares/examples/sshd_squares.conf /etc/ssh/sshd_config.d/squares.conf
mkdir -p "$root/run/sshd"
in_root /usr/sbin/sshd -t || fail "sshd does not take its settings"
in_root /usr/sbin/sshd -D -e 2>"$root/tmp/sshd" &
# 4: the server, as always.
in_root squares-server --ssh squares --data /tmp/class >/dev/null 2>"$root/tmp/server" &

# Waits until this holds.
eventually() {
    local tries
    for tries in {1..600}; do
        "$@" 2>/dev/null && return
        sleep 0.1
    done
    fail "in vain, $tries times: $*"
}
eventually bash -c ': </dev/tcp/127.0.0.1/22'
eventually bash -c ': </dev/tcp/127.0.0.1/7878'
eventually grep -q 'ssh squares@192.0.2.7' "$root/tmp/server"

# What would run before the room, if the account were let.
install -D -m 755 /dev/stdin "$root/.ssh/rc" <<<'echo rc >/tmp/rc-ran'
python3 "$guest" 'four eggs' || fail "a guest with a class password"
in_root passwd -q -d squares
python3 "$guest" || fail "a guest without a password"
[ ! -e "$root/tmp/rc-ran" ] || fail "the account's .ssh/rc ran"
[ ! -e "$root/tmp/put" ] || fail "a file was put"
left=$(in_root find / -xdev -user squares -not -path '/proc/*')
[ -z "$left" ] || fail "guests left files: $left"
# Nor do they see the roster.
echo 'id' >"$root/etc/squares/roster.csv"
in_root setpriv --reuid squares --regid squares --init-groups cat /etc/squares/roster.csv 2>/dev/null &&
    fail "guests see the roster"
results=$(in_root squares-server export --data /tmp/class --csv | grep -c ',144')
[ "$results" = 2 ] || fail "the ledger has $results results, not 2"
