"""Where every reading went, by hour and enterprise, over a real server: as JSON and for a spreadsheet."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from console.reconciliation import since
from ganzhi.records import Catalogue, Enterprise, Reconciled, Text
from tests.console.busy import HOUR, busy_plant, hours_of
from tests.console.plant import NOW, Plant, S

MS = NOW // 1_000_000
BUSY = pytest.mark.parametrize("plant", [busy_plant], indirect=True)


def table(answer: httpx.Response) -> list[list[str]]:
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(("after", "hours", "begins"), [(0, 1, 0), (3599, 1, 0), (3600, 2, 0), (0, 24, -23)])
def test_a_window_begins_with_an_hour_and_holds_the_present_one(after: int, hours: int, begins: int) -> None:
    assert since(NOW + after * S, hours) == NOW + begins * HOUR


def test_nothing_received_closes(http: httpx.Client) -> None:
    assert http.get("/api/reconciliation").json() == {"now": MS, "hours": 24, "rows": [], "closes": True}


@BUSY
def test_rows_carry_every_figure_and_the_names(http: httpx.Client) -> None:
    answer = http.get("/api/reconciliation").json()
    assert (len(answer["rows"]), answer["closes"]) == (48, True)
    assert answer["rows"][1] == {
        "hour": MS,
        "enterprise": "haihe-storage",
        "name": {"zh": "海河石化仓储", "en": "Haihe Petrochemical Storage"},
        "received": 3620,
        "accepted": 3600,
        "late": 10,
        "duplicate": 6,
        "conflict": 2,
        "rejected": 3,
        "unknown": 1,
        "stored": 3609,
        "refused": 0,
        "backlog": 1,
        "closes": True,
    }


@BUSY
def test_a_window_of_hours_is_all_that_is_asked_for(http: httpx.Client) -> None:
    answer = http.get("/api/reconciliation", params={"hours": 2}).json()
    assert [row["hour"] for row in answer["rows"]] == [MS, MS, MS - 3_600_000, MS - 3_600_000]
    assert answer["hours"] == 2
    for hours in (0, 169, "x"):
        assert http.get("/api/reconciliation", params={"hours": hours}).status_code == 422


def test_one_row_that_does_not_close_is_said_of_all(plant: Plant, http: httpx.Client) -> None:
    plant.reconciled = [*hours_of(2), Reconciled(NOW, "", received=5, rejected=4)]
    answer = http.get("/api/reconciliation").json()
    assert answer["closes"] is False
    assert [(row["name"]["zh"], row["enterprise"]) for row in answer["rows"] if not row["closes"]] == [("未知企业", "")]


def test_an_enterprise_that_left_the_catalogue_goes_by_its_id(plant: Plant, http: httpx.Client) -> None:
    plant.reconciled = [Reconciled(NOW, "gone-works", received=1, accepted=1, stored=1)]
    assert http.get("/api/reconciliation").json()["rows"][0]["name"] == {"zh": "gone-works", "en": "gone-works"}


def test_without_its_data_it_says_so(plant: Plant, http: httpx.Client) -> None:
    plant.store_is_down = True
    answer = http.get("/api/reconciliation")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert set(answer.json()["message"]) == {"zh", "en"}


def test_the_table_for_a_spreadsheet_is_chinese_with_local_hours(plant: Plant, http: httpx.Client) -> None:
    lost = Reconciled(NOW - HOUR, "binhai-chem", received=9, accepted=7, duplicate=1, stored=4, refused=1, backlog=0)
    plant.reconciled = [*hours_of(1), lost]
    answer = http.get("/api/reconciliation", params={"format": "csv"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="reconciliation-20260501-0800.csv"'
    rows = table(answer)
    assert rows[0] == [
        "时段起 (Asia/Shanghai)", "企业编号", "企业", "接收", "接受", "迟到", "重复", "其中值冲突", "拒收", "未登记",
        "已入库", "库拒收", "待入库", "去向差", "入库差", "对账结果",
    ]  # fmt: skip
    assert rows[1][:4] == ["2026-05-01 08:00", "binhai-chem", "滨海精细化工", "3620"]
    assert rows[3] == [
        "2026-05-01 07:00", "binhai-chem", "滨海精细化工", "9", "7", "0", "1", "0", "0", "0", "4", "1", "0", "1", "2",
        "不平",
    ]  # fmt: skip


def formula_plant() -> Plant:
    """A plant whose enterprise is named as a spreadsheet writes a formula."""
    owner = Enterprise("=cmd", Text("=1+1", '=HYPERLINK("x")'))
    return Plant(catalogue=Catalogue({"=cmd": owner}, {}, ()), rules=[], reconciled=[Reconciled(NOW, "=cmd")])


@pytest.mark.parametrize("plant", [formula_plant], indirect=True)
def test_the_table_comes_in_english_too_and_no_cell_is_a_formula(http: httpx.Client) -> None:
    rows = table(http.get("/api/reconciliation", params={"format": "csv", "language": "en"}))
    assert rows[0][:4] == ["Hour from (Asia/Shanghai)", "Enterprise", "Name", "Received"]
    assert rows[1][1:3] == ["'=cmd", '\'=HYPERLINK("x")']
    assert rows[1][-1] == "yes"
    assert http.get("/api/reconciliation", params={"format": "xls"}).status_code == 422
    assert http.get("/api/reconciliation", params={"language": "fr"}).status_code == 422
