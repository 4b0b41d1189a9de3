"""What a model's file is, by its content: the few formats that can be read without running code, and nothing else.

A name says nothing: what cannot be told for certain, or could be told in two ways, is refused. Sources: safetensors
"Format"; ONNX IR, `ModelProto`; skops "Persistence" (a zip with schema.json); APPNOTE.TXT (zip) 4.3.
"""

# ruff: noqa: N818 - an error is named after what happened, as in `slipway.errors`.

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from enum import Enum

from ..errors import DataError
from .archives import archive_of
from .fields import Fields
from .pickles import calls_global, check
from .protobuf import walk

LIMIT = 2 << 30
_HEADER = 100 << 20
_RATIO = 200
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)
_MEMBERS = 10_000
_TEXTS = (".json", ".md", ".txt", ".csv", ".yaml", ".yml")
_SIZES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "U16": 2,
    "I16": 2,
    "F16": 2,
    "BF16": 2,
    "U32": 4,
    "I32": 4,
    "F32": 4,
    "U64": 8,
    "I64": 8,
    "F64": 8,
}


class ModelFileRefused(DataError):
    """A file of a model that is of no known kind, or not what its name says."""


class Kind(Enum):
    """What a file is; the value is how its name ends."""

    SKOPS = ".skops"
    SAFETENSORS = ".safetensors"
    ONNX = ".onnx"
    PICKLE = ".pkl"
    TEXT = ""


_NAMES = {".skops": Kind.SKOPS, ".safetensors": Kind.SAFETENSORS, ".onnx": Kind.ONNX}
_NAMES |= dict.fromkeys((".pkl", ".pickle", ".joblib"), Kind.PICKLE)


def examine(
    name: str,
    content: bytes,
    *,
    allowed: Collection[tuple[str, str]] = (),
    types: Collection[str] = (),
) -> Kind:
    """The kind of a file of a model; a `DataError` where it is none, or another than its name says.

    `allowed` are the (module, name) globals that a pickle may import, `types` the `module.name` of types that skops
    does not know but the project trusts.
    """
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix in _TEXTS:
        return _text(name, content)
    kind = _NAMES.get(suffix)
    if kind is None:  # refusal 09d
        raise _refused(
            name, "nobody knows what it is", "Save the model as skops, safetensors or ONNX"
        )
    try:
        if kind is Kind.SKOPS:
            _skops(name, content, types)
        elif kind is Kind.SAFETENSORS:
            _safetensors(name, content)
        elif kind is Kind.ONNX:
            _onnx(name, content)
        else:
            _pickle(name, content, allowed)
    except ModelFileRefused:
        raise
    except DataError as error:
        raise _refused(name, error.what, error.remedy) from None
    return kind


def _refused(name: str, why: str, remedy: str = "") -> ModelFileRefused:
    return ModelFileRefused(f"{name}: {why}", remedy=remedy)


def _text(name: str, content: bytes) -> Kind:
    """Text, and no pickle of the first protocol, which is text too."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused(name, "it is no text") from None
    if b"\0" in content or calls_global(content):
        raise _refused(name, "it is a pickle, or has NUL in it")
    return Kind.TEXT


def _pickle(name: str, content: bytes, allowed: Collection[tuple[str, str]]) -> None:
    if not allowed:
        raise _refused(
            name,
            "it is a pickle, which runs code when it is loaded",
            "Save it as skops or ONNX, or list the exact globals it needs in model.pickle-globals",
        )
    packed = archive_of(content)
    if packed:
        raise _refused(name, f"it is compressed ({packed})", "Save it without compression")
    check(content, allowed)


def _skops(name: str, content: bytes, types: Collection[str]) -> None:
    members = members_of(name, content)
    if "schema.json" not in members:
        raise _refused(name, "a zip without schema.json is no skops")
    for member, held in members.items():
        if member == "schema.json":
            continue
        if not member.endswith(".npy"):
            raise _refused(name, f"{member} in it is of no kind that skops writes without pickles")
        _array(name, member, held)
    schema = Fields.parse(members["schema.json"], where=f"{name}!/schema.json")
    unknown = sorted(set(_types(schema.values)) - set(types))
    if unknown:
        raise _refused(
            name, "it holds types that nobody trusts: " + ", ".join(unknown[:5]),
            "List them in model.trusted-types if they are harmless",
        )  # fmt: skip


# What skops itself rebuilds from plain values; what it does not know it refuses to load, too (skops.io, `trusted`).
_KNOWN = ("numpy.", "scipy.sparse.", "sklearn.")
_BUILTINS = frozenset(
    f"builtins.{name}"
    for name in (
        *("bool", "bytearray", "bytes", "complex", "dict", "float", "int", "list"),
        *("NoneType", "set", "slice", "str", "tuple"),
    )
)


def _types(value: object) -> Iterator[str]:
    """The types in a schema that are not of the libraries that skops knows."""
    if isinstance(value, Mapping):
        module, name = value.get("__module__"), value.get("__class__")
        if isinstance(module, str) and isinstance(name, str):
            whole = f"{module}.{name}"
            if not (whole.startswith(_KNOWN) or whole in _BUILTINS):
                yield whole
        for item in value.values():
            yield from _types(item)
    elif isinstance(value, list):
        for item in value:
            yield from _types(item)


def _array(name: str, member: str, content: bytes) -> None:
    """An array of plain values (NEP 1): one of objects is a pickle inside."""
    if content[:6] != b"\x93NUMPY" or len(content) < 12:
        raise _refused(name, f"{member} in it is no array")
    width = 2 if content[6] == 1 else 4
    size = int.from_bytes(content[8 : 8 + width], "little")
    header = content[8 + width : 8 + width + size]
    if (
        len(header) != size
        or b"'descr': '|O'" in header
        or b"O" in header.partition(b"descr")[2][:12]
    ):
        raise _refused(name, f"the array {member} in it holds objects, or is cut off")


def members_of(name: str, content: bytes) -> dict[str, bytes]:
    """The members of a zip that can be read in one way only; a `ModelFileRefused` for any other."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = archive.infolist()
            _plain(name, content, listed, archive.start_dir, len(archive.comment))
            return {info.filename: archive.read(info) for info in listed}
    except _BROKEN as error:
        raise _refused(name, f"it is a broken zip ({error})") from None


def _plain(
    name: str, content: bytes, listed: list[zipfile.ZipInfo], directory: int, comment: int
) -> None:
    names = [info.filename for info in listed]
    if len(set(names)) != len(names) or len(names) > _MEMBERS:  # refusal 10d
        raise _refused(name, "a member stands in it twice, or there are too many")
    first = min((info.header_offset for info in listed), default=0)
    whole = content.startswith(b"PK\3\4") and content[-22:-18] == b"PK\5\6" and not first
    if not whole or comment or directory > len(content):  # refusal 09e
        raise _refused(name, "something stands before or behind the zip")
    if sum(info.file_size for info in listed) > LIMIT:
        raise _refused(name, f"unpacked it has over {LIMIT >> 20} MiB")
    for info in listed:
        _member(name, info)


def _member(name: str, info: zipfile.ZipInfo) -> None:
    parts = info.filename.split("/")
    mode = info.external_attr >> 16
    if (
        info.filename.startswith(("/", "\\"))
        or ".." in parts  # refusal 10a
        or "\\" in info.filename
        or ":" in parts[0]
    ):
        raise _refused(name, f"{info.filename!r} in it leads out of its folder")
    if mode & 0o170000 not in (0, 0o100000):  # refusal 10b
        raise _refused(name, f"{info.filename} in it is a link or a device")
    if info.flag_bits & 1:
        raise _refused(name, f"{info.filename} in it is encrypted")
    if info.file_size > _RATIO * max(info.compress_size, 1 << 10):  # refusal 10c
        raise _refused(name, f"{info.filename} in it is a bomb: {info.file_size} bytes unpacked")


def _safetensors(name: str, content: bytes) -> None:
    """A header of JSON, and tensors that cover the rest exactly."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(_HEADER, len(content) - 8) or content[8:9] != b"{":
        raise _refused(name, "its header has not the length that it says")
    header = Fields.parse(content[8 : 8 + size].rstrip(b" "), where=name)
    at = 0
    for begin, end, needed in sorted(_tensors(name, header)):
        if begin != at or end - begin != needed:
            raise _refused(
                name, "its tensors overlap, leave gaps, or have another size than their shape"
            )
        at = end
    if at != len(content) - 8 - size:
        raise _refused(name, "something stands behind its tensors")


def _tensors(name: str, header: Fields) -> Iterator[tuple[int, int, int]]:
    """Where each tensor begins and ends, and how many bytes its shape needs."""
    for tensor in header.values:
        if tensor == "__metadata__":
            header.text_map(tensor)
            continue
        said = header.inner(tensor).only(("dtype", "shape", "data_offsets"))
        shape, offsets = said.values.get("shape"), said.values.get("data_offsets")
        kind = _SIZES.get(said.text("dtype"))
        numbers = (
            [*shape, *offsets] if isinstance(shape, list) and isinstance(offsets, list) else None
        )
        if kind is None or numbers is None or len(numbers) < 2 or not isinstance(offsets, list):
            raise _refused(name, f"nobody knows the tensor {tensor}")
        if any(type(number) is not int or number < 0 for number in numbers) or len(offsets) != 2:
            raise _refused(name, f"the tensor {tensor} has no plain shape")
        yield offsets[0], offsets[1], kind * math.prod(numbers[:-2])


def _onnx(name: str, content: bytes) -> None:
    """A ModelProto: its version (field 1) and a graph (7). ONNX's own checker reads the rest of it."""
    records = list(walk(content))
    numbers = [record.number for record in records]
    if numbers.count(1) != 1 or numbers.count(7) != 1 or max(numbers) > 26:
        raise _refused(name, "it is no ONNX model: it lacks its version or its graph")
