"""The script of a panel in a real Chromium, before a kernel that the test plays: what a key does at the moment at which it should not do it yet, or not any more."""

import json

import pytest

from prepaykit.panels.grid import script

HERE = "http://127.0.0.1/"
BEGIN = """async source => {
    const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
    const panel = (await import(url)).default;
    window.open_panel = () => {
        const heard = [], sent = [];
        const model = {on: (_, does) => heard.push(does), off: () => heard.splice(0), send: (message) => sent.push(JSON.parse(JSON.stringify(message)))};
        const el = document.body.appendChild(document.createElement('div'));
        const close = panel.render({model, el});
        return {el, sent, close, hear: (message, buffers) => [...heard].forEach((does) => does(message, buffers))};
    };
    window.first = window.open_panel();
}"""
DECIDES = [
    {"name": "accept", "key": "Enter", "label": "Take the first", "needs": "candidate", "goes_on": True},
    {"name": "other", "key": "o", "label": "Another child", "needs": "text", "goes_on": True},
    {"name": "later", "key": "l", "label": "Later", "needs": "", "goes_on": True},
    {"name": "hide", "key": "x", "label": "Hide", "needs": "frame", "goes_on": False},
]
REVISES = [
    {"name": "release", "key": "Enter", "label": "Release", "needs": "", "goes_on": True},
    {"name": "clean", "key": "C", "label": "Release all clean", "needs": "", "every": "release", "goes_on": True},
]
KEYS = ["W1", "W2", "W3"]


@pytest.fixture
def page(browser):
    context = browser.new_context()
    context.route("**/*", lambda route: route.fulfill(body="<title>.</title>", content_type="text/html"))
    page = context.new_page()
    page.goto(HERE)
    page.evaluate(BEGIN, script())
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


def hear(page, kind, which="first", **message):
    page.evaluate(f"message => window.{which}.hear(message)", {**message, "kind": kind})


def rows(page, keys=KEYS, *, which="first", actions=DECIDES, layout="table", decisions=(), focuses=True, **more):
    given = [{"many": False, "every": "", **action} for action in actions]
    hear(page, "rows", which, title="T", job="j", nothing="", layout={"kind": layout}, scope="s", head=1, suggests=True, actions=given,
         columns=[{"name": "key", "title": "row", "kind": "code", "width": 9}], decisions=list(decisions),
         rows={"key": list(keys), "is_ready": [True] * len(keys)}, **more)  # fmt: skip
    if focuses:
        page.locator(".pk-grid").first.focus()


def details(page, key, *values, blocks=(), share=None, sure=""):
    items = [{"value": v, "title": v, "share": share, "sure": sure, "frames": [{"frame": 7, "caption": "7", "tone": ""}], "facts": [], "note": ""} for v in values]
    hear(page, "details", row=key, blocks=[{"kind": "candidates", "title": "", "items": items, "nobody": ""}, *blocks])


def sent(page, kind="press", which="first"):
    return [m for m in page.evaluate(f"() => window.{which}.sent") if m["kind"] == kind]


def said(page):
    """(row, action, value) of every press that went to the kernel."""
    return [(m["row"], m["action"], m["value"]) for m in sent(page)]


def type_keys(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def kept(page, no):
    """The kernel keeps the last press."""
    last = sent(page)[-1]
    hear(page, **last | {"kind": "kept", "no": no, "said": last["action"], "who": "ana"})


# --- keys before their row is shown ----------------------------------------------------------------------------------------


def test_what_is_typed_early_into_the_box_is_no_key_of_the_row(page):
    rows(page)
    type_keys(page, "Enter", "o", "l", "o")
    details(page, "W1", "X-1")
    assert said(page) == [("W1", "accept", "X-1")]
    assert page.locator(".pk-typing input").input_value() == "lo"


def test_two_clicks_before_the_row_is_shown_are_two_decisions(page):
    rows(page)
    for _ in range(2):
        page.locator("[data-action=accept]").click()
    details(page, "W1", "X-1")
    details(page, "W2", "X-2")
    assert said(page) == [("W1", "accept", "X-1"), ("W2", "accept", "X-2")]


PRINTS = {
    "kind": "prints", "title": "", "strips": {"c": [{"frame": n, "mark": f"{n}#a", "caption": str(n), "tone": "", "width": 20, "height": 30} for n in (7, 8)]},
    "sheets": [{"title": p, "note": "", "tone": "", "slots": [{"part": f"W1/{p}", "label": p, "width": 2, "height": 3, "is_fixed": False, "centre": 0.5,
                                                                "box": None, "frame": 7 + n, "crop": None, "strip": "c"}]} for n, p in enumerate("AB")],
}  # fmt: skip


def picture_comes(page, frame):
    page.evaluate("""async frame => {
        const canvas = Object.assign(document.createElement('canvas'), {width: 20, height: 30});
        const blob = await new Promise((does) => canvas.toBlob(does, 'image/jpeg'));
        window.first.hear({kind: 'frames', asked: [frame], large: true, frames: [frame]}, [await blob.arrayBuffer()]);
    }""", frame)  # fmt: skip
    page.wait_for_timeout(200)


def test_a_frame_chosen_before_its_print_is_shown_is_taken_when_it_is(page):
    rows(page, actions=REVISES, layout="pictures")
    type_keys(page, "2", "Enter")
    details(page, "W1", blocks=[PRINTS])
    assert said(page) == [("W1/A", "frame", "8#a"), ("W1", "release", "")]


def test_a_crop_drawn_before_its_picture_came_is_one_of_that_print_whatever_was_pressed_behind_it(page):
    rows(page, actions=REVISES, layout="pictures")
    details(page, "W1", blocks=[PRINTS])
    type_keys(page, "-", "]", "-", "Enter")
    assert said(page) == []
    picture_comes(page, 7)
    picture_comes(page, 8)
    assert [row[:2] for row in said(page)] == [("W1/A", "crop"), ("W1/B", "crop"), ("W1", "release")]
    assert [row[2].split("@")[1] for row in said(page)[:2]] == ["7#a", "8#a"]


def test_a_frame_of_before_taken_again_is_shown_with_the_crop_that_it_keeps(page):
    rows(page, actions=REVISES, layout="pictures")
    cropped = json.loads(json.dumps(PRINTS))
    cropped["sheets"][0]["slots"][0]["crop"] = "0.1,0.1,0.5,0.5"
    details(page, "W1", blocks=[cropped])
    picture_comes(page, 7)
    type_keys(page, "2", "1")
    assert "cropped by hand" in page.locator(".pk-editor-words").inner_text()


# --- rows that come anew under the hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize("box", ["typing", "filter"])
def test_whoever_is_typing_goes_on_typing_when_the_rows_come_anew(page, box):
    rows(page)
    details(page, "W1", "X-1")
    type_keys(page, *{"typing": ("o", "n"), "filter": ("/", "w")}[box])
    rows(page, ["W2", "W3"], focuses=False)
    type_keys(page, "l")
    assert said(page) == []
    assert page.evaluate("() => document.activeElement.value") in ("nl", "wl")


def test_a_picture_that_was_chosen_is_not_hidden_for_another_row(page):
    rows(page)
    details(page, "W1", "X-1")
    page.locator("figure[data-frame='7']").click()
    page.locator(".pk-bar input").fill("w3")
    page.locator(".pk-grid").focus()
    details(page, "W3", "X-3")
    type_keys(page, "x")
    assert said(page) == []
    assert "Choose one of the pictures" in page.locator(".pk-say").inner_text()


def test_enter_before_the_suggestions_came_takes_none_of_several_unseen(page):
    rows(page)
    details(page, "W1", "X-1")
    type_keys(page, "o", "a", "d", "a", "Enter")
    asked = sent(page, "suggest")[-1]["no"]
    hear(page, "suggestions", no=asked, items=[{"value": v, "title": "Ada", "note": v} for v in ("X-1", "X-2")])
    assert said(page) == []
    type_keys(page, "Enter")
    assert said(page) == [("W1", "other", "X-1")]


def test_enter_before_the_suggestions_came_takes_the_only_one(page):
    rows(page)
    details(page, "W1", "X-1")
    type_keys(page, "o", "a", "Enter")
    hear(page, "suggestions", no=sent(page, "suggest")[-1]["no"], items=[{"value": "X-1", "title": "Ada", "note": ""}])
    assert said(page) == [("W1", "other", "X-1")]


# --- undo ------------------------------------------------------------------------------------------------------------------


def test_undo_leaves_what_another_window_decided_later(page):
    rows(page)
    type_keys(page, "l")
    kept(page, 1)
    hear(page, "news", head=1, moved=False, decisions=[
        {"no": 2, "row": "W1", "of": "", "action": "accept", "value": "X-1", "said": "for X-1", "who": "bo", "window": "another"}])  # fmt: skip
    type_keys(page, "u")
    assert said(page) == [("W1", "later", "")]


def test_undo_after_a_refusal_takes_back_what_was_said_last_and_stands(page):
    rows(page)
    type_keys(page, "l")
    kept(page, 1)
    type_keys(page, "l")
    kept(page, 2)
    type_keys(page, "Home")
    details(page, "W1", "X-1")
    type_keys(page, "Enter")
    both = [{"no": n, "row": f"W{n}", "of": "", "action": "later", "value": "", "said": "later", "who": "ana", "window": m["window"]}
            for n, m in enumerate(sent(page)[:2], 1)]  # fmt: skip
    hear(page, **sent(page)[-1] | {"kind": "refused", "text": "no", "decisions": both})
    type_keys(page, "u")
    assert said(page)[-1] == ("W2", "undo", "")


# --- plan ------------------------------------------------------------------------------------------------------------------


def plan_comes(page, no, name):
    hear(page, "preview", no=no, id=name, headline=name, is_empty=False, findings=[], unusable=[], blocks=[], took_ms=1)


def test_only_the_plan_on_the_screen_is_applied(page):
    rows(page)
    type_keys(page, "p")
    plan_comes(page, 1, "first")
    type_keys(page, "p", "Control+Enter")
    assert sent(page, "apply") == []
    plan_comes(page, 2, "second")
    type_keys(page, "Control+Enter")
    assert [m["plan"] for m in sent(page, "apply")] == ["second"]


def test_a_reason_being_typed_stays_when_the_plan_goes(page):
    rows(page)
    type_keys(page, "p")
    plan_comes(page, 1, "first")
    page.locator("[aria-label=Why]").focus()
    type_keys(page, "l")
    hear(page, "news", head=1, moved=False, decisions=[
        {"no": 2, "row": "W1", "of": "", "action": "later", "value": "", "said": "later", "who": "bo", "window": "another"}])  # fmt: skip
    type_keys(page, "l")
    assert (said(page), page.locator("[aria-label=Why]").input_value()) == ([], "ll")


# --- a kernel that dies ----------------------------------------------------------------------------------------------------


def test_of_two_windows_each_keeps_its_own_presses_and_the_next_one_sends_them_as_they_were_pressed(page):
    rows(page)
    page.evaluate("() => { window.second = window.open_panel(); }")
    rows(page, which="second")
    page.locator(".pk-grid").nth(0).focus()
    type_keys(page, "l")
    page.locator(".pk-grid").nth(1).focus()
    type_keys(page, "ArrowDown", "l")
    mine, other = sent(page)[-1], sent(page, which="second")[-1]
    assert mine["window"] != other["window"]
    page.evaluate("() => { window.third = window.open_panel(); }")
    rows(page, which="third")
    again = [(m["id"], m["window"], m["row"]) for m in sent(page, which="third")]
    assert again == [(m["id"], m["window"], m["row"]) for m in (mine, other)]


@pytest.mark.parametrize("unsure", [{"share": 0.002}, {"share": 0.4998}, {"sure": "possible"}])
def test_enter_takes_nobody_who_is_hardly_likely_and_the_number_does(page, unsure):
    rows(page)
    details(page, "W1", "X-1", "X-2", **unsure)
    type_keys(page, "Enter")
    assert said(page) == []
    assert "Press 1 to take it all the same" in page.locator(".pk-say").inner_text()
    type_keys(page, "1")
    assert said(page) == [("W1", "accept", "X-1")]


def test_enter_takes_who_is_likelier_than_all_others(page):
    rows(page)
    details(page, "W1", "X-1", "X-2", share=0.93)
    type_keys(page, "Enter")
    assert said(page) == [("W1", "accept", "X-1")]
