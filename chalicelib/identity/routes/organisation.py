"""HTTP of the organisation tree: estates, nodes, zones, bodies, flats."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.schema import Paging
from chalicelib.identity.schemas import bodies as areas
from chalicelib.identity.schemas import organisation as schemas
from chalicelib.identity.service import bodies, organisation, tree, zones

router = web.Router(__name__)


def show_community(caller: Caller) -> tree.Estate:
    """Show the caller's estate."""
    return tree.estate(caller)


for _audience in ("committee", "government"):
    router.get(
        f"/{_audience}/community",
        permission="identity.read_community",
        reply=schemas.CommunityReply,
        refuses=(404,),
    )(show_community)


def list_tree(caller: Caller, query: schemas.TreeQuery) -> organisation.Children:
    """List what stands under a node of the caller's subtree."""
    return tree.children(caller, query.under, limit=query.limit, after=query.cursor)


for _audience in ("resident", "property", "government"):
    router.get(
        f"/{_audience}/tree",
        permission="identity.read_tree",
        reply=schemas.TreePage,
        refuses=(404,),
    )(list_tree)


@router.get(
    "/session/places", reply=schemas.TreePage, refuses=(404,), budget=Budget(burst=60, every_s=1)
)
def list_estates(query: schemas.TreeQuery) -> organisation.Children:
    """List counties, and what stands under one down to the estates, to choose one's own."""
    return tree.estates(query.under, limit=query.limit, after=query.cursor)


@router.post(
    "/government/nodes",
    permission="identity.manage_tree",
    reply=schemas.NodeReply,
    once=True,
    refuses=(404, 422),
)
def plant_node(caller: Caller, body: schemas.NodeAsked) -> tree.Planted:
    """Register a street, a neighbourhood or an estate below the caller's node."""
    return tree.plant(caller, body.level, body.name, parent=body.parent)


@router.post(
    "/government/zones",
    permission="identity.manage_tree",
    reply=areas.ZoneReply,
    once=True,
    refuses=(404, 422),
)
def join_estates(caller: Caller, body: areas.ZoneAsked) -> zones.ZoneView:
    """Make an area of several estates that one team is appointed to (片区共管)."""
    return tree.join_estates(caller, body.name, body.paths)


@router.get("/government/zones", permission="identity.read_tree", reply=areas.ZonePage)
def list_zones(caller: Caller, query: Paging) -> zones.Zones:
    """List the zones whose estates lie in the caller's subtree."""
    return zones.of_county(caller, limit=query.limit, after=query.cursor)


@router.post(
    "/government/attachments",
    permission="identity.manage_tree",
    reply=areas.AttachmentReply,
    once=True,
    refuses=(404,),
)
def attach_body(caller: Caller, body: areas.AttachmentAsked) -> bodies.Serving:
    """Attach a company, committee, police station or office to a node."""
    return tree.attach(caller, body.body, body.name, path=body.path, org_id=body.org_id)


@router.get(
    "/government/attachments",
    permission="identity.read_tree",
    reply=areas.AttachmentsReply,
    refuses=(404,),
)
def list_bodies(caller: Caller, query: areas.AttachmentsQuery) -> tree.Bodies:
    """List the bodies that serve a node."""
    return tree.bodies_at(caller, query.path)


@router.post(
    "/government/attachments/detach",
    permission="identity.manage_tree",
    reply=areas.AttachmentReply,
    once=True,
    refuses=(404, 422),
)
def detach_body(caller: Caller, body: areas.DetachmentAsked) -> bodies.Serving:
    """End a body's service at a node, once nobody holds a post for it there."""
    return tree.detach(caller, body.org_id, path=body.path)


@router.get(
    "/government/estates/{community_id}/answerers",
    permission="identity.read_tree",
    reply=areas.AnswerersReply,
)
def list_answerers(caller: Caller, community_id: str) -> tree.Answerers:
    """Show who answers for an estate; without a company, the grid worker and the street."""
    return tree.answerers(caller, community_id)


@router.post(
    "/property/units",
    permission="identity.manage_units",
    reply=schemas.UnitReply,
    refuses=(404, 409, 422),
)
def add_unit(caller: Caller, body: schemas.UnitAsked) -> tree.UnitView:
    """Register a flat; its building and entrance come with it if they are new."""
    at = organisation.Place(body.building, body.entrance, body.room, body.area)
    return tree.add_unit(caller, at)


@router.get("/property/units/{unit_id}", permission="identity.read_tree", reply=schemas.UnitReply)
def show_unit(caller: Caller, unit_id: str) -> tree.UnitView:
    """Show a flat and who is tied to it, by id."""
    return tree.unit(caller, unit_id)
