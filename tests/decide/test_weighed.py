"""The matching at work inside a job: what is certain is taken and says so, everything else waits with its likeliest children."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.errors import UsageError
from prepaykit.rules.blocks import blocking_errors
from prepaykit.rules.order_entry import listed_subjects
from prepaykit.rules.told import told_of
from prepaykit.rules.trial import decoy_trial
from prepaykit.rules.weighed import match_queue
from tests.decide.school import NAMES, NOW, blank, envelopes, job, matches, online, orders, paper, said

LUPITA = envelopes("""
    envelope_no  student_first  student_last  grade  teacher
    E-1          Lupita         Iyer          3rd    Mrs. Hewitt
""")


def test_a_nickname_in_the_right_class_is_taken_and_says_so_by_levels():
    state = paper(job(), LUPITA)
    assert matches(state) == {"E-1": ("X-1", "weighed")}
    assert state.slots["subject_id"].notna().all()
    (note,) = said(state, "matched_by_weighing").to_dict("records")
    assert note["severity"] == "note"
    assert "nickname or variant" in note["detail"] and "X-1" in note["detail"]
    assert "prepaykit why E-1" in note["next_move"]
    text = " ".join([*state.findings["detail"], *state.order_subjects["matched_on"].dropna()]).lower()
    assert not [n for n in ("lupita", "guadalupe", "iyer", "hewitt") if n in text]


def test_an_online_order_with_names_only_is_taken_too_and_its_slots_follow():
    state = online(job(), orders("""
        order_no  student_first  student_last  grade  teacher
        1001      Bjorn          Farow         3      Hewitt
    """))  # fmt: skip
    assert matches(state) == {"1001": ("X-2", "weighed")}
    assert state.slots["subject_id"].tolist() == state.order_subjects["subject_id"].tolist()


def test_taking_in_the_same_file_again_changes_nothing():
    state = paper(job(), LUPITA)
    assert plan_paper(state, LUPITA, now=NOW).is_empty
    assert plan_paper(state, LUPITA.head(0), now=NOW).is_empty


def test_exact_rules_come_first():
    state = paper(job(), envelopes("""
        envelope_no  student_first  student_last  grade  teacher      access_code
        E-1          Sofía          Cerda         3      Mrs. Hewitt  -
        E-2          Sofi           Cerda         3      Mrs. Hewitt  X-3
    """))  # fmt: skip
    assert matches(state) == {"E-1": ("X-3", "exact_name"), "E-2": ("X-3", "code")}


def test_a_job_may_leave_everything_to_people_and_the_likeliest_child_is_then_proposed():
    state = paper(job(has_automatic_matching=False), LUPITA)
    assert matches(state) == {}
    row = said(state, "envelope_unmatched").loc["E-1"]
    assert row["suggestion"] == "X-1"
    assert "nickname or variant" in row["detail"]
    assert match_queue(state)["reason"].iloc[0].startswith("the job takes nobody without a person")


def test_a_contradicting_code_still_stops_the_order():
    state = online(job(), orders("""
        order_no  student_first  student_last  grade  teacher  access_code
        1001      Mateo          Cerda         5      Okafor   X-3
    """))  # fmt: skip
    assert matches(state)["1001"] == ("X-3", "code")
    assert len(said(state, "code_of_another_child")) == 1
    assert len(blocking_errors(state)) == 1


# --- twins, namesakes, siblings, strangers ---------------------------------------------------------------------------------


def test_twins_are_not_told_apart_by_what_they_share():
    state = paper(job(), envelopes("""
        envelope_no  student_first  student_last  grade  teacher    parent_email
        E-1          E.             Lowe          1      Ms. Birch  lowe@example.org
        E-2          Em             Lowe          1      Ms. Birch  lowe@example.org
    """))  # fmt: skip
    assert "E-1" not in matches(state)
    assert matches(state).get("E-2", ("X-5",))[0] == "X-5"


def test_namesakes_of_one_class_are_for_a_person_even_with_the_parents_address():
    rows = envelopes("""
        envelope_no  student_first  student_last  grade  teacher  parent_email
        E-1          Jordan         Park          2      Mr. Yeo  park.two@example.org
        E-2          Jordan         Park          2      Mr. Yeo  -
    """)
    state = paper(job(), rows)
    assert matches(state) == {}
    assert set(said(state, "envelope_ambiguous").index) == {"E-1", "E-2"}
    queue = match_queue(state)
    assert set(queue.loc[queue["number"] == "E-1", "decision"]) == {"review"}


def test_an_unlisted_sibling_never_takes_the_place_of_a_listed_one():
    state = paper(job(), envelopes("""
        envelope_no  student_first  student_last  grade  teacher      access_code  parent_email
        E-1          Diego          Cerda         3      Mrs. Hewitt  -            cerda@example.org
        E-2          Diego          Cerda         3      Mrs. Hewitt  X-33         cerda@example.org
        E-3          Zoe            Lowe          1      Ms. Birch    -            -
    """))  # fmt: skip
    assert matches(state) == {}


def test_two_envelopes_that_claim_one_child_under_two_names_stop_each_other():
    alone = envelopes("""
        envelope_no  student_first  student_last  grade  teacher
        E-1          G.             Iyer          3      Mrs. Hewitt
    """)
    both = pd.concat([alone, LUPITA.assign(envelope_no="E-2")], ignore_index=True)
    assert "E-1" not in matches(paper(job(), both))
    assert "E-1" in set(match_queue(paper(job(), both))["number"])


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(13)), st.permutations(range(3)))
def test_no_decoy_is_taken_whatever_the_order_of_the_list(one, other):
    rows = pd.concat([LUPITA.assign(envelope_no=f"E-{i}") for i in range(3)], ignore_index=True)
    trial = decoy_trial(paper(job(NAMES.iloc[list(one)]), rows.iloc[list(other)]), count=60)
    assert (trial["decoys"], trial["accepted"]) == (60, 0)


def test_a_decoy_that_stands_on_the_list_would_be_counted():
    """The count can fail: decoys of another job are children of this one."""
    state = paper(job(), LUPITA)
    from prepaykit.rules.weighing import weigh

    real = envelopes("""
        envelope_no  student_first  student_last  grade  teacher
        D-1          Lupita         Iyer          3rd    Mrs. Hewitt
    """)
    real = real.assign(about="decoys", key="D-1", number="D-1", ref="D-1")
    seen = weigh(state, more=real)
    assert seen.decisions.loc[seen.asked["about"] == "decoys", "subject_id"].notna().all()


# --- later doubts ----------------------------------------------------------------------------------------------------------


def test_a_better_child_on_a_later_list_stops_an_order_that_was_weighed():
    state = paper(job(), LUPITA)
    later = pd.concat([NAMES, NAMES.head(1).assign(access_code="X-20", first_name="Lupita")], ignore_index=True)
    state = state.after(plan_names(state, later, seed=2, now=NOW))
    (row,) = said(state, "match_in_doubt").to_dict("records")
    assert "code X-20 fits better now" in row["detail"]
    assert len(blocking_errors(state)) == 1
    settled = state.after(plan_codes(state, order_code={"E-1": "X-20"}, who="ana", now=NOW))
    assert matches(settled) == {"E-1": ("X-20", "person")}
    assert not len(said(paper(settled), "match_in_doubt"))


@pytest.mark.parametrize("by_envelope", [True, False])
def test_a_child_taken_by_weighing_who_is_confirmed_is_a_persons_word(by_envelope):
    state = paper(job(), LUPITA)
    if by_envelope:
        state = paper(state, match={"E-1": "X-1"}, who="ana")
    else:
        state = state.after(plan_codes(state, order_code={"E-1": "X-1"}, who="ana", now=NOW))
    assert matches(state) == {"E-1": ("X-1", "person")}
    assert state.order_subjects["matched_on"].isna().all()
    assert not len(said(paper(state), "matched_by_weighing"))


# --- nobody, later, blank cards --------------------------------------------------------------------------------------------

STRANGER = envelopes("""
    envelope_no  student_first  student_last  grade  teacher
    E-1          Zebediah       Quux          3      Mrs. Hewitt
""")


def test_nobody_on_the_list_proposes_a_blank_card_and_taking_it_names_the_card():
    state = paper(job(), STRANGER)
    row = said(state, "envelope_unmatched").loc["E-1"]
    assert "give the child a blank card" in row["detail"]
    assert "CODE of a blank card" in row["next_move"]
    card = blank(state)
    state = paper(state, match={"E-1": card}, who="ana", why="came on the day")
    assert matches(state) == {"E-1": (card, "person")}
    child = state.subjects[state.subjects["access_code"] == card].iloc[0]
    assert (child["first_name"], child["last_name"], child["kind"]) == ("Zebediah", "Quux", "student")
    group = listed_subjects(state).set_index("access_code")["group_id"]
    assert group[card] == group["X-1"]
    assert plan_paper(state, STRANGER, match={"E-1": card}, who="bo", now=NOW).is_empty


def test_a_blank_card_is_named_by_hand_for_a_child_of_a_class_that_is_there():
    state = job()
    card = blank(state)
    group = str(state.groups["name"].iloc[0])
    named = state.after(plan_codes(state, name={card: f"Ada|Lee|{group}"}))
    child = named.subjects[named.subjects["access_code"] == card].iloc[0]
    assert (child["first_name"], child["last_name"], child["group_id"]) == ("Ada", "Lee", 1)
    with pytest.raises(UsageError, match="no such class"):
        plan_codes(state, name={card: "Ada|Lee|Nowhere"})
    with pytest.raises(UsageError, match=r"First\|Last\|Class"):
        plan_codes(state, name={card: "Ada"})
    with pytest.raises(UsageError, match="blank card"):
        plan_codes(named, name={card: "Bo|Ng"})


@pytest.mark.parametrize(("word", "words"), [("nobody", "nobody on the list"), ("later", "left it for later")])
def test_a_person_may_say_nobody_or_later_and_no_rule_takes_the_child_then(word, words):
    off = paper(job(has_automatic_matching=False), LUPITA, match={"E-1": word}, who="ana")
    state = paper(off.replace(jobs=off.jobs.assign(has_automatic_matching=True)))
    assert matches(state) == {}
    row = said(state, "envelope_unmatched").loc["E-1"]
    assert words in row["detail"]
    assert pd.isna(row["suggestion"]) == (word == "nobody")
    assert match_queue(state)["said"].iloc[0] == word
    assert matches(paper(state, match={"E-1": "X-1"}, who="ana")) == {"E-1": ("X-1", "person")}


def test_nobody_said_of_an_order_takes_its_child_off_and_leaves_its_slots_empty():
    rows = orders("""
        order_no  student_first  student_last  grade  teacher
        1001      Bjorn          Farow         3      Hewitt
    """)
    state = online(job(), rows)
    state = state.after(plan_codes(state, order_code={"1001": "nobody"}, who="ana", now=NOW))
    assert matches(state) == {"1001": ("", "")}
    assert state.slots["subject_id"].isna().all()
    assert "nobody on the list" in said(state, "order_unmatched")["detail"].iloc[0]
    assert matches(online(state, rows)) == {"1001": ("", "")}


# --- the queue and the explanation -----------------------------------------------------------------------------------------


def test_the_queue_names_every_waiting_child_and_holds_no_names():
    state = online(paper(job(), STRANGER), orders("""
        order_no  student_first  student_last  grade  teacher      parent_email
        1001      Diego          Cerda         3      Mrs. Hewitt  -
        1001      Zzz            Nobody        -      -            -
    """))  # fmt: skip
    queue = match_queue(state)
    assert set(queue["number"]) == {"E-1", "1001:1", "1001:2"}
    assert queue.groupby("number").size().max() <= 5
    assert (queue.dropna(subset="rank").groupby("number")["rank"].min() == 1).all()
    assert not [n for n in ("diego", "cerda", "quux", "hewitt") if n in queue.to_csv().lower()]


def test_one_of_several_children_is_named_by_its_place_in_the_order():
    state = online(job(), orders("""
        order_no  student_first  student_last  grade  teacher
        1001      Diego          Cerda         3      Mrs. Hewitt
        1001      Zzz            Nobody        -      -
    """))  # fmt: skip
    assert "--order-code 1001:2=CODE" in said(state, "order_unmatched")["next_move"].iloc[1]
    state = state.after(plan_codes(state, order_code={"1001:2": "X-13"}))
    assert state.order_subjects["access_code"].fillna("").tolist() == ["", "X-13"]


def test_an_envelope_with_the_number_of_another_orders_child_is_never_meant_by_it():
    """Envelope 2 is the first child of an order in the tables; its number alone would name the second."""
    state = paper(job(), envelopes("""
        envelope_no  student_first  student_last  grade  teacher
        2            Lupita         Iyer          3      Mrs. Hewitt
        1            Bjorn          Farow         3      Mrs. Hewitt
    """))  # fmt: skip
    moves = dict(
        zip(said(state, "matched_by_weighing").index, said(state, "matched_by_weighing")["next_move"], strict=True)
    )
    assert "--order-code 2=CODE" in moves["1"] and "--order-code 1=CODE" in moves["2"]


def test_the_explanation_says_how_the_job_stands_and_why_it_stopped():
    state = online(paper(job(), LUPITA), orders("""
        order_no  student_first  student_last  grade  teacher  access_code
        1001      Priya          Natarajan     -      -        -
    """))  # fmt: skip
    (told,) = told_of(state, "E-1")
    assert told["stands"] == "In the job it is for code X-1, found by weighing, without a person."
    (told,) = told_of(state, "1001")
    assert told["veto"] == "only the name agrees" and told["decision"] == "review"
    with pytest.raises(UsageError, match="no order or envelope 99"):
        told_of(state, "99")


def test_a_plan_says_how_many_were_matched_by_weighing():
    plan = plan_paper(job(), LUPITA, now=NOW)
    assert plan.result["weighed"] == 1
    assert plan.headline.endswith("1 matched by weighing")
    assert "weighing" not in plan_orders(job(), orders("order_no").head(0), now=NOW).headline


def test_the_student_id_of_another_child_does_not_overrule_the_name():
    names = NAMES.assign(student_id=[f"S{i}" for i in range(len(NAMES))])
    rows = orders("""
        order_no  student_first  student_last  student_id
        1         Mateo          Cerda         S2
        2         Bruno          Cerda         S2
        3         Sofi           Cerda         S2
    """)
    state = online(job(names), rows)
    assert list(said(state, "code_of_another_child").index) == ["1"]
    assert list(said(state, "name_contradicts_code").index) == ["2"]
    for code in ("code_of_another_child", "name_contradicts_code"):
        assert set(said(state, code)["severity"]) == {"error"}


def test_the_code_of_a_brother_or_sister_is_not_taken_for_a_child_who_is_not_on_the_list():
    rows = orders("""
        order_no  access_code  student_first  student_last
        1         X-3          Bruno          Cerda
        2         X-3          Sofi           Cerda
        3         X-9          Nessie         Quigley
        4         X-5          Emma           Lowe-Smith
    """)
    state = online(job(), rows)
    assert list(said(state, "name_contradicts_code").index) == ["1"]


def test_a_blank_card_takes_no_half_name_while_two_typists_differ():
    one = envelopes("envelope_no  student_first  student_last\nE-1  Zoe  Roe")
    two = one.assign(student_last="Rowe")
    state = paper(job(), one, second=two)
    card = blank(state)
    state = paper(state, match={"E-1": card})
    assert state.subjects.set_index("access_code").loc[card, "kind"] == "blank"
    state = paper(state, one, second=two, settle={"E-1": "second"})
    assert state.subjects.set_index("access_code").loc[card, ["first_name", "last_name"]].tolist() == ["Zoe", "Rowe"]


def test_a_child_of_a_blank_card_whom_the_school_lists_with_another_spelling_waits_for_a_person():
    state = online(job(), orders("order_no  student_first  student_last  teacher\n1001  Zoe  Roe  Mrs. Hewitt"))
    card = blank(state)
    state = state.after(plan_codes(state, order_code={"1001": card}, now=NOW))
    row = pd.DataFrame({"first_name": ["Zoey"], "last_name": ["Roe"], "grade": ["3"], "teacher": ["Mrs. Hewitt"]})
    plan = plan_names(state, pd.concat([NAMES, row], ignore_index=True), seed=3, now=NOW)
    assert plan.findings.loc[plan.findings["code"] == "perhaps_same_child", "suggestion"].tolist() == [card]
