"""The report of a release, and the files that a user goes on with (dist/)."""

from dataclasses import replace
from typing import Annotated

import dagger
from dagger import Doc, dag, object_type
from dagger import field as shown

from ..oci.digests import Reference
from ..report.page import render as render_page
from ..report.sarif import to_sarif
from ..report.text import Made, render, size
from ..runtime.layout import size_of
from ..signers.cosign import Verifier
from .job import Candidate, ReleaseJob


@object_type
class Release:
    """A release that is in the registry, signed, attested and verified."""

    report: Annotated[str, Doc("what was made, what the gates said, where the time went")] = shown()
    json: Annotated[str, Doc("the same for machines, as dist/release.json")] = shown()
    public_key: Annotated[
        str, Doc("the key that it verifies with, PEM; none where an identity signed")
    ] = shown()
    # A field and no function: a function's result is cached under the call that gave its object, not under what that
    # object holds, and a second release would be answered with the first one's files.
    dist: Annotated[
        dagger.Directory,
        Doc(
            "what one goes on with: release.json, verdicts.sarif, cosign.pub, model.sig, report.txt, report.html"
        ),
    ] = shown()


async def report_release(
    job: ReleaseJob, candidate: Candidate, verifier: Verifier, *, new: bool
) -> Release:
    """The report, for people and for machines."""
    made = [
        Made(kind=kind, reference=candidate.pinned[kind], size=await size_of(layout))
        for kind, layout in candidate.layouts.items()
    ]
    whole = replace(
        candidate.release,
        release=Reference.parse(candidate.pinned["release"]),
        stages=job.runner.trace.times,
    )
    text = render(whole, made, tag=job.tag, new=new)
    sizes = {each.kind: size(each.size) for each in made}
    files = {
        "release.json": whole.report(),
        "verdicts.sarif": to_sarif(whole.verdicts),
        "cosign.pub": verifier.pem,
        "model.sig": candidate.built.model_signature,
        "report.txt": text,
        "report.html": render_page(whole, sizes=sizes, notes=(f"tagged {job.tag}",)),
    }
    dist = dag.directory()
    for name, content in files.items():
        # An identity has no public key, and a key that a service keeps signs no folder.
        if content:
            dist = dist.with_new_file(name, content)
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Release(report=text, json=whole.report(), public_key=verifier.pem, dist=dist)  # type: ignore[call-arg]
