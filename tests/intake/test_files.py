"""What each kind of file says, and what is done about a value that cannot be read."""

import pandas as pd

from prepaykit.intake.names_list import read_names
from prepaykit.intake.online_orders import read_orders
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.intake.price_list import read_prices
from prepaykit.rules.codes import issue_codes


def file(folder, text, name):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def found(read):
    return sorted(map(tuple, read.findings[["code", "key"]].values.tolist()))


def test_permissions_are_yes_no_or_not_said_and_an_unreadable_one_is_no(tmp_path):
    read = read_names(file(tmp_path, "First,Last,Photograph,Sell\nA,A,yes,X\nB,B,,0\nC,C,FALSE,maybe\n", "n.csv"))
    assert read.table["photograph"].tolist() == [True, pd.NA, False] and read.table["sell"].tolist() == [
        True,
        False,
        False,
    ]
    assert found(read) == [("value_unreadable", "row 4 sell")]


def test_kinds_are_students_staff_or_blanks_and_a_row_without_name_is_left_out(tmp_path):
    read = read_names(
        file(tmp_path, "First,Last,Kind,Class\nA,A,,3A\nB,B,Faculty,3A\n,,blank,\n,,,3A\nC,C,alien,3A\n", "n.csv")
    )
    assert read.table["kind"].tolist() == ["student", "staff", "blank", "student"]
    assert found(read) == [("row_unusable", "row 5"), ("value_unreadable", "row 6 kind")]


def test_our_codes_are_written_one_way_and_others_as_they_are(tmp_path):
    own = issue_codes(1, [], seed=4)[0]
    read = read_names(file(tmp_path, f"First,Last,Code\nA,A,{own.lower().replace('-', '')}\nB,B,0012ab\n", "n.csv"))
    assert read.table["access_code"].tolist() == [own, "0012ab"]


def test_several_schools_in_one_list_are_kept(tmp_path):
    read = read_names(file(tmp_path, "First,Last,School\nA,A,Oak\n", "n.csv"))
    assert read.table["school"].tolist() == ["Oak"] and read.table["extra"].tolist() == ['{"school": "Oak"}']


def test_a_price_list_tells_packages_from_products_and_leaves_out_what_cannot_be_sold(tmp_path):
    read = read_prices(file(tmp_path, "code,name,kind,image_kind,size,price,items\nP57,5x7,product,Individual,5x7,$9,\nMM,Mate,product,Memory Mate,8x10,,\n"
                            "A,Basic,,,,\"1.021,50\",P57-2\nB,Bad,,,,free,P57\nC,,package,,,5,\nQ,Odd,product,hologram,,5,\nP57,5x7,product,,,8,\n,No code,product,,,3,\n", "p.csv"))  # fmt: skip
    assert read.table[["code", "kind", "price_cents"]].values.tolist() == [
        ["P57", "product", 900],
        ["MM", "product", pd.NA],
        ["A", "package", 102150],
    ]
    assert read.table["image_kind"].tolist()[:2] == ["individual", "memory_mate"]
    assert found(read) == [("row_doubled", "row 8"), ("row_unusable", "row 5"), ("row_unusable", "row 6"), ("row_unusable", "row 7"), ("row_unusable", "row 9"),
                           ("value_unreadable", "row 5 price_cents")]  # fmt: skip


def test_online_orders_have_cents_moments_and_a_way_of_shipping(tmp_path):
    read = read_orders(file(tmp_path, "order_no,order_key,placed_at,access_code,student_first,packages,shipping,amount_paid,currency,service_fee\n"
                            "1001,cs_1,2026-09-01T08:00:00-05:00,X-1,Ada,A-1;B1-2,Ship to home,$42.00,usd,1.5\n"
                            "1002,,2026-09-01,X-2,Bo,A-1,,,,\n,,,X-3,Cy,A,,12,,\n1004,,1/9/26,X-4,Di,A,pigeon,a lot,USD,\n", "o.csv"))  # fmt: skip
    assert read.table["order_no"].tolist() == ["1001", "1002", "1004"]
    assert read.table["placed_at"].tolist()[0] == pd.Timestamp("2026-09-01 13:00", tz="UTC")
    assert read.table["shipping"].tolist() == ["direct", "batch", "batch"] and read.table["paid_cents"].tolist() == [
        4200,
        pd.NA,
        pd.NA,
    ]
    assert read.table[["currency", "service_fee_cents"]].values.tolist()[0] == ["USD", 150]
    assert found(read) == [("row_unusable", "row 4"), ("value_unreadable", "row 5 paid_cents"), ("value_unreadable", "row 5 placed_at"),
                           ("value_unreadable", "row 5 shipping")]  # fmt: skip


def test_an_envelope_whose_amount_cannot_be_read_is_left_out_and_one_that_stands_twice_counts_once(tmp_path):
    read = read_paper_orders(
        file(
            tmp_path,
            "envelope_no,packages,amount_received,check_no\nE-1,A,38,0042\nE-2,A,some,\nE-1,A,38,\nE-3,A,,\n",
            "e.csv",
        )
    )
    assert read.table[["envelope_no", "received_cents", "check_no"]].fillna("-").values.tolist() == [
        ["E-1", 3800, "0042"],
        ["E-3", 0, "-"],
    ]
    assert found(read) == [
        ("row_doubled", "row 4"),
        ("row_unusable", "row 3"),
        ("value_unreadable", "row 3 received_cents"),
    ]
