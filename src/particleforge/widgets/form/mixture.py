"""A mixture: each part with its weight."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo
from typing_extensions import override

from particleforge.draws import Mixture, Uniform
from particleforge.widgets.form.editor import Editor, Problem, inner
from particleforge.widgets.form.fields import Make
from particleforge.widgets.form.items import RowsEditor
from particleforge.widgets.form.numbers import NumberEditor
from particleforge.widgets.form.spec import Spec, fields


class PartEditor(Editor):
    """One part of a mixture and its weight."""

    def __init__(self, make: Make) -> None:
        super().__init__()
        weights, parts = (fields(Mixture)[name] for name in ("weights", "parts"))
        self.weight = NumberEditor(_item(weights))
        self.weight.narrow()
        self.weight.setToolTip(f"<p>{weights.description}</p>")
        self.weight.setMaximumWidth(self.weight.sizeHint().width())
        self.part = make(_item(parts), "")
        self._box.setContentsMargins(0, 0, 0, 0)
        self.part.lead_with(self.weight)
        self._box.addWidget(self.part)
        for editor in (self.weight, self.part):
            editor.changed.connect(self.changed)

    @override
    def value(self) -> tuple[Any, Any]:
        return self.weight.value(), self.part.value()

    @override
    def set_value(self, value: tuple[Any, Any]) -> None:
        self.weight.set_value(value[0])
        self.part.set_value(value[1])

    @override
    def mark(self, problems: Sequence[Problem]) -> None:
        super().mark([(("weight",), reason) for _, reason in inner(problems, "weights")])  # too narrow for a message
        self.part.mark(inner(problems, "parts"))


class MixtureEditor(Editor):
    """Parts that can be added and removed together with their weights."""

    def __init__(self, make: Make) -> None:
        super().__init__()
        self._box.setContentsMargins(0, 0, 0, 0)
        self.rows = RowsEditor(lambda: PartEditor(make), lambda: (1.0, Uniform()))
        self.rows.changed.connect(self.changed)
        self._box.addWidget(self.rows)

    @override
    def value(self) -> dict[str, Any]:
        rows = self.rows.value()
        return {"kind": "mixture", "parts": tuple(part for _, part in rows), "weights": tuple(w for w, _ in rows)}

    @override
    def set_value(self, value: Any) -> None:
        given = value if isinstance(value, Mapping) else vars(value)
        self.rows.set_value(list(zip(given["weights"], given["parts"], strict=True)))

    @override
    def mark(self, problems: Sequence[Problem]) -> None:
        deep = [((path[1], path[0], *path[2:]), reason) for path, reason in problems if len(path) > 1]
        self.rows.mark(deep + [((), reason) for path, reason in problems if len(path) < 2])


def _item(info: FieldInfo) -> Spec:
    """Return what the items of a field may be."""
    item = Spec.of_field(info).item
    if item is None:
        raise TypeError(f"{info.annotation} has no items of one type")
    return item
