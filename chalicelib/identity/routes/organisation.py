"""HTTP of the organisation tree: estates, nodes, zones, bodies, flats."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.identity.schemas import organisation as schemas
from chalicelib.identity.service import organisation, tree

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


for _audience in ("property", "government"):
    router.get(
        f"/{_audience}/tree",
        permission="identity.read_tree",
        reply=schemas.TreePage,
        refuses=(404,),
    )(list_tree)


@router.post(
    "/government/nodes",
    permission="identity.manage_tree",
    reply=schemas.NodeReply,
    refuses=(404, 422),
)
def plant_node(caller: Caller, body: schemas.NodeAsked) -> schemas.NodeReply:
    """Register a street, a neighbourhood or an estate below the caller's node."""
    return schemas.NodeReply(path=tree.plant(caller, body.level, body.name, parent=body.parent))


@router.post(
    "/government/zones",
    permission="identity.manage_tree",
    reply=schemas.ZoneReply,
    refuses=(404, 422),
)
def join_estates(caller: Caller, body: schemas.ZoneAsked) -> schemas.ZoneReply:
    """Make an area of several estates that are managed together (片区共管)."""
    zone_id = tree.join_estates(caller, body.name, body.paths)
    return schemas.ZoneReply(zone_id=zone_id, name=body.name, paths=body.paths)


@router.post(
    "/government/attachments",
    permission="identity.manage_tree",
    reply=schemas.AttachmentReply,
    refuses=(404,),
)
def attach_body(caller: Caller, body: schemas.AttachmentAsked) -> schemas.AttachmentReply:
    """Attach a company, committee, police station or office to a node."""
    org_id = tree.attach(caller, body.body, body.name, path=body.path)
    return schemas.AttachmentReply(org_id=org_id, body=body.body, name=body.name, path=body.path)


@router.get(
    "/government/estates/{community_id}/answerers",
    permission="identity.read_tree",
    reply=schemas.AnswerersReply,
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
