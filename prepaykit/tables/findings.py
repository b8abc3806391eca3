"""The register of findings: every code once, with its meaning and the next move.

A finding is a row, not an exception: data are at fault, that row waits, the rest goes on. `REGISTER` is the only place
where a code gets its severity and its advice; the README's list is made from it. `error` blocks the row it is about,
`warn` asks for a look, `note` is for the record. `detail` carries keys (order numbers, codes, file and row), never names.

>>> found("photos", "unread_card", "frames", [118], "frame 118 (DSC_0042.JPG) shows a card that cannot be read")["next_move"][0]
'name its code: prepaykit codes --tag 118=CODE'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from prepaykit.tables.catalog import empty, typed


@dataclass(frozen=True)
class Kind:
    """One code of the register. In `next_move`, `{key}` is replaced by the row's key and `{hint}` by the hint given with it."""

    severity: str
    meaning: str
    next_move: str


REGISTER: dict[str, Kind] = {
    # --- files that people bring -------------------------------------------------------------------------------------
    "file_empty": Kind("error", "the file has no rows", "send the file again with its rows"),
    "file_unreadable": Kind("error", "the file is not what its ending says", "save it anew as CSV (UTF-8) or XLSX"),
    "column_missing": Kind("error", "a needed heading is not there", "add the heading, or rename the column it is in"),
    "column_doubled": Kind("warn", "two columns mean the same; the first one is used", "delete or rename one of them"),
    "column_unknown": Kind("note", "a heading is not known; the column is kept as it is", "nothing, or rename it"),
    "row_unusable": Kind("error", "a row lacks what it needs; it is left out", "complete the row and bring the file again"),
    "row_doubled": Kind("warn", "the same row stands twice; one is used", "delete one of them"),
    "value_unreadable": Kind("error", "a value cannot be read", "correct the value in the file"),
    "formula_text": Kind("note", "a cell starts like a formula; it is kept as text", "nothing: exports guard it"),
    "encoding_guessed": Kind("note", "the file is not UTF-8; its encoding was recognised", "save as UTF-8 to be sure"),
    "control_characters": Kind("warn", "a cell held invisible control characters; they were taken out", "look at the cell, and where it came from"),
    "number_as_code": Kind("warn", "the sheet stored a code as a number; leading zeros may be lost",
                           "format the column as text in Excel and export again"),
    # --- names list --------------------------------------------------------------------------------------------------
    "code_doubled": Kind("error", "two rows carry the same access code; only the first keeps it", "give the other row its own code"),
    "code_of_other_job": Kind("error", "the access code belongs to another job; the row is refused",
                              "remove the code from the file: a new one is issued"),
    "code_is_student_id": Kind("warn", "student ids stand in the column of access codes; next year's list would take such codes over",
                               "nothing: the cards get the codes that are issued"),
    "student_id_doubled": Kind("warn", "two rows have one student id and different names; both are taken", "correct the id in the file"),
    "perhaps_same_child": Kind("error", "a new row may be a child who is missing in the file, under another name or class; it waits",
                               "the same child: prepaykit names FILE --same {hint} --apply; a new one: ROW=new instead"),
    "missing_has_orders": Kind("warn", "a paid order is for a person who is not in the new file; it stays", "ask the school; if the child has left: prepaykit cancel {key}"),
    "code_kept": Kind("note", "the file has another code than the printed card; the printed one stays", "nothing"),
    "namesakes": Kind("warn", "two children of the list have the same name and class", "give a student id to both"),
    "subject_missing": Kind("warn", "a person of the job is not in the new file; nothing was removed", "nothing, or take them off by hand"),
    "no_group": Kind("warn", "a child has neither class nor teacher", "add the class: group prints need it"),
    # --- prices and orders -------------------------------------------------------------------------------------------
    "price_item_unknown": Kind("error", "a package contains a code that is not on the price list", "add the product or correct the package"),
    "package_unknown": Kind("error", "the order asks for a code that is not on the price list", "correct the order string"),
    "order_string_unreadable": Kind("error", "the order string cannot be read", "write CODE-QTY;CODE-QTY, such as A-1;B1-2"),
    "order_changed": Kind("warn", "an order already in the job differs in the new file; the job's one stays", "cancel and enter it again if it is wrong"),
    "order_unmatched": Kind("error", "no child of the names list is certain for the order",
                            "match it by hand: prepaykit codes --order-code {hint}=CODE; a child not on the list: CODE of a blank card, which takes the name"),
    "order_ambiguous": Kind("error", "several children fit the order; nothing was chosen", "match it by hand: prepaykit codes --order-code {hint}=CODE"),
    "matched_by_weighing": Kind("note", "the child was found by weighing names, class and codes that are only alike, without a person",
                                "nothing; to see why: prepaykit why {hint}; another child: prepaykit codes --order-code {hint}=CODE"),
    "match_in_doubt": Kind("error", "the child was found by weighing, and the names list or another order now speaks against it",
                           "see why: prepaykit why {hint}; then say whose it is: prepaykit codes --order-code {hint}=CODE"),
    "name_contradicts_code": Kind("error", "the name typed in the order, or the first name, is quite another than that of its access code or student id",
                                  "compare: prepaykit codes --order-code {hint}=CODE, or take it as it is: prepaykit place --accept ORDER"),
    "code_of_another_child": Kind("error", "the name typed in the order is that of another child of the list, often a sibling",
                                  "compare: prepaykit codes --order-code {hint}=CODE, or take it as it is: prepaykit place --accept ORDER"),
    "order_code_unlisted": Kind("warn", "the order's code is on no card; the child was found by id or exact name", "compare before placing"),
    "amount_differs": Kind("warn", "an online order was paid another amount than its lines add up to", "look for a coupon, tax or shipping"),
    "unpaid": Kind("error", "the order is not paid", "wait for the payment, or accept it: prepaykit place --accept {key}"),
    "underpaid": Kind("error", "the envelope holds less than is due", "collect the rest, or accept it: prepaykit place --accept {key}"),
    "address_missing": Kind("error", "a direct order has no address", "ask for the address and enter the order anew; to hand it over yourself: prepaykit place --accept {key}"),
    "overpaid": Kind("warn", "the envelope holds more than is due", "give change: the surplus goes to the refund list at shipping"),
    "envelope_unmatched": Kind("error", "no child of the names list is certain for the envelope",
                               "prepaykit paper --match {key}=CODE; a child not on the list: CODE of a blank card, which takes the name"),
    "envelope_ambiguous": Kind("error", "several children fit the envelope; nothing was chosen", "prepaykit paper --match {key}=CODE"),
    "choice_unusable": Kind("error", "a row of a choices file cannot be done", "correct the row, or leave it out"),
    "choice_superseded": Kind("warn", "a row of a choices file is older than what was decided in the job", "nothing; to decide anew, say it by hand or date the row"),
    "choice_elsewhere": Kind("note", "a row of a choices file is for another command", "bring the same file there: prepaykit {hint} --choices FILE"),
    "order_doubled": Kind("warn", "the same child was ordered for online and on paper, or twice", "ask the parent; if one is too many: prepaykit cancel {key} --why double"),
    "keyed_differently": Kind("error", "two typists keyed the envelope differently; it waits with the smaller amount booked",
                              "put the wrong file right and bring both, or say who is right: prepaykit paper FIRST --second SECOND --settle {key}=first"),
    "keyed_once": Kind("error", "only one of two typists keyed the envelope; it waits, and none of its money is booked",
                       "key it in the other file too, or prepaykit paper FIRST --second SECOND --settle {hint}; if it is on no envelope: --settle {key}=none"),
    "bag_differs": Kind("warn", "what was counted in a bag is not what was keyed from it",
                        "look: prepaykit paper --cash-up; then key what is missing, or bring the new count: prepaykit paper --bags BAGS.csv"),
    "bag_uncounted": Kind("note", "a bag was not counted, others were", "count it, and bring the count: prepaykit paper --bags BAGS.csv"),
    "check_number_missing": Kind("warn", "a check has no number", "key its number and bring the file again"),
    "check_doubled": Kind("warn", "one check number stands on envelopes of different payers", "look at the checks, correct the number and bring the file again"),
    "check_other_payee": Kind("warn", "a check is made out to another payee than the job's (setting check_payee)",
                              "ask for another check or have it endorsed; then correct the payee and bring the file again"),
    # --- picture day -------------------------------------------------------------------------------------------------
    "frame_unreadable": Kind("error", "a file is not a sound JPEG; it is set aside", "copy it again from the camera card"),
    "frame_too_large": Kind("error", "a picture is larger than allowed; it is set aside", "check where it came from"),
    "frame_damaged": Kind("error", "a picture is damaged inside; it stays, with what could be read of it", "copy it again from the camera card, then read the folder again; until then orders with it wait"),
    "trailing_data": Kind("note", "files carry data after the end of the picture, as some cameras write", "nothing"),
    "frame_doubled": Kind("note", "the same bytes stand twice; both are kept", "nothing"),
    "frame_resaved": Kind("note", "pictures stand in two folders, saved anew; all are kept", "nothing, or leave the second folder out"),
    "file_skipped": Kind("note", "a file is not a picture; it is left out", "nothing"),
    "source_unreadable": Kind("error", "a folder or zip cannot be opened; nothing in it was read", "check its permissions, or copy it again"),
    "picture_name_odd": Kind("error", "a picture's name holds control signs or is not Unicode; it was not read", "rename the file and read the folder again"),
    "zip_member_unsafe": Kind("error", "a member of the zip would leave its folder, or is a link or a bomb; it was not read", "pack the zip anew"),
    "unread_card": Kind("error", "a frame shows a card that cannot be read", "name its code: prepaykit codes --tag {key}=CODE"),
    "code_not_listed": Kind("warn", "a card's code is not on the names list; its frames are kept under it",
                            "relabel it: prepaykit codes --relabel {key}=CODE"),
    "foreign_code": Kind("note", "a QR code that is not one of ours is in the picture", "nothing"),
    "card_without_frames": Kind("warn", "a card was photographed but nobody after it", "absent, or the card was skipped: look"),
    "frames_before_first_card": Kind("error", "frames stand before the first card of a camera", "name their code: prepaykit codes --tag {key}=CODE"),
    "long_session": Kind("warn", "a child has far more frames than the others: a card may have been skipped",
                         "look at the frames; where a new child begins: prepaykit codes --tag FRAME=CODE; all of one child: prepaykit codes --tag FRAME= with one of them"),
    "card_skipped": Kind("error", "a card is probably missing: from this frame on it seems to be another child",
                         "look; a new child: prepaykit codes --tag {key}=CODE, the same child: prepaykit codes --tag {key}="),
    "no_card_seen": Kind("warn", "a child has no card and no frames where a card is probably missing", "look at the frames of that card_skipped; if it is this child: prepaykit codes --tag FRAME={key}"),
    "cards_after_frames": Kind("error", "the cards of a camera seem to come after the frames: each child would have those of the next",
                               "prepaykit settings cards_after=\"{hint}\" (or none: they come first)"),
    "cards_before_frames": Kind("error", "the setting cards_after turns a camera round whose cards come first: each child would have the frames of the one before",
                                "look; prepaykit settings cards_after=CAMERAS without {hint} (none: no camera); if only one of its days is so, give that day's folder as a job of its own or take the orders as they are: prepaykit place --accept"),
    "cameras_mixed": Kind("warn", "two cameras were read as one; they are told apart by their file numbers", "look; copy each camera's card into a folder of its own to be sure"),
    "cards_of_strangers": Kind("warn", "two cards of two families in one picture: one of them may only have lain there",
                               "look, then say whose frames they are: prepaykit codes --tag {key}=\"{hint}\", or one of the codes"),
    "card_seen_again": Kind("note", "a card was photographed again after others; its frames are added to the gallery", "nothing, or look whether it is the same child"),
    "counter_rolled_over": Kind("note", "a camera's file numbers began again: by name its frames would be sorted wrong; they are sorted by time", "nothing"),
    "numbers_missing": Kind("note", "file numbers are missing: frames were deleted", "nothing, if only bad frames were deleted"),
    "camera_clock": Kind("warn", "a camera's clock jumped against its file numbers", "check the order of these frames"),
    "many_codes": Kind("note", "several cards in one picture: the frames are in each gallery", "nothing"),
    "blank_card_used": Kind("warn", "a blank card was photographed and has no name yet", "bind it: prepaykit codes --bind {key}=SUBJECT_CODE"),
    "opted_out_photographed": Kind("error", "a child who must not be photographed was; nothing is sold", "delete the frames, or correct the names list"),
    # --- populate ----------------------------------------------------------------------------------------------------
    "code_unknown": Kind("error", "the order is not joined to a child of the names list", "prepaykit codes --order-code {hint}=CODE"),
    "no_gallery_for_code": Kind("error", "no frames under the code", "see why, and what would help: prepaykit codes; absent: wait for the retake"),
    "gallery_not_activated": Kind("error", "the gallery is not active", "activate it: prepaykit photos"),
    "gallery_empty": Kind("error", "all frames of the gallery are hidden", "show one again"),
    "no_group_photo": Kind("error", "the child's group has no group picture", "wait for it, or tag one: prepaykit codes --tag"),
    "opted_out": Kind("error", "pictures of the child must not be sold", "cancel the order and refund it"),
    # --- place, revise, batch ----------------------------------------------------------------------------------------
    "held_no_picture": Kind("warn", "the order waits in a new collection: a picture is missing", "retake day, then populate and place again"),
    "held_unpaid": Kind("warn", "the order waits: it is not paid in full", "collect the rest, or accept it: prepaykit place --accept {key}"),
    "held_finding": Kind("warn", "the order waits: a finding must be settled first", "settle it, then place again"),
    "held_in_doubt": Kind("warn", "the order waits: its picture may show another child", "look at frame {hint} and say whose it is (prepaykit codes --tag), or take it as it is: prepaykit place --accept {key}"),
    "held_damaged": Kind("warn", "the order waits: its picture is damaged inside",
                         "copy frame {hint} again from the camera card and read the folder again, hide it (prepaykit codes --hide {hint}), or take it as it is: prepaykit place --accept {key}"),
    "part_dropped": Kind("warn", "the order goes on without the missing child's prints; their price is to be refunded", "refund it"),
    "artwork_missing": Kind("error", "a memory mate has no finished artwork", "attach or render it: prepaykit revise --render"),
    "artwork_not_made": Kind("error", "a memory mate could not be made: a picture of it is gone, changed or damaged",
                             "put the file back, or read it anew (photos, then populate); then render again"),
    "low_resolution": Kind("warn", "a cropped print has fewer than 200 pixels per inch", "crop less (prepaykit revise --crop {key}=none), or choose another frame"),
    # --- sell --------------------------------------------------------------------------------------------------------
    "sell_setting_missing": Kind("error", "a setting that selling needs is missing", "set it: prepaykit settings {key}=VALUE"),
    "sell_no_photos": Kind("error", "no gallery is active", "prepaykit photos first"),
    "sell_orders_waiting": Kind("warn", "prepaid orders have not gone to the lab yet", "place and batch them first, or go on"),
    "sell_doubts_open": Kind("warn", "a gallery may hold another child's frames: its parents would see them", "settle the doubts of picture day first: prepaykit codes --tag"),
    "address_unusable": Kind("warn", "an e-mail address is not one plain address; nothing is sent to it",
                             "correct it in the names list, or write to the parents yourself"),
    "sell_no_campaign": Kind("note", "no campaign is set: no message is sent", "nothing"),
    # --- refunds -----------------------------------------------------------------------------------------------------
    "refund_no_charge": Kind("error", "no charge of Stripe is known for the refund", "look for the payment, or let a person make it: prepaykit refund {hint} --gateway person --hand-to NAME"),
    "refund_not_asked": Kind("error", "there is no key of Stripe here: the charge was not looked at", "set PREPAYKIT_STRIPE_KEY to a restricted key, or let a person make it: prepaykit refund {hint} --gateway person --hand-to NAME"),
    "refund_by_hand": Kind("warn", "the money goes back by hand: it came in an envelope, or its currency has no hundredths", "prepaykit refund {hint} --gateway person --hand-to NAME"),
    "refund_disputed": Kind("error", "the payer disputes the charge; a refund beside a dispute pays twice", "wait for the end of the dispute, then: prepaykit refund {hint}"),
    "refund_made": Kind("error", "Stripe made the refund already, for this very wish", "confirm it for the API, then it is found and not made again: prepaykit refund {hint} --confirm SUM --apply; if a person must close it, look, then --accept REFUND"),
    "refund_elsewhere": Kind("error", "the charge was refunded by somebody else", "look in Stripe: if it was for this, prepaykit refund {hint} --gateway person, then --evidence; if not: --accept REFUND"),
    "refund_too_large": Kind("error", "more would go back than is owed, or than is left of the charge", "look at the order's payments: prepaykit find {hint}"),
    "refund_too_late": Kind("error", "the order is older than the job's setting refund_days", "let a person make it: prepaykit refund {hint} --gateway person --hand-to NAME"),
    "refund_not_cancelled": Kind("error", "the refund is for a cancellation that did not happen", "prepaykit cancel {hint} first"),
    "refund_currency_differs": Kind("error", "the charge is in another currency than the job", "look at the payment; let a person make it"),
    # --- payments ----------------------------------------------------------------------------------------------------
    "payment_missing": Kind("warn", "the order was paid by card, and no such payment is in the account book", "bring the reports of those days; if it is not there: ask the parent, or prepaykit cancel {key}"),
    "payment_differs": Kind("warn", "another amount came in than the order says", "look at payment and order: prepaykit find {key}"),
    "payment_twice": Kind("warn", "the order was paid more than once", "give the second payment back: prepaykit payments --book {hint}, then prepaykit refund {key}"),
    "payment_not_booked": Kind("warn", "a payment carries the key of the order, which does not count it", "count it: prepaykit payments --book {hint}"),
    "payment_refunded": Kind("warn", "money was given back by somebody else, and the order was not cancelled", "cancel it, or find out why: prepaykit find {key}"),
    "payment_kept": Kind("warn", "the order is cancelled and its money was not given back", "prepaykit refund {key}"),
    "payment_fee_kept": Kind("warn", "the payment was given back and the platform's service fee was not", "prepaykit fees {key}"),
    "payment_disputed": Kind("warn", "the payer disputes the payment", "answer in Stripe before its day; refund nothing beside a dispute"),
    "payment_currency": Kind("warn", "the payment is in another currency than the job", "look at payment and order; its amount was not compared"),
    "payment_guess": Kind("warn", "a payment without a key is probably of this order: amount, day and payer agree", "look at {hint} in Stripe; if it is: prepaykit payments --of {hint}={key}"),
    "payment_two_ways": Kind("warn", "a payment could be of several orders: its number and its key, two orders' keys, or people of two jobs say different things", "look at {hint} in Stripe; then: prepaykit payments --of {hint}=ORDER"),
    "payment_of_nobody": Kind("warn", "a payment belongs to no order that is here", "bring the orders of that job, or say whose it is: prepaykit payments --of {key}=ORDER"),
    "payout_differs": Kind("error", "an automatic payout is not the sum of its lines", "bring the report of that payout again, whole: a line of it is not here"),
    "payout_not_itemised": Kind("warn", "an automatic payout was paid, and none of its lines are here", "bring the payout reconciliation report of its days"),
    "balance_differs": Kind("error", "the balance at the end of a month is not what its lines make", "look at the payouts of that month; bring the reports of the days before the first line too"),
    "payment_contradicts": Kind("error", "two reports tell the same thing differently; the lower amount was taken", "look at it in Stripe, and take the wrong file out of payments/"),
}  # fmt: skip


def found(
    verb: str,
    code: str,
    about: str,
    keys: Sequence[object],
    detail: str | Sequence[str],
    *,
    suggestion: str | Sequence[object] | None = None,
    hints: Sequence[object] | None = None,
) -> pd.DataFrame:
    """Findings of one code: one row a key, ready for a `Plan`.

    `detail` and `suggestion` are one text for all rows, or one a row. An unregistered code is a KeyError: our bug.
    """
    kind = REGISTER[code]
    keys = [str(k) for k in keys]
    if not keys:
        return empty("findings")
    rows = pd.DataFrame({"key": pd.Series(keys, dtype="str")})
    rows["detail"] = detail if isinstance(detail, str) else list(detail)
    rows["suggestion"] = suggestion if suggestion is None or isinstance(suggestion, str) else list(suggestion)
    hints = keys if hints is None else [str(h) for h in hints]
    rows["next_move"] = [
        kind.next_move.replace("{key}", k).replace("{hint}", h) for k, h in zip(keys, hints, strict=True)
    ]
    rows = rows.assign(verb=verb, code=code, about=about, severity=kind.severity)
    return typed("findings", rows.drop_duplicates("key"))


def together(*parts: pd.DataFrame) -> pd.DataFrame:
    """Several tables of findings as one; a finding that comes twice is kept once."""
    rows = [p for p in parts if len(p)]
    if not rows:
        return empty("findings")
    return typed("findings", pd.concat(rows).drop_duplicates(["verb", "code", "about", "key"]))
