"""QR cards: every code can be read from the paper, names are never in it, and a cut stack is in order."""

from __future__ import annotations

import shutil
import subprocess

import pandas as pd
import pytest
import zxingcpp
from PIL import Image

from prepaykit.errors import NeighbourFailed, UsageError
from prepaykit.report.cards import cards_in_order, cut_stack, draw_cards, drawable, visual
from prepaykit.rules.codes import issue_codes
from prepaykit.tables.catalog import empty

NAMES = [("Zoë", "Łukaszewicz"), ("Thị", "Nguyễn"), ("Anna-Maria Josephine", "von und zu Schellenberg-Wittgenstein"), ("Иван", "Петров"),
         ("محمد", "العربي"), ("小龍", "李"), ("D'Arcy 🎈", "O'Neill"), ("=HYPERLINK(1)", "Null"), ("A" * 90, "")]  # fmt: skip


def school(count: int, *, blanks: int = 0):
    codes = issue_codes(count + blanks + 2, [], seed=3)
    rows = [
        {"access_code": codes[i], "first_name": NAMES[i % len(NAMES)][0], "last_name": NAMES[i % len(NAMES)][1], "group_id": 1 + i % 2,
         "teacher": None, "grade": "3", "kind": "student"} for i in range(count)
    ] + [{"access_code": codes[count + i], "kind": "blank"} for i in range(blanks)]  # fmt: skip
    subjects = pd.DataFrame(
        rows, columns=["access_code", "first_name", "last_name", "group_id", "teacher", "grade", "kind"]
    )
    subjects = subjects.astype(
        {
            "group_id": "Int64",
            **dict.fromkeys(["access_code", "first_name", "last_name", "teacher", "grade", "kind"], "str"),
        }
    )
    groups = pd.DataFrame(
        {"group_id": [1, 2], "name": ["10A", "3B"], "teacher": ["Hewitt", None], "access_code": codes[-2:]}
    )
    return subjects, groups


def pages(pdf, folder, dpi=150):
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed")
    subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", "-png", str(pdf), str(folder / "page")], check=True)
    for file in sorted(folder.glob("page*.png")):
        with Image.open(file) as picture:
            yield picture.copy()


@pytest.mark.parametrize("sheet", ["letter", "a4"])
def test_every_code_is_read_from_the_paper_twice_and_nothing_else(tmp_path, sheet):
    subjects, groups = school(20, blanks=3)
    pdf = draw_cards(subjects, groups, tmp_path / "cards.pdf", sheet=sheet, school="Maple Grove Elementary")
    read = [
        s.text
        for page in pages(pdf, tmp_path)
        for s in zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
    ]
    assert sorted(read) == sorted([*subjects["access_code"], *groups["access_code"]] * 2)


def test_names_with_accents_can_be_found_in_the_text_of_the_pdf(tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    subjects, groups = school(9)
    pdf = draw_cards(subjects, groups, tmp_path / "cards.pdf")
    text = subprocess.run(["pdftotext", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    assert "Zoë Łukaszewicz" in text
    assert "Thị Nguyễn" in text
    assert "Иван Петров" in text
    assert "?" not in text


def test_a_cut_stack_is_in_order():
    for count in (1, 7, 8, 9, 40, 43):
        sheets = cut_stack(count)
        stack = [sheet[place] for place in range(8) for sheet in sheets]
        assert [n for n in stack if n is not None] == list(range(count))


def test_classes_come_one_after_the_other_group_card_first_and_blanks_last():
    subjects, groups = school(6, blanks=2)
    cards = cards_in_order(subjects.sample(frac=1, random_state=1), groups.iloc[::-1])
    kinds = [c.kind for c in cards]
    assert kinds == [
        "group",
        "student",
        "student",
        "student",
        "group",
        "student",
        "student",
        "student",
        "blank",
        "blank",
    ]
    assert [c.title for c in cards if c.kind == "group"] == ["3B", "10A"]
    last = [c.title.split()[-1].casefold() for c in cards[1:4]]
    assert last == sorted(last)


def test_a_card_printed_later_still_names_its_class():
    subjects, groups = school(1)
    (card,) = cards_in_order(subjects, empty("groups"), classes=groups)
    assert card.below == ("10A",)


def test_the_same_tables_give_the_same_bytes(tmp_path):
    subjects, groups = school(9)
    first, second = (draw_cards(subjects, groups, tmp_path / n) for n in ("a.pdf", "b.pdf"))
    assert first.read_bytes() == second.read_bytes()


def test_a_full_disk_leaves_the_cards_of_yesterday_whole(tmp_path, monkeypatch):
    def full(path, content):
        path.write_bytes(content[:10])
        raise OSError(28, "No space left on device")

    (tmp_path / "cards.pdf").write_bytes(b"yesterday")
    monkeypatch.setattr("prepaykit.report.export.write_durably", full)
    with pytest.raises(NeighbourFailed, match=r"cards\.pdf could not be written: No space left on device"):
        draw_cards(*school(1), tmp_path / "cards.pdf")
    assert [p.name for p in tmp_path.iterdir()] == ["cards.pdf"]
    assert (tmp_path / "cards.pdf").read_bytes() == b"yesterday"


def test_another_sheet_or_nothing_to_print_is_a_wrong_call(tmp_path):
    subjects, groups = school(1)
    with pytest.raises(UsageError, match="letter or a4"):
        draw_cards(subjects, groups, tmp_path / "x.pdf", sheet="legal")
    with pytest.raises(UsageError, match="no cards"):
        draw_cards(empty("subjects"), empty("groups"), tmp_path / "x.pdf")


def test_signs_the_font_has_not_are_left_out_rather_than_questioned():
    assert drawable("小龍 李") == ""
    assert drawable("D'Arcy 🎈 O'Neill") == "D'Arcy O'Neill"


def test_arabic_letters_are_joined_and_run_from_right_to_left():
    assert visual("محمد") == "ﺪﻤﺤﻣ"
