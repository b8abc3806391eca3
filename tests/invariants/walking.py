"""A job and what people do to it, for walks at random: every verb, in any order, with whatever comes to hand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

import pandas as pd
from hypothesis import strategies as st

from prepaykit.decide.batch import plan_batch
from prepaykit.decide.cancel import plan_cancel, plan_cancel_item
from prepaykit.decide.codes import plan_codes
from prepaykit.decide.names import plan_names
from prepaykit.decide.orders import plan_orders
from prepaykit.decide.paper import plan_paper
from prepaykit.decide.photos import plan_photos
from prepaykit.decide.place import plan_place
from prepaykit.decide.populate import plan_populate
from prepaykit.decide.prices import plan_prices
from prepaykit.decide.revise import in_revision, plan_revise
from prepaykit.decide.settings import plan_settings
from prepaykit.errors import Refused, Unbalanced, UsageError
from prepaykit.rules.items import item_names
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState
from tests.jobs import NOW
from tests.rules.picture_day import day

CODES = ["KA01", "KB02", "KC03", "KD04", "BL01"]  # four children, of two classes, and a blank card
CHILDREN = CODES[:4]
PRICES = pd.DataFrame({
    "code": ["P57", "GP", "MM", "A", "B"], "name": ["5x7", "Class picture", "Memory mate", "All", "Two mates"],
    "kind": ["product"] * 3 + ["package"] * 2, "image_kind": ["individual", "group", "memory_mate", None, None],
    "size": ["5x7", "8x10", "8x10", None, None], "price_cents": [1000, 1500, 2200, 4000, 3000], "items": [None] * 3 + ["P57;GP;MM", "MM;MM"],
})  # fmt: skip


def names_list() -> pd.DataFrame:
    return pd.DataFrame({
        "access_code": CODES, "first_name": ["First0", "First1", "First2", "First3", None], "last_name": ["Last0", "Last1", "Last2", "Last3", None],
        "group": ["3A", "3A", "4B", "4B", None], "teacher": ["Adams", "Adams", "Brown", "Brown", None], "grade": ["3", "3", "4", "4", None],
        "student_id": ["001", "002", "003", "004", None], "kind": ["student"] * 4 + ["blank"], "photograph": True, "sell": True,
    })  # fmt: skip


@dataclass
class Walk:
    """A job on its way: the state now, the names list and orders file as people have them, and what was sent."""

    state: JobState
    names: pd.DataFrame
    orders: pd.DataFrame
    now: pd.Timestamp = NOW
    shoots: int = 0
    days: list[pd.DataFrame] = field(default_factory=list)
    sent: list[dict] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def apply(self, plan: Plan, again: object = None) -> None:
        """Apply a plan; made once more (`again`), it must be empty."""
        self.sent += [json.loads(p) for p in plan.effects["payload"]]
        self.state = self.state.after(plan)
        if again is not None:
            assert again().is_empty, (self.done, again())

    def do(self, make: object) -> None:
        """Make a plan and apply it; a refusal changes nothing."""
        try:
            plan = make()
        except Unbalanced:
            raise
        except (Refused, UsageError):
            self.done.append("refused")
            return
        self.apply(plan, make)

    # --- steps -------------------------------------------------------------------------------------------------------

    def populate(self, data: st.DataObject) -> None:
        self.do(lambda: plan_populate(self.state))

    def place(self, data: st.DataObject) -> None:
        accept = [data.draw(st.sampled_from(self.numbers()))] if data.draw(st.integers(0, 3)) == 0 else []
        self.do(lambda: plan_place(self.state, now=self.now, accept=accept))

    def revise(self, data: st.DataObject) -> None:
        """Render what can be rendered and release what is clean; the artwork's name says which bytes it was made of."""
        queue = in_revision(self.state).merge(
            self.state.frames[["frame_id", "sha256"]], on="frame_id", how="left", validate="m:1"
        )
        ready = queue[(queue["mate"] > 0) & queue.groupby("mate")["frame_id"].transform("count").eq(2)]
        artwork = {
            int(rows["slot_id"].min()): (made_of(rows["sha256"]), "ff")
            for _, rows in ready[ready["lacks"] == "artwork"].groupby("mate")
        }
        release = data.draw(st.sampled_from(["clean", ()]))
        self.do(lambda: plan_revise(self.state, now=self.now, artwork=artwork, release=release))

    def choose(self, data: st.DataObject) -> None:
        """A person puts any frame into any slot."""
        if len(self.state.slots) and len(self.state.frames):
            slot = data.draw(st.sampled_from(self.state.slots["slot_id"].tolist()))
            frame = data.draw(st.sampled_from(self.state.frames["frame_id"].tolist()))
            self.do(lambda: plan_revise(self.state, now=self.now, replace={slot: frame}))

    def batch(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([None, *self.state.batches["batch_id"]]))
        try:
            self.apply(plan_batch(self.state, now=self.now, number=number))
        except Refused:
            self.done.append("refused")

    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.numbers()))
        self.do(lambda: plan_cancel(self.state, [number], now=self.now, why="test"))

    def cancel_item(self, data: st.DataObject) -> None:
        """One item of any order, as a person would name it."""
        line = self.state.lines.iloc[data.draw(st.integers(0, len(self.state.lines) - 1))]
        order = self.state.orders.set_index("order_id").loc[line["order_id"]]
        name = item_names(self.state, int(line["order_id"]))[line["line_id"]]
        try:
            self.apply(plan_cancel_item(self.state, f"{order['origin']}:{order['order_no']}", name, now=self.now, why="test"))
        except Refused:
            self.done.append("refused")

    def correct(self, data: st.DataObject) -> None:
        """Relabel, bind, tag, hide or give an order another code: sensible or not."""
        state = self.state
        seen = sorted({*state.galleries["read_code"]} or {"KA01"})
        frames = state.frames["frame_id"].tolist() or [1]
        what = data.draw(st.sampled_from(["relabel", "bind", "tag", "hide", "order_code"]))
        if what == "relabel":
            asked = {
                data.draw(st.sampled_from(seen)): data.draw(st.sampled_from([*CODES, *state.groups["access_code"]]))
            }
        elif what == "bind":
            asked = {"BL01": data.draw(st.sampled_from(CHILDREN))}
        elif what == "tag":
            codes = [*CODES, *state.groups["access_code"]]
            asked = {
                data.draw(st.sampled_from(frames)): data.draw(st.lists(st.sampled_from(codes), max_size=2, unique=True))
            }
        elif what == "hide":
            asked = {data.draw(st.sampled_from(frames)): data.draw(st.booleans())}
        else:
            asked = {
                int(data.draw(st.sampled_from(state.order_subjects["order_subject_id"].tolist()))): data.draw(
                    st.sampled_from(CODES)
                )
            }
        self.done[-1] += f" {what} {asked}"
        self.do(lambda: plan_codes(self.state, **{what: asked}))

    def photos(self, data: st.DataObject) -> None:
        """Another day of pictures, or a former one whose files hold other bytes now."""
        if self.days and data.draw(st.booleans()):
            read = self.days[data.draw(st.integers(0, len(self.days) - 1))]
            read = read.assign(sha256=read["sha256"] + data.draw(st.sampled_from(["", "x"])))
        else:
            self.shoots += 1
            groups = self.state.groups["access_code"].tolist()
            cards = data.draw(
                st.lists(st.sampled_from([*CODES, *groups, "KA01+KB02", "?", "ZZ99"]), min_size=1, max_size=5)
            )
            text = " ".join(f"{card} {'. ' * data.draw(st.integers(0, 2))}" for card in cards)
            read = day(text, root=f"shoot{self.shoots}", start=f"2026-09-{self.shoots:02d} 08:00")
            self.days.append(read)
        self.do(lambda: plan_photos(self.state, read, shoot_no=min(self.shoots, 2)))

    def list_again(self, data: st.DataObject) -> None:
        """The names list comes again, with a child in another class, opted out, renamed, or two codes exchanged."""
        rows, i = self.names.copy(), data.draw(st.integers(0, 3))
        what = data.draw(st.sampled_from(["class", "sell", "photograph", "exchange", "rename"]))
        if what == "class":
            rows.loc[i, ["group", "teacher", "grade"]] = data.draw(
                st.sampled_from([["3A", "Adams", "3"], ["4B", "Brown", "4"]])
            )
        elif what == "exchange":
            rows.loc[[0, 1], "access_code"] = rows.loc[[1, 0], "access_code"].to_numpy()
        elif what == "rename":
            rows.loc[i, "first_name"] = data.draw(st.sampled_from(["First0", "Other"]))
        else:
            rows.loc[i, what] = not rows.loc[i, what]
        self.done[-1] += f" {what} {i}"
        self.names = rows
        self.do(lambda: plan_names(self.state, self.names, seed=1))

    def orders_again(self, data: st.DataObject) -> None:
        self.do(lambda: plan_orders(self.state, self.orders, now=self.now))

    def envelopes(self, data: st.DataObject) -> None:
        """An envelope is keyed (its number may be that of an online order), with more money, or matched to somebody."""
        number = data.draw(st.sampled_from(["E1", "1001"]))
        row = pd.DataFrame({"envelope_no": [number], "packages": ["P57;MM"], "received_cents": [data.draw(st.sampled_from([1000, 3200, 4000]))],
                            "access_code": [data.draw(st.sampled_from(["KC03", "KX99"]))]})  # fmt: skip
        match = {number: data.draw(st.sampled_from(CODES))} if data.draw(st.booleans()) else {}
        self.do(lambda: plan_paper(self.state, row, match=match, now=self.now))

    def settings(self, data: st.DataObject) -> None:
        changed = data.draw(st.sampled_from([
            {"sibling_policy": "split"}, {"sibling_policy": "ship_partial"}, {"sibling_policy": "hold_whole"}, {"retake_policy": "first"},
            {"has_manual_revision": "yes"}, {"has_manual_revision": "no"}, {"underpaid_policy": "ship"}, {"underpaid_policy": "hold"},
        ]))  # fmt: skip
        self.do(lambda: plan_settings(self.state, changed))

    def later(self, data: st.DataObject) -> None:
        self.now += pd.Timedelta(days=20)

    def numbers(self) -> list[str]:
        return sorted(set(self.state.orders["order_no"]))


STEPS = [
    *[
        Walk.populate,
        Walk.place,
        Walk.place,
        Walk.revise,
        Walk.batch,
        Walk.correct,
        Walk.correct,
        Walk.photos,
        Walk.photos,
    ],
    *[
        Walk.choose,
        Walk.cancel,
        Walk.cancel_item,
        Walk.cancel_item,
        Walk.list_again,
        Walk.list_again,
        Walk.orders_again,
        Walk.envelopes,
        Walk.settings,
        Walk.later,
    ],
]


def made_of(digests: pd.Series) -> str:
    """A name for artwork that tells of which bytes it was made."""
    return hashlib.sha256(" ".join(sorted(digests)).encode()).hexdigest() + ".jpg"


def begin(data: st.DataObject) -> Walk:
    """A job with prices, four children and a blank card, six online orders and a picture day."""
    state = JobState.new(name="maple-grove-2026", school="Maple Grove", status="prepay", ship_to="1 School Lane",
                         batch_deadline="2026-10-16", batch_processing=data.draw(st.sampled_from(["manual", "automatic"])),
                         sibling_policy=data.draw(st.sampled_from(["hold_whole", "split", "ship_partial"])),
                         has_manual_revision=data.draw(st.booleans()))  # fmt: skip
    names = names_list()
    state = state.after(plan_names(state, names, seed=1))
    state = state.after(plan_prices(state, PRICES))
    kinds = st.sampled_from(["P57", "GP", "MM", "A", "B", "MM;MM"])
    rows = []
    for number in range(1001, 1007):
        paid = data.draw(st.sampled_from([0, 1000, 2700, 5000, 7300]))
        for code in data.draw(st.lists(st.sampled_from(CHILDREN), min_size=1, max_size=3, unique=True)):
            rows.append({"order_no": str(number), "access_code": code, "packages": data.draw(kinds), "paid_cents": paid,
                         "shipping": "direct" if number == 1006 else "batch", "ship_to": "9 Home St",
                         "student_first": f"First{CHILDREN.index(code)}", "student_last": f"Last{CHILDREN.index(code)}"})  # fmt: skip
    orders = pd.DataFrame(rows)
    state = state.after(plan_orders(state, orders, now=NOW))
    groups = state.groups["access_code"].tolist()
    there = [c for c in CHILDREN if data.draw(st.integers(0, 3))]
    read = day(" ".join([f"{groups[0]} . {groups[1]} . ."] + [f"{c} . ." for c in there]), root="shoot0")
    return Walk(state.after(plan_photos(state, read)), names, orders, days=[read])
