"""Records as the upstream sources hold them, under their own field names, and stores configured to extract them."""

from core.exchange.configuration import configure_connector

COMMUNITIES = ("320508017003", "320508017004")
AT = "2026-11-20 08:{:02d}:{:02d}"


def at(number):
    return AT.format(number // 60 % 60, number % 60)


def address(number, **changes):
    return {
        "dzbm": f"32050801700300{number:06d}", "dzmc": f"江苏省苏州市姑苏区白洋湾街道富强路{number}号",
        "jdbm": "320508017000", "sqbm": COMMUNITIES[number % 2], "zt": "1", "gxsj": at(number), "cjr": "C001",
    } | changes  # fmt: skip


def house(number, **changes):
    return {
        "fwbm": f"H-{number:06d}", "dzbm": f"32050801700300{number:06d}", "fwyt": "2", "sqbm": COMMUNITIES[number % 2],
        "gxsj": at(number), "cjr": "C001",
    } | changes  # fmt: skip


def person(number, **changes):
    return {
        "jlbh": f"R{number:08d}", "rybs": f"{number:064x}", "fwbm": f"H-{number:06d}", "xm": "张*", "zjzl": "111",
        "zjhm": "320508**********12", "xb": "1", "csnf": "1980", "jzlb": "1", "yhzgx": "02", "jzrq": "20200101",
        "lxdh": "138****5678", "sqbm": COMMUNITIES[number % 2], "gxsj": at(number), "cjr": "C001",
    } | changes  # fmt: skip


def organisation(number, **changes):
    return {
        "jlbh": f"D{number:08d}", "dwbh": f"ORG-{number:06d}", "dwmc": f"平江茶馆{number}店", "dwlx": "1",
        "dzbm": f"32050801700300{number:06d}", "cyrs": "3", "zt": "1", "sqbm": COMMUNITIES[number % 2],
        "gxsj": at(number), "cjr": "C001",
    } | changes  # fmt: skip


ROWS = {"address": address, "house": house, "person": person, "organisation": organisation}


def connect(workspace, upstream, monkeypatch, **instead):
    """Sets up the store to extract from the running source."""
    for name, value in upstream.facts.environment().items():
        monkeypatch.setenv(name, value)
    given = {"base_url": upstream.facts.base_url, "ca_pem": upstream.facts.ca_pem}
    configure_connector(workspace, upstream.target, **(given | instead))
