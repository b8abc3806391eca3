"""Reconciliation: on a season of forty jobs every difference is 0, every sum is what was put in, and each thing that goes wrong is seen."""

import openpyxl
import pandas as pd
import pytest

from prepaykit.adapters.stripe.account import read_account
from prepaykit.adapters.stripe.client import open_client
from prepaykit.intake.payment_reports import read_payments
from prepaykit.report.season_tables import season_tables
from prepaykit.report.season_workbook import write_season
from prepaykit.rules.payouts import payouts, roll_forward
from prepaykit.rules.reconciling import Season, processing_fees
from prepaykit.tables.account import merged, of_kind
from tests.jobs import NOW
from tests.money.season import PRICE, as_season, season
from tests.stand_in.process import KEY, stand_in


@pytest.fixture(scope="module")
def told():
    return season()


@pytest.fixture(scope="module")
def few():
    return season(8)


@pytest.fixture(scope="module")
def tables(told, tmp_path_factory):
    whole, findings = as_season(told[0], told[1], tmp_path_factory.mktemp("report"))
    assert findings.empty
    return season_tables(whole, now=NOW)


def test_every_difference_of_a_season_is_0(tables):
    sums = tables["Equations"]
    assert (len(sums) > 120, sums["difference_cents"].abs().sum(), tables["Roll-forward"]["difference_cents"].abs().sum()) == (True, 0, 0)
    assert tables["Payouts"]["difference_cents"].dropna().abs().sum() == 0


def test_no_equation_is_of_nothing(tables):
    sums = tables["Equations"]
    assert sorted(sums.loc[(sums["left_cents"] == 0) & (sums["right_cents"] == 0), "what"].unique()) == []


@pytest.mark.parametrize("currency", ["USD", "CAD"])
def test_the_jobs_add_up_to_what_was_put_in(tables, told, currency):
    jobs = tables["Jobs"].query("currency == @currency")
    truth = {what: cents for (of, what), cents in told[2].items() if of == currency}
    assert {
        "charge": jobs["paid_by_card_cents"].sum(),
        "refund": jobs["refunds_cents"].sum() - truth["refund_failure"],
        "dispute": jobs["disputes_cents"].sum() - truth["dispute_reversal"],
        "fees": jobs["fees_cents"].sum(),
        "net": jobs["net_cents"].sum() - jobs["other_cents"].sum() + truth.get("fee", 0),
    } == {what: truth[what] for what in ("charge", "refund", "dispute", "fees", "net")}
    assert (jobs["paid_out_cents"] + jobs["in_balance_cents"] == jobs["net_cents"]).all()


def test_the_last_month_ends_with_what_was_put_in_less_what_was_paid_out(tables, told):
    for currency, months in tables["Roll-forward"].groupby("currency"):
        truth = told[1][told[1]["currency"] == currency.lower()]
        assert months["end_cents"].iloc[-1] == truth["net"].sum()
        assert (months["start_cents"].iloc[0], months["start_cents"].iloc[1:].tolist()) == (0, months["end_cents"].iloc[:-1].tolist())


def test_a_payment_for_two_jobs_is_split_to_the_cent_with_its_fee(tables):
    rows = tables["Payments"].query("charge_id == 'ch_01_01'")
    assert rows[["job", "share_cents", "fees_cents"]].to_numpy().tolist() == [["school-01", PRICE, -59], ["school-02", PRICE, -59]]


def test_what_is_left_for_a_person_is_said_and_no_more(tables):
    found = tables["Exceptions"]
    assert found.groupby("code").size().to_dict() == {"payment_disputed": 40, "payment_kept": 40, "payment_fee_kept": 40}
    assert tables["Jobs"].loc[tables["Jobs"]["job"].notna(), "exceptions"].tolist() == [3] * 40


def test_a_refund_that_failed_is_still_owed(tables):
    held, jobs = tables["Refunds"], tables["Jobs"].dropna(subset="job")
    failed = held[held["status"] == "failed"]
    assert (len(failed), set(failed["stripe_status"]), jobs["to_refund_cents"].tolist()) == (40, {"failed"}, [PRICE] * 40)


def test_the_tables_of_one_job_are_its_part_of_the_season(told, tables, tmp_path):
    whole, _ = as_season(told[0], told[1], tmp_path)
    mine = season_tables(whole, now=NOW, job="school-02")
    line = tables["Jobs"].set_index("job").loc["school-02"]
    months = mine["Roll-forward"]
    assert mine["Jobs"]["net_cents"].tolist() == [line["net_cents"]]
    assert (months["end_cents"].iloc[-1], months["difference_cents"].abs().sum()) == (line["in_balance_cents"], 0)
    assert set(mine["Payments"]["job"]) == set(mine["Equations"]["job"]) == {"school-02"}


# --- what goes wrong ---------------------------------------------------------------------------------------------------


def without(source, category="charge"):
    return lambda rows: rows[~((rows["source_id"] == source) & (rows["reporting_category"] == category))]


def changed(source, category, **values):
    def change(rows):
        mine = (rows["source_id"] == source) & (rows["reporting_category"] == category)
        assert mine.sum() == 1
        return rows.assign(**{c: rows[c].mask(mine, v) for c, v in values.items()})

    return change


def again(source, **values):
    def add(rows):
        row = rows[(rows["source_id"] == source) & (rows["reporting_category"] == "charge")].assign(balance_transaction_id="txn_more", **values)
        return pd.concat([rows, row.assign(automatic_payout_id=None)])

    return add


def refunded_by_hand(rows):
    row = rows[(rows["source_id"] == "ch_05_01")].assign(balance_transaction_id="txn_more", reporting_category="refund", source_id="re_by_hand", gross=-PRICE, fee=0, net=-PRICE, automatic_payout_id=None)
    return pd.concat([rows, row])


@pytest.mark.parametrize(("wrong", "equation", "code"), [
    (without("ch_05_01"), "paid by card", "payment_missing"),
    (without("ch_05_01"), "automatic payouts", "payout_differs"),
    (without("ch_05_01"), "end of 2026-09", "balance_differs"),
    (changed("po_usd_2", "payout", gross=-1, net=-1), "payout po_usd_2", "payout_differs"),
    (changed("ch_05_01", "charge", gross=PRICE + 100, net=PRICE + 26), "paid by card", "payment_differs"),
    (again("ch_05_01", source_id="ch_more", charge_id="ch_more", **{"payment_metadata[order_key]": "KEY-05-01"}), "paid by card", "payment_twice"),
    (again("ch_05_01", source_id="ch_alien", charge_id="ch_alien", payment_intent_id="pi_alien"), None, "payment_of_nobody"),
    (refunded_by_hand, "paid by card", "payment_refunded"),
], ids=["payment not there", "line not in its payout", "line not in the balance", "payout cut", "amount", "paid twice", "of nobody", "refunded by hand"])  # fmt: skip
def test_what_goes_wrong_is_seen(few, tmp_path, wrong, equation, code):
    whole, _ = as_season(few[0], wrong(few[1]), tmp_path)
    tables = season_tables(whole, now=NOW)
    off = tables["Equations"].query("difference_cents != 0")["what"]
    assert code in set(tables["Exceptions"]["code"])
    assert off.empty if equation is None else off.str.startswith(equation).any()


def test_a_refund_that_the_job_made_and_the_account_has_not_is_seen(few, tmp_path):
    refund = next(s for s in few[0] if s.name == "school-05").refunds.query("status == 'succeeded'").iloc[0]
    whole, _ = as_season(few[0], without(refund["refund_id_stripe"], "refund")(few[1]), tmp_path)
    off = season_tables(whole, now=NOW)["Equations"].query("difference_cents != 0 and job == 'school-05'")
    assert off[["what", "difference_cents"]].to_numpy().tolist() == [["refunds that the job made = those in the account book", refund["amount_cents"]]]


def test_money_that_the_book_of_a_job_lost_is_seen(few, tmp_path):
    state = few[0][4]
    broken = state.replace(postings=state.postings[state.postings["order_id"] != 1])
    whole, _ = as_season([*few[0][:4], broken, *few[0][5:]], few[1], tmp_path)
    off = season_tables(whole, now=NOW)["Equations"].query("difference_cents != 0")
    assert off[["job", "difference_cents"]].to_numpy().tolist() == [["school-05", PRICE]]


# --- the files ---------------------------------------------------------------------------------------------------------


def test_the_workbook_says_what_the_tables_say_and_no_cell_is_a_formula(tables, tmp_path):
    bad = tables["Exceptions"].assign(detail="=1+1")
    paths = write_season({**tables, "Exceptions": bad}, tmp_path / "out", title="Fall", currencies={}, now=NOW)
    book = openpyxl.load_workbook(paths[0])
    assert book.sheetnames == ["Summary", *tables]
    heads, *rows = [[c.value for c in row] for row in book["Payments"].iter_rows()]
    assert round(sum(r[heads.index("Share")] for r in rows) * 100) == tables["Payments"]["share_cents"].sum()
    assert {c.data_type for c in book["Exceptions"]["E"][1:]} == {"s"}
    assert book["Summary"]["A4"].value.startswith("All ")


def test_each_csv_has_the_rows_of_its_table_in_whole_cents(tables, tmp_path):
    paths = write_season(tables, tmp_path, title="Fall", currencies={}, now=NOW)[1:]
    for path, table in zip(paths, tables.values(), strict=True):
        read = pd.read_csv(path, dtype="str", keep_default_na=False)
        cents = [c for c in table if c.endswith("_cents")]
        assert (len(read), [read[c].replace("", "0").astype("int64").sum() for c in cents]) == (len(table), [table[c].fillna(0).astype("int64").sum() for c in cents])


def test_without_any_report_each_job_is_held_against_its_own_payments(told, tmp_path):
    whole, _ = as_season(told[0], told[1].head(0), tmp_path)
    assert len(of_kind(whole.book, "charge")) == 0
    sums = season_tables(whole, now=NOW)["Equations"]
    assert (len(sums), sums["difference_cents"].abs().sum()) == (40, 0)


def test_a_payout_that_took_money_from_the_bank_is_the_sum_of_its_lines_too(few, tmp_path):
    whole, _ = as_season(few[0], few[1], tmp_path)
    rows = season_tables(whole, now=NOW)["Payouts"].query("amount_cents < 0")
    assert (len(rows), rows["difference_cents"].abs().sum()) == (2, 0)


def test_what_stripe_took_of_an_order_is_read_from_its_payment_alone(few, tmp_path):
    whole, _ = as_season(few[0], few[1], tmp_path)
    assert {order: cents for order, cents in processing_fees(whole, "school-02").items() if order < 4} == {1: 59, 2: 74, 3: 75}


def test_a_second_payment_that_somebody_gave_back_leaves_no_difference(few, tmp_path):
    twice = again("ch_05_01", source_id="ch_more", charge_id="ch_more", **{"payment_metadata[order_key]": "KEY-05-01"})(few[1])
    back = twice[twice["source_id"] == "ch_more"].assign(balance_transaction_id="txn_back", reporting_category="refund", source_id="re_back", gross=-PRICE, fee=0, net=-PRICE)
    whole, _ = as_season(few[0], pd.concat([twice, back]), tmp_path)
    tables = season_tables(whole, now=NOW)
    assert tables["Equations"]["difference_cents"].abs().sum() == 0
    assert not {"payment_twice", "payment_refunded"} & set(tables["Exceptions"]["code"])


def test_a_line_without_a_day_is_said_and_its_payout_does_not_agree(few, tmp_path):
    undated = few[1].assign(created_utc=few[1]["created_utc"].mask(few[1]["source_id"] == "ch_05_01"))
    whole, findings = as_season(few[0], undated, tmp_path)
    assert findings["code"].tolist() == ["row_unusable"]
    assert "payout_differs" in set(season_tables(whole, now=NOW)["Exceptions"]["code"])


def test_a_shop_s_list_alone_is_held_against_the_orders(few, tmp_path):
    rows = few[1].query("reporting_category == 'charge'")
    shop = pd.DataFrame({"charge id": rows["source_id"], "amount": [f"{c / 100:.2f}" for c in rows["gross"]], "currency": rows["currency"], "created (UTC)": rows["created_utc"],
                         "order_key (metadata)": rows["payment_metadata[order_key]"]})  # fmt: skip
    shop.to_csv(tmp_path / "shop.csv", index=False)
    book, _ = merged([read_payments(tmp_path / "shop.csv").table])
    sums = season_tables(Season.of(few[0], book), now=NOW)["Equations"]
    paid = sums[sums["what"].str.startswith("paid by card")]
    assert (len(paid), paid["difference_cents"].abs().sum(), (paid["left_cents"] > 0).all()) == (8, 0, True)


def test_an_account_read_from_stripe_adds_up_month_by_month_whatever_became_of_its_payouts():
    with stand_in() as side:
        side.say("season", payments=420, days=7, refunds=9, disputes=2)
        book = read_account(open_client(KEY, base=side.base), merged([])[0], is_live=False, pause=lambda _: None).entries
        rows, months = payouts(book), roll_forward(book)
        assert (rows["is_itemised"].sum() > 3, rows["difference_cents"].dropna().abs().sum(), months["difference_cents"].abs().sum()) == (True, 0, 0)
        balance = sum(line["net"] for line in side.say("account")["account"]["balance_transactions"])
        assert months["end_cents"].iloc[-1] == balance
