"""Commands for learning and trying: a training district, its loopback upstream, the whole main job."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, FOLDER, Session, command
from core.cli.stores import read_text
from core.i18n import _
from core.training import demonstration
from core.training.generator import build_training
from core.training.upstream import start_upstream
from core.training.upstream_all import Systems, every_system


def add_to(cli: click.Group) -> None:
    """Adds ``training`` and ``demo``."""
    cli.add_command(training)
    cli.add_command(demo)


@click.group()
def training() -> None:
    """A synthetic district to learn and test on."""


@command("build", training)
@click.argument("folder", type=FOLDER)
@click.option("--people", type=click.IntRange(min=10), default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--error-rate", type=click.FloatRange(0, 0.5), default=0.01, show_default=True)
@click.option("--station", default="320508", show_default=True)
@click.option("--seal-to", type=FILE, default=None, help="Also sealed identity data, for this public key.")
def training_build(session: Session, folder: Path, seal_to: Path | None, **options: Any) -> Outcome:
    """Writes packages, keys and the truth about every planted error; reproducible from the seed."""
    seal_to_pem = read_text(seal_to) if seal_to else None
    with session.watched() as progress:
        made = build_training(folder, seal_to_pem=seal_to_pem, progress=progress, **options)
    data = made.as_dict()
    return Outcome(data, [_("Training district written to {path}.").format(path=folder), *table(
        (_("package"), _("file")), ((Path(p).stem, p) for p in data["packages"])
    )])  # fmt: skip


@command("serve", training)
@click.argument("folder", type=FOLDER)
@click.option("--port", type=click.IntRange(0, 65535), default=0)
def training_serve(session: Session, folder: Path, port: int) -> Outcome:
    """Runs the loopback upstream until stopped; writes what “connector set” needs into the folder."""
    with start_upstream(folder, port=port) as upstream:
        facts = demonstration.write_connection(folder, upstream)
        click.echo(json.dumps(facts) if session.as_json else "\n".join(f"{k}: {v}" for k, v in facts.items()))
        while True:
            time.sleep(1)


@command("upstream", training)
@click.argument("folder", type=FOLDER)
@click.option("--system", "systems", multiple=True, help="Only this system; may be repeated.")
@click.option("--district", type=FOLDER, default=None, help="A training district: what the sources hold.")
@click.option("--connect", is_flag=True, help="Also points the connectors of the store to them.")
def training_upstream(
    session: Session, folder: Path, systems: tuple[str, ...], district: Path | None, connect: bool
) -> Outcome:
    """Runs a loopback system for each upstream system until stopped, and writes how to reach them."""
    workspace = session.workspace() if connect else None
    with Systems(folder, systems or every_system()) as running:
        if district is not None:
            with session.watched() as progress:
                running.fill(district, progress)
        if workspace is not None:
            running.connect(workspace)
        told = running.told()
        lines = [f"{name}: {facts['base_url']}" for name, facts in told["systems"].items()]
        click.echo(json.dumps(told) if session.as_json else "\n".join([*lines, *map(str, told["files"])]))
        while True:
            time.sleep(1)


@command("demo")
@click.option("--people", type=click.IntRange(min=10), default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--out", type=FOLDER, default=Path("gridlink-demo"), show_default=True)
@click.option("--headless", is_flag=True, help="No window; leave screenshots, report and summary in --out.")
def demo(session: Session, people: int, seed: int, out: Path, headless: bool) -> Outcome:
    """The main job on a training district, from packages to acceptance report, then the desktop."""
    with session.watched() as progress:
        summary, lines = demonstration.run(
            out, people=people, seed=seed, headless=headless, progress=progress
        )
    return Outcome(summary, lines)
