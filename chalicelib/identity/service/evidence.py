"""Evidence for a wish: uploaded by whoever wishes, seen by whoever decides, on the record.

Deeds, leases and household books (产权证、租赁合同、户口簿) are gone after 30 days; the wish keeps
the key with the hash, so that a copy shown later can be told from another (decision 0019).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from chalicelib.core import audit, media
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden
from chalicelib.core.schema import UploadAsked
from chalicelib.identity.rules.people import Tie, evidence_folder
from chalicelib.identity.rules.privacy import SEES_CHILDREN, Reason
from chalicelib.identity.service import bindings, people
from chalicelib.identity.service.bindings import BindingView
from chalicelib.identity.tables.people import Binding

SHOWN_FOR: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class WishSeen:
    """A wish with what its decider needs: who it is, and the evidence for two minutes.

    `evidence_url` is None for a wish without evidence, or whose evidence is gone already.
    """

    binding: BindingView
    name: str
    evidence_url: str | None
    view_id: str


def grant_upload(caller: Caller, asked: UploadAsked) -> media.Upload:
    """Return a presigned POST for exactly one picture of the caller's."""
    folder = evidence_folder(caller.community_id, caller.subject_id)
    return media.granted(folder, asked.content_type, asked.bytes, asked.sha256)


def seen_by_owner(caller: Caller, binding_id: str) -> WishSeen:
    """Show a wish to an owner who decides on it; raises as `bindings.decide_as_owner`."""
    row, _ = bindings.found_by_owner(caller, binding_id)
    return _seen(caller, row)


def seen_by_property(caller: Caller, binding_id: str) -> WishSeen:
    """Show a wish to the company's staff; a child's to a manager alone (LAW.md P6).

    Raises NotFound `no_such_binding`, `person_forgotten`, Forbidden `child_needs_manager`,
    TooMany `too_many_subjects`.
    """
    row = bindings.found_by_property(caller, binding_id)
    if row.tie == Tie.CHILD and SEES_CHILDREN.isdisjoint(caller.roles):
        raise Forbidden("child_needs_manager", "未满14周岁人员的信息仅物业经理可查看")
    return _seen(caller, row)


def _seen(caller: Caller, row: Binding) -> WishSeen:
    """Gather, put on record, show: the wish is its own ticket."""
    name = people.opened(people.person_of(row.community_id, row.person_id), "name")
    there = row.evidence_key is not None and media.is_there(row.evidence_key)
    url = media.shown(str(row.evidence_key), SHOWN_FOR) if there else None
    view_id = audit.viewing(
        caller,
        row.person_id,
        purpose=Reason.BINDING.value,
        ticket=row.binding_id,
        fields=["evidence", "name"] if url else ["name"],
    )
    return WishSeen(bindings.view(row), name, url, view_id)
