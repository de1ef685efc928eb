"""Use cases of bodies: companies, committees, stations and offices, and where they serve."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.core import ids, outbox
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.paths import tenant_of
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.rules import organisation as rules
from chalicelib.identity.rules.organisation import Body
from chalicelib.identity.service import organisation, posts
from chalicelib.identity.tables.organisation import Attachment, Node, Organisation


@dataclass(frozen=True)
class Serving:
    """A body, and a node that it serves."""

    org_id: str
    body: Body
    name: str
    path: str


def attach(
    body: Body, name: str, *, path: str, org_id: str = "", also: Sequence[Row] = ()
) -> Serving:
    """Attach a body to a node; raises NotFound `no_such_node`, Conflict if it serves there.

    With the `org_id` of one that exists it serves this node as well, under its own name
    and kind.
    """
    node = organisation.node_of(path)
    known = Organisation.find(org_id) if org_id else None
    served = Serving(
        org_id=org_id or ids.new_id("org"),
        body=Body(known.body) if known else body,
        name=known.name if known else name,
        path=node.path,
    )
    serving = Attachment(
        node_key=_key(node),
        org_id=served.org_id,
        body=served.body.value,
        name=served.name,
        path=node.path,
    )
    new = Organisation(org_id=served.org_id, body=served.body.value, name=served.name)
    outbox.commit(serving, *(() if known else (new,)), *also, answer=served)
    return served


def detach(org_id: str, *, path: str, also: Sequence[Row] = ()) -> Serving:
    """End a body's service at a node, once nobody holds a post for it there.

    Raises NotFound `no_such_node`, `no_such_organisation`, Unprocessable `still_staffed`.
    """
    row = Attachment.find(_key(organisation.node_of(path)), org_id)
    if row is None:
        raise NotFound("no_such_organisation", "该机构不在此节点服务")
    if held := posts.of_body(org_id, path):
        details = {"posts": len(held)}
        raise Unprocessable("still_staffed", "请先解除该机构人员在此的任职", details=details)
    outbox.commit(*also, deletes=(row,), answer=_view(row))
    return _view(row)


def exists(org_id: str) -> bool:
    """Return whether there is a body of this id; one read."""
    return Organisation.find(org_id) is not None


def at(path: str) -> list[Serving]:
    """Return the bodies that are attached to a node; one read besides the node's."""
    return [_view(row) for row in _at(organisation.node_of(path))]


def serving(org_id: str, path: str) -> Attachment | None:
    """Return by which attachment a body serves a node: there, or at one above it."""
    for one in rules.upward(path):
        node_id = one.rpartition("/")[2]
        scope = tenant_of(one)
        if row := Attachment.find(tenant_key(scope, node_id), org_id):
            return row
    return None


def routes_to(community_id: str) -> list[rules.Answerer]:
    """Return who answers for an estate: its company's manager, or grid worker and street.

    A company that has nobody in that post yet answers for nothing. Raises NotFound
    `no_such_community`.
    """
    path = organisation.path_of(community_id)
    serving = Attachment.query(tenant_key(community_id, community_id), consistent_read=True)
    managed = any(row.body == Body.COMPANY for row in serving) and bool(
        posts.holders(rules.MANAGER, path)
    )
    return rules.answerers(path, managed=managed)


def _at(node: Node) -> list[Attachment]:
    return list(Attachment.query(_key(node), consistent_read=True))


def _key(node: Node) -> str:
    return tenant_key(node.scope, node.node_id)


def _view(row: Attachment) -> Serving:
    return Serving(row.org_id, Body(row.body), row.name, row.path)
