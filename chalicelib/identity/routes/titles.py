"""HTTP of titles: entered by who calls owners together, never by the property company."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.identity.schemas import titles as schemas
from chalicelib.identity.service import titles

router = web.Router(__name__)


def enter_titles(caller: Caller, body: schemas.TitlesAsked) -> titles.Entered:
    """Enter how flats are held, their areas, and the companies that own them."""
    wishes = [_wish(asked) for asked in body.units]
    return titles.enter(caller, body.community_id, wishes)


for _audience in ("committee", "government"):
    router.post(
        f"/{_audience}/titles",
        permission="identity.enter_titles",
        reply=schemas.TitlesReply,
        once=True,
        refuses=(404, 422),
    )(enter_titles)


def _wish(asked: schemas.TitleAsked) -> titles.TitleWish:
    said = dict(asked)
    areas = {one.source: one.area for one in said.pop("areas")}
    return titles.TitleWish(areas=areas, **said)
