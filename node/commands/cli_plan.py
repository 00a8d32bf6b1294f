"""`vastedag plan` and `paydays`: commands on documents and calendars, without a node."""

from __future__ import annotations

import argparse
from typing import Final

from node.commands.cli_output import DONE, NO, Command, Output, UsageError, read_json
from scheduler.documents import plan_document, plan_wishes
from scheduler.errors import PayDayError
from scheduler.paydays import PayDay, PayerCalendar, pay_days
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.terms import load_terms
from specs.errors import SpecFileError


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{plan_document.__doc__}\n{plan_wishes.__doc__}"
    parser.add_argument(
        "file", metavar="FILE", help="a JSON document, or a list of them; `-` reads standard input"
    )


def _plan(arguments: argparse.Namespace, output: Output) -> int:
    """Answer every document; a refused one is answered by its problems, and exits 1."""
    answer = plan_document.answer(read_json(arguments.file), load_pay_calendars(), load_terms())
    output.document(answer)
    if plan_document.refused(answer):
        output.message("vastedag plan: a document was refused; its problems stand in the answer")
        return NO
    return DONE


def _paydays_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--payer", required=True, help="toeslagen, uwv, kinderbijslag, …")
    parser.add_argument("--year", required=True, type=int, help="the calendar year")


def _paydays(arguments: argparse.Namespace, output: Output) -> int:
    """List the days. An unknown payer is wrong use; a year nobody published is a no."""
    calendars = load_pay_calendars()
    if arguments.payer not in calendars.by_payer:
        known = ", ".join(sorted(calendars.by_payer))
        raise UsageError(f"--payer: no calendar of {arguments.payer!r}; one of: {known}")
    days = pay_days(arguments.payer, arguments.year, calendars)
    found = [
        {
            "date": day.day.isoformat(),
            "period": day.period,
            "basis": day.basis,
            "reason": day.reason.nl,
            "reason_en": day.reason.en,
            "source": day.source,
            "by_rule": _by_rule(calendars.get(arguments.payer), day),
        }
        for day in days
    ]
    if output.as_json:
        output.document({"payer": arguments.payer, "year": arguments.year, "days": found})
    for day, told in zip(days, found, strict=True):
        other = told["by_rule"]
        beside = "" if other in (None, told["date"]) else f"; the rule alone gives {other}"
        output.text(f"{day.day}  {day.period}  {day.reason.en}{beside}")
    return DONE


def _by_rule(calendar: PayerCalendar, day: PayDay) -> str | None:
    """The day of that month by the calendar's rule, or to be expected, the list left aside."""
    found = calendar.by_rule(day.due)
    return None if found is None else found[0].isoformat()


COMMANDS: Final = {
    "plan": Command(arguments=_plan_arguments, run=_plan, faults=(SpecFileError,)),
    "paydays": Command(
        arguments=_paydays_arguments, run=_paydays, faults=(PayDayError, SpecFileError)
    ),
}
