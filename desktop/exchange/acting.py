"""What can be done for one system from its card or an alarm, each as a job that says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from PySide6.QtWidgets import QPushButton

from core.exchange import channels
from core.exchange.attention import Alarm
from core.exchange.connectors import connector
from core.exchange.extraction.extracting import extract
from core.exchange.extraction.runs import Run
from core.exchange.ferrying import Pull, pull
from core.exchange.push import PushResult, push
from core.exchange.reconciling import Reconciled, reconcile
from core.i18n import N_, _
from desktop.desk import Desk
from desktop.exchange.standing import Standing
from desktop.jobs import Job
from desktop.widgets.parts import button

_WORDS: Final = {
    "awaited": N_("Show what is awaited"), "push": N_("Fetch receipts"), "report": N_("Report now"),
    "reconcile": N_("Reconcile now"), "extract": N_("Extract now"), "ferry": N_("Fetch packages"),
}  # fmt: skip
_PERMISSIONS: Final = {
    "awaited": "exchange.read", "push": "exchange.push", "report": "exchange.push", "reconcile": "exchange.push",
    "extract": "exchange.extract", "ferry": "package.import",
}  # fmt: skip


class Acting:
    """The acts of the exchange for one desk; afterwards every page looks again."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def cure(self, alarm: Alarm) -> QPushButton | None:
        """The button that cures an alarm; None where the user may not."""
        if not self.desk.workspace.actor.may(_PERMISSIONS[alarm.act]):
            return None
        acts: dict[str, Callable[[str], object]] = {
            "awaited": lambda target: self.desk.show_system(target, "awaited"), "push": self.push,
            "report": self.push, "reconcile": self.reconcile, "extract": self.extract, "ferry": lambda _t: self.pull(),
        }  # fmt: skip
        made = button(_(_WORDS[alarm.act]), partial(acts[alarm.act], alarm.target), icon="forward")
        made.setToolTip(alarm.text)
        return made

    def cure_of(self, one: Standing) -> QPushButton | None:
        """The one act that a system needs before all others, as its word says; None where it needs none."""
        return next(self._cures(one), None) if one.configured else None

    def _cures(self, one: Standing) -> Iterator[QPushButton]:
        show, compared = self.desk.show_system, one.channel.compared if one.channel else None
        if one.channel is not None and one.channel.channel.paused_at:
            if self.desk.workspace.actor.may("exchange.push"):
                yield button(_("Resume sending"), partial(self.resume, one.target), icon="forward")
            return
        urgent = [alarm for alarm in one.alarms if alarm.kind in {"evidence", "silent", "trouble"}]
        yield from filter(None, (self.cure(alarm) for alarm in urgent))
        if one.outbox is not None and one.outbox.rejected:
            words = _("Show {n} rejected").format(n=f"{one.outbox.rejected:,}")
            yield button(words, partial(show, one.target, "rejected"), icon="view")
        if compared is not None and not compared.agrees:
            yield button(_("Show what differs"), partial(show, one.target, "differ"), icon="view")
        if one.questions:
            words = _("Decide {n}").format(n=f"{one.questions:,}")
            yield button(words, partial(show, one.target, "gone"), icon="view")
        yield from filter(None, (self.cure(alarm) for alarm in one.alarms if alarm not in urgent))

    def push(self, target: str) -> None:
        """Sends what is due to one system and fetches its receipts; an item leaves only on its receipt."""
        title = _("Pushing to {target}").format(target=_(connector(target).title))
        self._run(title, lambda progress: push(self.desk.workspace, target, progress=progress), self._pushed)

    def reconcile(self, target: str) -> None:
        """Compares both sides to the record."""
        title = _("Reconciling with {system}").format(system=_(connector(target).title))
        self._run(title, lambda progress: reconcile(self.desk.workspace, target, progress), self._reconciled)

    def extract(self, target: str) -> None:
        """Extracts what changed."""
        title = _("Extracting from {system}").format(system=_(connector(target).title))
        work: Callable[[Any], list[Run]] = lambda progress: extract(  # noqa: E731 - typed for the job
            self.desk.workspace, target, progress=progress
        )
        self._run(title, work, lambda _runs: self.desk.changes.registry.emit())

    def pull(self) -> None:
        """Takes in what lies in the platform's folders, and answers it."""
        self._run(
            _("Fetching packages"), lambda progress: pull(self.desk.workspace, progress=progress), self.pulled
        )

    def resume(self, target: str) -> None:
        """Lets sending go on."""
        workspace = self.desk.workspace
        self.desk.jobs.write(
            lambda: channels.resume(workspace, target), lambda _nothing: self.desk.changes.outbox.emit()
        )

    def pulled(self, made: Pull) -> None:
        """Says what became of each file that was not simply taken in."""
        text = _("{n} files taken in, {receipts} new receipts of the platform.")
        self.desk.messages.done(text.format(n=len(made.files), receipts=made.receipts))
        for one in made.files:
            if one.state in {"refused", "damaged", "held"}:
                self.desk.messages.notice(f"{one.file}: {one.message} {one.cure}".strip())
        self.desk.changes.packages.emit()
        if any(one.state == "imported" for one in made.files):
            self.desk.changes.registry.emit()

    def _run(self, title: str, work: Callable[[Any], Any], done: Callable[[Any], None]) -> Job:
        job = self.desk.jobs.run(title, work, done)
        job.ended.connect(lambda _job: self.desk.changes.outbox.emit())
        return job

    def _pushed(self, results: dict[str, PushResult]) -> None:
        for target, result in results.items():
            text = _("{target}: {sent} sent, {accepted} accepted, {rejected} rejected, {waiting} waiting.").format(
                target=_(connector(target).title), sent=f"{result.sent:,}", accepted=f"{result.accepted:,}",
                rejected=f"{result.rejected:,}", waiting=f"{result.waiting:,}",
            )  # fmt: skip
            self.desk.messages.done(text)

    def _reconciled(self, made: Reconciled) -> None:
        told = _("agrees") if made.agrees else _("{n} differ").format(n=f"{len(made.differences):,}")
        self.desk.messages.done(
            _("{system}: {message}").format(system=_(connector(made.target).title), message=told)
        )
