"""The schema of a table: a JSON file that says which columns there are and what may stand in them.

    {"version": 1,
     "rows": {"min": 100, "min_per_class": 20},
     "columns": [{"name": …, "type": "number" | "integer", "min": …, "max": …,
                  "role": "feature" | "target", "description": …}, …]}

``min`` and ``max`` belong to the range. There is exactly one target; its values are the classes.
The order of the columns in the file is the order in which they are reported; a CSV may have them in
any order.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from screening.errors import DataError

_STRICT = ConfigDict(extra="forbid", frozen=True)
_NAME = r"^[a-z][a-z0-9_]*$"


class Column(BaseModel):
    """One column: its name, its type, the range of its values, and what it is for."""

    model_config = _STRICT
    name: Annotated[str, Field(pattern=_NAME)]
    type: Literal["number", "integer"]
    min: FiniteFloat
    max: FiniteFloat
    role: Literal["feature", "target"] = "feature"
    description: str = ""

    @property
    def allowed(self) -> str:
        """What may stand in the column, in words."""
        kind = "a number" if self.type == "number" else "a whole number"
        return f"{kind} from {self.min:g} to {self.max:g}"

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is greater than max {self.max:g}")
        return self


class RowCounts(BaseModel):
    """How many rows a table needs, in all and of each class, before a model is trained on it."""

    model_config = _STRICT
    min: Annotated[int, Field(ge=1)]
    min_per_class: Annotated[int, Field(ge=1)]


class Schema(BaseModel):
    """A whole schema, as read from its file."""

    model_config = _STRICT
    version: Literal[1]
    rows: RowCounts
    columns: Annotated[tuple[Column, ...], Field(min_length=2)]

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns a model learns from."""
        return tuple(column for column in self.columns if column.role == "feature")

    @property
    def target(self) -> Column:
        """The column that a model learns to tell."""
        return next(column for column in self.columns if column.role == "target")

    @model_validator(mode="after")
    def _names_are_unique_and_one_is_the_target(self) -> Self:
        names = [column.name for column in self.columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"columns are named twice: {', '.join(twice)}")
        if (targets := [column.role for column in self.columns].count("target")) != 1:
            raise ValueError(f"there are {targets} columns with the role target, expected one")
        return self


@dataclass(frozen=True)
class SchemaFile:
    """A schema together with the bytes it was read from, which travel with the model unchanged."""

    schema: Schema
    content: bytes


def read(path: Path) -> SchemaFile:
    """Read a schema file.

    Raises:
        DataError: when it cannot be read or is not a schema; one sentence a problem, with the path
        of the key.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: the schema cannot be read ({error.strerror}).") from None
    try:
        return SchemaFile(Schema.model_validate_json(content), content)
    except ValidationError as error:
        raise DataError(*_sentences(path, error)) from None


def _sentences(path: Path, error: ValidationError) -> list[str]:
    places = [
        (".".join(map(str, each["loc"])) or "the file", each["msg"]) for each in error.errors()
    ]
    return [f"{path}: not a schema: {place}: {message}." for place, message in places]
