"""The errors of the package: each carries sentences for a person and the exit code of its kind."""

from collections.abc import Sequence


class ScreeningError(Exception):
    """Something that a person can put right: sentences to print, and the code to exit with."""

    exit_code = 1

    def __init__(self, *problems: str) -> None:
        """Take one sentence a problem; there is at least one."""
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class DataError(ScreeningError):
    """The data, or the schema it is measured by, is not usable."""

    exit_code = 3


class ChampionError(ScreeningError):
    """The model given as the champion cannot be read or trusted."""

    exit_code = 4


class ModelError(ScreeningError):
    """A model folder is incomplete, damaged, or holds something else than our model."""
