"""The `samleng` command. An error says what happened and what to do next."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.table import Table

from bot import catalogues, commands
from bot.commands import CONTENT, err, out, run_async
from bot.settings import BadSettings, NotReady, Settings, read_settings
from storage import migrate, reference
from storage.database import Away, connect
from storage.vault import Unreadable

MIGRATING = 60.0  # seconds a process waits for another that is migrating

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Samleng, the voice of citizens.",
)
#: What runs for weeks, and holds nothing in memory that only other commands need.
PROCESSES = frozenset({"run", "serve", "work", "release", "migrate"})


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
    import uvloop

    uvloop.run(_work(read_settings()))


def _serve(settings: Settings, *, clock: bool) -> None:
    import uvicorn

    from bot.app import App, web
    from bot.samples import plant_first

    configure_logging()

    async def serving() -> None:
        opened = await App.open(settings, wait=MIGRATING)
        if clock and settings.demo_on:
            opened.later(plant_first(opened))
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


@app.command(name="cost")
def cost_() -> None:
    """What each conversation costs by SMS, in segments, in each language."""
    from bot.cost import JOURNEYS, cost

    library = commands.library(read_settings())
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


def complete() -> None:
    """All the other commands."""
    from bot.commands import demo, notices, people, posters
    from bot.commands.apikeys import api_key
    from bot.commands.audio import audio
    from bot.commands.facilities import facilities
    from bot.commands.i4c import i4c
    from bot.commands.parked import parked
    from bot.commands.places import find, places
    from bot.commands.report import report
    from bot.commands.scores import scores

    app.command()(find)
    app.command()(report)
    people.register(app)
    notices.register(app)
    app.add_typer(audio, name="audio")
    demo.register(app)
    app.add_typer(facilities, name="facilities")
    app.add_typer(places, name="places")
    posters.register(i4c)
    app.add_typer(i4c, name="i4c")
    app.add_typer(parked, name="parked")
    app.add_typer(scores, name="scores")
    app.add_typer(api_key, name="api-key")


if sys.argv[1:2] == [] or sys.argv[1] not in PROCESSES:
    complete()


if __name__ == "__main__":
    main()
