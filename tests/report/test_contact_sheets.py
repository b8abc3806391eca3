"""Contact sheets: every picture where a person expects it, doubts first, nothing of a name unless asked for."""

from __future__ import annotations

import io
import re

import pandas as pd
import pytest
from PIL import Image

from prepaykit.decide.codes import plan_codes
from prepaykit.decide.photos import plan_photos
from prepaykit.errors import NeighbourFailed, UsageError
from prepaykit.intake.thumbnails import thumbnail_path
from prepaykit.report.contact_sheets import INDEX, PDF, write_contact_sheets
from prepaykit.report.sheet_tables import DOUBT_SHEET, UNASSIGNED_SHEET, sheet_tables
from tests.rules.picture_day import day, job
from tests.rules.test_doubts_of_the_sequence import CODES, shot, usual


def picture(shade: int = 120) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 90), (shade, 90, 200)).save(out, "JPEG")
    return out.getvalue()


def shot_job(text="G001 . K001 . . ? . K002 . x", **names):
    state = job("K001", "K002", "K003", blanks=("B001",))
    for column, value in names.items():
        state = state.replace(
            subjects=state.subjects.assign(
                **{column: state.subjects[column].where(state.subjects["subject_id"] != 1, value)}
            )
        )
    return state.after(plan_photos(state, day(text)))


def written(state, folder, **kw):
    content = picture()
    from hashlib import sha256

    frames = state.frames.assign(
        sha256=state.frames["sha256"].where(state.frames["sha256"].isna(), sha256(content).hexdigest())
    )
    state = state.replace(frames=frames)
    return write_contact_sheets(
        state, folder / "sheets", thumbs=folder / "thumbs", open_bytes=lambda root, path: content, **kw
    )


def tiles(tables, sheet):
    rows = tables.tiles[tables.tiles["sheet"] == sheet].merge(
        tables.blocks[["sheet", "block", "title"]], on=["sheet", "block"], validate="m:1"
    )
    return {
        title: [f"{r.kind} {r.frame_id} {r.marks}".strip() for r in part.itertuples()]
        for title, part in rows.groupby("title", sort=False)
    }


def test_a_sheet_a_class_in_the_order_of_the_names_list_each_session_behind_its_card():
    tables = sheet_tables(shot_job())
    assert tables.blocks["sheet"].drop_duplicates().tolist() == [DOUBT_SHEET, UNASSIGNED_SHEET, "3A"]
    assert tiles(tables, "3A") == {
        "Group pictures": ["card 1", "group 2"], "K001": ["card 3", "frame 4", "frame 5"], "K002": ["card 8", "frame 9"],
    }  # fmt: skip
    blocks = tables.blocks[tables.blocks["sheet"] == "3A"].set_index("title")
    assert blocks.loc["K003", "flags"] == "no frames"


def test_a_strip_shows_the_frames_as_shot_around_each_doubt_with_what_to_do():
    state = job(*CODES)
    days = usual(without=("K08",)) | {"K07": "K07 . . | . ."}
    tables = sheet_tables(state.after(plan_photos(state, shot(*days.values()))))
    strips = tables.blocks[tables.blocks["sheet"] == DOUBT_SHEET]
    assert strips["title"].tolist() == ["card skipped"]
    assert "prepaykit codes --tag 22=CODE" in strips["text"].iloc[0]
    assert tiles(tables, DOUBT_SHEET)["card skipped"][2:7] == [
        "frame 20",
        "frame 21",
        "frame 22 doubt here",
        "frame 23 doubt",
        "card 24",
    ]
    assert tiles(tables, "3A")["K07"] == ["card 19", "frame 20", "frame 21", "frame 22 doubt", "frame 23 doubt"]
    assert tables.blocks.set_index("title").loc["K07", "flags"] == "doubt"


def test_the_unassigned_stand_behind_their_unread_card_and_what_was_set_aside_is_shown_too():
    assert tiles(sheet_tables(shot_job()), UNASSIGNED_SHEET) == {
        "after the unread card 6": ["unread 6", "frame 7"], "set aside": ["aside 10"],
    }  # fmt: skip


def test_hidden_chosen_and_shared_frames_are_marked():
    state = shot_job("K001 . . K001+K002 . K003 ")
    state = state.after(plan_codes(state, hide=[2], favourite={"K001": 3}))
    assert tiles(sheet_tables(state), "3A")["K001"] == [
        "card 1",
        "frame 2 hidden",
        "frame 3 favourite",
        "card 4",
        "frame 5 several",
    ]
    flags = sheet_tables(state).blocks.set_index("title")["flags"]
    assert (flags["K001"], flags["K003"]) == ("with siblings · 1 hidden", "card, no frames")


def test_pages_hold_their_pictures_name_nobody_and_run_nothing(tmp_path):
    state = shot_job(first_name="<img src=x onerror=alert(1)>", last_name="Kim")
    index, pdf, *pages = written(state, tmp_path)
    assert (index.name, pdf.name) == (INDEX, PDF)
    assert pdf.read_bytes().startswith(b"%PDF")
    for page in (index, *pages):
        text = re.sub(r'src="data:[^"]*"', 'src="data:"', page.read_text(encoding="utf-8"))
        assert "Kim" not in text and "onerror" not in text and "<script" not in text
        assert "default-src 'none'" in text
        assert not re.search(r'(?:src|href)="(?!data:|[\w-]+\.(?:html|pdf)")', text)
    klass = next(p for p in pages if p.name.endswith("3a.html")).read_text(encoding="utf-8")
    assert klass.count("<img ") == 7 and klass.count("data:image/jpeg;base64,") == 7


def test_names_are_shown_when_asked_for_and_escaped(tmp_path):
    state = shot_job(first_name="<img src=x onerror=alert(1)>", last_name="Kim")
    index, pdf, *pages = written(state, tmp_path, names=True)
    text = pages[-1].read_text(encoding="utf-8")
    assert "&lt;img src=x onerror=alert(1)&gt; Kim" in text and "<img src=x" not in text
    assert "keep these files to yourself" in index.read_text(encoding="utf-8")
    assert pdf.stat().st_size > 1000


def test_a_class_whose_name_is_a_path_stays_in_its_folder(tmp_path):
    state = shot_job()
    state = state.replace(groups=state.groups.assign(name="../../CON <b>"))
    pages = written(state, tmp_path)
    assert {p.parent for p in pages} == {tmp_path / "sheets"}
    assert "&lt;b&gt;" in pages[-1].read_text(encoding="utf-8")


def test_thumbnails_are_made_once_and_kept(tmp_path):
    state = shot_job()
    asked = []

    def open_bytes(root: str, path: str) -> bytes:
        asked.append(path)
        return picture()

    from hashlib import sha256

    digest = sha256(picture()).hexdigest()
    state = state.replace(frames=state.frames.assign(sha256=digest))
    for _ in range(2):
        write_contact_sheets(state, tmp_path / "sheets", thumbs=tmp_path / "thumbs", open_bytes=open_bytes)
        first, asked = asked or [None], []
    assert thumbnail_path(tmp_path / "thumbs", digest).exists()
    assert first == [None], "the second look opens no frame"


def test_a_frame_that_is_gone_changed_or_damaged_leaves_a_place_and_the_page_goes_on(tmp_path):
    def open_bytes(root: str, path: str) -> bytes:
        if path.endswith("4.JPG"):
            raise NeighbourFailed("gone")
        return picture() if path.endswith("5.JPG") else b"\xff\xd8 damaged"

    pages = write_contact_sheets(shot_job(), tmp_path / "sheets", thumbs=tmp_path / "thumbs", open_bytes=open_bytes)
    text = pages[-1].read_text(encoding="utf-8")
    assert text.count("no picture") == 7 and "<img " not in text
    assert not list((tmp_path / "thumbs").rglob("*.jpg")), "nothing of other bytes is kept"


@pytest.mark.parametrize("state", [job("K001", "K002"), job()])
def test_a_job_without_frames_has_sheets_too(tmp_path, state):
    pages = written(state, tmp_path)
    assert pages[1].read_bytes().startswith(b"%PDF")
    if len(state.subjects):
        assert pages[-1].read_text(encoding="utf-8").count("no frames") == 2


def test_sheets_of_an_earlier_look_are_taken_away_and_other_files_left(tmp_path):
    written(shot_job(), tmp_path)
    (tmp_path / "sheets" / "my notes.html").write_text("keep")
    pages = written(shot_job("K001 ."), tmp_path)
    there = {p.name for p in (tmp_path / "sheets").iterdir()}
    assert there == {p.name for p in pages} | {"my notes.html"}


def test_the_same_job_gives_the_same_bytes(tmp_path):
    first = [p.read_bytes() for p in written(shot_job(), tmp_path / "a")]
    assert [p.read_bytes() for p in written(shot_job(), tmp_path / "b")] == first


def test_paper_is_letter_or_a4(tmp_path):
    with pytest.raises(UsageError, match="letter or a4"):
        written(shot_job(), tmp_path, paper="napkin")
    assert b"595" in written(shot_job(), tmp_path, paper="a4")[1].read_bytes()


def test_missing_groups_and_columns_of_only_missing_values_are_no_trouble(tmp_path):
    state = job("K001", "K002", group="G001")
    state = state.replace(subjects=state.subjects.assign(group_id=pd.NA))
    state = state.after(plan_photos(state, day("K001 . K002 . . . . . .")))
    assert tiles(sheet_tables(state), "No class")["K001"] == ["card 1", "frame 2"]
    written(state, tmp_path)


def test_a_class_called_as_the_sheet_of_doubts_keeps_its_pictures_apart_and_no_file_of_others_is_taken_away(tmp_path):
    state = job("K01", "K02")
    state = state.replace(groups=state.groups.assign(name="Unassigned"))
    state = state.after(plan_photos(state, shot("K01 . ? .", "K02 . .")))
    tables = sheet_tables(state)
    assert list(tables.blocks["sheet"].unique()) == ["Doubts", "Unassigned", "Unassigned (class)"]
    assert not tables.tiles.duplicated(["sheet", "block", "frame_id"]).any()
    (tmp_path / "001-notes.html").write_text("<title>mine</title>", encoding="utf-8")
    pages = write_contact_sheets(state, tmp_path, thumbs=tmp_path / "thumbs", open_bytes=lambda *_: b"")
    (tmp_path / "099-old.html").write_bytes(pages[2].read_bytes())
    write_contact_sheets(state, tmp_path, thumbs=tmp_path / "thumbs", open_bytes=lambda *_: b"")
    assert (tmp_path / "001-notes.html").exists() and not (tmp_path / "099-old.html").exists()
