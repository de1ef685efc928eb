"""HTTP of identity: who am I, and which estate is this."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.identity import schemas, service

router = web.Router(__name__)


def show_me(caller: Caller) -> service.Me:
    """Show the caller as the system knows them."""
    return service.me(caller)


def show_community(caller: Caller) -> service.Estate:
    """Show the caller's estate."""
    return service.community(caller.community_id)


for _audience in web.PEOPLE:
    router.get(f"/{_audience}/me", permission="identity.read_me", reply=schemas.MeReply)(show_me)

for _audience in ("committee", "government"):
    router.get(
        f"/{_audience}/community",
        permission="identity.read_community",
        reply=schemas.CommunityReply,
        refuses=(404,),
    )(show_community)
