"""Why this child, for the eye: drawing, table and sentence say the same, and whatever a file held is only text."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from prepaykit.report.explained import Explained, as_html
from prepaykit.rules.matching import explain, match_in_full
from prepaykit.rules.matching.decisions import THRESHOLD
from prepaykit.rules.matching.explaining import as_table
from prepaykit.rules.told import told_of
from tests.decide.school import NAMES, envelopes, job, online, orders, paper

STATE = paper(job(), envelopes("""
    envelope_no  student_first  student_last  grade  teacher      access_code
    E-1          CERDA          Sofi          3rd    Mrs. Hewit   -
    E-2          Priya          Natarajan     -      -            -
    E-3          -              Farrow Bjorn  3      Hewitt       -
"""))  # fmt: skip
NUMBERS = ["E-1", "E-2", "E-3"]


class Tags(HTMLParser):
    """Counts tags, and whether each is closed."""

    def __init__(self, html):
        super().__init__()
        self.seen, self.open, self.ids = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in ("meta", "br", "line", "rect", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("number", NUMBERS)
def test_the_bars_make_the_total_and_the_totals_make_the_share(number):
    (told,) = told_of(STATE, number)
    for candidate in told["candidates"]:
        assert sum(b["bits"] for b in candidate["bars"]) == pytest.approx(candidate["bits"])
    everything = [2 ** c["bits"] for c in told["candidates"]] + [2 ** told["off_bits"], 2 ** told["other_bits"]]
    for candidate in told["candidates"]:
        assert 2 ** candidate["bits"] / sum(everything) == pytest.approx(candidate["probability"])
    assert sum(c["probability"] for c in told["candidates"]) + told["nobody"] + told["others"] == pytest.approx(1)
    best = told["candidates"][0]
    assert (best["bits"] >= told["needed_bits"]) == (best["probability"] >= THRESHOLD)


@pytest.mark.parametrize("number", NUMBERS)
def test_drawing_and_table_hold_the_same_bits(number):
    (told,) = told_of(STATE, number)
    table, html = as_table(told), as_html(told)
    drawn = [float(b) for b in re.findall(r'data-bits="([-0-9.]+)"', html)]
    assert drawn == pytest.approx([b for column in table for b in table[column]], abs=1e-5)
    written = [float(b) for b in re.findall(r'<td class="n">([-+0-9.]+)</td>', html)]
    assert written == pytest.approx(drawn, abs=0.0051)


def test_the_sentence_says_levels_shares_and_what_stopped_it():
    (told,) = told_of(STATE, "E-1")
    assert told["sentence"].startswith("9") or told["sentence"].startswith("over 99")
    assert "first and last name swapped" in told["sentence"]
    assert "surname exact (1 other on the list)" in told["sentence"]
    assert "Not on the list:" in told["sentence"]
    (told,) = told_of(STATE, "E-2")
    assert "For a person: only the name agrees." in told["sentence"]
    assert '<p class="stop">Stopped: only the name agrees.</p>' in as_html(told)


def test_differing_letters_are_marked_on_both_sides_and_equal_texts_are_not():
    (told,) = told_of(STATE, "E-1")
    fields = {f["field"]: f for f in told["candidates"][0]["fields"]}
    assert fields["teacher"]["marks"] == [("Mrs. Hewit", False), ("t", True)]
    assert fields["teacher"]["typed_marks"] == [("Mrs. Hewit", False)]
    assert fields["surname"]["marks"] == [("Cerda", False)]
    assert fields["first name"]["typed"] == "Sofi"
    assert fields["grade"]["typed_marks"] == [("3rd", False)]


def test_a_child_called_markup_is_text():
    evil = "<img src=x onerror=alert(1)>"
    names = pd.concat(
        [NAMES, NAMES.tail(1).assign(access_code="<b>X", first_name=evil, last_name='"><script>')], ignore_index=True
    )
    rows = envelopes("envelope_no  student_first  student_last  teacher\nE-1  Onerror  Script  Mr. Yeo")
    page = Explained(told_of(paper(job(names), rows), "E-1")).page()
    assert not {"img", "script"} & set(Tags(page).seen)
    assert "&lt;script&gt;" in page and "&lt;b&gt;X" in page and "<b>X" not in page
    rows = envelopes(f"envelope_no  student_first  student_last  teacher\nE-1  {evil}  Sandoval  </style><script>")
    page = Explained(told_of(paper(job(), rows), "E-1")).page()
    assert "<script" not in page and "<img" not in page


def test_the_page_needs_no_script_and_no_net_and_can_be_heard():
    state = online(STATE, orders("order_no  student_first  student_last\n1001  Some  Body\n1001  Other  Body"))
    shown = Explained([t for n in (*NUMBERS, "1001") for t in told_of(state, n)])
    page = shown.page()
    tags = Tags(page)
    assert tags.open == []
    assert (
        "default-src 'none'" in page
        and "http://" not in page.replace("http://www.w3.org/2000/svg", "")
        and "https://" not in page
    )
    assert len(tags.ids) == len(set(tags.ids))
    drawings = re.findall(r'<svg [^>]*role="img"[^>]*>.*?</svg>', page, re.S)
    assert len(drawings) == sum(len(t["candidates"]) for t in shown.told) > 4
    for drawing in drawings:
        wanted = re.search(r'aria-labelledby="(\w+) (\w+)"', drawing).groups()
        assert all(f'id="{i}"' in drawing for i in wanted)
        assert "<title id=" in drawing and "total" in re.search(r"<desc[^>]*>(.*?)</desc>", drawing).group(1)
    assert shown._repr_html_() in page


def test_in_a_terminal_it_is_sentences_and_a_table_of_bits():
    text = repr(Explained(told_of(STATE, "E-2")))
    assert text.startswith("Envelope E-2: review. ")
    assert re.search(r"names +\+\d", text) and "In the job it waits." in text


def test_nobody_near_is_said_without_a_drawing():
    told = explain(match_in_full(pd.DataFrame({"order_no": ["1"], "student_first": ["Zed"]}), NAMES.head(0)), "1")
    assert told["sentence"] == "Nobody on the list comes near."
    assert "role=" not in as_html(told)
    assert repr(Explained([told])) == "none. Nobody on the list comes near."
