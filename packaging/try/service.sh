#!/bin/sh
# The services, in a Debian root that systemd has booted with the .deb in it. Called there by packaging/try.sh.
set -eux

# 12² in this class, by the client.
square() {
    [ "$(squares --server "127.0.0.1:$1" --student 20260001 12 </dev/null)" = "12² = 144" ]
}
not() {
    if "$@"; then return 1; fi
}
pid() { systemctl show -P MainPID "$1"; }
started() {
    systemctl is-active "$1"
    [ "$(pid "$1")" != 0 ]
}
# Until this holds: what systemd has started is not yet ready.
eventually() {
    for _ in $(seq 300); do
        "$@" && return
        sleep 0.1
    done
    return 1
}

# Installing has started nothing.
not systemctl is-active squares-server
not systemctl is-enabled squares-server

systemctl enable --now squares-server
eventually square 7878
journalctl -u squares-server | grep -q 'the roster has'
[ "$(stat -Lc '%a' /var/lib/squares)" = 700 ]
# What it may do, by systemd's own judgement: lower is less.
systemd-analyze security --no-pager --threshold=30 squares-server

# A second class beside it, with settings, port and results of its own.
sed 's/7878/7879/' /etc/squares/server.conf >/etc/squares/a.conf
systemctl start squares-server@a
eventually square 7879
[ -s /var/lib/squares-a/ledger.sqlite3 ]

# A changed roster is taken.
echo '20260002,B' >>/etc/squares/roster.csv
systemctl reload squares-server
eventually squares --server 127.0.0.1:7878 --student 20260002 3

# One that dies is there again, with everything.
systemctl kill --signal=KILL squares-server
eventually square 7878

# An upgrade starts again what runs, and only that.
first=$(pid squares-server) second=$(pid squares-server@a)
export DEBIAN_FRONTEND=noninteractive
apt-get -y -qq -o Dpkg::Options::=--force-confold install /next.deb
started squares-server
started squares-server@a
[ "$(pid squares-server)" != "$first" ]
[ "$(pid squares-server@a)" != "$second" ]
eventually square 7878
squares-server check --data /var/lib/squares
[ "$(squares-server export --data /var/lib/squares --csv | grep -c ',144')" = 3 ]

# Purging ends both, and keeps what the classes have done.
apt-get -y -qq purge squares
not systemctl is-active squares-server
not pidof squares-server
[ -s /var/lib/private/squares/ledger.sqlite3 ]
[ -s /var/lib/private/squares-a/ledger.sqlite3 ]
