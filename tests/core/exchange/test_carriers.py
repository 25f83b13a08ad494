"""Every way of carrying messages keeps one contract: the same two verbs, the same four troubles, on real servers."""

import base64
import time
import uuid
from pathlib import Path

import orjson
import pytest

from core.exchange import ways
from core.exchange.configuration import configure_connector
from core.exchange.connectors import connector
from core.exchange.receipts import read_public_key, read_receipt
from core.exchange.transports.ferry import Ferry
from core.exchange.troubles import Refused, Trouble, Unclear, Unreachable
from core.training.upstream import start_upstream

SAMPLES = {
    "residence_permit": {"rybs": "a" * 64, "fwbm": "H1", "xm": "张*", "zjzl": "111", "zjhm": "3205**", "xb": "1",
                         "csnf": 1980, "jzlb": "1", "jzrq": "2020-01-01"},
    "zhenyan": {"fwbm": "H1", "dzbm": "A1", "fwyt": "2"},
    "rental": {"yhbh": "Y1", "yhlx": "02", "dzbm": "A1", "fxsj": "2026-11-20 08:00:00", "yzcd": "2", "ms": "隔断"},
    "linkage": {"jfbh": "J1", "jflx": "02", "fssj": "2026-11-20 08:00:00", "dzbm": "A1", "ms": "邻里", "yzcd": "1",
                "zt": "open"},
}  # fmt: skip
WAYS = {
    "https": ("residence_permit", "residence_permit"), "signed": ("zhenyan", "zhenyan"),
    "refreshed": ("rental", "rental"),
    "sftp": ("linkage", "linkage"), "ferry": ("transmission", "residence_permit"),
}  # fmt: skip


class Way:
    """A running system, a store configured for it, and the messages it takes."""

    def __init__(self, workspace, upstream, target):
        self.workspace, self.upstream, self.target = workspace, upstream, target
        self.public = read_public_key(upstream.receipt_public_pem)
        self.mark = uuid.uuid4().hex[:8]

    def open(self):
        return ways.carrier(self.workspace, self.target)

    def message(self, name, count=3):
        name = f"{self.mark}-{name}"
        items = [{"key": f"{name}-{n}", "op": "upsert", "record": SAMPLES[self.target]} for n in range(count)]
        return orjson.dumps({"batch": name, "items": items})

    def receipts(self, carrier, name, count=3, tries=200):
        """What the receiver said of the message's records, however long it took."""
        keys = [f"{self.mark}-{name}-{n}" for n in range(count)]
        for _try in range(tries):
            for reply in carrier.ask(orjson.dumps({"keys": keys})):
                read = read_receipt(
                    reply, receiver=connector(self.target).receiver, public_key=self.public, asked=keys
                )
                carrier.taken(reply)
                if read.items:
                    return {item.key.split("-", 1)[1]: item.status for item in read.items}
            time.sleep(0.03)
        return {}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One process for each system, shared by the tests that leave it as it was."""
    started = {}

    def of(name):
        if name not in started:
            folder = tmp_path_factory.mktemp(name)
            started[name] = start_upstream(folder, system=WAYS[name][0], mutual=name == "https")
        started[name].misbehave()
        return started[name]

    yield of
    for one in started.values():
        one.stop()


@pytest.fixture(params=WAYS)
def way(request, embedded, running, monkeypatch):
    upstream, target = running(request.param), WAYS[request.param][1]
    configure(embedded, upstream, target, monkeypatch)
    return Way(embedded, upstream, target)


@pytest.fixture(params=WAYS)
def own_way(request, embedded, tmp_path, monkeypatch):
    """A system of its own, for what it does not recover from."""
    system, target = WAYS[request.param]
    with start_upstream(tmp_path / "upstream", system=system, mutual=request.param == "https") as upstream:
        configure(embedded, upstream, target, monkeypatch)
        yield Way(embedded, upstream, target)


def configure(workspace, upstream, target, monkeypatch, **instead):
    facts = upstream.facts
    for name, value in facts.environment().items():
        monkeypatch.setenv(name, value)
    given = {"base_url": facts.carries.get(target, facts.base_url), "ca_pem": facts.ca_pem,
             "receipt_public_pem": facts.receipt_public_pem, "certificate": facts.certificate}  # fmt: skip
    configure_connector(workspace, target, **(given | instead))


def test_what_is_sent_comes_back_as_a_signed_receipt_by_record(way):
    with way.open() as carrier:
        carrier.send(f"{way.mark}-b1", way.message("b1"))
        assert way.receipts(carrier, "b1") == {f"b1-{n}": "accepted" for n in range(3)}


def test_sent_twice_under_one_name_it_has_one_effect(way):
    before = applied(way)
    with way.open() as carrier:
        for _time in range(2):
            carrier.send(f"{way.mark}-b1", way.message("b1"))
            assert set(way.receipts(carrier, "b1").values()) == {"accepted"}
    with way.open() as carrier:
        carrier.send(f"{way.mark}-b1", way.message("b1"))
        way.receipts(carrier, "b1")
    if way.upstream.target == way.target:
        assert applied(way) == before + 3


def applied(way):
    """How many deliveries were applied to the receiver's register."""
    return sum(count for _entity, _record, count in way.upstream.register())


def test_trying_it_sends_nothing_and_leaves_nothing(way):
    before = (way.upstream.register(), way.upstream.requests().get("batches"))
    with way.open() as carrier:
        carrier.check()
    assert (way.upstream.register(), way.upstream.requests().get("batches")) == before
    assert not list(way.upstream.folder.rglob("*gridlink-check*"))


def test_every_way_keeps_the_pace_that_the_operator_asks_for_a_second_way_too(way, monkeypatch):
    """Two carriers to one system keep its pace together."""
    it = connector(way.target)
    slow = it.model_copy(update={"limits": it.limits.model_copy(update={"requests_per_second": 16.0})})
    monkeypatch.setattr(ways, "in_force", lambda _store, name: slow if name == way.target else connector(name))
    began = time.monotonic()
    for _way in range(2):
        with way.open() as carrier:
            for _time in range(2):
                carrier.ask(b'{"keys":[]}')
    assert time.monotonic() - began >= 3 / 16


def test_nobody_there_is_unreachable_and_says_what_to_do(own_way):
    own_way.upstream.stop()
    if own_way.upstream.target == "transmission":
        (own_way.upstream.folder / "ferry").rename(own_way.upstream.folder / "elsewhere")
    with own_way.open() as carrier, pytest.raises(Unreachable) as caught:
        carrier.send(f"{own_way.mark}-b1", own_way.message("b1"))
    assert caught.value.message and caught.value.cure
    with own_way.open() as carrier, pytest.raises(Unreachable):
        carrier.check()


NETWORKED = pytest.mark.parametrize("way", sorted(set(WAYS) - {"ferry"}), indirect=True)


@NETWORKED
@pytest.mark.parametrize("kind", ["full", "unauthorised"])
def test_a_receiver_that_is_full_or_will_not_have_us_refuses_and_took_nothing(way, kind):
    if way.target == "rental" and kind == "unauthorised":
        way.upstream.misbehave({"kind": kind, "route": "token", "times": 9})
    else:
        way.upstream.misbehave({"kind": kind}, {"kind": kind, "route": "sftp"})
    with way.open() as carrier:
        with pytest.raises(Refused):
            carrier.send(f"{way.mark}-b1", way.message("b1"))
        way.upstream.misbehave()
        carrier.send(f"{way.mark}-b1", way.message("b1"))
        assert set(way.receipts(carrier, "b1").values()) == {"accepted"}


@pytest.mark.skipif(
    not Path("/dev/full").is_char_device(), reason="this system has no device that is always full"
)
def test_a_disk_that_is_full_refuses_and_leaves_nothing_half_written(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b1.json.part").symlink_to("/dev/full")
    with Ferry(tmp_path, {"out": "out", "receipts": "out"}) as ferry, pytest.raises(Refused) as caught:
        ferry.send("b1", b"x" * 10)
    assert caught.value.details["cause"] == "full"
    assert list((tmp_path / "out").iterdir()) == []


@NETWORKED
def test_a_break_while_sending_is_told_apart_by_whether_it_may_have_arrived(way):
    kind = {"kind": "reset_before_commit"}
    way.upstream.misbehave(kind, kind | {"route": "rename", "times": 1})
    with way.open() as carrier, pytest.raises(Trouble) as caught:
        carrier.send(f"{way.mark}-b1", way.message("b1"))
    assert isinstance(caught.value, Unreachable if way.upstream.target == "linkage" else Unclear)
    way.upstream.misbehave()
    with way.open() as carrier:
        carrier.send(f"{way.mark}-b1", way.message("b1"))
        assert set(way.receipts(carrier, "b1").values()) == {"accepted"}


@pytest.mark.parametrize("own_way", sorted(set(WAYS) - {"ferry"}), indirect=True)
def test_another_certificate_than_the_agreed_one_is_not_believed(own_way, monkeypatch):
    if own_way.upstream.target == "linkage":
        other = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + b"k" * 32).decode()
        configure(own_way.workspace, own_way.upstream, own_way.target, monkeypatch, ca_pem=other)
    else:
        own_way.upstream.ask("/control/certificate", {})
    with own_way.open() as carrier, pytest.raises(Unreachable) as caught:
        carrier.send(f"{own_way.mark}-b1", own_way.message("b1"))
    assert caught.value.details["cause"] in {"certificate", "host_key"}


def test_a_late_receipt_is_waited_for_and_a_damaged_one_is_set_aside(way):
    way.upstream.misbehave({"kind": "receipt_late", "seconds": 0.3})
    with way.open() as carrier:
        carrier.send(f"{way.mark}-b1", way.message("b1"))
        assert set(way.receipts(carrier, "b1").values()) == {"accepted"}
        if way.upstream.target in {"linkage", "transmission"}:
            way.upstream.misbehave({"kind": "receipt_damaged"})
            carrier.send(f"{way.mark}-b2", way.message("b2"))
            assert way.receipts(carrier, "b2", tries=20) == {}
            carrier.send(f"{way.mark}-b2", way.message("b2"))
            assert set(way.receipts(carrier, "b2").values()) == {"accepted"}


def test_without_our_certificate_mutual_tls_refuses(embedded, tmp_path, monkeypatch):
    with start_upstream(tmp_path / "u", mutual=True) as upstream:
        configure(embedded, upstream, "residence_permit", monkeypatch, certificate="")
        with ways.carrier(embedded, "residence_permit") as carrier, pytest.raises(Refused):
            carrier.check()
