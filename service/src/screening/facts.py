"""What is known about a model besides its weights: its companion file ``metrics.json``."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from screening.errors import ModelError

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Considerations(BaseModel):
    """Who the model is for, and what it is not for."""

    users: list[str] = ["developers who learn how an ML service is released"]
    use_cases: list[str] = ["to tell malignant from benign samples of one historical data set"]
    limitations: list[str] = [
        "no medical device: nobody should be diagnosed with it",
        "the samples come from one hospital and are not a picture of any population",
    ]


class Facts(BaseModel):
    """The content of ``metrics.json``: how good the model is, and what it was made from."""

    # Keys of later versions are no error for an earlier service; what it needs is required.
    model_config = ConfigDict(extra="ignore")
    metric: str
    value: float
    metrics: dict[str, float | None]
    rows: dict[str, int]
    malignant: dict[str, int]
    slices: dict[str, dict[str, int | float | None]]
    decision_threshold: float
    commit: str
    epoch: int
    data: Digest
    model: Digest
    trusted_types: list[str]
    versions: dict[str, str]
    task: str = "binary classification"
    architecture_family: str = "linear model"
    architecture: str = "standardised features, logistic regression"
    considerations: Considerations = Considerations()


def read(path: Path) -> Facts:
    """Read ``metrics.json``.

    Raises:
        ModelError: when it cannot be read or lacks something, naming what.
    """
    try:
        return Facts.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelError(
            f"{path}: the facts about the model cannot be read ({error.strerror})."
        ) from None
    except ValidationError as error:
        places = [
            f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}"
            for each in error.errors()
        ]
        raise ModelError(f"{path}: not the facts about a model: {'; '.join(places)}.") from None
