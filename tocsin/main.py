"""The command. Each subcommand lives in its own file and is loaded when it is called, so that `assess` starts fast."""

import importlib
import sys
from typing import Any

import typer
from typer._click import Command, Context, HelpFormatter  # Typer carries its own Click and names it nowhere else
from typer._click.exceptions import ClickException, UsageError
from typer.core import TyperGroup

from models.errors import LedgerAlteredError, NotAllowedError, TocsinError

COMMANDS = {
    "report": "Validate a report, open an incident and print its number.",
    "import": "Turn records of another format (VERIS) into reports.",
    "intake": "Alerts of other tools: take, list, show, confirm, dismiss.",
    "respond": "Carry an incident as far as it can go.",
    "update": "Add facts to an incident and print what changed.",
    "assess": "Severity and duties, with reasons, for an incident or a file.",
    "decide": "Answer a duty that the facts leave undecided.",
    "due": "Work out one clock, step by step.",
    "status": "Where everything stands, most urgent first.",
    "timeline": "Everything that happened, in order.",
    "people": "Load rosters of affected people, count them, and turn the counts into facts.",
    "notices": "List, show, edit, approve, reject, hold, release and send notices.",
    "steps": "List the steps of an incident's playbook; do, skip, assign or sign one.",
    "laws": "List, show and check the law data; its coverage.",
    "playbooks": "List, show and check playbooks; move an incident to a changed one.",
    "watch": "The deadline monitor.",
    "calendar": "Deadlines for calendar programs: a file, or a feed for one person.",
    "close": "Close an incident of which nothing is open, or open it again.",
    "review": "What the record says of how the response went.",
    "register": "The breach register over all incidents, notified or not.",
    "ledger": "Verify or export an incident's ledger.",
    "subscriptions": "Addresses outside that are told of events, signed.",
    "team": "Who may act, and in which role.",
    "drill": "Rehearse a playbook on a virtual clock; nothing leaves.",
    "schema": "Print the JSON Schema of a public format.",
    "backup": "Copy everything into a folder while it runs.",
    "restore": "Bring a back-up into an empty installation.",
    "retention": "Closed incidents that are kept too long; remove their words.",
    "serve": "Console, Prefect server, worker and watch, in one command.",
    "doctor": "What is configured, reachable and missing, and how to mend it.",
    "demo": "One real-shaped breach from report to sent notices; nothing leaves this machine.",
}


class LazyGroup(TyperGroup):
    """A group that imports a subcommand only when it is called, and lists them all without importing any."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - Click names it
        """The subcommands, in the order a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # noqa: ARG002 - Click names it
        """Load one subcommand's file."""
        if cmd_name not in COMMANDS:
            from models.document import nearest

            raise ClickException(f"no command is called {cmd_name!r}{nearest(cmd_name, COMMANDS)}")
        app: typer.Typer = importlib.import_module(f"tocsin.commands.{cmd_name.replace('import', 'import_')}").app
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The overview: what Tocsin is, and a line for each subcommand."""
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text("Tocsin carries a data breach from the first report to the last acknowledged notice.")
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        formatter.write_paragraph()
        formatter.write_text("`tocsin COMMAND --help` shows an example. Start with `tocsin demo`.")


app = typer.Typer(cls=LazyGroup, add_completion=False)


@app.callback()
def _root() -> None:
    """Tocsin carries a data breach from the first report to the last acknowledged notice."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with its status: 0 done, 1 the answer is no, 2 bad input with one line about it."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command line; gives its exit status and never raises a product error."""
    group: Any = typer.main.get_command(app)  # Any: Typer's own return type hides Click's
    try:
        return int(group.main(args=arguments or ["--help"], prog_name="tocsin", standalone_mode=False) or 0)
    except typer.Abort:
        return _complain("stopped", 130)
    except ClickException as error:
        hint = f"; see `{error.ctx.command_path} --help`" if isinstance(error, UsageError) and error.ctx else ""
        message = " ".join(error.format_message().replace("Value error, ", "").split())
        return _complain(message.rstrip(".") + hint, 2)
    except typer.Exit as leaving:
        return leaving.exit_code
    except (NotAllowedError, LedgerAlteredError) as error:
        return _complain(str(error), 1)
    except TocsinError as error:
        return _complain(str(error), 2)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has stopped reading
        return 0


def _complain(message: str, status: int) -> int:
    print(f"tocsin: {message}", file=sys.stderr)  # noqa: T201 - this is the command's own voice
    return status


if __name__ == "__main__":
    main()
