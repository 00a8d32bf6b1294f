"""The benchmarks run whole on a small log and tell the limit beside the figure."""

from __future__ import annotations

from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import pytest

from ledger.benches.bench import AppendSetting, bench_append
from ledger.benches.bench_records import log_id, records
from ledger.benches.bench_verify import bench_verify
from ledger.benches.tree_dir import signed_records
from tests import needs


@pytest.mark.parametrize("mirrors", [0, 1])
def test_append_tells_figure_limit_and_ratio(tmp_path: Path, mirrors: int) -> None:
    told: list[int] = []
    setting = AppendSetting(entries=600, directory=tmp_path, mirrors=mirrors)
    found = bench_append(setting, told.append)
    assert (found["entries"], found["mirrors"]) == (600, mirrors)
    assert found["entries_per_second"] > 0
    assert set(found["limit"]) == {"verify_per_second_all_cores", "durable_insert_per_second"}
    assert found["ratio"] == pytest.approx(
        found["entries_per_second"] / min(found["limit"].values()), abs=0.01
    )
    assert {"p50", "p99"} == set(found["receipt_latency_ms"]) == set(found["fsync_ms"])
    assert 0 < found["batch"]["entries_median"] <= found["batch"]["entries_max"]
    assert max(told) == 600
    if mirrors:
        shared = found["limit"]["verify_per_second_all_cores"] / (1 + mirrors)
        assert found["limit_shared_with_mirrors_per_second"] == round(shared)
        assert set(found["mirrors_reached"]) == {"mirror mirror1"}


def test_append_on_postgresql_makes_and_removes_a_server_of_its_own(tmp_path: Path) -> None:
    needs.require("postgresql")
    found = bench_append(AppendSetting(entries=300, directory=tmp_path, store="postgresql"))
    assert (found["store"], found["entries"]) == ("postgresql", 300)
    assert found["batch"]["commit_ms"]["p50"] > 0
    assert not list(tmp_path.iterdir())


def test_records_that_are_joined_are_the_records() -> None:
    log = log_id()
    assert signed_records(log, 70, 40) == records(log, 70, 40)


def test_verify_tells_figure_limit_and_ratio(tmp_path: Path) -> None:
    found = bench_verify(600, tmp_path, workers=1)
    before = getrusage(RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000  # of the tests before this one
    assert (found["entries"], found["void"]) == (601, 0)
    assert found["processes"] >= 2
    assert 20 < found["peak_memory_megabytes"] < before + 300
    assert not list(tmp_path.iterdir())
    assert found["entries_per_second"] > 0
    assert found["ratio"] > 0
