"""Made-up persons in a registry, changed and retired as an import would do it."""

import hashlib

from sqlalchemy import delete, literal, select, update

from core.model.exchange import delivery
from core.model.ledger import change_set
from core.model.registry import HISTORY, TABLES, entity_id
from core.model.resources import RESOURCES
from core.registry import publication
from core.store import bulk
from tests.core.rows import begin

TARGET = "residence_permit"
PERSON = TABLES["person"]
ROW = {
    "name_masked": "张*", "id_type": "01", "id_masked": "320508********12", "sex": "1", "birth_year": 1980,
    "residence": "floating", "move_in": "2020-01-01", "source": "community", "row_hash": 1,
    "collected_at": "2026-11-20T02:00:00.000+00:00", "collector": "C01",
}  # fmt: skip


def token(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


def key(number):
    return f"{token(number)}:H{number:06d}"


def entity(number):
    return entity_id(key(number))


def arrive(workspace, numbers, **values):
    """One import that brings new persons; returns its change set."""
    with workspace.store.write() as connection:
        change = begin(connection)
        groups = {f"prov_{group}": change for group in RESOURCES["person"].groups}
        rows = [
            ROW | groups | {"id": entity(n), "person_token": token(n), "house_code": f"H{n:06d}",
                             "created_in": change, "changed_in": change} | values
            for n in numbers
        ]  # fmt: skip
        rows.sort(key=lambda row: row["id"])
        bulk.insert_rows(connection, PERSON, tuple(rows[0]), [tuple(row.values()) for row in rows])
        publication.enqueue(connection, change, workspace.now())
    return change


def change(workspace, numbers, **values):
    """One import that changes persons; returns its change set."""
    with workspace.store.write() as connection:
        number = begin(connection)
        ids = [entity(n) for n in numbers]
        names = [column.name for column in PERSON.columns]
        present = select(*PERSON.columns, literal(number)).where(PERSON.c.id.in_(ids))
        connection.execute(HISTORY["person"].insert().from_select([*names, "superseded_in"], present))
        for some in ids:
            now = connection.execute(select(PERSON.c.row_hash).where(PERSON.c.id == some)).scalar_one()
            connection.execute(
                update(PERSON).where(PERSON.c.id == some).values(changed_in=number, row_hash=now + 1, **values)
            )
        publication.enqueue(connection, number, workspace.now())
    return number


def retire(workspace, numbers):
    with workspace.store.write() as connection:
        number = begin(connection)
        gone = PERSON.c.id.in_([entity(n) for n in numbers])
        connection.execute(update(PERSON).where(gone).values(changed_in=number, retired_in=number))
        publication.enqueue(connection, number, workspace.now())
    return number


def undo(workspace, number):
    """Takes a change set back as the registry's undo does; returns what ``withdraw`` says."""
    with workspace.store.write() as connection:
        begin(connection, kind="undo")
        history = HISTORY["person"]
        connection.execute(delete(PERSON).where(PERSON.c.changed_in == number))
        names = [column.name for column in PERSON.columns]
        old = select(*(history.c[name] for name in names)).where(history.c.superseded_in == number)
        connection.execute(PERSON.insert().from_select(names, old))
        connection.execute(delete(history).where(history.c.superseded_in == number))
        return publication.withdraw(connection, number, workspace.now())


def states(workspace):
    """Number of deliveries by (op, state)."""
    with workspace.store.read() as connection:
        rows = connection.execute(select(delivery.c.op, delivery.c.state)).all()
    return {pair: sum(tuple(row) == pair for row in rows) for pair in {tuple(row) for row in rows}}


def set_state(workspace, state, **values):
    """Puts every open delivery into ``state``, as a push would have."""
    with workspace.store.write() as connection:
        open_ones = delivery.c.state.in_(("waiting", "sent"))
        connection.execute(update(delivery).where(open_ones).values(state=state, **values))


def change_sets(workspace):
    with workspace.store.read() as connection:
        return list(connection.execute(select(change_set.c.id)).scalars())
