"""The messages between a job and its child process: one line of JSON each.

The child reads one `Task` from stdin and writes any number of `Advance`, then one `Result`, `Failure` or `Stopped` to
stdout. The end of its stdin asks it to stop, whether it was closed on purpose or the parent is gone.
"""

import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import Field, JsonValue

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.step import Step
from particleforge.verb import Verb

Plain: TypeAlias = dict[str, JsonValue]
"""Text, numbers, booleans, and lists and dicts of them: no arrays, paths or other objects."""


class Task(Params):
    """What to do."""

    kind: Literal["task"] = "task"
    call: str = Field("", description="Reference of the verb, for example particleforge.workflows.learn:learn.")
    args: Plain = Field({}, description="Its arguments by name; files and folders as text.")
    params: Plain = Field({}, description="Its parameters, as returned by Params.model_dump(mode='json').")
    scratch: str = Field("", description="Folder for previews; empty: none are written.")
    grace_s: float = Field(10.0, gt=0, le=3600, description="Time to stop when asked to, before it is killed.")

    @classmethod
    def of(cls, verb: Verb[..., Any], params: Params | None = None, grace_s: float = 10.0, **args: object) -> "Task":
        """Return a task that calls a verb: paths become text, recipes plain data, and None is left out.

        Raises
        ------
        TypeError
            If the verb has no such argument or lacks one.
        """
        inspect.signature(verb.steps).bind(**args)
        given = {name: _plain(value) for name, value in args.items() if value is not None}
        plain = {} if params is None else params.model_dump(mode="json")
        return cls(call=verb.reference, args=given, params=plain, grace_s=grace_s)

    def steps(self) -> Step[Plain]:
        """Return the generator of the verb that it calls.

        Raises
        ------
        UserError
            If there is no such verb.
        """
        module, _, name = self.call.partition(":")
        try:
            found = getattr(import_module(module), name, None)
        except (ImportError, ValueError):
            found = None
        if not isinstance(found, Verb):
            raise UserError(f"{self.call!r} is not a verb; jobs can only run verbs.")
        return found.plain_steps(self.args, self.params)


class Advance(Params):
    """How far a step has come."""

    kind: Literal["advance"] = "advance"
    done: float = Field(0.0, description="Work done, in the unit of the step.")
    total: float = Field(1.0, description="Total work.")
    message: str = Field("", description="One readable line.")
    preview: str | None = Field(None, description="File with a preview; see particleforge.jobs.previews.")


class Result(Params):
    """The end of a step that succeeded."""

    kind: Literal["result"] = "result"
    value: Plain = Field({}, description="Where the result was written, and its key figures.")


class Failure(Params):
    """The end of a step that failed."""

    kind: Literal["failure"] = "failure"
    error: str = Field("Exception", description="Class of the error.")
    message: str = Field("", description="What is wrong.")
    hint: str = Field("", description="How to fix it.")
    log: tuple[str, ...] = Field((), description="Last lines that the process wrote to stderr.")


class Stopped(Params):
    """The end of a step that was cancelled; what it wrote is kept."""

    kind: Literal["stopped"] = "stopped"
    forced: bool = Field(False, description="Whether it did not stop in time and was killed.")


Outcome: TypeAlias = Result | Failure | Stopped
Message: TypeAlias = Task | Advance | Outcome
KINDS: dict[str, type[Message]] = {
    cls.model_fields["kind"].default: cls for cls in (Task, Advance, Result, Failure, Stopped)
}


def _plain(value: object) -> Any:
    if isinstance(value, Params):
        return value.model_dump(mode="json")
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def write(message: Message) -> bytes:
    r"""Return a message as one line of ASCII that ends with ``\n``."""
    return json.dumps(message.model_dump(mode="json"), allow_nan=False).encode("ascii") + b"\n"


def read(line: bytes) -> Message:
    """Return the message of a line.

    Raises
    ------
    UserError
        If it is not a message, or has an unknown field or a value out of range.
    """
    try:
        data = json.loads(line)
    except ValueError as error:
        raise UserError(f"{line[:80]!r} is not a message of a job: {error}.") from error
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(f"{line[:80]!r} is not a message of a job.", f"Kinds are {', '.join(KINDS)}.")
    return KINDS[kind].parse(data)
