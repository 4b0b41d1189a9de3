"""An OCI layout as a folder: the digest that it will have in a registry, and its size."""

import json

import dagger


async def digest_of(layout: dagger.Directory) -> str:
    """The digest of the one manifest that the layout's index names."""
    index = json.loads(await layout.file("index.json").contents())
    digest: str = index["manifests"][0]["digest"]
    return digest


async def size_of(layout: dagger.Directory) -> int:
    """Bytes of the artifact as a registry counts them: manifest, configuration and layers."""
    manifest_digest = await digest_of(layout)
    path = f"blobs/{manifest_digest.replace(':', '/')}"
    content = await layout.file(path).contents()
    manifest = json.loads(content)
    parts = [manifest["config"], *manifest["layers"]]
    return len(content.encode()) + sum(int(part["size"]) for part in parts)
