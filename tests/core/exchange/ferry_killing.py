"""A real pulling process that kills itself (signal 9) before its n-th commit or rename."""

import multiprocessing
import os
import signal
from pathlib import Path

from sqlalchemy import event

from core.exchange.ferrying import pull
from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store
from tests.core.conftest import KEY

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.core.exchange.ferry_killing", "core.registry.intake"])


def pulling_process(location, number):
    """Starts it and waits for its end: whether it was killed."""
    process = FORKING.Process(target=_run, args=(location, number))
    process.start()
    process.join(60)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def _run(location, number):
    store = open_store(location, KEY)
    passed, rename = 0, Path.replace

    def pass_boundary(*_args):
        nonlocal passed
        passed += 1
        if passed == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def replace(path, target):
        pass_boundary()
        return rename(path, target)

    event.listen(store.engine, "commit", pass_boundary)
    Path.replace = replace
    pull(Workspace(store, Actor("steward", frozenset({"steward"}))))
    store.close()
