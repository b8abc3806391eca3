"""`prepaykit match` over several schools: the school column blocks, short names are understood, doubt never blocks."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from prepaykit.cli import app

NAMES = pd.DataFrame(
    [
        ("s1", "Ada", "Lee", "3", "Hewitt", "Lincoln Elementary School"),
        ("s2", "Ada", "Lee", "3", "Hewitt", "Lincoln Middle School"),
        ("s3", "Bo", "Ng", "3", "Hewitt", "Roosevelt Elementary School"),
        ("s4", "Ada", "Lee", "3", "Hewitt", "Roosevelt Elementary School"),
        ("s5", "Cy", "Roe", "4", "Birch", None),
        *[
            (f"x{i}", f"Kid{chr(97 + i)}", f"Name{chr(97 + i)}", "5", "Oduya", "Roosevelt Elementary School")
            for i in range(12)
        ],
    ],
    columns=["student_id", "first_name", "last_name", "grade", "teacher", "school"],
)
COLUMNS = ["order_id", "decision", "student_id", "access_code", "probability", "reason"]
CANDIDATES = ["order_id", "rank", "student_id", "access_code", "probability", "evidence"]


def matched(tmp_path, *orders, names=NAMES, with_school=True):
    """Orders (first, last, grade, teacher, school) through the command: both files as they were written."""
    columns = ["student_first", "student_last", "grade", "teacher", "school"]
    table = pd.DataFrame(orders, columns=columns).assign(
        envelope_no=[f"P{i + 1}" for i in range(len(orders))], packages="A-1"
    )
    table = table if with_school else table.drop(columns="school")
    names.to_csv(tmp_path / "names.csv", index=False)
    table.to_csv(tmp_path / "orders.csv", index=False)
    files = [str(tmp_path / f) for f in ("names.csv", "orders.csv", "matches.csv", "candidates.csv")]
    result = CliRunner().invoke(
        app, ["match", "--names", files[0], "--orders", files[1], "--out", files[2], "--candidates", files[3]]
    )
    assert result.exit_code in (0, 1), result.stderr
    return tuple(pd.read_csv(f, dtype="str") for f in files[2:])


def test_the_files_have_exactly_the_columns_that_the_design_names(tmp_path):
    matches, candidates = matched(
        tmp_path, ("Bo", "Ng", "3", "Hewitt", "Roosevelt"), ("Nobody", "Here", "9", "None", "Roosevelt")
    )
    assert list(matches) == COLUMNS and list(candidates) == CANDIDATES
    assert set(matches["decision"]) <= {"auto", "review", "none"} and matches["order_id"].tolist() == ["P1", "P2"]
    assert candidates.groupby("order_id").size().max() <= 5
    assert candidates["rank"].astype(int).min() == 1


@pytest.mark.parametrize("school", ["Roosevelt Elementary School", "Roosevelt", "ROOSEVELT ELEM.", "Rooseveld"])
def test_a_school_blocks_and_its_short_name_and_a_slip_are_understood(tmp_path, school):
    matches, candidates = matched(tmp_path, ("Ada", "Lee", "3", "Hewitt", school))
    assert candidates.loc[candidates["rank"] == "1", "student_id"].tolist() == ["s4"]
    assert matches["student_id"].dropna().tolist() in ([], ["s4"])


@pytest.mark.parametrize(
    ("school", "child"), [("Lincoln Elementary", "s1"), ("Lincoln Middle", "s2"), ("Lincoln Middle School", "s2")]
)
def test_two_lincolns_are_told_apart_by_what_is_said(tmp_path, school, child):
    matches, candidates = matched(tmp_path, ("Ada", "Lee", "3", "Hewitt", school))
    assert candidates.loc[candidates["rank"] == "1", "student_id"].tolist() == [child]
    assert matches["student_id"].dropna().tolist() in ([], [child])


def test_lincoln_alone_is_never_blocked_into_one_of_two(tmp_path):
    matches, candidates = matched(tmp_path, ("Ada", "Lee", "3", "Hewitt", "Lincoln"))
    assert matches["decision"].tolist() == ["review"] and matches["student_id"].isna().all()
    assert {"s1", "s2"} <= set(candidates["student_id"])


def test_an_order_without_a_school_is_looked_for_in_all_of_them(tmp_path):
    matches, candidates = matched(tmp_path, ("Bo", "Ng", "3", "Hewitt", None), ("Ada", "Lee", "3", "Hewitt", None))
    assert candidates.loc[candidates["rank"] == "1", "student_id"].tolist()[0] == "s3"
    assert matches["decision"].tolist()[1] == "review"
    without, _ = matched(tmp_path, ("Bo", "Ng", "3", "Hewitt", None), with_school=False)
    assert without["student_id"].dropna().tolist() in ([], ["s3"])


def test_a_child_whose_school_is_not_said_is_found_by_an_order_that_says_one(tmp_path):
    _, candidates = matched(tmp_path, ("Cy", "Roe", "4", "Birch", "Roosevelt"))
    assert candidates.loc[candidates["rank"] == "1", "student_id"].tolist() == ["s5"]


def test_a_school_that_is_not_on_the_list_blocks_nobody_out(tmp_path):
    _, candidates = matched(tmp_path, ("Bo", "Ng", "3", "Hewitt", "Washington"))
    assert candidates.loc[candidates["rank"] == "1", "student_id"].tolist() == ["s3"]


def test_a_list_without_schools_takes_no_notice_of_the_orders_ones(tmp_path):
    matches, _ = matched(
        tmp_path,
        ("Bo", "Ng", "3", "Hewitt", "Roosevelt"),
        names=NAMES.drop(columns="school").drop_duplicates(["first_name"]),
    )
    assert matches["student_id"].dropna().tolist() in ([], ["s3"])


def test_a_child_of_the_other_lincoln_is_never_taken_without_a_person(tmp_path):
    """The child is on the list of Lincoln Elementary only; an order that says Lincoln Middle is not certainly for that child."""
    names = NAMES.assign(school=NAMES["school"].replace("Roosevelt Elementary School", "Lincoln Elementary School"))
    matches, _ = matched(tmp_path, ("Kida", "Namea", "5", None, "Lincoln Middle"), names=names)
    assert matches["decision"].tolist() != ["auto"]
