"""What people decide is kept with who, when and why, can be done again from a file, and never undoes what was decided later."""

import pandas as pd
import pytest

from prepaykit import Studio
from prepaykit.decide.codes import plan_codes
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.photos import plan_photos
from prepaykit.demo.tables import write_csv
from prepaykit.errors import UsageError
from prepaykit.rules.choosing import choices_table
from prepaykit.tables.catalog import typed
from tests.decide.school import NAMES, NOW, PRICES, blank, envelopes, job, matches, online, orders, paper, said
from tests.rules.picture_day import day
from tests.rules.picture_day import job as classes
from tests.tables_as_text import table

ROWS = envelopes("""
    envelope_no  student_first  student_last  grade  teacher
    E-1          Somebody       Else          -      -
    E-2          Nobody         Known         -      -
""")
LATER = NOW + pd.Timedelta(days=1)


def brought(text):
    rows = table(text).astype({"target": "str", "value": "str"})
    rows["decided_at"] = pd.to_datetime(rows["decided_at"], utc=True) if "decided_at" in rows else pd.NaT
    return rows.reindex(columns=["kind", "target", "value", "who", "why", "decided_at"]).assign(
        row=range(2, len(rows) + 2)
    )


def test_a_decision_is_kept_with_who_when_and_why():
    state = paper(job(), ROWS, match={"E-1": "X-1"}, who="ana", why="asked the teacher")
    (row,) = state.choices.to_dict("records")
    assert (row["kind"], row["target"], row["value"]) == ("match", "E-1", "X-1")
    assert (row["who"], row["why"], row["decided_at"]) == ("ana", "asked the teacher", NOW)
    state = online(state, orders("order_no  student_first  student_last\n1001  Some  Body"))
    state = state.after(plan_codes(state, order_code={"1001": "X-2"}, who="bo", why="phone", now=LATER))
    row = state.choices[state.choices["kind"] == "order_code"].iloc[0]
    assert (row["who"], row["why"], row["decided_at"]) == ("bo", "phone", LATER)


def test_the_same_word_again_is_no_new_decision():
    state = paper(job(), ROWS, match={"E-1": "X-1"}, who="ana", why="asked the teacher")
    assert plan_paper(state, ROWS, match={"E-1": "X-1"}, who="bo", now=LATER).is_empty


def test_a_file_of_choices_does_exactly_what_the_person_did():
    by_hand = paper(job(), ROWS, match={"E-1": "X-1", "E-2": "later"}, who="ana", why="asked")
    file = choices_table(by_hand).assign(row=[2, 3])
    again = paper(job(), ROWS, choices=file)
    assert matches(again) == matches(by_hand)
    for name in (
        "choices",
        "orders",
        "order_subjects",
        "lines",
        "slots",
        "payments",
        "postings",
        "envelopes",
        "findings",
    ):
        pd.testing.assert_frame_equal(again.tables[name], by_hand.tables[name])
    assert plan_paper(again, ROWS, choices=file, now=LATER).is_empty


def test_choices_about_orders_are_named_by_their_order_and_done_again_by_codes():
    rows = orders("""
        order_no  student_first  student_last
        1001      Some           Body
        1001      Other          Body
    """)
    by_hand = online(job(), rows)
    by_hand = by_hand.after(plan_codes(by_hand, order_code={"1001:2": "X-9"}, who="ana", why="phone", now=NOW))
    file = choices_table(by_hand).assign(row=[2])
    assert file["target"].tolist() == ["1001:2"]
    again = online(job(), rows)
    again = again.after(plan_codes(again, choices=file))
    pd.testing.assert_frame_equal(again.choices, by_hand.choices)
    pd.testing.assert_frame_equal(again.order_subjects, by_hand.order_subjects)
    assert plan_codes(again, choices=file).is_empty


def test_a_file_never_takes_back_what_was_decided_later():
    old = brought("""
        kind   target  value  who  decided_at
        match  E-1     X-1    ana  2026-09-13
    """)
    state = paper(job(), ROWS, match={"E-1": "X-2"}, who="bo")
    again = paper(state, choices=old)
    assert matches(again)["E-1"] == ("X-2", "person")
    assert "was decided otherwise" in said(again, "choice_superseded")["detail"].iloc[0]
    newer = old.assign(decided_at=pd.Timestamp(LATER))
    assert matches(paper(state, choices=newer))["E-1"] == ("X-1", "person")


def test_a_file_about_an_envelope_does_not_undo_a_later_code_of_its_order():
    old = brought("""
        kind   target  value  who  decided_at
        match  E-1     X-1    ana  2026-09-13
    """)
    state = paper(job(), ROWS, choices=old)
    state = state.after(plan_codes(state, order_code={"E-1": "X-2"}, who="bo", now=NOW))
    assert matches(paper(state, choices=old)) == {"E-1": ("X-2", "person")}


def test_rows_that_cannot_be_done_are_findings_and_the_others_are_done():
    file = brought("""
        kind        target  value
        match       E-1     X-1
        match       E-9     X-1
        match       E-2     NOPE
        order_code  1001    X-1
        dance       E-1     X-1
    """)
    state = paper(job(), ROWS, choices=file)
    assert matches(state) == {"E-1": ("X-1", "person")}
    wrong = said(state, "choice_unusable")
    assert list(wrong.index) == ["row 3", "row 4", "row 6"]
    assert "there is no envelope E-9" in wrong.loc["row 3", "detail"]
    assert "prepaykit codes --choices FILE" in said(state, "choice_elsewhere")["next_move"].iloc[0]


def test_a_choice_for_a_released_order_that_says_what_stands_is_no_trouble():
    rows = orders("order_no  student_first  student_last\n1001  Some  Body")
    state = online(job(), rows)
    state = state.after(plan_codes(state, order_code={"1001": "X-2"}, who="ana", now=NOW))
    file = choices_table(state).assign(row=[2])
    gone = state.replace(orders=state.orders.assign(status="released"))
    plan = plan_codes(gone, choices=file)
    assert plan.is_empty and not len(plan.findings)
    other = file.assign(value="X-3", decided_at=pd.Timestamp(LATER))
    assert "is released" in plan_codes(gone, choices=other).findings["detail"].iloc[0]


def test_matching_an_envelope_by_hand_to_what_is_not_there_is_refused():
    with pytest.raises(UsageError, match="there is no envelope E-9"):
        plan_paper(job(), ROWS, match={"E-9": "X-1"}, now=NOW)
    with pytest.raises(UsageError, match="take a blank card"):
        plan_paper(job(), ROWS, match={"E-1": "NOPE"}, now=NOW)
    state = paper(job(), ROWS, match={"E-1": "X-1"})
    with pytest.raises(UsageError, match="is an order already"):
        plan_paper(state, ROWS, match={"E-1": "nobody"}, now=NOW)


def test_choices_go_through_a_real_file_and_come_out_the_same(tmp_path):
    write_csv(NAMES.rename(columns={"access_code": "code"}), tmp_path / "names.csv")
    write_csv(PRICES.assign(price="9.00").drop(columns="price_cents"), tmp_path / "prices.csv")
    write_csv(ROWS.assign(amount_received="9.00").drop(columns="received_cents"), tmp_path / "paper.csv")
    states = []
    for place in ("one.db", "two.db"):
        with Studio.open(tmp_path / place, actor="ana") as studio:
            made = studio.new({"name": "maple-grove-2026", "school": "Maple Grove"})
            made.apply(made.names(tmp_path / "names.csv", seed=1, blanks=2))
            made.apply(made.prices(tmp_path / "prices.csv"))
            made.apply(made.paper(tmp_path / "paper.csv"))
            if place == "one.db":
                card = blank(made.state)
                made.apply(made.paper(match={"E-1": "X-1", "E-2": card}, why="=asked, twice"))
                made.choices(tmp_path / "choices.csv")
            else:
                made.apply(made.paper(choices=tmp_path / "choices.csv"))
                assert made.paper(choices=tmp_path / "choices.csv").is_empty
            states.append(made.state)
            told = made.explain("E-1")
            assert "found by a person" in repr(told) and "<svg" in told._repr_html_()
    one, two = (s.choices for s in states)
    pd.testing.assert_frame_equal(one, two)
    assert one["why"].tolist() == ["=asked, twice"] * 2 and set(one["who"]) == {"ana"}
    assert matches(states[0]) == matches(states[1])


def test_a_file_names_children_of_orders_never_by_a_key_which_is_another_child_elsewhere():
    state = online(job(), orders("order_no  student_first  student_last\n1001  Some  Body\n1002  Else  Body"))
    file = brought("kind        target  value\norder_code  1       X-1")
    state = state.after(plan_codes(state, choices=file))
    assert matches(state) == {"1001": ("", ""), "1002": ("", "")}
    assert "no child of an order named 1 " in plan_codes(state, choices=file).findings["detail"].iloc[0]


def test_an_order_that_was_split_keeps_the_name_it_was_bought_under():
    rows = orders("order_no  student_first  student_last\n1001  Some  Body\n1001  Other  Body")
    state = online(job(), rows)
    state = state.after(plan_codes(state, order_code={"1001:2": "X-9"}, who="ana", now=NOW))
    part = state.orders.assign(order_id=2, order_no="1001/2", split_from_id=1)
    children = state.order_subjects.assign(order_id=[1, 2])
    split = state.replace(orders=typed("orders", pd.concat([state.orders, part])), order_subjects=children)
    file = choices_table(split).assign(row=[2])
    assert file["target"].tolist() == ["1001:2"]
    assert plan_codes(split, choices=file).findings.empty
    again = online(job(), rows)
    assert plan_codes(again, choices=file).changes["choices"].inserts["target"].tolist() == ["2"]


def test_a_frame_in_a_file_is_the_picture_itself_and_not_its_number_in_one_studio():
    shot = classes("KA11", "KB22")
    one = other = shot.after(plan_photos(shot, day("KA11 . ? .")))
    one = one.after(plan_codes(one, tag={3: "KB22"}, hide=[2], favourite={"KA11": 2}, who="ana", now=NOW))
    file = choices_table(one).assign(row=[2, 3, 4])
    assert not set(file["target"]) & {"2", "3"}
    turned = dict(zip([1, 2, 3, 4], [4, 3, 2, 1], strict=True))
    frames = other.frames.assign(frame_id=other.frames["frame_id"].map(turned))
    galleries = other.galleries.assign(frame_id=other.galleries["frame_id"].map(turned))
    other = other.replace(frames=frames, galleries=galleries)
    again = other.after(plan_codes(other, choices=file))
    kept = again.choices.set_index("kind")
    assert kept.loc["tag", "target"] == "2" and kept.loc["hide", "target"] == "3" and kept.loc["frame", "value"] == "3"
    gone = file.assign(target=file["target"].str.replace("#.*", "#0000deadbeef", regex=True))
    assert (
        "its picture has not been read"
        in plan_codes(other, choices=gone[gone["kind"] == "tag"]).findings["detail"].iloc[0]
    )


TYPED_ONCE = envelopes(
    "envelope_no  student_first  student_last  teacher\nE-1  Guadalupe  Iyer  Hewitt\nE-3  Owen  Castillo  Adeyemi"
)
TYPED_AGAIN = envelopes("envelope_no  student_first  student_last  teacher\nE-1  Sofía  Cerda  Hewitt")


def test_who_of_two_typists_is_right_is_kept_with_who_said_so_and_done_again_from_a_file():
    words = {"E-1": "second", "E-3": "none"}
    by_hand = paper(job(), TYPED_ONCE, second=TYPED_AGAIN, settle=words, who="ana", why="looked at them")
    file = choices_table(by_hand).assign(row=[2, 3])
    assert set(file["who"]) == {"ana"} and set(file["why"]) == {"looked at them"} and set(file["decided_at"]) == {NOW}
    again = paper(job(), TYPED_ONCE, second=TYPED_AGAIN, choices=file)
    for name in ("choices", "orders", "order_subjects", "payments", "postings", "envelopes", "findings"):
        pd.testing.assert_frame_equal(again.tables[name], by_hand.tables[name])
    waiting = paper(job(), TYPED_ONCE, second=TYPED_AGAIN)
    late = paper(waiting, TYPED_ONCE, second=TYPED_AGAIN, choices=file)
    assert late.envelopes["envelope_no"].tolist() == ["E-1"] and late.payments["amount_cents"].sum() == 900
    other = TYPED_AGAIN.assign(student_first="Mateo")
    asked_again = paper(job(), TYPED_ONCE, second=other, choices=file)
    assert list(said(asked_again, "keyed_differently").index) == ["E-1"]


def test_no_file_takes_off_an_envelope_that_holds_money():
    file = brought("kind    target  value\nsettle  E-1     none")
    state = paper(job(), TYPED_ONCE)
    state = paper(state, choices=file)
    assert state.envelopes["envelope_no"].tolist() == ["E-1", "E-3"]
    assert "holds money" in said(state, "choice_unusable")["detail"].iloc[0]


def test_what_was_accepted_or_chosen_for_one_print_is_for_place_and_revise_and_said_so():
    file = brought("kind    target  value\naccept  1001    underpaid\nframe   1001/P57/individual/1  118")
    told = plan_codes(job(), choices=file).findings
    assert told["code"].tolist() == ["choice_elsewhere"] * 2 and set(told["severity"]) == {"note"}
    assert "prepaykit place --choices FILE" in told["next_move"].iloc[0]
    assert "prepaykit revise --choices FILE" in told["next_move"].iloc[1]


def test_a_favourite_or_a_relabel_that_rests_on_a_tag_of_the_same_file_is_done_in_its_turn():
    shot = classes("KA11", "KB22", "KC33")
    shot = shot.after(plan_photos(shot, day("KA11 . . . .")))
    one = shot.after(plan_codes(shot, tag={3: "KB22"}, who="ana", now=NOW))
    one = one.after(plan_codes(one, relabel={"KB22": "KC33"}, who="ana", now=NOW))
    one = one.after(plan_codes(one, favourite={"KC33": 5}, tag={2: ""}, who="ana", now=NOW))
    file = choices_table(one).assign(row=range(1, 5))
    assert "none" in file["value"].tolist(), "an empty value would be one that was forgotten"
    plan = plan_codes(shot, choices=file)
    again = shot.after(plan)
    assert not len(plan.findings)
    pd.testing.assert_frame_equal(again.choices.sort_values(["kind", "target"]).reset_index(drop=True), one.choices.sort_values(["kind", "target"]).reset_index(drop=True))  # fmt: skip
    pd.testing.assert_frame_equal(again.galleries.drop(columns="version"), one.galleries.drop(columns="version"))


def test_of_two_rows_about_the_same_the_later_one_counts_wherever_it_stands():
    file = brought("""
        kind   target  value  who  decided_at
        match  E-1     X-2    bo   2026-09-13
        match  E-1     X-1    ana  2026-09-12
    """)
    assert matches(paper(job(), ROWS, choices=file)) == {"E-1": ("X-2", "person")}


def test_a_jobs_own_file_says_nothing_new_to_it():
    state = paper(job(), ROWS, match={"E-1": "X-1"}, who="ana")
    state = state.after(plan_codes(state, order_code={"E-1": "X-2"}, who="bo", now=LATER))
    file = choices_table(state).assign(row=[2, 3])
    plan = plan_paper(state, ROWS, choices=file, now=LATER)
    assert "choice_superseded" not in set(plan.findings["code"]) and "choices" not in plan.changes
