"""ML-BOM: what a model is, what it was made from, and how good it is, for machines.

CycloneDX 1.6 (ECMA-424), a component of type `machine-learning-model` with its `modelCard`. What metrics.json does
not say is left out: nothing here is guessed. The same model gives the same bytes, so there is no serial number, and the
time is the commit's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ..formats.fields import Fields, pretty
from ..formats.times import moment, written
from ..oci.digests import Digest

_MODEL, _DATA = "model", "data"
# What JSON Schema allows as a purl's name is any text; what PyPI allows is less (PEP 508, "Names").
_PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a model: name, the commit and its time (seconds since 1970), the digest of each file, the
    texts of metrics.json and schema.json, and the digest of the data set.
    """

    name: str
    commit: str
    epoch: int
    files: Mapping[str, Digest]
    metrics: str
    schema: str
    data: Digest
    tool_version: str = ""


def facts_of(
    manifest: str, *, metrics: str, schema: str, data: Digest, tool_version: str = ""
) -> ModelFacts:
    """What the manifest of a model's artifact (ModelPack) knows, with the texts of two of its files."""
    fields = Fields.parse(manifest, where="the model's manifest")
    annotations = fields.text_map("annotations")
    layers = fields.items("layers")
    created = moment(annotations.get("org.opencontainers.image.created", ""), where=fields.where)
    return ModelFacts(
        name=annotations.get("org.opencontainers.image.title", ""),
        commit=annotations.get("org.opencontainers.image.revision", ""),
        epoch=int(created.timestamp()),
        files={
            layer.text_map("annotations")["org.opencontainers.image.title"]: Digest.parse(
                layer.text("digest")
            )
            for layer in layers
        },
        metrics=metrics,
        schema=schema,
        data=data,
        tool_version=tool_version,
    )


def ml_bom(facts: ModelFacts) -> str:
    """The ML-BOM as JSON; a `DataError` where metrics.json or schema.json is no object of JSON."""
    metrics = Fields.parse(facts.metrics, where="metrics.json")
    libraries = _libraries(metrics)
    model = {
        "type": "machine-learning-model",
        "bom-ref": _MODEL,
        "name": facts.name,
        "version": facts.commit,
        "components": [_file(name, digest) for name, digest in sorted(facts.files.items())],
        "modelCard": _card(facts, metrics),
    }
    weights = [digest for name, digest in facts.files.items() if name.startswith("model.")]
    if len(weights) == 1:
        model["hashes"] = [_hash(weights[0])]
    return pretty(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": written(dt.datetime.fromtimestamp(facts.epoch, dt.UTC)),
                "tools": {"components": [_tool(facts.tool_version)]},
                "component": model,
            },
            "components": [_data(facts.data), *libraries],
            "dependencies": [
                {"ref": _MODEL, "dependsOn": [_DATA, *(str(each["bom-ref"]) for each in libraries)]}
            ],
        }
    )


def _tool(version: str) -> dict[str, object]:
    tool: dict[str, object] = {"type": "application", "name": "slipway"}
    return tool | ({"version": version} if version else {})


def _hash(digest: Digest) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest.hex}


def _file(name: str, digest: Digest) -> dict[str, object]:
    return {"type": "file", "bom-ref": f"file:{name}", "name": name, "hashes": [_hash(digest)]}


def _data(digest: Digest) -> dict[str, object]:
    """The data set, a component: entries of modelCard have no place for a digest (1.6, componentData)."""
    return {
        "type": "data",
        "bom-ref": _DATA,
        "name": "data.csv",
        "hashes": [_hash(digest)],
        "data": [{"type": "dataset", "name": "data.csv"}],
    }


def _libraries(metrics: Fields) -> list[dict[str, object]]:
    """What the model was made with, in the versions that metrics.json names."""
    versions = metrics.text_map("versions") if "versions" in metrics.values else {}
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name.lower()}@{quote(version, safe='')}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name.lower()}@{quote(version, safe='')}",
        }
        for name, version in sorted(versions.items())
        if _PACKAGE.fullmatch(name) and version and name.lower() != "python"
    ]


def _card(facts: ModelFacts, metrics: Fields) -> dict[str, object]:
    parameters: dict[str, object] = {
        "approach": {"type": "supervised"},
        "datasets": [{"ref": _DATA}],
        "inputs": _formats(facts.schema, answers=False),
        "outputs": _formats(facts.schema, answers=True),
    }
    for key, name in (("task", "task"), ("architecture", "modelArchitecture")):
        value = metrics.optional_text(key)
        if value:
            parameters[name] = value
    family = metrics.optional_text("architecture_family")
    if family:
        parameters["architectureFamily"] = family
    return {
        "modelParameters": parameters,
        "quantitativeAnalysis": {"performanceMetrics": _performance(metrics)},
        "considerations": _considerations(metrics),
    }


def _columns(schema: str) -> list[tuple[str, str, bool]]:
    """Each column's name, type, and whether it is what the model answers; nothing for a shape that is not known."""
    values = Fields.parse(schema, where="schema.json").values
    listed, named, label = values.get("columns"), values.get("features"), values.get("label")
    if isinstance(listed, list):
        return [
            (str(each.get("name")), str(each.get("type", "")), each.get("role") == "target")
            for each in listed
            if isinstance(each, dict)
        ]
    found = [(str(name), "", False) for name in named] if isinstance(named, dict | list) else []
    answer = [(str(label.get("name")), "", True)] if isinstance(label, dict) else []
    return found + answer


def _formats(schema: str, *, answers: bool) -> list[dict[str, str]]:
    """What the model is asked with, or what it answers: a format `name: type` a column."""
    return [
        {"format": f"{name}: {kind}" if kind else name}
        for name, kind, is_answer in _columns(schema)
        if is_answer is answers
    ]


def _performance(metrics: Fields) -> list[dict[str, str]]:
    """Every metric of the held-out rows, then every metric of each slice of them."""
    found = _numbers(metrics.optional_inner("metrics"), "")
    slices = metrics.optional_inner("slices")
    for name in sorted(slices.values):
        found += _numbers(slices.inner(name), name)
    return found


def _numbers(fields: Fields, part: str) -> list[dict[str, str]]:
    where = {"slice": part} if part else {}
    return [
        {"type": name, "value": f"{value}", **where}
        for name, value in sorted(fields.values.items())
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def _considerations(metrics: Fields) -> dict[str, list[str]]:
    """What metrics.json says of use and limits, and on how many rows it was measured."""
    rows = metrics.optional_inner("rows").values
    said = metrics.optional_inner("considerations")
    measured = [f"measured on {rows['heldout']} held-out rows"] if "heldout" in rows else []
    found = {
        "users": list(said.optional_texts("users")),
        "useCases": list(said.optional_texts("use_cases")),
        "technicalLimitations": [*measured, *said.optional_texts("limitations")],
    }
    return {name: texts for name, texts in found.items() if texts}
