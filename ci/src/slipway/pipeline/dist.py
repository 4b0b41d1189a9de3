"""The report of a release, and the files that a user goes on with (dist/)."""

from dataclasses import replace
from typing import Annotated

import dagger
from dagger import Doc, dag, object_type
from dagger import field as shown

from ..oci.digests import Reference
from ..report.files import RECORD, TEXT, report_files
from ..report.text import Made
from ..signers.verifier import Verifier
from .job import Candidate, ReleaseJob


@object_type
class Release:
    """A release that is in the registry, signed, attested and verified."""

    report: Annotated[
        str, Doc("The report as text: what was made, what the gates concluded, where the time went")
    ] = shown()
    json: Annotated[str, Doc("The report as JSON, as in dist/release.json")] = shown()
    public_key: Annotated[
        str, Doc("The public key that it verifies with, PEM; empty where an identity signed")
    ] = shown()
    # A field and no function: a function's result is cached under the call that gave its object, not under what that
    # object holds, and a second release would be answered with the first one's files.
    dist: Annotated[
        dagger.Directory,
        Doc(
            "Its files: release.json, verdicts.sarif, cosign.pub, model.sig, report.txt, report.html"
        ),
    ] = shown()


def report_release(
    job: ReleaseJob, candidate: Candidate, verifier: Verifier, *, new: bool
) -> Release:
    """The report, for people and for machines. The release is out: whatever fails here is named in the report."""
    made = [
        Made(kind=kind, reference=pinned, size=candidate.sizes[kind])
        for kind, pinned in candidate.pinned.items()
    ]
    whole = replace(
        candidate.record,
        release=Reference.parse(candidate.pinned["release"]),
        stages=job.runner.trace.times,
    )
    files, _ = report_files(whole, made, tag=job.tag, new=new)
    others = {"cosign.pub": verifier.pem, "model.sig": candidate.built.model_signature}
    dist = dag.directory()
    for name, content in (files | others).items():
        # An identity has no public key, and a key that a service keeps signs no folder.
        if content:
            dist = dist.with_new_file(name, content)
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Release(  # type: ignore[call-arg]
        report=files[TEXT], json=files.get(RECORD, ""), public_key=verifier.pem, dist=dist
    )
