"""Real clients, each a process of its own: they push, extract or pull packages, and can be killed at any moment."""

import multiprocessing
import os
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import GridLinkError
from core.exchange.extraction import extracting
from core.exchange.ferrying import pull, send
from core.exchange.push import push
from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store
from tests.core.conftest import KEY
from tests.core.exchange.paging import paged_in_force

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.core.exchange.clients", "core.exchange.ways", "core.registry.intake"])


class Client:
    """One client that waits for ``go``; ``end`` gives what it said: ``result`` or ``error``.

    ``minutes_later`` is how far its clock is ahead; ``largest_file`` (bytes) makes its disk full beyond that.
    """

    def __init__(self, location, act, *given, environment=None, **limits):
        self._ours, theirs = FORKING.Pipe()
        told = (location, act, given, dict(environment or {}), limits)
        self._process = FORKING.Process(target=_run, args=(told, theirs))
        self._process.start()
        theirs.close()
        assert self._ours.recv() == "ready"

    def go(self):
        self._ours.send("go")

    def kill(self, after):
        """Ends it with signal 9; whether it was at work still."""
        cut = not self._ours.poll(after)
        self._process.kill()
        self._close()
        return cut

    def end(self):
        told = self._ours.recv()
        self._close()
        return told

    def _close(self):
        self._process.join(60)
        self._ours.close()


def together(*clients):
    """What the clients said that began at the same moment."""
    for client in clients:
        client.go()
    return [client.end() for client in clients]


def _run(told, pipe):
    location, act, given, environment, limits = told
    os.environ.update(environment)
    later = timedelta(minutes=limits.get("minutes_later", 0))
    store = open_store(location, KEY)
    steward = Actor("steward", frozenset({"steward"}))
    workspace = Workspace(store, steward, clock=lambda: datetime.now(UTC) + later)
    pipe.send("ready")
    pipe.recv()
    if largest := limits.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    try:
        answer = {"result": _ACTS[act](workspace, *given)}
    except GridLinkError as error:
        answer = {"error": error.as_dict()}
    pipe.send(answer)
    store.close()


def _push(workspace, target):
    return push(workspace, target)[target].as_dict()


def _extract(workspace, system):
    extracting.in_force = paged_in_force
    return [run.as_dict() for run in extracting.extract(workspace, system, pause=time.sleep)]


def _pull(workspace):
    return pull(workspace).as_dict()


def _send(workspace, file):
    return {"file": send(workspace, Path(file)).file}


_ACTS = {"push": _push, "extract": _extract, "pull": _pull, "send": _send}
