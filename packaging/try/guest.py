#!/usr/bin/env python3
"""A student with nothing but ssh, as docs/ssh.md has them: joins, squares and leaves, and gets at nothing else.

    packaging/try/guest.py [PASSWORD]

Called by packaging/try/ssh.sh, in a network in which the SSH server of 127.0.0.1 has the account `squares`. Without a
PASSWORD that account has none. Ends with 1, and says what it saw, where something is not as it should be. What the
account is refused besides, tui-client/tests/client/ssh/ tries.
"""

import contextlib
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from fcntl import ioctl

PATIENCE = 60
# What a terminal acts on, and blanks, for which a screen often moves the cursor: what is left are the letters in the
# order in which they were drawn.
SEQUENCE = re.compile(r" |\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[ -/]*[0-~])")
GUEST = "squares@127.0.0.1"


class Terminal:
    """A program in a terminal of 80 columns and 24 rows."""

    def __init__(self, command):
        self.said, self.name = "", " ".join(command)
        self.child, self.keys = pty.fork()
        if self.child == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execvp(command[0], command)
        ioctl(self.keys, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def fail(self, why):
        """Ends everything."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)
        sys.exit(f"guest: {self.name}: {why}; it said:\n{self.said}")

    def read(self, until):
        """Takes what comes; false once it has ended."""
        ready, _, _ = select.select([self.keys], [], [], max(0, until - time.monotonic()))
        if not ready:
            self.fail("it goes on")
        try:
            chunk = os.read(self.keys, 1 << 16)
        except OSError:
            chunk = b""
        self.said = SEQUENCE.sub("", self.said + chunk.decode(errors="replace"))
        return bool(chunk)

    def answer(self, shown, keys):
        """Waits until this is shown, and types, as a person does."""
        until, shown = time.monotonic() + PATIENCE, shown.replace(" ", "")
        while shown not in self.said:
            if not self.read(until):
                self.fail(f"it ended without {shown!r}")
        self.said = self.said.split(shown, 1)[1]
        os.write(self.keys, keys.encode())

    def ends(self, fits, what):
        """Waits for its end; its exit code and its last words must fit."""
        until = time.monotonic() + PATIENCE
        while self.read(until):
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        if not fits(code, self.said):
            self.fail(f"{what}, but ended with {code}")


class Student:
    """Somebody's own machine, which remembers the keys of the machines that it knows."""

    def __init__(self, password):
        self.password = password
        self.known = os.path.join(tempfile.mkdtemp(), "known_hosts")

    def types(self, program, *arguments):
        """Starts ssh or scp in a terminal, and answers what it asks."""
        options = ["-F", "none", "-o", f"UserKnownHostsFile={self.known}", "-o", "NumberOfPasswordPrompts=1"]
        is_new = not os.path.exists(self.known)
        terminal = Terminal([program, *options, *arguments])
        if is_new:
            terminal.answer("continue connecting", "yes\r")
        if self.password is not None:
            terminal.answer("password:", self.password + "\r")
        return terminal


def main():
    """Everything a student may try."""
    student = Student(sys.argv[1] if len(sys.argv) > 1 else None)

    guest = student.types("ssh", GUEST)
    guest.answer("A guest's screen", "20260001\r")
    guest.answer("* 20260001", "12\r")
    guest.answer("144", "/exit\r")
    guest.ends(lambda code, _: code == 0, "/exit leaves")

    refused = lambda code, said: code != 0 and "root:" not in said and "uid=" not in said
    if student.password is not None:
        Student("wrong").types("ssh", GUEST).ends(
            lambda code, said: code == 255 and "denied" in said, "a wrong password lets nobody in"
        )
    for command in ["sh", "id", "cat /etc/passwd"]:
        student.types("ssh", "-T", GUEST, command).ends(refused, "no command is run")
    with tempfile.TemporaryDirectory() as folder:
        for how in ["-O", "-s"]:
            student.types("scp", how, f"{GUEST}:/etc/passwd", folder).ends(refused, "no file is given")
            student.types("scp", how, "/etc/hostname", f"{GUEST}:/tmp/put").ends(refused, "no file is taken")
        if os.listdir(folder):
            sys.exit("guest: scp fetched a file")
    # A network between the two machines; the student's end of it is made first.
    if os.path.exists("/dev/net/tun"):
        tunnel = ["-o", "Tunnel=point-to-point", "-o", "ExitOnForwardFailure=yes", "-w", "any:any", "-N", "-v"]
        student.types("ssh", *tunnel, GUEST).ends(
            lambda code, said: code == 255 and "rejectedtunnel" in said, "no tunnel is made"
        )


main()
