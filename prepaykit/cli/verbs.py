"""The verbs: what goes into a job, its pictures, its orders. Each shows a plan and changes nothing without `--apply`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from prepaykit.cli.shell import Looked, plans, talk
from prepaykit.errors import UsageError
from prepaykit.parameters import by_number, numbers, pairs, release_choice, words

FILES, PICTURES, ORDERS = "Files in", "Picture day", "Orders out"

Source = Annotated[Path, typer.Argument(help="CSV or Excel file.", show_default=False)]
Pairs = list[str]
CHOICES = "Do again what a file of choices says (see: prepaykit choices)."


@plans("settings", panel=FILES, example="prepaykit settings has_manual_revision=yes --apply")
def settings(job: Any, values: Annotated[Pairs, typer.Argument(metavar="NAME=VALUE...", show_default=False)]):
    """Change settings of the job: policies, deadlines, addresses."""
    return job.settings(**pairs(values, what="settings"))


@plans("names", panel=FILES, example="prepaykit names names.csv --blanks 16 --apply")
def names(
    job: Any,
    source: Source,
    blanks: Annotated[int, typer.Option(help="How many blank cards the job shall have.", min=0)] = 0,
    seed: Annotated[
        int | None, typer.Option(help="Repeats the access codes of an earlier run.", show_default=False)
    ] = None,
    same: Annotated[
        Pairs | None, typer.Option(metavar="ROW=CODE", help="A row is this missing child (ROW=new: a new one).")
    ] = None,
):
    """Bring in a names list, or a corrected one; codes are issued to those who have none, and none is lost."""
    plan = job.names(source, blanks=blanks, seed=seed, same=pairs(same or [], what="--same"))
    is_update = bool(len(job.state.subjects)) and not plan.is_empty
    return plan, None, job.names_changes(plan) if is_update else None


@plans("prices", panel=FILES, example="prepaykit prices prices.csv --apply")
def prices(job: Any, source: Source):
    """Bring in a price list; a changed one counts for orders to come."""
    return job.prices(source)


@plans("orders", panel=FILES, example="prepaykit orders orders.csv --apply")
def orders(job: Any, source: Source):
    """Bring in online orders."""
    return job.orders(source)


@plans("paper", panel=FILES, example="prepaykit paper first.xlsx --second second.xlsx --apply")
def paper(
    job: Any,
    why: str,
    csv: bool,
    source: Annotated[Path | None, typer.Argument(help="CSV or Excel file.", show_default=False)] = None,
    match: Annotated[
        Pairs | None,
        typer.Option(metavar="ENVELOPE=CODE", help="Match an envelope by hand; in place of a code: nobody, or later."),
    ] = None,
    choices: Annotated[Path | None, typer.Option(metavar="FILE", help=CHOICES)] = None,
    second: Annotated[
        Path | None, typer.Option(help="The same envelopes keyed by another person.", show_default=False)
    ] = None,
    settle: Annotated[
        Pairs | None, typer.Option(metavar="ENVELOPE=WHO", help="Who is right: first, second; none: no such envelope.")
    ] = None,
    differences: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Write what the two keyed differently.", show_default=False)
    ] = None,
    bags: Annotated[Path | None, typer.Option(help="Counts of bags, CSV or Excel.", show_default=False)] = None,
    workbook: Annotated[
        Path | None, typer.Option(metavar="XLSX", help="Write the workbook to key envelopes in.", show_default=False)
    ] = None,
    cash_up: Annotated[bool, typer.Option("--cash-up", help="Show each bag: keyed, counted, off.")] = False,
    price_check: Annotated[bool, typer.Option("--price-check", help="Show each envelope: due, received, off.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PDF", help="Write the cash-up to print and sign.", show_default=False)
    ] = None,
    deposit_slip: Annotated[
        Path | None, typer.Option(metavar="PDF", help="Write and show what goes to the bank.", show_default=False)
    ] = None,
    deposit_bag: Annotated[
        list[str] | None, typer.Option(metavar="BAG", help="Only this bag goes to the bank (again for more).")
    ] = None,
):
    """Bring in paper orders, match envelopes by hand, compare two typists, cash up bags, write the deposit slip."""
    from prepaykit.cli.paper import looked, show_differences

    if source is None and second is not None:
        raise UsageError("--second is the same envelopes keyed again: give the first file too")
    if differences is not None and second is None:
        raise UsageError("--differences are those of two typists: give the other file with --second")
    if deposit_bag and deposit_slip is None:
        raise UsageError("--deposit-bag says which bags go to the bank: say where the slip goes with --deposit-slip")
    brings = source is not None or bags is not None or match or settle or choices
    plan = job.paper(source, second=second, settle=pairs(settle or [], what="--settle"), bags=bags, match=pairs(match or [], what="--match"),
                     choices=choices, why=why) if brings or not (workbook or cash_up or price_check or sheet or deposit_slip) else None  # fmt: skip
    if second is not None:
        show_differences(job.compare_entries(source, second), differences)
    looked(job, plan, workbook=workbook, cash_up=cash_up, price_check=price_check, sheet=sheet, csv=csv,
           deposit_slip=deposit_slip, deposit_bags=deposit_bag or ())  # fmt: skip
    return plan


@plans("cards", panel=FILES, example="prepaykit cards cards.pdf --sheet a4 --apply")
def cards(
    job: Any,
    pdf: Annotated[Path, typer.Argument(help="The PDF to write.", show_default=False)],
    sheet: Annotated[str, typer.Option(help="letter or a4")] = "letter",
    again: Annotated[bool, typer.Option(help="Those printed before as well.")] = False,
):
    """Draw the QR cards that are not printed yet, eight to a sheet, as a PDF."""
    plan = job.cards(again=again)
    return plan, lambda: job.draw_cards(plan, pdf, sheet=sheet)


@plans("photos", panel=PICTURES, example="prepaykit photos photos --sheets sheets --apply")
def photos(
    job: Any,
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders or zips with frames; none: the frames of the job are thought through anew.",
            show_default=False,
        ),
    ] = None,
    shoot_no: Annotated[int, typer.Option(help="1 picture day, 2 first retake day, …", min=1)] = 1,
    sheets: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write contact sheets there (HTML, PDF), of what the plan comes to."),
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="With the children's names on the sheets.")] = False,
):
    """Bring in frames: cards are read, galleries made and ordered, doubts become findings."""
    from prepaykit.progress import progress

    with progress("reading frames") as told:
        plan = job.photos(sources or [], shoot_no=shoot_no, on_progress=told)
    if sheets is not None:
        with progress("drawing contact sheets") as told:
            index, pdf, *pages = job.contact_sheets(sheets, plan=plan, names=names, on_progress=told)
        talk(f"wrote {len(pages)} contact sheets: {index}, {pdf.name}")
    return plan


@plans("populate", panel=PICTURES, example="prepaykit populate --apply")
def populate(job: Any):
    """Give every slot its picture; each that stays empty gets one finding."""
    return job.populate()


@plans("codes", panel=PICTURES, example="prepaykit codes --tag 118=AB12-CD34 --apply")
def codes(
    job: Any,
    why: str,
    tag: Annotated[Pairs | None, typer.Option(metavar="FRAME=CODE", help="A frame shows this card.")] = None,
    relabel: Annotated[
        Pairs | None, typer.Option(metavar="CODE=CODE", help="File a gallery under another code.")
    ] = None,
    order_code: Annotated[Pairs | None, typer.Option(metavar="ORDER=CODE", help="The child an order is for.")] = None,
    bind: Annotated[Pairs | None, typer.Option(metavar="BLANK=CODE", help="A blank card was this child's.")] = None,
    name: Annotated[
        Pairs | None,
        typer.Option(metavar="BLANK=First|Last|Class", help="A blank card is for a child who is not on the list."),
    ] = None,
    move: Annotated[
        Pairs | None, typer.Option(metavar="FRAME=CODE", help="File this one frame under another code, or nobody.")
    ] = None,
    hide: Annotated[list[str] | None, typer.Option(metavar="FRAME", help="Do not offer this frame.")] = None,
    show: Annotated[list[str] | None, typer.Option(metavar="FRAME", help="Offer it again.")] = None,
    choices: Annotated[Path | None, typer.Option(metavar="FILE", help=CHOICES)] = None,
    take: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="Take a first proposal that you have looked at.")
    ] = None,
    causes: Annotated[bool, typer.Option("--causes", help="Only show why; so too without any option.")] = False,
    favourite: Annotated[
        Pairs | None,
        typer.Option(metavar="CODE=FRAME", help="The frame that stands for a gallery, instead of its first."),
    ] = None,
):
    """Say why orders stay without pictures; put access codes right, and retry those orders."""
    if causes or not (tag or relabel or order_code or bind or name or move or hide or show or favourite or choices or take):
        from prepaykit.report.causes import show_causes

        table = job.code_causes()
        after_a_look = "look at the frames, then: prepaykit codes --take KEY --apply"
        return Looked(
            table,
            show_causes(table, job.name),
            f"Next: {after_a_look if table['key'].notna().any() else 'prepaykit place'}",
        )
    return job.codes(
        take=words(take or []),
        tag=pairs(tag or [], what="--tag"),
        relabel=pairs(relabel or [], what="--relabel"),
        order_code=pairs(order_code or [], what="--order-code"),
        bind=pairs(bind or [], what="--bind"),
        name=pairs(name or [], what="--name"),
        move=pairs(move or [], what="--move"),
        choices=choices,
        hide=dict.fromkeys(words(hide or []), True) | dict.fromkeys(words(show or []), False),
        favourite=pairs(favourite or [], what="--favourite"),
        why=why,
    )


@plans("place", panel=ORDERS, example="prepaykit place --apply")
def place(
    job: Any,
    why: str,
    accept: Annotated[list[str] | None, typer.Option(metavar="ORDER", help="Take its findings as they are.")] = None,
    choices: Annotated[Path | None, typer.Option(metavar="FILE", help=CHOICES)] = None,
):
    """Send ready orders on to the batch or to revision; hold the others in a new collection."""
    return job.place(accept=words(accept or []), choices=choices, why=why)


@plans("revise", panel=ORDERS, example="prepaykit revise --render --release clean --apply")
def revise(
    job: Any,
    why: str,
    release: Annotated[
        list[str] | None, typer.Option(metavar="ORDER|clean", help="Orders to release, or all clean ones.")
    ] = None,
    replace: Annotated[
        Pairs | None, typer.Option(metavar="SLOT=FRAME", help="Another frame of the same child.")
    ] = None,
    crop: Annotated[
        Pairs | None,
        typer.Option(metavar="SLOT=X,Y,W,H", help="Print this part of the upright picture, in fractions; none: all."),
    ] = None,
    artwork: Annotated[Pairs | None, typer.Option(metavar="SLOT=FILE", help="A finished memory mate.")] = None,
    render: Annotated[bool, typer.Option("--render", help="Compose the memory mates that lack artwork.")] = False,
    choices: Annotated[Path | None, typer.Option(metavar="FILE", help=CHOICES)] = None,
):
    """Manual revision: replace or crop frames, attach or render artwork, release orders."""
    frames = numbers(pairs(replace or [], what="--replace"), what="--replace")
    files = by_number(pairs(artwork or [], what="--artwork"), what="--artwork")
    cuts = by_number(pairs(crop or [], what="--crop"), what="--crop")
    if not (release or replace or crop or artwork or render or choices):
        from prepaykit.report.text import show_table

        columns = ["order_no", "slot_id", "product_code", "hole", "frame_id", "cut_percent", "lacks"]
        talk(show_table(job.revision_queue()[columns]))
    from prepaykit.progress import progress

    with progress("composing memory mates", "prints") as told:
        return job.revise(
            release=release_choice(release or []),
            replace=frames,
            crop=cuts,
            artwork=files,
            render=render,
            choices=choices,
            why=why,
            on_progress=told,
        )


@plans("batch", panel=ORDERS, example="prepaykit batch 1 --apply")
def batch(
    job: Any,
    number: Annotated[
        int | None, typer.Argument(help="The batch; without it those that are due.", show_default=False)
    ] = None,
    next_deadline: Annotated[
        str | None, typer.Option(metavar="DATE", help="Deadline of the next batch, YYYY-MM-DD.")
    ] = None,
):
    """Release a batch to the lab, once."""
    return job.batch(number, next_deadline=next_deadline)


@plans("sell", panel=ORDERS, example="prepaykit sell --apply")
def sell(job: Any):
    """Switch the job from Prepay to Selling, after a preflight."""
    return job.sell()


@plans("cancel", panel=ORDERS, example='prepaykit cancel 104007 --why "child left the school" --apply')
def cancel(
    job: Any,
    why: str,
    numbers: Annotated[list[str], typer.Argument(metavar="ORDER...", show_default=False)],
    item: Annotated[str, typer.Option(metavar="ITEM", help="Only this item of the order: P57; of siblings P57@CODE (the child's access code).")] = "",
):
    """Delete orders from the collection, or one item of an order; refund and service fee stay on the worklist."""
    from prepaykit.report.text import show_steps

    plan = job.cancel(numbers, item=item, why=why)
    return plan, None, show_steps(job.cancel_steps(numbers, item=item), str(job.state.job["currency"]))


@plans("payments", panel=ORDERS, example="prepaykit payments payouts-2026-10.csv --apply")
def payments(
    job: Any,
    why: str,
    apply: bool,
    reports: Annotated[list[Path] | None, typer.Argument(metavar="REPORT...", help="Reports of Stripe or the shop, as CSV; with --apply they are kept.", show_default=False)] = None,
    stripe: Annotated[bool, typer.Option("--stripe", help="Read from Stripe what is not kept yet; with --apply it is kept.")] = False,
    live: Annotated[bool, typer.Option("--live", help="A live key of Stripe may be used.")] = False,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="With --stripe: read anew from this day on.", show_default=False)] = None,
    of: Annotated[Pairs | None, typer.Option(metavar="PAYMENT=ORDER", help="Whose this payment is.")] = None,
    book: Annotated[list[str] | None, typer.Option(metavar="PAYMENT", help="Count this payment, which the orders do not.")] = None,
    order_key: Annotated[str, typer.Option(metavar="FIELD", help="The metadata field with the order's key.")] = "order_key",
    timezone: Annotated[str, typer.Option(help="Of times in a report that name none.")] = "UTC",
    choices: Annotated[Path | None, typer.Option(metavar="FILE", help=CHOICES)] = None,
):
    """Hold what was paid against the orders: by number or key, never by guess."""
    if (live or since) and not stripe:
        raise UsageError("--live and --since are about reading from Stripe: give --stripe too")
    read = job.read_stripe(live=live, since=since, order_key=order_key) if stripe else None
    if read is not None:
        talk(f"read from Stripe: {len(read.entries) - 1:,} entries in {read.requests:,} requests, up to {read.up_to:%Y-%m-%d %H:%M} UTC")
    plan = job.payments(reports or [], read=read, of=pairs(of or [], what="--of"), book=book or [], choices=choices, order_key=order_key, timezone=timezone, why=why)
    if apply and (reports or read is not None):
        from prepaykit.account import keep_read, keep_reports

        kept = [*keep_reports(job.studio.home, reports or []), *([] if read is None else [keep_read(job.studio.home, read.entries)])]
        talk(f"kept: {', '.join(path.name for path in kept)}")
    return plan


@plans("fees", panel=ORDERS, example='prepaykit fees --requested-of "ticket 4711" --apply')
def fees(
    job: Any,
    orders: Annotated[list[str] | None, typer.Argument(metavar="ORDER...", help="None: all in turn.", show_default=False)] = None,
    requested_of: Annotated[str, typer.Option(help="The request was sent: to whom, or which ticket.")] = "",
    credited: Annotated[str, typer.Option(metavar="PROOF", help="They were given back: by which invoice.")] = "",
    refused: Annotated[str, typer.Option(metavar="PROOF", help="They were refused: by which answer.")] = "",
):
    """Claim service fees of cancelled orders back; without an option: the text of the request, and what is open."""
    said = {"requested": requested_of, "credited": credited, "refused": refused}
    given = [becomes for becomes, words in said.items() if words]
    if len(given) > 1:
        raise UsageError("fees: one of --requested-of, --credited, --refused at a time")
    if not given:
        from prepaykit.report.text import show_table

        queue = job.fee_queue()
        text = "\n\n".join(part for part in (show_table(queue), job.fee_request()) if part)
        return Looked(queue, text, "Next: send it, then: prepaykit fees --requested-of WHOM --apply" if len(queue) else "No fee is open.")
    return job.fees(orders or [], becomes=given[0], said=said[given[0]])


@plans("refund", panel=ORDERS, example="prepaykit refund 104007 --confirm 42.00 --apply")
def refund(
    job: Any,
    why: str,
    orders: Annotated[list[str] | None, typer.Argument(metavar="ORDER...", help="None: all that is owed.", show_default=False)] = None,
    confirm: Annotated[str, typer.Option(metavar="SUM", help="The sum that goes back, typed by whoever looked at it.")] = "",
    part: Annotated[Pairs | None, typer.Option(metavar="ORDER=AMOUNT", help="Only so much of it now.")] = None,
    gateway: Annotated[str, typer.Option(help="api: in Stripe; person: somebody makes it by hand.")] = "api",
    hand_to: Annotated[str, typer.Option(metavar="NAME", help="Who makes it by hand.")] = "",
    evidence: Annotated[
        Pairs | None, typer.Option(metavar="REFUND=PROOF", help="What a person made: re_…, a receipt, a check number.")
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option(metavar="re_…", help="A refund made elsewhere that you have looked at.")
    ] = None,
    choices: Annotated[Path | None, typer.Option(metavar="FILE", help=CHOICES)] = None,
    live: Annotated[bool, typer.Option("--live", help="A live key of Stripe may be used.")] = False,
):
    """Give back what is owed, exactly once: shown first, promised when its sum is typed, then sent."""
    if evidence:
        return job.refund_evidence(pairs(evidence, what="--evidence"))
    plan = job.refund(orders or [], gateway=gateway, hand_to=hand_to, confirm=confirm, parts=pairs(part or [], what="--part"),
                      accept=accept or [], choices=choices, live=live, why=why)  # fmt: skip
    owed = job.refunds()
    return plan, None, owed.loc[owed["refund_id"].isin(plan.result["refund_ids"]), ["refund_id", "order_no", "amount_cents", "status", "reason"]]
