"""What a training district leaves on disk: reproducible packages in chains, keys, and whole files only."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from core.errors import Cancelled
from core.jobs import Progress
from core.model.resources import RESOURCES
from core.training.generator import build_training


def digests(folder: Path) -> dict[str, str]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def descriptors(district):
    for path in district.packages:
        with zipfile.ZipFile(path) as archive:
            yield json.loads(archive.read("datapackage.json"))


@pytest.fixture(scope="module")
def district(tmp_path_factory):
    return build_training(tmp_path_factory.mktemp("district"), people=900, seed=1)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path, district):
    again = build_training(tmp_path / "again", people=900, seed=1)
    other = build_training(tmp_path / "other", people=900, seed=2)
    assert digests(again.folder) == digests(district.folder)
    assert set(digests(other.folder).items()).isdisjoint(digests(district.folder).items())


def test_file_names_sort_in_the_order_of_import_and_of_the_chains(district):
    names = [Path(path).name for path in district.packages]
    assert names == sorted(names)
    sequences = {}
    for one in descriptors(district):
        own = one["gridlink"]
        assert own["sequence"] == sequences.get(own["sender"], 0) + 1
        assert ("previous" in own) == (own["sequence"] > 1)
        sequences[own["sender"]] = own["sequence"]
    assert set(sequences) == set(district.senders)


def test_the_days_bring_snapshots_changes_and_one_report_of_nothing(district):
    seen = [(one["gridlink"]["sender"], one["gridlink"]["mode"], {r["name"] for r in one["resources"]})
            for one in descriptors(district)]  # fmt: skip
    stock = {name for _sender, mode, names in seen[:5] for name in names if mode == "snapshot"}
    not_yet = {"identity", "visit_report", "qr_report"}
    assert stock == set(RESOURCES) - not_yet
    assert [sender for sender, mode, _names in seen if mode == "delta"] == [
        "community", "governance", "police", "fire", "governance",
    ]  # fmt: skip
    nothing = district.packages[seen.index(("qr", "snapshot", {"qr_report"}))]
    with zipfile.ZipFile(nothing) as archive:
        assert archive.read("data/qr_report.csv").count(b"\n") == 1
    assert seen[-1][:2] == ("community", "snapshot")
    assert {one["gridlink"]["scope"][0] for one in descriptors(district)} == {"320508000000"}


def test_departments_speak_of_the_same_people_firms_and_houses_and_sometimes_differ(tmp_path):
    district = build_training(tmp_path, people=3000, error_rate=0)
    told = {Path(path).stem: path for path in district.packages}
    for stem, resource in (
        ("2026-11-09-4-police", "person"), ("2026-11-09-5-fire", "organisation"), ("2026-11-09-6-governance", "house"),
    ):  # fmt: skip
        with zipfile.ZipFile(told[stem]) as archive:
            assert archive.read(f"data/{resource}.csv").count(b"\n") > 10


def test_more_snapshots_can_be_had_for_rehearsals(tmp_path):
    district = build_training(tmp_path, people=300, more_snapshots=2)
    names = [Path(path).stem for path in district.packages]
    assert names[-3:] == ["2026-11-16-2-community", "2026-11-17-1-community", "2026-11-18-1-community"]


def test_a_monthly_snapshot_is_nearly_the_same_as_what_was_known(tmp_path):
    district = build_training(tmp_path, people=6000, error_rate=0, more_snapshots=1)
    before, after = (rows_of(path) for path in district.packages[-2:])
    assert 0.94 < len(before & after) / len(before) < 0.97
    assert after - before


def rows_of(path):
    with zipfile.ZipFile(path) as archive:
        lines = archive.read("data/person.csv").decode().splitlines()[1:]
    return {line.rsplit(",", 3)[0] for line in lines}  # without source, collected_at, collector


def test_a_cancelled_district_leaves_whole_packages_only_and_no_truth(tmp_path):
    class Impatient(Progress):
        def phase(self, name, total=None):
            super().phase(name, total)
            if "3-police" in name:
                self.cancel()

    with pytest.raises(Cancelled):
        build_training(tmp_path, people=300, progress=Impatient())
    written = sorted(path.name for path in (tmp_path / "packages").iterdir())
    assert written == ["2026-11-02-1-bureau.zip", "2026-11-02-2-governance.zip"]
    assert all(zipfile.ZipFile(tmp_path / "packages" / name).testzip() is None for name in written)
    assert not (tmp_path / "truth.csv").exists()


def test_a_district_replaces_the_one_that_was_there(tmp_path):
    build_training(tmp_path, people=300, more_snapshots=1)
    second = build_training(tmp_path, people=300)
    assert sorted(str(path) for path in (tmp_path / "packages").iterdir()) == sorted(second.packages)


@pytest.mark.parametrize("people", [200, 5000])
def test_the_proportions_of_the_real_district_are_kept(tmp_path, people):
    district = build_training(tmp_path, people=people, error_rate=0)
    with zipfile.ZipFile(district.packages[0]) as archive:
        stock = {name: archive.read(f"data/{name}.csv").count(b"\n") - 1 for name in ("address", "house")}
    assert stock == {"address": people // 2, "house": people * 2 // 5}
    assert district.counts["grid"] >= 171
    if people > 1000:  # some come again in a delta
        assert district.counts["organisation"] == pytest.approx(people * 0.08, rel=0.1)
