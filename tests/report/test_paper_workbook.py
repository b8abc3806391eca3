"""The workbook for typists: made, filled in as a typist would, read and planned; nothing typed by anybody is run."""

import io
import zipfile

import openpyxl
import pandas as pd
import pytest

from prepaykit.decide.paper import plan_paper
from prepaykit.decide.prices import plan_prices
from prepaykit.errors import Refused
from prepaykit.intake.bag_counts import has_bags, read_bags
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.report.paper_workbook import write_paper_workbook
from prepaykit.report.sheet_cells import HEAD
from prepaykit.rules.cash_up import cash_up
from prepaykit.tables.state import JobState
from tests.decide.test_orders import NOW, PRICES, people
from tests.tables_as_text import table

GROUPS = pd.DataFrame({"group_id": [1, 2], "name": ["3A", "10B"], "teacher": ["Hewitt", "Smith"], "grade": ["3", "10"],
                       "access_code": ["GRPA", "GRPB"]})  # fmt: skip
CHILDREN = table("""
    subject_id  access_code  first_name  last_name        group_id  student_id
    1           001234       Ada         Lee              2         000007
    2           1E5          Zoë         =HYPERLINK("x")  1         000008
    3           X-3          Bo          @Roe · Kim       1         1E7
""")


@pytest.fixture
def job():
    children = people(CHILDREN).assign(access_code=["001234", "1E5", "X-3"], student_id=["000007", "000008", "1E7"])
    blank = children.head(1).assign(
        subject_id=4, access_code="B-9", first_name=None, last_name=None, group_id=None, student_id=None, kind="blank"
    )
    children = pd.concat([children.astype({"group_id": "Int64"}), blank.astype({"group_id": "Int64"})])
    state = JobState.new(name="maple-grove-2026", school="Maple =Grove").replace(groups=GROUPS, subjects=children)
    return state.after(plan_prices(state, PRICES))


@pytest.fixture
def book(job, tmp_path):
    return write_paper_workbook(job, tmp_path / "paper.xlsx")


def filled(path, rows, bags=(), to="filled.xlsx"):
    """The workbook as a typist leaves it: each row a dictionary by heading; `child` picks the n-th of the list."""
    book = openpyxl.load_workbook(path)
    sheet, lists = book["Envelopes"], book["Lists"]
    column = {cell.value: cell.column for cell in sheet[HEAD]}
    for number, row in enumerate(rows, HEAD + 1):
        for heading, value in row.items():
            if heading == "child":
                sheet.cell(number, column["Class"], lists[f"B{value}"].value)
                heading, value = "Child or code", lists[f"C{value}"].value
            sheet.cell(number, column[heading], value)
    for number, values in enumerate(bags, HEAD + 1):
        for at, value in enumerate(values, 1):
            book["Bags"].cell(number, at, value)
    book.save(path.with_name(to))
    return path.with_name(to)


def test_it_has_a_sheet_for_everything_a_typist_looks_up_and_the_lists_are_hidden(book):
    sheets = openpyxl.load_workbook(book)
    assert sheets.sheetnames == ["Envelopes", "Bags", "Class lists", "Price list", "How to", "Lists"]
    assert sheets["Lists"].sheet_state == "hidden"
    rows = [[c.value for c in row[:4]] for row in sheets["Class lists"].iter_rows(min_row=HEAD + 1)]
    assert rows == [
        ["3A", '\'=HYPERLINK("x")', "Zoë", "1E5"],
        ["3A", "'@Roe · Kim", "Bo", "X-3"],
        ["10B", "Lee", "Ada", "001234"],
        ["(blank cards)", None, None, "B-9"],
    ]
    assert [c.value for c in sheets["Price list"]["A"][HEAD:]] == ["A", "B", "P57", "GRP", "DL", "RT"]


def test_a_whole_round_trip_made_filled_in_read_and_planned(job, book):
    rows = [
        {"Envelope no": "001", "Bag": "1", "child": 2, "qty A": 1, "qty P57": 2, "Amount received": 39, "Payment method": "cash"},
        {"Envelope no": "1E5", "Bag": "1", "child": 3, "Order string": "b–1; P57,RT-1", "Amount received": 44.5, "Payment method": "check",
         "Check no": "001187"},
        {"Envelope no": "E-3", "Bag": "2", "Class": "10B", "First name": "ada", "Last name": "LEE", "qty DL": 1, "Amount received": 15},
    ]  # fmt: skip
    path = filled(book, rows, [("1", 2, 0, 39, 1, 44.5, "mk"), ("2", 1, None, 15)])
    read, counts = read_paper_orders(path), read_bags(path)
    assert not len(read.findings) and not len(counts.findings)
    assert read.table[["envelope_no", "access_code", "packages", "received_cents", "check_no", "bag"]].fillna(
        "-"
    ).values.tolist() == [
        ["001", "1E5", "A-1;P57-2", 3900, "-", "1"],
        ["1E5", "X-3", "b–1; P57,RT-1", 4450, "001187", "1"],
        ["E-3", "-", "DL-1", 1500, "-", "2"],
    ]
    plan = plan_paper(job, read.table, bags=counts.table, findings=read.findings, now=NOW)
    state = job.after(plan)
    assert not len(plan.findings[plan.findings["code"] != "overpaid"])
    assert state.orders[["order_no", "total_cents", "paid_cents"]].values.tolist() == [
        ["001", 3900, 3900],
        ["1E5", 4400, 4450],
        ["E-3", 1500, 1500],
    ]
    assert state.order_subjects["subject_id"].tolist() == [2, 3, 1]
    assert cash_up(state)[["envelopes_off", "cash_off_cents"]].eq(0).all(axis=None)


def test_rows_in_which_only_formulas_stand_are_no_envelopes_whether_reckoned_or_not(book):
    assert read_paper_orders(book).table.empty
    path = filled(
        book,
        [{"Due": 0, "Differs": 0}, {"Envelope no": "E-2", "Due": "at import", "Differs": -4.0, "Order string": "A"}],
    )
    assert read_paper_orders(path).table["envelope_no"].tolist() == ["E-2"]


@pytest.mark.parametrize(
    ("typed", "string"), [(2, "A-2"), ("3", "A-3"), (0, "-"), ("x", "A-x"), (-1, "A--1"), (1.5, "A-1.5")]
)
def test_a_quantity_is_taken_as_typed_and_what_is_no_quantity_is_left_to_pricing_to_say(book, typed, string):
    read = read_paper_orders(filled(book, [{"Envelope no": "E-1", "qty A": typed}]))
    assert read.table["packages"].fillna("-").tolist() == [string]


def test_quantity_columns_are_understood_in_any_list(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("Envelope,Package,Qty. A,quantity of B1,Shelf\nE-1,P57-1;,2,,9\nE-2,,,1,\n")
    read = read_paper_orders(file)
    assert read.table["packages"].tolist() == ["P57-1;A-2", "B1-1"]
    assert read.findings[["code", "key"]].values.tolist() == [["column_unknown", "column 5"]]


def test_the_envelopes_are_read_by_the_name_of_their_sheet_even_if_another_has_more_headings(book):
    wider = openpyxl.load_workbook(book)
    other = wider.create_sheet("old list", 0)
    other.append(["envelope no", "bag", "first name", "last name", "teacher", "grade", "student id", "code", "package", "amount", "method", "check no",
                  "payee", "parent", "email", "phone", "note", "school"])  # fmt: skip
    other.append(["OLD"] * 18)
    wider.save(book)
    assert read_paper_orders(filled(book, [{"Envelope no": "E-1"}])).table["envelope_no"].tolist() == ["E-1"]


def test_only_what_is_to_be_filled_in_is_open_and_codes_are_text_cells(book):
    sheet = openpyxl.load_workbook(book)["Envelopes"]
    by_head = {head.value: sheet.cell(HEAD + 1, head.column) for head in sheet[HEAD]}
    locked = {head for head, cell in by_head.items() if cell.protection.locked}
    assert locked == {"Due", "Differs"} and sheet.protection.sheet and not sheet.protection.password
    text = {head for head, cell in by_head.items() if cell.number_format == "@"}
    assert {"Envelope no", "Child or code", "Check no", "Student id", "Order string", "Bag"} <= text
    assert sheet.freeze_panes == f"D{HEAD + 1}"


def test_every_formula_of_the_file_is_ours_and_there_are_no_macros(book):
    """No cell holds a formula made of what somebody typed, and nothing in the file can run."""
    names = zipfile.ZipFile(io.BytesIO(book.read_bytes())).namelist()
    assert not [n for n in names if "vba" in n.lower() or "external" in n.lower()]
    for sheet in openpyxl.load_workbook(book):
        formulas = [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]
        assert {c.value[:4] for c in formulas} <= {"=IF("}
        assert (len(formulas) > 0) == (sheet.title in ("Envelopes", "Bags"))
        for row in sheet.iter_rows():
            for cell in row:
                assert not (cell.data_type == "s" and cell.value[:1] in "=+-@")


def test_the_lists_to_choose_from_are_those_of_the_job(job, book):
    sheets = openpyxl.load_workbook(book)
    rules = {
        str(v.sqref).split(":")[0].rstrip("0123456789"): v for v in sheets["Envelopes"].data_validations.dataValidation
    }
    heads = {cell.value: cell.column_letter for cell in sheets["Envelopes"][HEAD]}
    assert rules[heads["Payment method"]].formula1 == '"cash,check,online,card"'
    assert rules[heads["Class"]].formula1 == "=Lists!$A$2:$A$4"
    assert "OFFSET(Lists!$C$1,MATCH($C5,Lists!$B$1:$B$5,0)-1" in rules[heads["Child or code"]].formula1
    assert rules[heads["qty A"]].type == "whole" and rules[heads["Amount received"]].type == "decimal"
    entries = [c.value for c in sheets["Lists"]["C"][1:] if c.value]
    assert entries == ['\'=HYPERLINK("x"), Zoë · 1E5', "'@Roe Kim, Bo · X-3", "Lee, Ada · 001234", "blank card · B-9"]
    assert all(len(v.formula1) < 256 for v in rules.values())


def test_a_job_without_children_and_prices_has_a_workbook_too(tmp_path):
    path = write_paper_workbook(
        JobState.new(name="maple-grove-2026", school="Maple Grove"), tmp_path / "p.xlsx", lines=3
    )
    assert read_paper_orders(filled(path, [{"Envelope no": "E-1", "Order string": "A"}])).table[
        "packages"
    ].tolist() == ["A"]


def test_a_workbook_that_was_filled_in_is_never_written_over(job, book, tmp_path):
    write_paper_workbook(job, book)
    for path in (filled(book, [{"Envelope no": "E-1"}]), filled(book, [], [("1", 3)], to="counted.xlsx")):
        content = path.read_bytes()
        with pytest.raises(Refused, match="was filled in already"):
            write_paper_workbook(job, path)
        assert path.read_bytes() == content
    other = tmp_path / "names.csv"
    other.write_text("first_name,last_name\n")
    with pytest.raises(Refused, match="is no workbook for paper orders"):
        write_paper_workbook(job, other)


# --- bags ----------------------------------------------------------------------------------------------------------------


def test_bags_are_read_from_a_file_of_their_own_with_a_finding_for_what_cannot_be(tmp_path):
    file = tmp_path / "bags.csv"
    file.write_text(
        "Bag,Envelopes,Rejected,Cash,Checks,Check amount,By\n1,30,1,$412.00,5,190,mk\n1,9,,,,,\n,3,,,,,\n2,,,many,,,\n3,,,,,,\n"
    )
    read = read_bags(file)
    assert read.table[["bag", "envelopes", "rejected", "cash_cents", "checks", "check_cents", "counted_by"]].head(
        1
    ).values.tolist() == [["1", 30, 1, 41200, 5, 19000, "mk"]]
    assert sorted(read.findings["code"]) == ["row_doubled", "row_unusable", "value_unreadable"]
    assert read.table["bag"].tolist() == ["1", "2"] and read.table["cash_cents"].isna().tolist() == [False, True]
    assert not has_bags(file) and not has_bags(tmp_path / "nowhere.xlsx")


def test_a_workbook_in_which_no_bag_was_counted_has_none(book):
    assert has_bags(book) and read_bags(book).table.empty
