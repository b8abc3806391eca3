"""Reading: whatever people bring becomes text rows and findings, never a traceback, never a guess, never a lost row."""

import datetime

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prepaykit.errors import NeighbourFailed, UsageError
from prepaykit.intake.names_list import read_names
from prepaykit.intake.online_orders import read_orders
from prepaykit.intake.paper_orders import read_paper_orders
from prepaykit.intake.price_list import read_prices

TEXT = "First Name,Last Name,Homeroom,Student ID\nZoë,Müller,3A,001234\nJosé,O’Brien,3A,1E5\nRenée,Núñez,3B,0007\n"
READERS = [read_names, read_prices, read_orders, read_paper_orders]


def file(folder, content, name="names.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(folder, rows, *, merge=(), name="names.xlsx"):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in merge:
        book.active.merge_cells(area)
    book.save(folder / name)
    return folder / name


def found(read):
    return read.findings[["code", "key"]].values.tolist()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_encoding_and_separator_gives_the_same_rows(tmp_path, encoding, separator):
    read = read_names(file(tmp_path, TEXT.replace(",", separator).encode(encoding)))
    assert read.table["first_name"].tolist() == ["Zoë", "José", "Renée"]
    assert read.table["last_name"].tolist() == ["Müller", "O’Brien", "Núñez"]
    assert read.table["student_id"].tolist() == ["001234", "1E5", "0007"] and read.table["row"].tolist() == [2, 3, 4]
    guessed = encoding in ("cp1252", "utf-16-le", "utf-16-be")
    assert found(read) == ([["encoding_guessed", "file"]] if guessed else [])


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1252", "Núñez"), ("mac_roman", "Núñez"), ("cp1250", "Wójcik-Dąbrowska")]
)
def test_an_old_encoding_is_recognised_and_named(tmp_path, encoding, name):
    text = (
        f"First,Last\nZoë,Müller\nRenée,{name}\n" if name == "Núñez" else f"First,Last\nPaweł,Woźniak\nŻaneta,{name}\n"
    )
    read = read_names(file(tmp_path, text.encode(encoding)))
    assert read.table["last_name"].tolist()[1] == name and encoding in read.findings["detail"][0]


def test_nothing_is_turned_into_a_number_a_truth_or_nothing(tmp_path):
    words = [
        "Null",
        "NA",
        "None",
        "nan",
        "TRUE",
        "N/A",
        "-",
        "1E5",
        "001234",
        "12345678901234567890",
        "1.0",
        "inf",
        "2026-01-02",
        "#REF!",
    ]
    lines = "\n".join(f"{w},{w},{w}" for w in words)
    read = read_names(file(tmp_path, f"First,Last,Student ID\n{lines}\n"))
    for column in ("first_name", "last_name", "student_id"):
        assert read.table[column].tolist() == words
    assert read.table["access_code"].isna().all()


def test_headings_come_in_any_order_and_case_and_from_other_products(tmp_path):
    for heading, column in [("HOME ROOM", "group"), ("Teacher Name", "teacher"), ("Identifier", "student_id"), ("PASSCODE", "access_code"),
                            ("Online code", "access_code"), ("subject_key", "access_code"), ("Teacher*", "teacher"), ("E-Mail", "email")]:  # fmt: skip
        read = read_names(file(tmp_path, f"{heading};Surname;GIVEN NAME\nX1;Lee;Ada\n"))
        assert read.table[[column, "first_name", "last_name"]].values.tolist() == [["X1", "Ada", "Lee"]], heading


def test_order_id_means_the_number_of_an_order_and_of_an_envelope(tmp_path):
    assert read_orders(file(tmp_path, "order_id,packages\n0012,A-1\n")).table["order_no"].tolist() == ["0012"]
    assert read_paper_orders(file(tmp_path, "order_id,packages\n0012,A-1\n")).table["envelope_no"].tolist() == ["0012"]


def test_unknown_columns_are_kept_as_they_are_and_said(tmp_path):
    read = read_names(file(tmp_path, "First,Last,Bus,Lunch,Bus\nAda,Lee,7,nüts,8\n"))
    assert read.table["extra"].tolist() == ['{"Bus (column 3)": "7", "Bus (column 5)": "8", "Lunch": "nüts"}']
    assert found(read) == [["column_unknown", f"column {n}"] for n in (3, 4, 5)]


def test_two_columns_with_one_meaning_are_said_and_neither_is_lost(tmp_path):
    read = read_names(file(tmp_path, "First,Last,Surname\nAda,Lee,Lovelace\n"))
    assert read.table["last_name"].tolist() == ["Lee"] and read.table["extra"].tolist() == ['{"Surname": "Lovelace"}']
    assert found(read) == [["column_doubled", "column 3"]]


def test_a_missing_heading_names_file_and_column(tmp_path):
    read = read_names(file(tmp_path, "Given name,Class\nAda,3A\n"))
    assert len(read.table) == 0 and found(read)[-1] == ["column_missing", "last_name"]
    assert "names.csv last_name: no heading for last_name" in read.findings["detail"].iloc[-1]


def test_title_rows_stand_above_the_headings_and_rows_keep_the_sheets_numbers(tmp_path):
    read = read_names(
        file(tmp_path, "Maple Grove School,,\nFall 2026,,\n\nFirst,Last,Class\nAda,Lee,3A\n,,\nBo,Ng,3A\n")
    )
    assert read.table["row"].tolist() == [5, 7] and len(read.findings) == 0


def test_a_row_with_too_many_cells_is_left_out_and_the_others_go_on(tmp_path):
    read = read_names(file(tmp_path, "First,Last,Class\nAda,Lee,Jr.,3A\nBo,Ng,3A\n"))
    assert read.table["first_name"].tolist() == ["Bo"] and found(read) == [["row_unusable", "row 2"]]
    assert read.findings["detail"].tolist() == [
        "names.csv row 2: 4 cells under 3 headings: put a cell that holds the separator in quotes"
    ]


def test_an_open_quotation_mark_costs_one_row_not_the_rest_of_the_file(tmp_path):
    read = read_names(file(tmp_path, 'First,Last\nAda,"Lee\nBo,Ng\nCy,Roe\n'))
    assert read.table["first_name"].tolist() == ["Bo", "Cy"] and found(read) == [["row_unusable", "row 2"]]


def test_a_cell_in_quotes_may_hold_separators_and_line_breaks(tmp_path):
    read = read_names(file(tmp_path, 'First,Last,Notes\n"Lee, Ada","O""Hara","two\nlines"\n'))
    assert read.table[["first_name", "last_name"]].values.tolist() == [["Lee, Ada", 'O"Hara']]
    assert read.table["extra"].tolist() == ['{"Notes": "two lines"}']


def test_formulas_stay_text_and_are_said(tmp_path):
    evil = '=HYPERLINK("http://x";"y")'
    read = read_names(
        file(tmp_path, f"First,Last,Phone\n'{evil}',Lee,+1 (555) 010\n{evil.replace(chr(34), '')},Lee,-\n")
    )
    assert read.table["first_name"].tolist()[1].startswith("=HYPERLINK") and found(read) == [
        ["formula_text", "row 3 first_name"]
    ]


def test_nul_and_other_control_characters_are_taken_out_and_said(tmp_path):
    read = read_names(file(tmp_path, b"First,Last\nA\x00da,Lee\x07\nBo,Ng\n"))
    assert read.table["first_name"].tolist() == ["Ada", "Bo"]
    assert found(read) == [["control_characters", "row 2 first_name"], ["control_characters", "row 2 last_name"]]


@pytest.mark.parametrize("read_file", READERS)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"), (b"\n\n  \n", "file_empty"), (b"\xef\xbb\xbf", "file_empty"), (b",,,\n,,,\n", "file_empty"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 9, "file_unreadable"), (bytes(range(32)) * 99, "file_unreadable"),
        (b"PK\x03\x04 this is no workbook", "file_unreadable"), (b"\xd0\xcf\x11\xe0 nor this", "file_unreadable"),
        (b"<!DOCTYPE html><table></table>", "file_unreadable"), (b"%PDF-1.7 etc", "file_unreadable"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_a_finding_not_a_traceback(tmp_path, read_file, content, code):
    read = read_file(file(tmp_path, content, "thing.csv"))
    assert (
        len(read.table) == 0
        and read.findings["code"].tolist() == [code]
        and read.findings["about"].tolist() == ["thing.csv"]
    )


@pytest.mark.parametrize("read_file", READERS)
def test_headings_without_rows_are_an_empty_file(tmp_path, read_file):
    read = read_file(file(tmp_path, "order_id,first name,last name,packages,code,price,access_code\n"))
    assert "file_empty" in read.findings["code"].tolist() and len(read.table) == 0


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(UsageError, match=r"there is no file nowhere\.csv"):
        read_names(tmp_path / "nowhere.csv")


def test_excel_with_title_merged_cells_numbers_and_dates(tmp_path):
    path = workbook(tmp_path, [
        ["Maple Grove – Fall 2026"],
        [],
        ["Teacher", "Last Name", "First Name", "Student ID", "Grade", "Born"],
        ["Hewitt", "Lee", "Ada", 1234.0, 3, datetime.date(2017, 5, 1)],
        [None, "Ng", "Bo", "001235", datetime.datetime(2026, 4, 3), None],  # noqa: DTZ001 - a sheet has no zone
        ["Smith", "Roe", "Cy", "1E5", "3", None],
    ], merge=["A1:F1", "A4:A5"])  # fmt: skip
    read = read_names(path)
    assert read.table[["teacher", "last_name", "student_id", "grade", "row"]].values.tolist() == [
        ["Hewitt", "Lee", "1234", "3", 4],
        ["Hewitt", "Ng", "001235", "2026-04-03", 5],
        ["Smith", "Roe", "1E5", "3", 6],
    ]
    assert read.table["extra"].tolist()[0] == '{"Born": "2017-05-01"}'
    assert sorted(found(read)) == [
        ["column_unknown", "column 6"],
        ["number_as_code", "row 4 student_id"],
        ["value_unreadable", "row 5 grade"],
    ]


def test_an_excel_sheet_called_csv_is_read_and_the_sheet_with_headings_is_taken(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["read me first"])
    sheet = book.create_sheet("list")
    sheet.append(["First", "Last"])
    sheet.append([True, "Lee"])
    book.save(tmp_path / "names.csv")
    assert read_names(tmp_path / "names.csv").table[["first_name", "last_name"]].values.tolist() == [["TRUE", "Lee"]]


def test_excels_separator_line_is_followed(tmp_path):
    read = read_names(file(tmp_path, "sep=;\nFirst;Last\nAda;Lee\n"))
    assert read.table[["first_name", "last_name", "row"]].values.tolist() == [["Ada", "Lee", 3]]


def test_repeated_headings_in_the_middle_are_left_out_and_said(tmp_path):
    read = read_names(file(tmp_path, "First,Last\nAda,Lee\nFirst,Last\nBo,Ng\n"))
    assert read.table["first_name"].tolist() == ["Ada", "Bo"] and found(read) == [["row_doubled", "row 3"]]


def test_a_list_without_headings_is_told_so_and_nobody_in_it_is_named(tmp_path):
    read = read_names(file(tmp_path, "Zarathustra,Quxley,3A,zara@example.org\nBo,Ng,3A,bo@example.org\n"))
    assert found(read) == [["column_missing", "first_name"], ["column_missing", "last_name"]]
    assert not read.findings["detail"].str.contains("Zara|Quxley|zara@").any()


def test_a_stray_cell_at_the_end_of_a_sheet_is_a_finding_not_the_end_of_the_program(tmp_path):
    path = workbook(tmp_path, [["First Name", "Last Name"], ["Ada", "Lee"]])
    book = openpyxl.load_workbook(path)
    book.active["XFD1048576"] = "x"
    book.save(path)
    read = read_names(path)
    assert found(read) == [["file_unreadable", "file"]] and "XFD1048576" in read.findings["detail"][0]


def test_a_workbook_of_a_zip_nobody_knows_is_a_finding(tmp_path):
    content = workbook(tmp_path, [["First Name", "Last Name"], ["Ada", "Lee"]]).read_bytes()
    at = content.index(b"PK\x01\x02") + 6  # the version needed to unpack it
    assert found(read_names(file(tmp_path, content[:at] + b"\xf0\x00" + content[at + 2 :]))) == [
        ["file_unreadable", "file"]
    ]


def test_a_file_that_the_disk_does_not_give_is_the_disks_failure(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    path = file(tmp_path, TEXT)
    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(NeighbourFailed, match=r"names.csv cannot be read \(Permission denied\)"):
        read_names(path)


def test_signs_that_turn_the_direction_of_writing_are_taken_out_and_said(tmp_path):
    read = read_names(file(tmp_path, "First,Last\n\u202eAda,\u2067Lee\n\u0646\u200c\u0627,\u200fB\n"))
    assert read.table["first_name"].tolist() == ["Ada", "\u0646\u200c\u0627"]
    assert found(read) == [["control_characters", "row 2 first_name"], ["control_characters", "row 2 last_name"]]


def test_a_file_name_that_is_no_text_is_said_by_its_bytes(tmp_path):
    read = read_names(file(tmp_path, "First\n", name="liste\udce9\n.csv"))
    assert read.findings["detail"].str.startswith(r"liste\udce9\n.csv").all() and len(read.findings)


@pytest.mark.parametrize("amount", ["99999999999999999999", "92233720368547758.07", "-5.00"])
def test_an_amount_that_nobody_takes_in_is_a_finding_and_the_others_go_on(tmp_path, amount):
    orders = file(tmp_path, f"order_no,packages,amount_paid\n1001,A,{amount}\n1002,A,42.00\n", "orders.csv")
    read = read_orders(orders)
    assert read.table["paid_cents"].isna().tolist() == [True, False]
    assert found(read) == [["value_unreadable", "row 2 paid_cents"]]
    paper = file(tmp_path, f"envelope_no,packages,cash\nE1,A,{amount}\nE2,A,42.00\n", "paper.csv")
    assert read_paper_orders(paper).table["envelope_no"].tolist() == ["E2"]


def test_no_finding_speaks_what_stands_in_a_row(tmp_path):
    read = read_names(file(tmp_path, "First,Last,Photograph\n=Quux(),Zed,perhaps\nQuux,Zed,extra,cells\n,,no\n"))
    assert len(read.findings) == 4 and not any(
        w in " ".join(read.findings["detail"]) for w in ("Quux", "Zed", "perhaps")
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(str.encode),
        st.text('a,;"\n\t=\x00é', max_size=120).map(str.encode),
    )
)
def test_no_file_makes_a_reader_fail(tmp_path, content):
    for prefix in (b"", b"First,Last,packages,order_id,code,price\n"):
        for read_file in READERS:
            read_file(file(tmp_path, prefix + content, "any.csv"))


text = (
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.tuples(text, text), min_size=1, max_size=6))
def test_a25_every_name_round_trips(tmp_path, names):
    import csv
    import unicodedata

    path = tmp_path / "names.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerows([("first_name", "last_name"), *names])
    read = read_names(path)
    kept = [tuple(unicodedata.normalize("NFC", t).strip() for t in pair) for pair in names]
    assert list(read.table[["first_name", "last_name"]].itertuples(index=False, name=None)) == kept
