"""Dispatch to the commands, show progress, turn errors into sentences."""

import argparse
import difflib
import json
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any, NoReturn

from particleforge.errors import Cancelled, UserError

COMMANDS = {
    "learn": "learn to find particles from a few annotated ones",
    "measure": "find all particles in images and measure them",
    "sizes": "measure label images made elsewhere",
    "compare-sizes": "compare size distributions of several measurements",
    "synthesize": "draw a dataset from a recipe",
    "recipes": "list and show the ready recipes",
    "train": "train a detector on datasets and annotated folders",
    "predict": "find particles, write label images only",
    "adapt": "find the samples of a recipe a detector does worst on, to draw more like them",
    "train-estimator": "learn to tell the parameters of a recipe from its images",
    "estimate": "tell these parameters from images of one material",
    "shadow": "grow aggregates with the parameters told from images, and describe them",
    "export": "write a dataset or a model for other programs",
    "import": "read such a folder into a dataset",
    "demo": "learn and measure on the sample data",
}
"""Every command and what it does; each is a module of its own with `add_arguments` and `call`."""

CONTINUED = ("learn", "train", "train-estimator", "synthesize", "measure", "sizes", "demo")
"""Commands that go on where they were interrupted."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Name the nearest option or command where one is unknown."""
        hint = f"See '{self.prog} --help'."
        option = re.search(r"unrecognized arguments: ([^\s=]+)", message)
        command = re.search(r"COMMAND: invalid choice: '([^']*)'", message)
        if unknown := option or command:
            near = difflib.get_close_matches(unknown[1], self._option_string_actions if option else COMMANDS, n=1)
            hint = f"Did you mean {near[0]}?" if near else hint
        raise UserError(f"{message[:1].upper()}{message[1:]}.", hint)


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
        command, args = _parse(words)
    except UserError as error:
        return _complain(error, 2)
    if command is None:
        return 0
    try:
        result = import_module(f"particleforge.cli.{module_of(command)}").call(args)
    except UserError as error:
        return _complain(error, 1)
    except (Cancelled, KeyboardInterrupt):
        way_on = "the same command continues" if command in CONTINUED else "start again with another folder"
        sys.stderr.write(f"\nStopped. What was done so far is kept; {way_on}.\n")
        return 130
    _answer(result, args.json)
    return 1 if result.get("not_measured") else 0


def _parse(words: list[str]) -> tuple[str | None, argparse.Namespace]:
    top = _Parser(prog="particleforge", description="Measure particles in micrographs.", allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"particleforge {version('napari-particleforge')}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    wanted = next((word for word in words if not word.startswith("-")), None)
    for name, text in COMMANDS.items():
        parser = commands.add_parser(name, help=text, description=f"{text[:1].upper()}{text[1:]}.", allow_abbrev=False)
        if name == wanted:
            import_module(f"particleforge.cli.{module_of(name)}").add_arguments(parser)
            parser.add_argument("--json", action="store_true", help="Print the result as JSON.")
    args, unknown = top.parse_known_args(words)
    if unknown:
        chosen = commands.choices.get(str(wanted), top)
        chosen.error(f"unrecognized arguments: {' '.join(unknown)}")
    if args.command is None:
        top.print_help()
    return args.command, args


def module_of(command: str) -> str:
    """Name of a command's module."""
    return f"{command}_" if command == "import" else command.replace("-", "_")


def _complain(error: UserError, code: int) -> int:
    sys.stderr.write(f"Error: {error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
    return code


def _answer(result: dict[str, Any], as_json: bool) -> None:
    """Print what a command returned: lines for a person, or JSON."""
    if as_json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{name}: {value}\n" for name, value in result.items() if not isinstance(value, dict))
