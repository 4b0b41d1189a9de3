"""Save a model as reproducible bytes; load one only if it is what it says and cannot run code.

The format is skops's: a zip with a tree of types in ``schema.json`` and an ``.npy`` file an array.
skops names things by their address in memory and stamps the time of day, so an archive is written
anew here: files numbered in the order of the tree, addresses left out, one time for all, nothing
compressed.
"""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any, cast

from screening.errors import ModelError
from screening.model import Classifier

# All that a model of this service consists of. skops by itself trusts every estimator of
# scikit-learn; that is more code than anybody has looked at for this purpose.
TRUSTED_TYPES = (
    "builtins.dict",
    "builtins.list",
    "builtins.str",
    "builtins.tuple",
    "numpy.float64",
    "numpy.int64",
    "numpy.ndarray",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.StandardScaler",
)
_LOADERS = {
    "DictNode",
    "JsonNode",
    "ListNode",
    "NdArrayNode",
    "ObjectNode",
    "TupleNode",
    "TypeNode",
}
_TREE = "schema.json"
# A model of this kind has 20 kB. A few MB are surely something else, and are not unpacked.
_MOST_BYTES = 4_000_000
_EARLIEST = 315_532_800  # 1980-01-01, the first day a zip can write down


def digest(content: bytes) -> str:
    """Give the digest of some bytes, as registries write it: ``sha256:`` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def save(model: Classifier, epoch: int) -> bytes:
    """Give a model as bytes that depend on the model and the time given (Unix seconds) only."""
    from skops import (
        io as skops_io,
    )  # here and below: it imports all of scikit-learn, which takes seconds

    with zipfile.ZipFile(io.BytesIO(skops_io.dumps(model))) as archive:
        tree = json.loads(archive.read(_TREE))
        members = _rename_files(tree, archive)
    _drop_addresses(tree)
    # Keys stay in their order: it is that of the model's dicts, and lists beside them follow it.
    members[_TREE] = json.dumps(tree, indent=1).encode()
    return _zip(members, epoch)


def load(content: bytes, expected: str) -> Classifier:
    """Load a model after making sure of its digest and of each type in it.

    Raises:
        ModelError: when the digest is not the expected one, a type is not on the list, or it is no
        model at all.
    """
    if (found := digest(content)) != expected:
        raise ModelError(
            f"The model has the digest {found}, expected {expected}: it was changed or damaged."
        )
    try:
        if foreign := sorted(_types(content) - set(TRUSTED_TYPES)):
            raise ModelError(
                f"The model is not loaded: it holds types not trusted: {', '.join(foreign)}."
            )
        return _load(content)
    except ModelError:
        raise
    except Exception as error:  # bytes made to do harm may fail in any way; all of them mean no
        found = f"{type(error).__name__}: {error}"
        raise ModelError(f"The model is not a skops archive that can be read ({found}).") from None


def _load(content: bytes) -> Classifier:
    from skops import io as skops_io

    # Our list was checked above; skops looks once more, with its own eyes, and is told to trust
    # nothing further.
    if untrusted := skops_io.get_untrusted_types(data=content):
        raise ModelError(
            f"The model holds types that skops does not trust: {', '.join(untrusted)}."
        )
    model = skops_io.loads(content, trusted=None)
    if not hasattr(model, "predict_proba"):
        raise ModelError(f"The model is a {type(model).__name__}, expected a classifier.")
    return cast(Classifier, model)


def _types(content: bytes) -> set[str]:
    """Collect the name of each type in an archive, and of each loader that is not a plain one."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
            raise ModelError(
                f"The model unpacks to more than {_MOST_BYTES:,} bytes, so it is not loaded."
            )
        tree = json.loads(archive.read(_TREE))
    nodes = list(_nodes(tree))
    loaders = {str(node["__loader__"]) for node in nodes} - _LOADERS
    return {f"{node['__module__']}.{node['__class__']}" for node in nodes} | {
        f"loader {name}" for name in loaders
    }


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Walk all nodes of a tree in the order of the file; a node is a dict that names its loader."""
    if isinstance(tree, dict):
        if "__loader__" in tree:
            yield tree
        for child in tree.values():
            yield from _nodes(child)
    elif isinstance(tree, list):
        for child in tree:
            yield from _nodes(child)


def _rename_files(tree: object, archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Number the arrays' files in the order of the tree; give their content by the new name."""
    members: dict[str, bytes] = {}
    for number, node in enumerate(node for node in _nodes(tree) if "file" in node):
        content = archive.read(node["file"])
        node["file"] = f"{number:03}.npy"
        members[node["file"]] = content
    return members


def _drop_addresses(tree: object) -> None:
    # `__id__` only tells skops which nodes were one object; nothing in our models depends on that.
    for node in _nodes(tree):
        node.pop("__id__", None)


def _zip(members: dict[str, bytes], epoch: int) -> bytes:
    buffer = io.BytesIO()
    moment = time.gmtime(max(epoch, _EARLIEST))[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, moment)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, members[name])
    return buffer.getvalue()
