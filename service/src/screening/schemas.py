"""What clients send and get. Requests are checked against the schema of the training data."""

from collections.abc import Sequence
from typing import Annotated, Any, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails, from_json

from screening.features import Matrix, matrix
from screening.schema import Column, Schema

MOST_ROWS = 1000
# One bad batch can have thirty problems a row; a client mends its code after the first few.
_LISTED = 20


class Answer(BaseModel):
    """The answer to a row: how likely it is malignant, and the class that follows."""

    probability: Annotated[float, Field(ge=0, le=1, description="Probability of being malignant")]
    label: Annotated[int, Field(ge=0, le=1, description="1 for malignant, 0 for benign")]


class Answers(BaseModel):
    """The answers to a batch, in the order of its rows."""

    answers: list[Answer]


class FieldProblem(BaseModel):
    """One thing that is wrong with a request."""

    field: Annotated[str, Field(description="Where: for a batch `rows.<number from 0>.<name>`")]
    problem: str
    type: Annotated[str, Field(description="pydantic's name for the kind of problem")]


class Refusal(BaseModel):
    """Why a request is refused: the first problems, and how many there are."""

    detail: list[FieldProblem]
    problems: int


class Failure(BaseModel):
    """Why there is no answer, in a sentence."""

    detail: str


class ModelInfo(BaseModel):
    """Which model answers, where it comes from and how good it is."""

    model_config = ConfigDict(protected_namespaces=())
    digest: Annotated[
        str,
        Field(description="The model artifact's digest where the build gave it, else the file's"),
    ]
    file_digest: str
    commit: Annotated[
        str, Field(description="The commit of the image where the build gave it, else of the model")
    ]
    trained_from: Annotated[str, Field(description="The commit the model was trained from")]
    trained_at: Annotated[int, Field(description="That commit's time in seconds since 1970, UTC")]
    metric: str
    value: float
    metrics: dict[str, float | None]
    decision_threshold: float


class BadRequestError(Exception):
    """A request that is refused, with what is wrong with it."""

    def __init__(self, refusal: Refusal) -> None:
        """Take what is told to the client."""
        super().__init__(f"{refusal.problems} problems")
        self.refusal = refusal


class _Batch(Protocol):
    rows: Sequence[BaseModel]


class Requests:
    """What a model answers: one row as an object, or ``{"rows": [row, …]}`` with 1 to 1000."""

    def __init__(self, schema: Schema) -> None:
        """Build the types of rows from the features of a schema."""
        forbid = ConfigDict(extra="forbid", strict=True)
        # pydantic's type for the fields is a keyword's worth of anything; ours are described by
        # `_field`.
        fields: dict[str, Any] = {
            column.name: (float, _field(column)) for column in schema.features
        }
        self.row: type[BaseModel] = create_model("Row", __config__=forbid, **fields)
        rows: Any = (list[self.row], Field(min_length=1, max_length=MOST_ROWS))  # type: ignore[name-defined]
        self.batch: type[BaseModel] = create_model("Batch", __config__=forbid, rows=rows)

    def parse(self, body: bytes) -> tuple[Matrix, bool]:
        """Read the body of a request: the rows for the model, and whether it was a batch.

        Raises:
            BadRequestError: with the name of each field that is wrong; never with the values sent,
            which may be personal.
        """
        try:
            content = from_json(body)
        except ValueError as error:
            raise BadRequestError(_refuse("body", f"not JSON: {error}", "json_invalid")) from None
        is_batch = isinstance(content, dict) and "rows" in content
        try:
            parsed = (self.batch if is_batch else self.row).model_validate(content)
        except ValidationError as error:
            raise BadRequestError(_refusal(error)) from None
        rows = cast(_Batch, parsed).rows if is_batch else [parsed]
        return matrix([row.model_dump() for row in rows]), is_batch

    def openapi(self) -> dict[str, Any]:
        """Describe the body for the OpenAPI document."""
        either = [{**self.row.model_json_schema()}, _inline(self.batch.model_json_schema())]
        return {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"anyOf": either}}},
            }
        }


def _field(column: Column) -> Any:
    return Field(ge=column.min, le=column.max, allow_inf_nan=False, description=column.description)


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """Put the definition of a row in place: in an OpenAPI document, a reference leads nowhere."""
    definitions = schema.pop("$defs")
    schema["properties"]["rows"]["items"] = definitions["Row"]
    return schema


def _refuse(field: str, problem: str, kind: str) -> Refusal:
    return Refusal(detail=[FieldProblem(field=field, problem=problem, type=kind)], problems=1)


def _refusal(error: ValidationError) -> Refusal:
    # Not the input: it may be personal, and a NaN in it has no form in JSON.
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return Refusal(detail=[_problem(each) for each in errors[:_LISTED]], problems=len(errors))


def _problem(error: ErrorDetails) -> FieldProblem:
    field = ".".join(map(str, error["loc"])) or "body"
    return FieldProblem(field=field[:200], problem=error["msg"], type=error["type"])
