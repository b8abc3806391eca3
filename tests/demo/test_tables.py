"""The demo's tables: sizes, planted mistakes, and that one seed gives one job."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from prepaykit.demo.mishaps import RATES
from prepaykit.demo.shop import total_cents
from prepaykit.demo.tables import draw_tables, invent, write_tables
from prepaykit.errors import UsageError
from prepaykit.intake.names_list import read_names
from prepaykit.intake.online_orders import read_orders
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.intake.price_list import read_prices
from prepaykit.money import to_cents
from prepaykit.rules.codes import is_own_form

PLANTED_ON_SMALL = {
    *RATES, "late_child", "late_child_on_paper", "namesake", "namesake_in_class", "namesake_on_paper", "sibling", "twin", "difficult_name",
    "two_cards_in_one_picture", "frame_before_first_card", "clock_set_back", "counter_rolled_over", "zero_bytes", "text_file_called_jpg",
    "thumbs_db", "student_id_looks_like_a_number",
}  # fmt: skip


@pytest.fixture(scope="module")
def small() -> dict[str, pd.DataFrame]:
    return draw_tables("small", 1)


@pytest.mark.parametrize(
    ("size", "children", "classes", "orders", "paper", "frames"),
    [("small", 120, 8, 60, 12, 400), ("medium", 600, 24, 380, 80, 2000), ("large", 2400, 96, 1300, 250, 9000)],
)
def test_a_size_has_the_numbers_it_promises(size, children, classes, orders, paper, frames):
    tables = draw_tables(size, 3)
    listed = tables["names"]
    assert (listed["kind"] == "student").sum() == children
    assert listed.loc[listed["kind"] == "student", "group"].nunique() == classes
    assert len(tables["truth_orders"]) == orders
    assert len(tables["paper_orders"]) == paper
    assert frames * 0.95 < len(tables["shots"]) < frames * 1.06
    assert not tables["shots"].duplicated(["root", "path"]).any()


def test_an_unknown_size_is_told_what_sizes_there_are():
    with pytest.raises(UsageError, match="small, medium, large"):
        draw_tables("huge", 1)


@pytest.mark.parametrize("seed", [1, 2, 3, 11])
def test_every_mistake_is_planted_on_the_small_job(seed):
    assert set(draw_tables("small", seed)["faults"]["fault"]) >= PLANTED_ON_SMALL


def test_one_seed_gives_one_job_and_another_seed_another(small):
    again, other = draw_tables("small", 1), draw_tables("small", 2)
    for name, table in small.items():
        pd.testing.assert_frame_equal(table, again[name])
    assert not small["names"].equals(other["names"])


def test_no_child_has_two_mistakes_and_the_one_before_a_skipped_card_has_none():
    children = invent("medium", 5).school.children
    assert all(len(p.notes & {*RATES, "before_skipped"}) <= 1 for p in children)
    for before, person in pairwise(children):
        if "skipped_card" in person.notes:
            assert "before_skipped" in before.notes and before.class_key == person.class_key


def test_the_files_are_read_without_an_error(tmp_path):
    invented = invent("small", 4)
    write_tables(invented, tmp_path)
    for read, file in (
        (read_names, "names"),
        (read_prices, "prices"),
        (read_orders, "orders"),
        (read_paper_orders, "paper_orders"),
    ):
        result = read(tmp_path / f"{file}.csv")
        assert len(result.table) == len(invented.tables()[file])
        assert not (result.findings["severity"] == "error").any()


def test_difficult_values_come_through_the_names_list(tmp_path):
    write_tables(invent("small", 1), tmp_path)
    names = read_names(tmp_path / "names.csv").table
    assert {"Null", "NA", "Marsh, Jr."} <= set(names["last_name"])
    assert "1E5" in set(names["student_id"])
    assert names.loc[names["kind"] == "student", "student_id"].str.fullmatch(r"0\d{5}|1E5|\d{6}").all()


def test_what_was_paid_is_what_the_lines_cost_but_for_the_planted_orders(small):
    orders, faults = small["orders"], small["faults"]
    due = orders["packages"].map(total_cents).groupby(orders["order_no"]).sum()
    paid = orders.groupby("order_no")["amount_paid"].first().map(to_cents)
    planted = faults.loc[faults["fault"] == "amount_differs", "where"].str.removeprefix("orders.csv ")
    assert set(due.index[due != paid]) == set(planted)
    paper = small["paper_orders"].set_index("envelope_no")
    wrong = paper["packages"].map(total_cents) != paper["amount_received"].map(to_cents)
    assert set(paper.index[wrong]) == set(
        faults.loc[faults["fault"].isin(["underpaid", "overpaid"]), "where"].str.split().str[1]
    )


def test_an_order_carries_the_code_on_the_names_list_but_for_the_planted_ones(small):
    orders = small["orders"].groupby("order_no")["access_code"].agg(" ".join)
    truth = small["truth_orders"].set_index("order_no")["access_codes"].reindex(orders.index)
    planted = small["faults"].query("fault == 'wrong_code_in_order'")["where"].str.split().str[1]
    assert set(orders.index[orders != truth]) == set(planted)


def test_a_card_printed_anew_has_a_code_of_our_form_that_nobody_listed(small):
    anew = small["faults"].query("fault == 'regenerated_card'").iloc[0]
    frame = small["truth_frames"].set_index("path").loc[anew["where"]]
    assert is_own_form(frame["card_codes"])
    assert frame["card_codes"] != frame["access_codes"]
    assert frame["card_codes"] not in set(small["truth_orders"]["access_codes"])


def test_the_time_of_a_camera_falls_only_where_the_clock_was_set_back(small):
    shots = small["shots"].query("root == 'photos'").dropna(subset=["shot_at"])
    falls = shots.groupby("camera")["shot_at"].apply(lambda times: int((times.diff() < pd.Timedelta(0)).sum()))
    assert falls.tolist() == [0, 1]


def test_two_cameras_share_file_names(small):
    shots = small["shots"].query("root == 'photos' and kind == 'portrait'")
    names = shots.assign(file=shots["path"].str.split("/").str[-1]).groupby("file")["camera"].nunique()
    assert (names > 1).any()
