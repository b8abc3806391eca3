"""An order whose picture may show another child waits until a person has looked; all others go."""

from __future__ import annotations

import pandas as pd
import pytest

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.codes import plan_codes
from prepaykit.decide.photos import plan_photos
from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.settings import plan_settings
from prepaykit.errors import Refused
from prepaykit.rules.doubts import orders_in_doubt
from tests.jobs import NOW
from tests.jobs import with_orders as with_orders_for
from tests.rules.picture_day import findings_of, galleries, job
from tests.rules.test_doubts_of_the_sequence import CODES, after_day, shot, usual


def day_with_a_skipped_card():
    """K08's card was skipped: frames 22 and 23 stand under K07, whose own are 20 and 21."""
    return shot(*(usual(without=("K08",)) | {"K07": "K07 . . | . ."}).values())


def ordered(read, *children: int, shoot_no: int = 1, state=None):
    """A job with these frames and one order a child, populated."""
    state = job(*CODES, group="G001").replace() if state is None else state
    state = state.after(plan_photos(state, read, shoot_no=shoot_no))
    if not len(state.orders):
        state = with_orders_for(state, [(f"10{i:02d}", [i]) for i in children])
        codes = state.subjects.set_index("subject_id")["access_code"]
        named = state.order_subjects.assign(access_code=state.order_subjects["subject_id"].map(codes).astype("str"))
        state = state.replace(order_subjects=named)
    return state.after(plan_populate(state))


def picture_of(state, number):
    order = state.orders.set_index("order_no")["order_id"][number]
    return state.slots.set_index("order_id")["frame_id"][order]


def placed(state, **kw):
    return state.after(plan_place(state, now=NOW, **kw))


def where(state):
    return dict(zip(state.orders["order_no"], state.orders["status"], strict=True))


def test_a9_the_child_before_a_skipped_card_gets_the_frame_after_the_card_and_the_child_behind_it_waits():
    state = ordered(day_with_a_skipped_card(), 6, 7, 8)
    assert (picture_of(state, "1006"), picture_of(state, "1007")) == (17, 20)
    assert pd.isna(picture_of(state, "1008")), "no order is silently filled"
    assert where(placed(state)) == {"1006": "in_batch", "1007": "in_batch", "1008": "held"}


def test_a_picture_behind_a_doubted_place_holds_the_order_until_a_person_has_looked():
    state = ordered(day_with_a_skipped_card(), 6, 7)
    state = state.after(plan_codes(state, hide=[20, 21]))  # the child's own frames are closed eyes
    assert picture_of(state, "1007") == 22
    held = placed(state)
    assert where(held) == {"1006": "in_batch", "1007": "held"}
    row = held.findings[held.findings["code"] == "held_in_doubt"].iloc[0]
    assert row["detail"] == "order 1007: its picture may show another child, see frame 22"
    assert "--tag" in row["next_move"] and "--accept 1007" in row["next_move"]
    named = held.after(plan_codes(held, tag={22: "K08"}))
    assert pd.isna(picture_of(named, "1007"))
    same = held.after(plan_codes(held, tag={22: ""}))
    assert where(placed(same))["1007"] == "in_batch"


def test_an_order_taken_as_it_is_goes_and_only_for_this_doubt():
    state = ordered(day_with_a_skipped_card(), 7)
    state = state.after(plan_codes(state, hide=[20, 21]))
    accepted = placed(placed(state), accept=["1007"])
    assert where(accepted) == {"1007": "in_batch"}
    assert accepted.choices.loc[accepted.choices["kind"] == "accept", "value"].tolist() == ["card_skipped/22"]
    assert plan_batch(accepted, now=NOW, number=1).result["orders"] == 1


def test_a_doubt_that_comes_after_placing_stops_the_batch_and_pulls_the_order_back():
    whole = shot(*usual().values())
    state = placed(ordered(whole, 7))
    state = state.replace(slots=state.slots.assign(frame_id=21, filled_by="person"))
    doubt = plan_photos(state, whole).findings.iloc[:0]
    assert not len(doubt)
    found = pd.DataFrame(
        [
            {
                "verb": "photos",
                "code": "card_skipped",
                "about": "frames",
                "key": "21",
                "severity": "error",
                "detail": "x",
                "next_move": "look",
            }
        ]
    )
    state = state.replace(findings=found)
    with pytest.raises(Refused, match="an error stands on 1 orders: 1007"):
        plan_batch(state, now=NOW, number=1)
    assert where(placed(state)) == {"1007": "held"}


def test_frames_before_an_unread_card_other_than_the_first_are_in_danger_too():
    days = usual(without=("K08",)) | {"K07": "K07 . . ? ."}
    state = ordered(shot(*days.values()), 6, 7)
    assert where(placed(state))["1007"] == "in_batch"
    second = state.after(plan_codes(state, favourite={"K07": 21}))
    assert picture_of(second, "1007") == 21
    assert where(placed(second)) == {"1006": "in_batch", "1007": "held"}


def test_a_damaged_picture_is_on_no_order_that_goes_before_a_person_has_looked():
    whole = shot("K01 . .", "K02 . .")
    spoilt = whole.assign(damage=[None, "damaged inside (drawn)", None, None, None, None]).astype({"damage": "str"})
    state = ordered(spoilt, 1, 2)
    assert (picture_of(state, "1001"), picture_of(state, "1002")) == (2, 5)
    held = placed(state)
    assert where(held) == {"1001": "held", "1002": "in_batch"}
    row = held.findings[held.findings["code"] == "held_damaged"].iloc[0]
    assert row["detail"] == "order 1001: its picture is damaged inside, see frame 2"
    assert ("frame_damaged", "2") in findings_of(held.findings)
    for settled in (
        plan_photos(held, whole),
        plan_codes(held, hide=[2]),
        plan_codes(held, favourite={"K01": 3}),
    ):
        after = held.after(settled)
        assert where(placed(after.after(plan_populate(after)))) == {"1001": "in_batch", "1002": "in_batch"}
    assert where(placed(held, accept=["1001"])) == {"1001": "in_batch", "1002": "in_batch"}


def test_a_picture_found_damaged_after_placing_stops_the_batch_also_when_its_folder_is_read_without_it():
    whole = shot("K01 . .", "K02 . .")
    state = placed(ordered(whole, 1, 2))
    spoilt = whole.assign(sha256=whole["sha256"].where(whole["row"] != 2, "other"))
    spoilt = spoilt.assign(damage=[None, "damaged inside (drawn)", None, None, None, None]).astype({"damage": "str"})
    state = state.after(plan_photos(state, spoilt))
    state = state.after(plan_photos(state, whole.iloc[3:]))
    assert ("frame_damaged", "2") in findings_of(state.findings)
    with pytest.raises(Refused, match="an error stands on 1 orders: 1001"):
        plan_batch(state, now=NOW, number=1)
    assert where(placed(state)) == {"1001": "held", "1002": "in_batch"}


def test_a_long_session_of_which_a_person_said_that_it_is_one_child_holds_nothing_any_more():
    state = ordered(shot("K01 . .", "K02 . . . . . . . .", "K03 . ."), 1, 2)
    told = {(c, k) for c, k in findings_of(state.findings) if c in ("long_session", "card_skipped")}
    assert told
    state = state.after(plan_codes(state, favourite={"K02": 12}))
    assert where(placed(state)) == {"1001": "in_batch", "1002": "held"}
    for _ in range(9):  # as often as a doubt is told
        doubted = [r.what for r in orders_in_doubt(state).itertuples()]
        if not doubted:
            break
        state = state.after(plan_codes(state, tag={doubted[0].split("/")[1]: ""}))
    assert where(placed(state)) == {"1001": "in_batch", "1002": "in_batch"}
    assert galleries(state)["K02"] == list(range(5, 13))


def test_an_unread_card_of_the_retake_holds_pictures_of_picture_day_that_it_may_replace():
    state = ordered(shot(*usual().values()), 7, 8)
    later = shot("K08 . .", "? . .", root="retake", start="2026-10-05 08:00")
    state = ordered(later, shoot_no=2, state=state)
    unread = state.findings.loc[state.findings["code"] == "unread_card", "key"].iloc[0]
    assert where(placed(state)) == {"1007": "held", "1008": "in_batch"}
    named = state.after(plan_codes(state, tag={unread: "K07"}))
    assert where(placed(named)) == {"1007": "in_batch", "1008": "in_batch"}
    first = state.replace(jobs=state.jobs.assign(retake_policy="first"))
    assert where(placed(first)) == {"1007": "in_batch", "1008": "in_batch"}


def test_every_order_of_a_camera_whose_cards_seem_to_come_after_the_frames_waits_for_the_setting():
    state = ordered(after_day(), 1, 2)
    assert where(placed(state)) == {"1001": "open", "1002": "open"}
    turned = state.replace(jobs=state.jobs.assign(cards_after="all"))
    turned = turned.after(plan_codes(turned))  # thought through anew, without reading a file
    turned = turned.after(plan_populate(turned))
    assert [picture_of(turned, n) for n in ("1001", "1002")] == [1, 4]
    assert where(placed(turned)) == {"1001": "in_batch", "1002": "in_batch"}


def test_a_setting_turns_the_pictures_of_orders_round_at_once():
    state = ordered(after_day(), 1, 2)
    turned = state.after(plan_settings(state, {"cards_after": "all"}))
    assert [picture_of(turned, n) for n in ("1001", "1002")] == [1, 4]
    assert where(placed(turned)) == {"1001": "in_batch", "1002": "in_batch"}
    assert plan_settings(turned, {"cards_after": "all"}).is_empty


def test_a_setting_made_for_a_retake_day_holds_the_picture_day_that_it_would_turn_round_wrongly():
    state = ordered(shot(*usual().values()), 2, 3)
    right = [picture_of(state, n) for n in ("1002", "1003")]
    turned = state.after(plan_settings(state, {"cards_after": "all"}))
    assert [picture_of(turned, n) for n in ("1002", "1003")] != right, "each shows another child"
    row = turned.findings[turned.findings["code"] == "cards_before_frames"].iloc[0]
    assert "in shoot 1 its" in row["detail"] and "cards_after=CAMERAS without R6 #1" in row["next_move"]
    assert set(where(placed(turned)).values()) == {"open"}
    back = turned.after(plan_settings(turned, {"cards_after": None}))
    assert [picture_of(back, n) for n in ("1002", "1003")] == right


def test_with_cards_after_the_frames_the_first_frame_of_a_doubted_session_is_in_danger():
    """There the frame next to the card is the last one; the first may be the child's before."""
    codes = [c for c in CODES if c != "K07"]
    days = {c: f". . {c}" for c in codes} | {"K08": ". . | . . K08"}
    state = job(*CODES)
    state = state.replace(jobs=state.jobs.assign(cards_after="all"))
    state = ordered(shot(*(days[c] for c in codes)), 8, state=state)
    assert "card_skipped" in set(state.findings["code"])
    assert not len(orders_in_doubt(state)) or where(placed(state)) != {"1008": "in_batch"}
    assert orders_in_doubt(state)["order_id"].tolist() == [1]


def test_hand_set_tags_survive_every_run():
    state = ordered(day_with_a_skipped_card(), 7, 8)
    state = state.after(plan_codes(state, tag={22: "K08"}, favourite={"K07": 21}, hide=[23]))
    for read in (day_with_a_skipped_card(), day_with_a_skipped_card().iloc[::-1], day_with_a_skipped_card().iloc[:5]):
        again = state.after(plan_photos(state, read))
        again = again.after(plan_populate(again))
        assert galleries(again)["K08"] == [22, 23]
        assert (picture_of(again, "1007"), picture_of(again, "1008")) == (21, 22)
        assert ("card_skipped", "22") not in findings_of(again.findings)
        assert again.galleries.set_index("frame_id")["is_hidden"][23]
    assert plan_photos(state, day_with_a_skipped_card()).is_empty


def test_a_frame_with_several_codes_is_taken_only_where_the_child_has_no_other():
    state = ordered(shot("K01+K02 . .", "K02 . .", "K03 . ."), 1, 2)
    assert (picture_of(state, "1001"), picture_of(state, "1002")) == (2, 5)


def test_a_favourite_is_one_of_the_childs_own_frames():
    state = ordered(day_with_a_skipped_card(), 6)
    with pytest.raises(Refused, match="frame 2 is not in the gallery of K06"):
        plan_codes(state, favourite={"K06": 2})
    chosen = state.after(plan_codes(state, favourite={"K06": 18}))
    assert picture_of(chosen, "1006") == 18
    hidden = chosen.after(plan_codes(chosen, hide=[18]))
    assert picture_of(hidden, "1006") == 17
