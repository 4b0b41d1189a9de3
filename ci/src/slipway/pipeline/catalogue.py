"""The tool images of a run: those of every project, of the gates and of the infrastructure engines."""

from ..gates import GATES
from ..iac import ENGINES
from ..runtime.images import BASE, SERVERS, ToolImage


def catalogue() -> tuple[ToolImage, ...]:
    """Every tool image, each once, in the order of provenance."""
    gates = (image for gate in GATES for image in gate.images)
    engines = (engine.image for engine in ENGINES)
    return tuple(dict.fromkeys((*BASE, *gates, *engines)))


def made_with(engine: str) -> tuple[ToolImage, ...]:
    """The images that a release is made with: all but servers, and infrastructure engines other than the project's."""
    others = [each.image for each in ENGINES if each.name != engine]
    return tuple(image for image in catalogue() if image not in (*SERVERS, *others))
