"""Call the verbs, show progress, and print errors as sentences."""

import argparse
import difflib
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any, NoReturn

from particleforge.cli.bar import run_with_bar
from particleforge.cli.caches import provide_caches
from particleforge.cli.signals import interrupting
from particleforge.errors import Cancelled, UserError
from particleforge.verb import Plain, Verb
from particleforge.workflows import VERBS


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Suggest the closest option or command if one is unknown."""
        hint = f"See '{self.prog} --help'."
        option = re.search(r"unrecognized arguments: ([^\s=]+)", message)
        command = re.search(r"COMMAND: invalid choice: '([^']*)'", message)
        if unknown := option or command:
            close = difflib.get_close_matches(unknown[1], self._option_string_actions if option else commands(), n=1)
            hint = f"Did you mean {close[0]}?" if close else hint
        raise UserError(f"{message[:1].upper()}{message[1:]}.", hint)


def commands() -> dict[str, str]:
    """Name of each command with that of its verb."""
    return {VERBS.command(name): name for name in VERBS.names()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0; 1 for an error that the user can fix, or if some of several images could not be measured; 2 for a wrong
        command line; 130 for Ctrl-C, 143 and 129 where SIGTERM or SIGHUP asks to end.
    """
    # Waiting threads that spin take time from the other core: 6.5 times slower next to another busy process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    provide_caches()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        verb, args = _parse(words)
    except UserError as error:
        return _print_error(error, 2)
    if verb is None:
        return 0
    try:
        with interrupting() as cancelled:
            result = _run(verb, args, cancelled)
    except UserError as error:
        return _print_error(error, 1)
    except OSError as error:  # a folder that may not be read, a name that is too long, a device that is gone
        named = f"{str(error.filename)[:200]}: " if error.filename else ""
        return _print_error(UserError(f"{named}{error.strerror or error}."), 1)
    except (Cancelled, KeyboardInterrupt) as stop:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # threads of zarr may still write to what is gone
        kept = " The work done so far is kept; run the same command again to continue." if verb.resumable else ""
        with suppress(OSError):  # the terminal may be gone
            sys.stderr.write(f"\nStopped.{kept}\n")
        return getattr(stop, "code", 130)
    _print_result(result, args.json)
    return 1 if result.get("not_measured") else 0


def describe(name: str) -> tuple[str, Verb[..., Any], _Parser]:
    """Return a one-line summary of a verb, the verb itself, and the parser of its command."""
    from particleforge.cli.options import add_arguments

    verb, about = VERBS.get(name), VERBS.summary(name)
    parser = _Parser(prog=f"particleforge {VERBS.command(name)}", description=about, allow_abbrev=False)
    add_arguments(parser, verb)
    parser.add_argument("--json", action="store_true", help="Print the result as JSON.")
    return about, verb, parser


def _parse(words: list[str]) -> tuple[Verb[..., Any] | None, argparse.Namespace]:
    names = commands()
    wanted = next((word for word in words if not word.startswith("-")), None)
    if wanted in names and words[0] == wanted:
        _, verb, parser = describe(names[wanted])
        args, unknown = parser.parse_known_args(words[1:])
        if unknown:
            parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        return verb, args
    top = _Parser(prog="particleforge", description="Measure particles in micrographs.", allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"particleforge {version('napari-particleforge')}")
    listed = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for command, name in names.items():
        about = VERBS.summary(name).removesuffix(".")
        listed.add_parser(command, help=f"{about[:1].lower()}{about[1:]}", add_help=False)
    args, unknown = top.parse_known_args(words)
    if unknown:
        top.error(f"unrecognized arguments: {' '.join(unknown)}")
    top.print_help()
    return None, args


def _run(verb: Verb[..., Any], args: argparse.Namespace, cancelled: Callable[[], bool]) -> Plain:
    from particleforge.cli.options import read_arguments, read_options

    given: dict[str, Any] = read_arguments(args, verb)
    params = {} if verb.params is None else {"params": read_options(args, verb.params)}
    return verb.report(run_with_bar(verb.steps(**given, **params), cancelled), given)


def _print_error(error: UserError, code: int) -> int:
    sys.stderr.write(f"Error: {error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
    return code


def _print_result(result: Plain, as_json: bool) -> None:
    """Print what a verb reports, as readable lines or as JSON."""
    if as_json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
        return
    lines = {name: value for name, value in result.items() if not isinstance(value, (dict, list)) and name != "text"}
    sys.stdout.writelines(f"{name}: {value}\n" for name, value in lines.items())
    sys.stdout.write(result.get("text", ""))
