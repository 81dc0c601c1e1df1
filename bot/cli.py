"""The `samleng` command. An error says what happened and what to do next."""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import catalogues
from bot.settings import BadSettings, NotReady, Settings, read_settings
from flows.library import Library, full_name
from flows.text import spoken
from storage import inbox, migrate, reference, registry
from storage.database import Away, connect
from storage.places import most_unmatched
from storage.vault import Unreadable, Vault

T = TypeVar("T")

MIGRATING = 60.0  # seconds a process waits for another that is migrating
CONTENT = Path(__file__).resolve().parent.parent / "content"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Samleng, the voice of citizens.",
)
facilities = typer.Typer(no_args_is_help=True, help="The registry of offices, health centres and schools.")
places = typer.Typer(no_args_is_help=True, help="How places are found.")
parked = typer.Typer(no_args_is_help=True, help="Messages that could not be answered and wait for you.")
app.add_typer(facilities, name="facilities")
app.add_typer(places, name="places")
app.add_typer(parked, name="parked")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def main() -> None:
    """The entry point: known troubles in one line, without a stack trace."""
    try:
        app()
    except BadSettings as error:
        err.print(f"[red]Settings:[/red]\n{error}", soft_wrap=True)
        sys.exit(2)
    except (NotReady, reference.BadContent, Unreadable) as error:
        err.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(1)
    except Away as error:
        err.print(
            f"[red]The database does not answer ({error}). See SAMLENG_DATABASE_URL.[/red]", soft_wrap=True
        )
        sys.exit(1)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def configure_logging() -> None:
    """One line of JSON an event, to standard error; libraries only from warnings on."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    # Their log lines carry tokens and chat ids.
    for noisy in ("httpx", "httpcore", "telegram", "twilio", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    tty = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if tty else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


# -- Running ----------------------------------------------------------------------------------------------


@app.command(name="migrate")
def migrate_() -> None:
    """Make or upgrade the schema, and load the gazetteer and content. Safe to repeat."""
    run_async(_migrate(read_settings()))


async def _migrate(settings: Settings, *, quiet: bool = False) -> None:
    database = connect(settings.database_url)
    try:
        done = await migrate.migrate(database, CONTENT)
    finally:
        await database.close()
    if not quiet:
        state = "up to date" if not done.changed else f"now at {done.after}"
        out.print(
            f"Database {state}: {done.places:,} places, {done.facilities:,} facilities, {done.criteria} criteria."
        )


@app.command()
def release() -> None:
    """What a hosted service runs before its processes: migrate. Under honcho, which ends everything when one
    process ends, it then stays."""
    run_async(_migrate(read_settings()))
    if "HONCHO_PROCESS_NAME" in os.environ:
        run_async(stopped())


@app.command()
def run() -> None:
    """Everything in one process: migrate, serve, work. What `make run` calls."""
    settings = read_settings()
    run_async(_migrate(settings, quiet=True))
    _say_where(settings)
    _serve(settings, clock=True)


@app.command()
def serve() -> None:
    """The web process: webhooks, pages."""
    _serve(read_settings(), clock=False)


@app.command()
def work() -> None:
    """The worker process: what waits in the outbox, what is due, Telegram without a public address."""
    run_async(_work(read_settings()))


def _serve(settings: Settings, *, clock: bool) -> None:
    import uvicorn

    from bot.app import App, web

    configure_logging()

    async def serving() -> None:
        opened = await App.open(settings, wait=MIGRATING)
        config = uvicorn.Config(
            web(opened, clock=clock),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
        )
        await uvicorn.Server(config).serve()

    import uvloop

    uvloop.run(serving())


async def _work(settings: Settings) -> None:
    from bot.app import App

    configure_logging()
    opened = await App.open(settings, wait=MIGRATING)
    async with opened.running(web=False, clock=True):
        await stopped()


async def stopped() -> None:
    """Until the process is asked to end."""
    import signal

    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()


def _say_where(settings: Settings) -> None:
    here = f"http://{settings.host}:{settings.port}"
    out.print(f"[bold]Samleng[/bold] · សំឡេង · {here}")
    if settings.demo_on:
        out.print(f"  Open [bold]{here}/phone[/bold] and rate a service, by Telegram or SMS, without either.")
    if settings.telegram_on:
        how = f"webhook {settings.public_url}/telegram/webhook" if settings.public_url else "polling"
        out.print(f"  Telegram: {how}")
    else:
        out.print("  Telegram: off. To connect a bot, set SAMLENG_TELEGRAM_TOKEN.")
    if settings.sms_on:
        how = f"{settings.public_url}/sms/webhook" if settings.sms_receives else "outbound only"
        out.print(f"  SMS: {how}")
    else:
        out.print("  SMS: off. To connect a service, set SAMLENG_SMS_ACCOUNT_SID, …_AUTH_TOKEN, …_FROM.")
    out.print("  Or talk to it in a terminal: [bold]samleng chat[/bold]. Ctrl-C ends.")


@app.command()
def chat(
    channel: Annotated[str, typer.Option(help="telegram or sms")] = "telegram",
    from_: Annotated[str, typer.Option("--from", help="the address that writes")] = "terminal",
    record: Annotated[Path | None, typer.Option(help="write a transcript to this file")] = None,
) -> None:
    """Talk to Samleng here. Reads lines from a pipe too: one message a line."""
    from bot.chat import chat as talk

    if channel not in {"telegram", "sms"}:
        raise typer.BadParameter("write telegram or sms", param_hint="--channel")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = read_settings()
    run_async(_migrate(settings, quiet=True))
    run_async(talk(settings, channel, from_, record))


# -- Looking after it -------------------------------------------------------------------------------------


async def _library(settings: Settings) -> Library:
    """The reference data of this database, or of this release's content where there is no database yet."""
    database = connect(settings.database_url)
    try:
        await migrate.migrate(database, CONTENT)
        return await database.transact(reference.read)
    finally:
        await database.close()


@app.command()
def find(
    query: Annotated[str, typer.Argument(help="a place as somebody would write it")] = "",
    batch: Annotated[
        Path | None, typer.Option(help="a CSV file with a column `query`", exists=True, dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one line of JSON a query")] = False,
) -> None:
    """What a place's name, code or misspelling is understood as."""
    if bool(query) == (batch is not None):
        raise typer.BadParameter("write either a query or --batch FILE.csv")
    library = run_async(_library(read_settings()))
    queries = [query]
    if batch is not None:
        with batch.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if "query" not in (rows.fieldnames or ()):
                raise typer.BadParameter(f"{batch} has no column named query", param_hint="--batch")
            queries = [row["query"] or "" for row in rows]
    for wanted in queries:
        found = library.finder.find(wanted)
        if as_json:
            said = {
                "query": wanted,
                "accepted": found.accepted,
                "candidates": [
                    {"codes": list(candidate.codes), "name": candidate.name, "score": candidate.score}
                    for candidate in found.candidates
                ],
            }
            sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
            continue
        taken = "taken as it is" if found.exact else "taken after one yes" if found.accepted else "asked"
        out.print(f"{wanted}: {taken}" if found.candidates else f"{wanted}: nothing found", markup=False)
        catalogue = catalogues.load()[catalogues.languages()[0][0], catalogues.MESSAGES]
        for candidate in found.candidates:
            for code in candidate.codes:
                name = spoken(full_name(code, library), catalogue)
                out.print(f"  {candidate.score:.2f}  {code:8}  {name}", markup=False)


@places.command()
def unmatched(most: Annotated[int, typer.Option(help="how many")] = 50) -> None:
    """What people wrote for a place and nothing was found for: the next lines of content/gazetteer/names.csv."""
    settings = read_settings()

    async def read() -> list[Any]:
        database = connect(settings.database_url)
        try:
            return await database.read(most_unmatched, most)
        finally:
            await database.close()

    rows = run_async(read())
    table = Table("times", "last on", "written", box=None)
    for row in rows:
        table.add_row(str(row.count), row.last_on.isoformat(), Text(row.query))
    out.print(table if rows else "Every place that was written was found.")


@app.command(name="cost")
def cost_() -> None:
    """What each conversation costs by SMS, in segments, in each language."""
    from bot.cost import JOURNEYS, cost

    library = run_async(_library(read_settings()))
    chains = catalogues.load()
    languages = catalogues.languages()
    table = Table("conversation", *(f"{name}" for _code, name in languages), box=None)
    for journey in JOURNEYS:
        cells = []
        for code, _name in languages:
            counted = cost(journey, library, chains[code, "sms"])
            cells.append(f"{counted.segments} in {counted.messages}, largest {counted.largest}")
        table.add_row(journey[0], *cells)
    out.print(table)


@facilities.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="a .csv or .xlsx file", exists=True, dir_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="only report, store nothing")] = False,
    retire_missing: Annotated[
        bool, typer.Option("--retire-missing", help="retire registered facilities that the file leaves out")
    ] = False,
) -> None:
    """Load a registry of facilities: all of it, or, when any row is bad, none."""
    settings = read_settings()

    async def load() -> registry.Report:
        database = connect(settings.database_url)
        try:
            return await registry.import_registry(
                database, file, retire_missing=retire_missing, dry_run=check
            )
        finally:
            await database.close()

    report = run_async(load())
    for colour, problems in (("red", report.problems), ("yellow", report.warnings)):
        for problem in problems:
            where = f"row {problem.row}" if problem.row else "file"
            column = f", {problem.column}" if problem.column else ""
            err.print(f"{where}{column}: ", style=colour, markup=False, end="")
            err.print(f"{problem.english}\n    {problem.khmer}", markup=False, soft_wrap=True)
    counts = f"{report.added} new, {report.changed} changed, {report.unchanged} as before, {report.retired} retired"
    if report.problems:
        err.print(f"{len(report.problems)} problems: nothing was loaded. Mend them and import again.")
        raise typer.Exit(1)
    out.print(f"{'Would load' if check else 'Loaded'}: {counts}.")


@parked.command(name="list")
def parked_list() -> None:
    """What failed three times, without who sent it."""
    settings = read_settings()

    async def read() -> list[Any]:
        database = connect(settings.database_url)
        try:
            return await database.read(inbox.parked_messages)
        finally:
            await database.close()

    rows = run_async(read())
    table = Table("channel", "message", "failures", "since", "error", box=None)
    for row in rows:
        table.add_row(
            row.channel, row.message, str(row.failures), row.first_at.isoformat(timespec="seconds"), row.error
        )
    out.print(table if rows else "Nothing is parked.")


@parked.command(name="show")
def parked_show(channel: str, message: str) -> None:
    """The message itself, as the provider sent it. It names a person: look only to mend."""
    settings = read_settings()

    async def read() -> dict[str, Any] | None:
        database = connect(settings.database_url)
        try:
            return await database.read(inbox.parked_body, Vault(settings.secret()), channel, message)
        finally:
            await database.close()

    body = run_async(read())
    if body is None:
        err.print(f"No message {message} of {channel} is parked. See: samleng parked list")
        raise typer.Exit(1)
    out.print_json(data=body, ensure_ascii=False)


@parked.command(name="drop")
def parked_drop(channel: str, message: str) -> None:
    """Forget a parked message that was dealt with."""
    settings = read_settings()

    async def drop() -> None:
        database = connect(settings.database_url)
        try:
            await database.transact(inbox.settle, channel, message)
        finally:
            await database.close()

    run_async(drop())
    out.print("Dropped.")


if __name__ == "__main__":
    main()
