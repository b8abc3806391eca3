"""The acceptance scenarios of the field, by their names, on a real store with real files.

A24 (power cut) is in tests/ledger/test_kills.py, where the process really dies.
"""

import hashlib
import json
import logging

import pandas as pd
import pytest

from prepaykit.adapters.lab.packing import packing_files
from prepaykit.decide.batch import batch_prints
from prepaykit.errors import PrepaykitError, Refused, Unbalanced
from prepaykit.rules.sequence import sequence_frames
from prepaykit.studio import Studio
from prepaykit.tables.catalog import key_of
from prepaykit.tables.plan import Plan
from tests.acceptance.school import NAMES, School


@pytest.fixture
def school(tmp_path):
    made = []

    def make(children: int = 10, **settings: object) -> School:
        made.append(School(tmp_path, children, **settings))
        return made[-1]

    yield make
    for s in made:
        s.studio.close()


def test_a1_ten_orders_ten_galleries_ten_in_the_open_batch(school):
    s = school()
    s.one_order_each()
    s.photographed(s.everybody())
    s.populate(), s.place()
    state = s.job.state
    assert set(s.status().values()) == {"in_batch"}
    assert (len(state.batches), len(state.collections), state.orders["batch_id"].unique().tolist()) == (1, 1, [1])


def test_a2_one_absent_nine_placed_one_held_in_a_collection_linked_to_its_parent(school):
    s = school()
    s.one_order_each()
    s.photographed(s.everybody(absent=("KC03",)))
    s.populate(), s.place()
    state = s.job.state
    assert list(s.status().values()).count("in_batch") == 9
    assert s.status()["1003"] == "held"
    assert state.collections[["collection_id", "parent_id"]].astype("object").fillna(0).to_numpy().tolist() == [
        [1, 0],
        [2, 1],
    ]
    detail = s.job.findings("populate")["detail"].tolist()
    assert detail == ["order 1003, print P57, code KC03"], "the error names the order"


def test_a3_a_retake_under_the_same_unused_card_places_the_held_order_once(school):
    s = school()
    s.one_order_each()
    s.photographed(s.everybody(absent=("KC03",)))
    s.populate(), s.place()
    before = s.job.state.orders.set_index("order_no")["batch_id"].to_dict()
    s.photographed("KC03 . .", shoot_no=2, start="2026-11-02 08:00")
    s.populate(), s.place()
    after = s.job.state.orders.set_index("order_no")["batch_id"].to_dict()
    assert after == {**before, "1003": 1}
    assert s.job.state.collections["status"].tolist() == ["placed", "placed"]
    assert len(s.job.state.orders) == 10


def test_a4_photos_under_another_code_are_hinted_at_relabelled_and_placed(school):
    s = school(3)
    s.orders("1002 KB02 B-1 24.00")
    s.photographed("KA01 . . KX09 . . KC03 . .")
    s.populate()
    finding = s.job.findings("populate").iloc[0]
    assert (finding["code"], finding["suggestion"]) == ("no_gallery_for_code", "KX09")
    s.apply(s.job.codes(relabel={"KX09": "KB02"}, why="card printed anew"))
    s.place()
    assert s.status() == {"1002": "in_batch"}


def test_a5_a_blank_card_bound_to_a_child_matches_its_order(school):
    s = school(2)
    s.names((s.folder / "names.csv").read_text(), blanks=1)
    blank = s.job.state.subjects.set_index("kind").loc["blank", "access_code"]
    s.orders("1002 KB02 B-1 24.00")
    s.photographed(f"KA01 . . {blank} . .")
    s.populate()
    assert s.job.state.slots["frame_id"].isna().all()
    s.apply(s.job.codes(bind={blank: "KB02"}, why="name on the back of the card"))
    s.place()
    assert s.status() == {"1002": "in_batch"}


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ("hold_whole", {"1001": "held", "1002": "in_batch"}),
        ("split", {"1001": "in_batch", "1001/2": "held", "1002": "in_batch"}),
        ("ship_partial", {"1001": "in_batch", "1002": "in_batch"}),
    ],
)
def test_a6_siblings_of_whom_one_is_absent_follow_the_policy_and_the_money_stays(school, policy, status):
    s = school(3, sibling_policy=policy)
    s.orders("1001 KA01 B-1 48.00", "1001 KB02 B-1 48.00", "1002 KC03 B-1 24.00")
    s.photographed(s.everybody(absent=("KB02",)))
    s.populate(), s.place()
    assert s.status() == status
    assert s.job.state.postings["amount_cents"].sum() == 7200
    assert s.job.balance()["holds"].all()


def test_a7_a_group_only_product_gets_the_class_picture(school):
    s = school(2)
    s.one_order_each("GP-1", "15.00")
    s.photographed(s.everybody())
    s.populate()
    state = s.job.state
    assert set(state.slots["frame_id"]) == set(state.group_frames["frame_id"]) == {2}


def test_a8_a_memory_mate_waits_for_artwork_and_a_render_clears_it(school, tmp_path):
    from PIL import Image

    s = school(1)
    s.one_order_each("MM-1", "22.00")
    s.photographed(s.everybody())
    root = tmp_path / "shoot1"
    root.mkdir()
    for path in s.job.state.frames["path"]:
        Image.new("RGB", (120, 180), "teal").save(root / path)
    state = s.job.state
    digest = hashlib.sha256((root / state.frames["path"].iloc[0]).read_bytes()).hexdigest()
    s.apply(Plan.between(state, "test", {"frames": state.frames.assign(root=str(root), sha256=digest)}))
    s.populate(), s.place()
    assert s.status() == {"1001": "in_revision"}
    with pytest.raises(Refused, match="has no artwork"):
        s.job.revise(release=["1001"])
    own = root / state.frames["path"].iloc[3]
    as_read = own.read_bytes()
    Image.new("RGB", (120, 180), "plum").save(own)
    changed = s.job.revise(render=True)
    assert changed.findings[["code", "detail"]].to_numpy().tolist() == [
        ["artwork_not_made", "order 1001, print MM, slot 1: frame IMG_0004.JPG is not the file that was read"]
    ]
    own.write_bytes(as_read)
    s.apply(s.job.revise(render=True))
    s.apply(s.job.revise(release=["1001"]))
    assert s.status() == {"1001": "in_batch"}


def test_a_package_with_the_same_memory_mate_twice_is_rendered_as_two(school, tmp_path):
    from PIL import Image

    s = school(1)
    s.one_order_each("MM-1;MM-1", "44.00")
    s.photographed(s.everybody())
    root, state = tmp_path / "shoot1", s.job.state
    root.mkdir()
    for path in state.frames["path"]:
        Image.new("RGB", (120, 180), "teal").save(root / path)
    digest = hashlib.sha256((root / path).read_bytes()).hexdigest()
    s.apply(Plan.between(state, "test", {"frames": state.frames.assign(root=str(root), sha256=digest)}))
    s.populate(), s.place()
    one_line = s.job.state.slots.assign(line_id=1)  # as a package that holds it twice has it
    s.apply(Plan.between(s.job.state, "test", {"slots": one_line}))
    s.apply(s.job.revise(render=True, release="clean"))
    assert s.status() == {"1001": "in_batch"}


def test_a13_a_code_of_another_job_is_refused_and_the_other_job_is_untouched(school):
    s = school(2)
    other = s.studio.new({"name": "oak-hill-2026", "school": "Oak Hill"})
    before = s.job.state
    plan = other.names(s.file("other.csv", NAMES + "Anna,Berg,1A,Lee,1,7,,KA01\nBo,Dahl,1A,Lee,1,8,,KZ99\n"), seed=3)
    other.apply(plan, why="test")
    assert plan.findings["code"].tolist() == ["code_of_other_job"]
    assert "KA01" not in set(other.state.subjects["access_code"])
    for name, rows in s.job.state.tables.items():
        pd.testing.assert_frame_equal(rows, before.tables[name])


def test_a16_a_child_ordered_for_online_and_on_paper_is_flagged_nothing_is_deleted(school):
    s = school(2)
    s.orders("1001 KA01 B-1 24.00")
    s.paper("E1,First0,Last0,3,Adams,,B-1,24.00,cash")
    assert "order_doubled" in s.codes_found("orders", "paper")
    assert s.status() == {"1001": "open", "E1": "open"}


def test_a17_an_envelope_with_too_little_money_is_flagged_and_held(school):
    s = school(2)
    s.paper("E1,First0,Last0,3,Adams,,A-1,38.00,cash", "E2,First1,Last1,3,Adams,,B-1,24.00,cash")
    assert s.codes_found("paper") == ["underpaid"]
    s.photographed(s.everybody())
    s.populate(), s.place()
    assert s.status() == {"E1": "held", "E2": "in_batch"}
    s.place(accept=["E1"])
    assert s.status()["E1"] == "in_batch"


def test_a18_a_deleted_order_is_still_found_and_its_money_steps_are_open(school):
    s = school(2)
    s.one_order_each()
    s.apply(s.job.cancel("1002", why="not photographed"))
    assert s.job.state.orders["collection_id"].isna().tolist() == [False, True]
    assert s.job.find("1002")[["key", "status"]].to_numpy().tolist() == [["1002", "cancelled"]]
    assert s.job.worklist()[["step", "amount_cents"]].to_numpy().tolist() == [
        ["claim service fee", 195],
        ["refund", 2400],
    ]


def test_a_child_never_photographed_still_gets_the_class_picture(school):
    s = school(2)
    s.orders("1001 KA01 P57-1;GP-1 25.00", "1002 KB02 P57-1;GP-1 25.00")
    s.photographed(s.everybody(absent=("KA01",)))
    s.populate(), s.place()
    assert s.status() == {"1001": "held", "1002": "in_batch"}
    cancelled = s.apply(s.job.cancel("1001", item="P57", why="never photographed"))
    s.job.undo(cancelled.op_no)
    assert (s.job.state.lines["cancelled_at"].isna().all(), len(s.job.worklist())) == (True, 0)
    s.apply(s.job.cancel("1001", item="P57", why="never photographed"))
    s.place()
    plan = s.job.batch(1)
    payload = json.loads(plan.effects["payload"].iloc[0])
    assert sorted((p["order_no"], p["product_code"]) for p in payload["prints"]) == [("1001", "GP"), ("1002", "GP"), ("1002", "P57")]
    packing = packing_files(payload)["packing/packing.csv"].decode()
    assert [row.split(",")[-1].strip() for row in packing.splitlines() if ",1001," in row] == ["1 × Class picture"]
    s.apply(plan)
    assert s.job.worklist()[["step", "order_no", "amount_cents"]].to_numpy().tolist() == [["refund", "1001", 1000]]
    assert s.job.balance()["holds"].all()
    with pytest.raises(Refused, match="sent to production"):
        s.job.cancel("1001", item="GP", why="late")


def test_a20_the_summary_counts_by_class_and_a_second_release_is_refused(school):
    s = school(3, ship_to="1 School Lane")
    s.one_order_each()
    s.photographed(s.everybody())
    s.populate(), s.place()
    summary = s.job.batch_summary(1)
    assert summary[["teacher", "group", "orders", "prints"]].to_numpy().tolist() == [["Adams", "3A", 3, 3]]
    plan = s.job.batch(1)
    assert plan.result["amount_cents"] == 7200
    assert json.loads(plan.effects["payload"].iloc[0])["ship_to"] == "1 School Lane"
    s.apply(plan)
    with pytest.raises(Refused, match="A batch goes once"):
        s.job.batch(1)


def test_a21_an_old_order_keeps_its_contents_and_prices_after_the_price_list_changed(school):
    s = school(2)
    s.orders("1001 KA01 A-1 42.00")
    old = s.job.state
    changed = (
        (s.folder / "prices.csv")
        .read_text()
        .replace("42.00,P57-2;GP-1", "50.00,P57-1")
        .replace("5x7 portrait", "5x7 print")
    )
    s.apply(s.job.prices(s.file("prices.csv", changed)))
    s.orders("1001 KA01 A-1 42.00", "1002 KB02 A-1 50.00")
    lines = s.job.state.lines
    pd.testing.assert_frame_equal(lines[lines["order_id"] == 1], old.lines)
    assert s.job.state.orders["edition"].tolist() == [1, 2]
    assert s.job.state.slots.groupby("order_id")["product_name"].agg(list).to_dict() == {
        1: ["5x7 portrait", "Class picture"], 2: ["5x7 print"]}  # fmt: skip


def test_a22_a_frame_with_two_cards_is_in_both_galleries(school):
    s = school(2)
    s.photographed("KA01+KB02 . . KA01 .")
    state = s.job.state
    both = state.galleries.groupby("frame_id")["access_code"].agg(set)
    assert both.loc[2] == both.loc[3] == {"KA01", "KB02"}
    assert "many_codes" in s.codes_found("photos")


def test_a23_every_verb_twice_changes_nothing_more(school):
    s = school(4)
    s.one_order_each()
    s.paper("E1,First0,Last0,3,Adams,,B-1,24.00,cash")
    s.photographed(s.everybody(absent=("KC03",)))
    s.populate(), s.place()
    s.apply(s.job.cards())
    s.apply(s.job.batch(1))
    s.apply(s.job.settings(archive_date="2027-06-01", selling_price_list="f", selling_shipping="u", campaign="c"))
    s.apply(s.job.sell())
    f = s.folder
    verbs = [
        lambda: s.job.names(f / "names.csv", seed=7), lambda: s.job.prices(f / "prices.csv"), lambda: s.job.orders(f / "orders.csv"),
        lambda: s.job.paper(f / "paper_orders.csv"), s.job.cards, s.job.populate, s.job.codes, s.job.place,
        lambda: s.job.revise(release="clean"), s.job.batch, s.job.sell,
    ]  # fmt: skip
    for verb in verbs:
        plan = verb()
        assert (plan.counts(), len(plan.effects)) == ({}, 0), "only findings that were settled since may go"
        s.apply(plan)
    history = len(s.job.history())
    for verb in verbs:
        plan = verb()
        assert plan.is_empty, plan
        assert s.apply(plan).op_no is None
    assert len(s.job.history()) == history


HARD_NAMES = [
    "José",
    "O'Brien",
    "Łukasz",
    "Van der Berg",
    "مريم",
    "Zoë 🌟",
    '"Smith, Jr."',
    "Null",
    "NA",
    "=HYPERLINK(1)",
    "<img src=x onerror=alert(1)>",
]


def test_a25_hard_names_go_through_the_whole_run_as_they_are(school):
    rows = [f"{name},{name},3A,Adams,3,{i},,K{chr(65 + i)}{i + 1:02d}" for i, name in enumerate(HARD_NAMES)]
    s = school(len(HARD_NAMES), names=NAMES + "\n".join(rows) + "\n", lab_file_names="name")
    s.one_order_each()
    s.photographed(s.everybody())
    s.populate(), s.place()
    plain = [n.strip('"') for n in HARD_NAMES]
    assert s.job.state.subjects["first_name"].tolist() == plain
    payload = json.loads(s.job.batch(1).effects["payload"].iloc[0])
    assert {p["last_name"] for p in payload["prints"]} == set(plain)


def test_a26_two_teachers_smith_and_two_kindergartens_are_packed_apart(school):
    names = NAMES + "".join(
        f"First{i},Last{i},{group},{teacher},{grade},{i},,K{chr(65 + i)}{i + 1:02d}\n"
        for i, (group, teacher, grade) in enumerate([("3A", "Smith", "3"), ("KG AM", "Lee", "K"), ("5B", "Smith", "5"), ("KG PM", "Lee", "K"), ("3A", "Smith", "3")])
    )  # fmt: skip
    s = school(5, names=names)
    s.one_order_each()
    s.photographed(" ".join(f"{c} ." for c in s.codes))
    s.populate(), s.place()
    runs = batch_prints(s.job.state, [1])[["teacher", "group_name"]].agg(" ".join, axis=1).tolist()
    assert runs == ["Lee KG AM", "Lee KG PM", "Smith 3A", "Smith 3A", "Smith 5B"]


def test_a29_a_job_that_does_not_balance_releases_nothing_and_says_which_book_is_off(school):
    s = school(2)
    s.one_order_each()
    s.photographed(s.everybody())
    s.populate(), s.place()
    state = s.job.state
    s.apply(Plan.between(state, "test", {"payments": state.payments.assign(amount_cents=[2400, 2500])}))
    with pytest.raises(Unbalanced) as refusal:
        s.job.batch(1)
    assert (
        "$49.00 received ≠ $0.00 shipped + $48.00 held + $0.00 to refund + $0.00 refunded: off by $1.00, too few on the right."
        in str(refusal.value)
    )


def test_a30_no_name_and_no_address_in_logs_findings_or_exceptions(school, caplog):
    secret = ["Wilhelmina", "Featherstone", "featherstone@example.net", "Ottoline"]
    caplog.set_level(logging.DEBUG)
    names = (
        NAMES
        + "Wilhelmina,Featherstone,3A,Adams,3,1,featherstone@example.net,KA01\nWilhelmina,Featherstone,3A,Adams,3,2,,KA01\nOttoline,,,,,,,\n"
    )
    s = school(1, names=names)
    s.orders("1001 KZ77 B-1 24.00", "1002 KA01 Q-9 5.00")
    s.paper("E1,Ottoline,Featherstone,3,Adams,,B-1,2.00,cash", "E2,Wilhelmina,Featherstone,3,Adams,,A-1,nine,cash")
    s.photographed("KA01 .")
    s.populate(), s.place()
    messages = []
    for attempt in (
        lambda: s.job.batch(9), lambda: s.job.cancel("77", why="x"), lambda: s.job.codes(relabel={"KA01": "nope"}),
        lambda: s.job.revise(release=["1002"]), lambda: s.job.sell(), lambda: s.studio.job("nope"),
        lambda: s.job.place(accept=["77"]), lambda: s.job.revise(replace={99: 1}), lambda: s.job.settings(timezone="Mars"),
    ):  # fmt: skip
        try:
            attempt()
        except PrepaykitError as error:
            messages.append(str(error))
    rows = s.job.findings()
    said = " ".join(
        [*messages, *rows["detail"], *rows["next_move"], *rows["key"], caplog.text, repr(s.job), repr(s.studio)]
    )
    assert len(messages) >= 5
    assert len(rows) >= 4
    assert [word for word in secret if word.lower() in said.lower()] == []


def test_a19_at_the_deadline_the_automatic_batch_goes_by_itself_and_no_new_one_opens(school):
    s = school(2, batch_processing="automatic", batch_deadline="2026-10-16", timezone="America/Chicago")
    s.one_order_each()
    s.photographed(s.everybody())
    s.populate(), s.place()
    s.now = pd.Timestamp("2026-10-16 23:59:59", tz="America/Chicago").tz_convert("UTC")
    assert s.job.batch().is_empty
    s.now += pd.Timedelta(seconds=1)
    s.apply(s.job.batch())
    assert s.job.state.batches[["batch_id", "status"]].to_numpy().tolist() == [[1, "released"]]


def test_what_was_done_can_be_taken_back_and_the_store_agrees_with_memory(school):
    s = school(3)
    s.one_order_each()
    s.photographed(s.everybody(absent=("KC03",)))
    s.populate()
    before = s.job.state
    plan = s.job.place()
    in_memory = before.after(plan)
    s.apply(plan)
    for name, rows in s.job.state.tables.items():
        key = list(key_of(name))
        expected = in_memory.tables[name].sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(rows.sort_values(key, ignore_index=True), expected)
    s.job.undo(why="wrong policy")
    for name, rows in s.job.state.tables.items():
        pd.testing.assert_frame_equal(rows.drop(columns="version"), before.tables[name].drop(columns="version"))


def test_another_person_opens_the_studio_and_sees_the_same(school):
    s = school(2)
    s.one_order_each()
    with Studio.open(s.folder / "studio.db", actor="colleague") as again:
        assert list(again.job().state.orders["order_no"]) == ["1001", "1002"]


def test_the_sequence_is_a_table_function_too(school):
    s = school(2)
    state = s.job.state
    result = sequence_frames(state.frames, state.subjects, state.groups, choices=state.choices)
    assert (len(result.frames), len(result.findings)) == (0, 0)


def test_every_verb_can_be_taken_back_to_the_cell(school):
    s = school(4, has_manual_revision=True)
    f = s.folder
    steps = {
        "orders": lambda: s.one_order_each(),
        "paper": lambda: s.two_typists(),
        "cards": lambda: s.apply(s.job.cards()),
        "photos": lambda: s.photographed(s.everybody(absent=("KC03",)) + " KX09 ."),
        "populate": lambda: s.populate(),
        "codes": lambda: s.apply(s.job.codes(relabel={"KX09": "KC03"}, why="card printed anew")),
        "place": lambda: s.place(),
        "revise": lambda: s.apply(s.job.revise(release="clean")),
        "cancel": lambda: s.apply(s.job.cancel("1002", why="moved away")),
        "batch": lambda: s.apply(s.job.batch(1)),
        "settings": lambda: s.apply(
            s.job.settings(archive_date="2027-06-01", selling_price_list="f", selling_shipping="u", campaign="c")
        ),
        "sell": lambda: s.apply(s.job.sell()),
        "names": lambda: s.names((f / "names.csv").read_text() + "New,Child,3A,Adams,3,99,,KZ26\n"),
        "prices": lambda: s.apply(
            s.job.prices(s.file("prices.csv", (f / "prices.csv").read_text().replace("24.00", "25.00")))
        ),
    }
    for verb, act in steps.items():
        before = s.job.state
        receipt = act()
        assert (receipt.verb, receipt.op_no is not None) == (verb, True)
        s.job.undo(why="to see it go")
        after = s.job.state
        for name, rows in after.tables.items():
            if name == "postings":  # the money book is countered, never changed
                key = ["order_id", "account"]
                sums = [t.postings.groupby(key, dropna=False)["amount_cents"].sum() for t in (before, after)]
                pd.testing.assert_series_equal(*(x[x != 0] for x in sums))
                continue
            pd.testing.assert_frame_equal(
                rows.drop(columns="version"), before.tables[name].drop(columns="version"), obj=f"{verb}: {name}"
            )
        act()
    assert s.job.balance()["holds"].all()


def test_an_order_cancelled_by_mistake_and_taken_back_after_the_batch_went_is_not_forgotten(school):
    """Undo restores rows, and the batch that the order stood in has gone without it meanwhile."""
    s = school(2)
    s.one_order_each()
    s.photographed(s.everybody())
    s.populate(), s.place()
    cancelled = s.apply(s.job.cancel("1001", why="mistake"))
    s.apply(s.job.batch(1))
    try:
        s.job.undo(cancelled.op_no)
    except Refused:
        return  # as good: the order stays cancelled, with its refund on the list
    s.place()
    assert s.status() == {"1001": "in_batch", "1002": "released"}
    s.apply(s.job.batch(2))
    assert s.job.balance()["holds"].all() and len(s.job.state.refunds) == 0
