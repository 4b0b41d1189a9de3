"""An OCI layout as a folder: the digest that it will have in a registry, and its size."""

import json

import dagger
from dagger import dag

from ..errors import DataError
from ..oci.digests import Digest
from ..oci.modelpack import titled
from .memo import memoize_read


@memoize_read
async def digest_of(layout: dagger.Directory) -> str:
    """The digest of the one manifest that the layout's index names."""
    index = json.loads(await layout.file("index.json").contents())
    digest: str = index["manifests"][0]["digest"]
    return digest


@memoize_read
async def manifest_of(layout: dagger.Directory) -> str:
    """The one manifest, as it stands there."""
    path = f"blobs/{(await digest_of(layout)).replace(':', '/')}"
    return await layout.file(path).contents()


async def size_of(layout: dagger.Directory) -> int:
    """Bytes of the artifact as a registry counts them: manifest, configuration and layers."""
    content = await manifest_of(layout)
    manifest = json.loads(content)
    parts = [manifest["config"], *manifest["layers"]]
    return len(content.encode()) + sum(int(part["size"]) for part in parts)


async def blob_titled(layout: dagger.Directory, title: str) -> dagger.File:
    """The layer with a title (OCI annotation `org.opencontainers.image.title`); a DataError where there is none."""
    for layer in json.loads(await manifest_of(layout))["layers"]:
        if layer.get("annotations", {}).get("org.opencontainers.image.title") == title:
            # What somebody else wrote: a digest is 64 figures, and no path.
            return layout.file(f"blobs/sha256/{Digest.parse(layer['digest']).hex}")  # refusal 10f
    raise DataError(f"the artifact has no {title}")


async def files_of(layout: dagger.Directory) -> dagger.Directory:
    """A model's folder again, out of its artifact; raises DataError for names that are no file names of a model."""
    found = titled(await manifest_of(layout), where="the model's manifest")
    folder = dag.directory()
    for name, digest in found.items():
        folder = folder.with_file(name, layout.file(f"blobs/sha256/{digest.hex}"))
    return folder
