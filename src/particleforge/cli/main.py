"""Dispatch to the verbs, show progress, turn errors into sentences."""

import argparse
import difflib
import json
import os
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, NoReturn

from particleforge.cli.bar import run_with_bar
from particleforge.errors import Cancelled, UserError
from particleforge.verb import Plain, Verb
from particleforge.workflows import VERBS


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Name the nearest option or command where one is unknown."""
        hint = f"See '{self.prog} --help'."
        option = re.search(r"unrecognized arguments: ([^\s=]+)", message)
        command = re.search(r"COMMAND: invalid choice: '([^']*)'", message)
        if unknown := option or command:
            near = difflib.get_close_matches(unknown[1], self._option_string_actions if option else commands(), n=1)
            hint = f"Did you mean {near[0]}?" if near else hint
        raise UserError(f"{message[:1].upper()}{message[1:]}.", hint)


def commands() -> dict[str, str]:
    """Name of each command with that of its verb."""
    return {VERBS.command(name): name for name in VERBS.names()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0, 1 for an error a person can mend or where some of several images could not be measured, 2 for a wrong command
        line, 130 for Ctrl-C.
    """
    # Waiting threads that spin steal the other core's time: 6.5 times slower beside another busy process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        verb, args = _parse(words)
    except UserError as error:
        return _complain(error, 2)
    if verb is None:
        return 0
    try:
        result = _run(verb, args)
    except UserError as error:
        return _complain(error, 1)
    except (Cancelled, KeyboardInterrupt):
        next_step = "the same command continues" if verb.resumable else "start again with another folder"
        sys.stderr.write(f"\nStopped. What was done so far is kept; {next_step}.\n")
        return 130
    _answer(result, args.json)
    return 1 if result.get("not_measured") else 0


def describe(name: str) -> tuple[str, Verb[..., Any], _Parser]:
    """Return what a verb does in one line, itself, and the parser of its command."""
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


def _run(verb: Verb[..., Any], args: argparse.Namespace) -> Plain:
    from particleforge.cli.options import read_arguments, read_options

    given: dict[str, Any] = read_arguments(args, verb)
    params = {} if verb.params is None else {"params": read_options(args, verb.params)}
    return verb.report(run_with_bar(verb.steps(**given, **params)), given)


def _complain(error: UserError, code: int) -> int:
    sys.stderr.write(f"Error: {error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
    return code


def _answer(result: Plain, as_json: bool) -> None:
    """Print what a verb reports: lines for a person, or JSON."""
    if as_json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
        return
    lines = {name: value for name, value in result.items() if not isinstance(value, (dict, list)) and name != "text"}
    sys.stdout.writelines(f"{name}: {value}\n" for name, value in lines.items())
    sys.stdout.write(result.get("text", ""))
