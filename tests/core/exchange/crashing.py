"""A real process that pushes and is killed (kill -9) right after the statement it was told; forked, so it is quick."""

import subprocess
import sys

from core.settings import RESOURCES

DRIVER = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from core.exchange.push import push
from core.exchange.troubles import Trouble
from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store

def child(at):
    seen = 0
    def count(*_given):
        nonlocal seen
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
    store = open_store(sys.argv[1], sys.argv[2])
    event.listen(Engine, "after_cursor_execute", count)
    event.listen(Engine, "commit", count)
    try:
        push(Workspace(store, Actor("steward", frozenset({"steward"}))))
    except Trouble:
        pass

print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            child(int(line))
            status = 0
        finally:
            os._exit(status)
    _pid, ended = os.waitpid(pid, 0)
    print("killed" if os.WIFSIGNALED(ended) else "ended %d" % os.WEXITSTATUS(ended), flush=True)
"""


class Crasher:
    """Pushes of one store in processes that die at a statement; use it as a context manager."""

    def __init__(self, location, key):
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, location, key], cwd=RESOURCES.parent, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self):
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_error):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def push_until(self, statement):
        """Whether the push was killed after its ``statement``-th statement; False if it came to its end first."""
        self._process.stdin.write(f"{statement}\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline().strip()
        assert told in {"killed", "ended 0"}, told
        return told == "killed"
