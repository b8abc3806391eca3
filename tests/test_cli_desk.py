"""The analyst's afternoon by commands alone: who waits, why, decide, write it down, do it again."""

import pytest

from prepaykit.demo.tables import write_csv
from tests.decide.school import NAMES, PRICES, envelopes
from tests.test_cli import run

ROWS = envelopes("""
    envelope_no  student_first  student_last  grade  teacher
    E-1          Lupita         Iyer          3rd    Mrs. Hewitt
    E-2          Doruschka      Boone         4      Ms. Kowalski
""")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A job with names, prices and two envelopes, one of them for a person."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREPAYKIT_ACTOR", "ana")
    (tmp_path / "job.toml").write_text('name = "maple-grove-2026"\nschool = "Maple Grove"\n', encoding="utf-8")
    write_csv(NAMES.rename(columns={"access_code": "code"}), tmp_path / "names.csv")
    write_csv(PRICES.assign(price="9.00").drop(columns="price_cents"), tmp_path / "prices.csv")
    write_csv(ROWS.assign(amount_received="9.00").drop(columns="received_cents"), tmp_path / "paper.csv")
    run("new", tmp_path)
    run("names", "names.csv", "--blanks", 1, "--apply", code=1)
    run("prices", "prices.csv", "--apply")
    out, _ = run("paper", "paper.csv", "--apply", code=1)
    assert "1 matched by weighing" in out
    return tmp_path


def test_an_afternoon_at_the_desk_by_commands(desk):
    queue, _ = run("queue", "--csv")
    assert queue.splitlines()[0].startswith("number,kind,decision,reason,rank,access_code,probability")
    assert {line.split(",")[0] for line in queue.splitlines()[1:]} == {"E-2"}
    told, talk = run("why", "E-2", "--html", "why.html")
    assert told.startswith("Envelope E-2: review.") and "names of children" in talk
    page = (desk / "why.html").read_text(encoding="utf-8")
    assert "Ms. Kowalski" in page and "<script" not in page
    run("why", "E-9", code=2)
    run("paper", "--match", "E-2=X-10", "--why", "phone", "--apply")
    learnt, _ = run("learnt", "--csv")
    assert "nickname,doruschka,theodora,envelope E-2,ana" in learnt
    choices, _ = run("choices", "--csv")
    (desk / "choices.csv").write_text(choices, encoding="utf-8")
    run("undo", "--apply")
    assert "E-2" in run("queue")[0]
    run("paper", "--choices", "choices.csv", "--apply")
    assert "E-2" not in run("queue")[0]
    again, _ = run("choices", "--csv")
    assert again == choices
    assert "Nothing to do" in run("paper", "--choices", "choices.csv")[1]
    assert "choice_elsewhere" in run("codes", "--choices", "choices.csv")[0]


def test_the_setting_that_leaves_all_to_people_is_one_word(desk):
    out, _ = run("settings", "has_automatic_matching=no", "--apply")
    assert "has_automatic_matching True → False" in out
    assert "E-1" not in run("queue")[0], "what was taken stays taken"
