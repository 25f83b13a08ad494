"""A real extracting process that kills itself (signal 9) before its n-th statement or commit; 0: never."""

import multiprocessing
import os
import signal

from sqlalchemy import event

from core.exchange.extraction import extracting
from core.exchange.extraction.extracting import extract
from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store
from tests.core.conftest import KEY
from tests.core.exchange.paging import paged_in_force

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.core.exchange.killing", "core.exchange.ways", "core.registry.intake"])


def extracting_process(location, system, number, environment):
    """Starts it and waits for its end: (was killed, statements that it made)."""
    ours, theirs = FORKING.Pipe(duplex=False)
    process = FORKING.Process(target=_run, args=(location, system, number, environment, theirs))
    process.start()
    theirs.close()
    process.join(60)
    made = ours.recv() if process.exitcode == 0 else 0
    ours.close()
    return process.exitcode == -signal.SIGKILL, made


def _run(location, system, number, environment, pipe):
    os.environ.update(environment)
    extracting.in_force = paged_in_force
    store = open_store(location, KEY)
    passed = 0

    def pass_boundary(*_args):
        nonlocal passed
        passed += 1
        if passed == number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(store.engine, "before_cursor_execute", pass_boundary)
    event.listen(store.engine, "commit", pass_boundary)
    extract(Workspace(store, Actor("steward", frozenset({"steward"}))), system, pause=lambda seconds: None)
    store.close()
    pipe.send(passed)
