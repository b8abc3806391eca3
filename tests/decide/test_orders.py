"""Orders: each order of the shop's file comes in once, with its children, prices and money; doubts are findings."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.decide.cancel import plan_cancel
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.prices import plan_prices
from prepaykit.tables.state import JobState
from tests.tables_as_text import table

NOW = pd.Timestamp("2026-09-10 12:00", tz="UTC")

PRICES = table("""
    code  name     kind     image_kind   size  price_cents  items
    P57   5x7      product  individual   5x7   900          -
    GRP   Class    product  group        8x10  1200         -
    MM    Mate     product  memory_mate  8x10  -            -
    DL    Digital  product  digital      -     1500         -
    RT    Retouch  product  service      -     500          -
    A     Basic    package  -            -     2100         P57-2;GRP
    B     Mate+    package  -            -     3000         P57-1;MM-1
""")

SUBJECTS = table("""
    subject_id  access_code  first_name  last_name  grade  teacher  student_id
    1           X-1          Ada         Lee        3      Hewitt   001
    2           X-2          Bo          Ng         3      Hewitt   002
    3           X-3          Bo          Ng         5      Smith    003
    4           X-4          Cy          Roe        5      Smith    004
""")


def rows(text):
    return table(text)


def people(text_or_frame=SUBJECTS):
    return text_or_frame.assign(kind="student", photograph=True, sell=True, yearbook=True, directory=True, group_ok=True,
                                attendance="expected", source="names_list")  # fmt: skip


@pytest.fixture
def job():
    state = JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=people())
    return state.after(plan_prices(state, PRICES))


def took(state, orders, **options):
    return state.after(plan_orders(state, orders, now=NOW, **options))


def said(plan):
    return sorted(plan.findings[["code", "about", "key"]].itertuples(index=False, name=None))


TWO = rows("""
    order_no  access_code  packages  paid_cents  payment_ref
    1001      X-1          A-1       2100        pi_1
    1002      X-2          B-2;P57   6900        pi_2
""")


def test_an_order_waits_in_the_open_collection_with_its_line_slots_and_money(job):
    state = took(job, TWO)
    assert state.collections[["status", "reason"]].values.tolist() == [["open", "prepay"]]
    assert state.orders[["order_no", "status", "collection_id", "total_cents", "paid_cents"]].values.tolist() == [
        ["1001", "open", 1, 2100, 2100],
        ["1002", "open", 1, 6900, 6900],
    ]
    assert state.order_subjects[["subject_id", "matched_by"]].values.tolist() == [[1, "code"], [2, "code"]]
    assert state.slots[["order_id", "subject_id", "product_code", "hole", "quantity"]].values.tolist() == [
        [1, 1, "P57", "individual", 2],
        [1, 1, "GRP", "group", 1],
        [2, 2, "P57", "individual", 2],
        [2, 2, "MM", "mate_individual", 2],
        [2, 2, "MM", "mate_group", 2],
        [2, 2, "P57", "individual", 1],
    ]
    assert state.postings[["order_id", "account", "amount_cents"]].values.tolist() == [
        [1, "held", 2100],
        [2, "held", 6900],
    ]
    assert state.payments[["order_id", "amount_cents", "reference"]].values.tolist() == [
        [1, 2100, "pi_1"],
        [2, 6900, "pi_2"],
    ]


def test_the_same_file_again_changes_nothing_and_a_longer_one_adds_only_what_is_new(job):
    state = took(job, TWO)
    assert plan_orders(state, TWO, now=NOW).is_empty
    longer = pd.concat([rows("""
        order_no  access_code  packages  paid_cents
        1000      X-4          DL        1500
    """), TWO], ignore_index=True)  # fmt: skip
    plan = plan_orders(state, longer, now=NOW)
    assert plan.counts()["orders"] == (1, 0, 0) and state.after(plan).orders["order_no"].tolist() == [
        "1001",
        "1002",
        "1000",
    ]


def test_siblings_are_one_order_with_two_children_and_the_amount_repeated_on_their_rows_counts_once(job):
    siblings = rows("""
        order_no  access_code  packages  paid_cents  service_fee_cents
        1001      X-1          A         3000        150
        1001      X-4          P57       3000        150
    """)
    state = took(job, siblings)
    assert len(state.orders) == 1 and state.order_subjects["subject_id"].tolist() == [1, 4]
    assert state.payments["amount_cents"].tolist() == [3000]
    assert state.service_fees[["amount_cents", "status"]].values.tolist() == [[150, "charged"]]
    own = took(job, siblings.assign(paid_cents=[2100, 900]))
    assert own.payments["amount_cents"].tolist() == [3000]
    equal = took(job, siblings.assign(packages="P57", paid_cents=900))
    assert equal.payments["amount_cents"].tolist() == [1800]


def test_matching_takes_the_code_then_the_id_then_one_exact_name_in_the_class(job):
    orders = rows("""
        order_no  access_code  student_id  student_first  student_last  grade  teacher  packages  paid_cents
        1         X-3          001         -              -             -      -        P57       900
        2         nowhere      002         -              -             -      -        P57       900
        3         -            -           bo             NG            -      Smith    P57       900
        4         -            -           Cy             Roe           -      -        P57       900
        5         -            -           Bo             Ng            3      Smith    P57       900
    """)
    plan = plan_orders(job, orders, now=NOW)
    state = job.after(plan)
    assert state.order_subjects["subject_id"].fillna(0).tolist() == [3, 2, 3, 0, 0]
    assert state.order_subjects["matched_by"].fillna("-").tolist() == ["code", "student_id", "exact_name", "-", "-"]
    assert [f for f in said(plan) if f[0].startswith("order_un")] == [
        ("order_unmatched", "order_subjects", "4"),
        ("order_unmatched", "order_subjects", "5"),
    ]


def test_two_children_that_fit_are_ambiguous_and_none_is_chosen(job):
    state = job.replace(subjects=people(SUBJECTS.assign(grade="3", teacher="Hewitt", student_id=None)))
    plan = plan_orders(state, rows("""
        order_no  student_first  student_last  teacher  packages  paid_cents
        1         Bo             Ng            Hewitt   P57       900
    """), now=NOW)  # fmt: skip
    assert said(plan) == [("order_ambiguous", "order_subjects", "1")]


def test_a_missing_code_never_joins_a_missing_code(job):
    state = job.replace(subjects=people(SUBJECTS.assign(student_id=None)))
    plan = plan_orders(state, rows("""
        order_no  access_code  student_id  packages  paid_cents
        1         -            -           P57       900
    """), now=NOW)  # fmt: skip
    assert state.after(plan).order_subjects["subject_id"].isna().all()


def test_an_unmatched_order_keeps_its_finding_until_the_child_is_on_the_list(job):
    state = took(job, rows("""
        order_no  access_code  packages  paid_cents
        1         X-9          P57       900
    """))  # fmt: skip
    again = plan_orders(state, TWO.head(0), now=NOW)
    assert again.is_empty and said(again) == [("order_unmatched", "order_subjects", "1")]
    grown = state.replace(
        subjects=pd.concat(
            [state.subjects, people(SUBJECTS.head(1)).assign(subject_id=9, access_code="X-9", version=1)]
        )
    )
    plan = plan_orders(grown, TWO.head(0), now=NOW)
    after = grown.after(plan)
    assert (
        said(plan) == []
        and after.slots["subject_id"].tolist() == [9]
        and after.order_subjects["matched_by"].tolist() == ["code"]
    )


def test_a_name_that_contradicts_its_code_is_flagged_and_spelling_is_not(job):
    plan = plan_orders(job, rows("""
        order_no  access_code  student_first  student_last  packages  paid_cents
        1         X-1          Zed            Quux          P57       900
        2         X-2          bó             Smith         P57       900
        3         X-4          Roe            Cy            P57       900
    """), now=NOW)  # fmt: skip
    assert said(plan) == [("name_contradicts_code", "order_subjects", "1")]
    assert "Zed" not in plan.findings["detail"][0] and "X-1" in plan.findings["detail"][0]


def test_a_siblings_code_is_an_error_that_names_the_likely_child(job):
    """The name typed is that of another child of the list: the code must not put that child's picture on this order."""
    first, second = job.subjects["first_name"].iloc[0], job.subjects["first_name"].iloc[1]
    family = job.subjects.assign(last_name=job.subjects["last_name"].where(job.subjects["subject_id"] > 2, "Lee"))
    assert first != second
    plan = plan_orders(job.replace(subjects=family), rows(f"""
        order_no  access_code  student_first  student_last  packages  paid_cents
        1         X-1          {second}       Lee           P57       900
        2         X-2          {second}       Lee           P57       900
    """), now=NOW)  # fmt: skip
    assert said(plan) == [("code_of_another_child", "order_subjects", "1")]
    assert plan.findings[["severity", "suggestion"]].to_numpy().tolist() == [["error", "X-2"]]


def test_an_order_with_a_code_that_nobody_has_says_so_when_it_is_joined_by_name(job):
    first, last = job.subjects[["first_name", "last_name"]].iloc[0]
    grade, teacher = job.subjects[["grade", "teacher"]].iloc[0].fillna("-")
    plan = plan_orders(job, rows(f"""
        order_no  access_code  student_first  student_last  grade    teacher    packages  paid_cents
        1         X-99         {first}        {last}        {grade}  {teacher}  P57       900
    """), now=NOW)  # fmt: skip
    assert said(plan) == [("order_code_unlisted", "order_subjects", "1")]


def test_an_unknown_package_is_left_out_and_the_order_stays_and_is_mended_by_a_corrected_file(job):
    wrong = TWO.assign(packages=["A;Q9", "B-0"])
    plan = plan_orders(job, wrong, now=NOW)
    state = job.after(plan)
    assert ("package_unknown", "orders", "1001") in said(plan) and (
        "order_string_unreadable",
        "orders",
        "1002",
    ) in said(plan)
    assert (
        "position 3: expected a quantity from 1 to 999"
        in plan.findings.set_index("code")["detail"]["order_string_unreadable"]
    )
    assert state.orders["paid_cents"].tolist() == [2100, 6900] and state.lines["code"].tolist() == ["A"]
    assert plan_orders(state, wrong, now=NOW).is_empty
    empty = plan_orders(state, TWO.head(0), now=NOW)
    assert empty.is_empty and {"package_unknown", "order_string_unreadable"} <= set(empty.findings["code"])
    mended = plan_orders(state, TWO.assign(packages=["A;P57", "B-2;P57"]), now=NOW)
    after = state.after(mended)
    assert said(mended) == [("amount_differs", "orders", "1001")]
    assert (
        after.lines["code"].tolist() == ["A", "P57", "B", "P57"]
        and plan_orders(after, TWO.assign(packages=["A;P57", "B-2;P57"]), now=NOW).is_empty
    )


def test_an_unpaid_order_is_flagged_and_its_late_payment_is_taken_in_once(job):
    unpaid = TWO.assign(paid_cents=pd.Series([None, 6900], dtype="Int64"))
    plan = plan_orders(job, unpaid, now=NOW)
    state = job.after(plan)
    assert said(plan) == [("unpaid", "orders", "1001")] and state.orders["total_cents"].tolist() == [2100, 6900]
    assert plan_orders(state, unpaid, now=NOW).is_empty
    after = took(state, TWO)
    assert after.postings["amount_cents"].tolist() == [6900, 2100] and after.orders["paid_cents"].tolist() == [
        2100,
        6900,
    ]
    assert plan_orders(after, TWO, now=NOW).is_empty and len(plan_orders(after, TWO, now=NOW).findings) == 0


def test_a_direct_order_without_an_address_is_an_error(job):
    plan = plan_orders(job, rows("""
        order_no  access_code  packages  paid_cents  shipping  ship_to
        1         X-1          P57       900         direct    -
        2         X-2          P57       900         direct    9 Home St
    """), now=NOW)  # fmt: skip
    assert said(plan) == [("address_missing", "orders", "1")]


def test_another_amount_than_the_lines_is_a_question_not_a_block(job):
    plan = plan_orders(job, TWO.assign(paid_cents=[2310, 6000]), now=NOW)
    assert said(plan) == [("amount_differs", "orders", "1001"), ("amount_differs", "orders", "1002")]
    assert job.after(plan).orders["total_cents"].tolist() == [2310, 6000]


def test_an_order_that_differs_in_a_later_file_stays_as_it_is(job):
    state = took(job, TWO)
    plan = plan_orders(state, TWO.assign(packages=["A-2", "P57;B-2"]), now=NOW)
    assert said(plan) == [("order_changed", "orders", "1001")] and not plan.counts()


def test_a21_an_old_order_keeps_the_prices_and_contents_of_its_edition(job):
    state = took(job, TWO.head(1))
    dearer = PRICES.assign(price_cents=PRICES["price_cents"] + 100, items=PRICES["items"].str.replace("GRP", "DL"))
    state = state.after(plan_prices(state, dearer))
    after = took(state, TWO)
    assert after.orders["edition"].tolist() == [1, 2]
    assert after.lines["total_cents"].tolist()[0] == 2100 and after.slots["product_code"].tolist()[:2] == ["P57", "GRP"]
    assert plan_prices(after, dearer).is_empty and plan_orders(after, TWO, now=NOW).is_empty


def test_a_child_ordered_for_twice_is_flagged_on_the_later_order(job):
    plan = plan_orders(job, TWO.assign(access_code="X-1"), now=NOW)
    assert said(plan) == [("order_doubled", "orders", "1002")] and "1001" in plan.findings["detail"][0]


def test_an_order_in_another_currency_is_left_out_with_its_row(job):
    plan = plan_orders(job, TWO.assign(currency=["EUR", "USD"], row=[2, 3]), now=NOW)
    assert said(plan) == [("row_unusable", "orders file", "row 2")] and plan.counts()["orders"] == (1, 0, 0)


def test_without_a_price_list_no_order_is_lost(job):
    bare = JobState.new(name="x", school="X").replace(subjects=people())
    plan = plan_orders(bare, TWO, now=NOW)
    assert len(bare.after(plan).orders) == 2 and set(plan.findings["code"]) >= {"package_unknown"}
    priced = bare.after(plan)
    priced = priced.after(plan_prices(priced, PRICES))
    assert took(priced, TWO).lines["code"].tolist() == ["A", "B", "P57"]


def test_an_option_on_the_price_list_is_added_to_the_price(job):
    state = took(job, TWO.head(1).assign(packages="A,RT-2", paid_cents=5200))
    assert state.lines[["options", "quantity", "total_cents"]].values.tolist() == [["RT", 2, 5200]]


@settings(max_examples=4, deadline=None)
@given(order=st.permutations(range(3)))
def test_the_order_of_the_table_changes_nothing(order):
    state = JobState.new(name="maple-grove-2026", school="Maple Grove").replace(subjects=people())
    state = state.after(plan_prices(state, PRICES))
    orders = pd.concat([TWO, TWO.head(1).assign(order_no="1003", access_code="X-9")], ignore_index=True).assign(
        row=[2, 3, 4]
    )
    straight, mixed = took(state, orders), took(state, orders.iloc[list(order)])
    for name in ("orders", "order_subjects", "lines", "slots", "payments", "postings", "findings"):
        pd.testing.assert_frame_equal(straight.tables[name], mixed.tables[name])


def test_an_order_that_was_split_is_still_the_order_of_the_file(job):
    siblings = rows("""
        order_no  access_code  packages  paid_cents
        1001      X-1          A         3000
        1001      X-4          P57       3000
    """)
    state = took(job, siblings)
    part = state.orders.assign(order_id=2, order_no="1001/2", split_from_id=1, total_cents=900, paid_cents=900)
    rest = state.orders.assign(total_cents=2100, paid_cents=2100)
    split = state.replace(
        orders=pd.concat([rest, part]),
        lines=state.lines.assign(order_id=[1, 2]),
        order_subjects=state.order_subjects.assign(order_id=[1, 2]),
        slots=state.slots.assign(order_id=[1, 1, 2]),
    )
    plan = plan_orders(split, siblings, now=NOW)
    assert plan.is_empty and len(plan.findings) == 0


def test_a_cancelled_order_stays_cancelled_when_the_file_comes_again(job):
    state = took(job, TWO)
    gone = state.replace(orders=state.orders.assign(status=["cancelled", "open"], collection_id=[None, 1]))
    assert plan_orders(gone, TWO, now=NOW).is_empty


def test_money_that_is_paid_for_a_cancelled_order_is_said(job):
    unpaid = TWO.assign(paid_cents=pd.Series([None, 6900], dtype="Int64"))
    state = job.after(plan_orders(job, unpaid, now=NOW))
    state = state.after(plan_cancel(state, ["1001"], now=NOW, why="moved away"))
    assert "order_changed" not in [c for c, _, _ in said(plan_orders(state, unpaid, now=NOW))]
    plan = plan_orders(state, TWO, now=NOW)
    assert ("order_changed", "orders", "1001") in said(plan)
    assert state.after(plan).payments["amount_cents"].sum() == 6900
