"""HTTP of a vote's result: for everybody once it is published, as JSON and as a sheet to print."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.voting.schemas import results as schemas
from chalicelib.voting.schemas.votes import Estate
from chalicelib.voting.service import results

router = web.Router(__name__)


@router.get(
    "/resident/votes/{vote_id}/result",
    permission="voting.read",
    reply=schemas.ResultReply,
    refuses=(404, 422),
)
def show_result(caller: Caller, vote_id: str) -> results.Result:
    """Show the published result of a vote."""
    return results.for_resident(caller, vote_id)


@router.get(
    "/resident/votes/{vote_id}/result-sheet",
    permission="voting.read",
    reply="application/pdf",
    refuses=(404, 422),
)
def print_result(caller: Caller, vote_id: str) -> web.File:
    """Print the published result of a vote."""
    return results.sheet(results.for_resident(caller, vote_id))


def show_estates_result(caller: Caller, vote_id: str, query: Estate) -> results.Result:
    """Show the published result of a vote of an estate."""
    return results.for_staff(caller, query.community_id, vote_id)


def print_estates_result(caller: Caller, vote_id: str, query: Estate) -> web.File:
    """Print the published result of a vote of an estate."""
    return results.sheet(results.for_staff(caller, query.community_id, vote_id))


for _audience in ("committee", "government"):
    router.get(
        f"/{_audience}/votes/{{vote_id}}/result",
        permission="voting.read",
        reply=schemas.ResultReply,
        refuses=(400, 404, 422),
    )(show_estates_result)
    router.get(
        f"/{_audience}/votes/{{vote_id}}/result-sheet",
        permission="voting.read",
        reply="application/pdf",
        refuses=(400, 404, 422),
    )(print_estates_result)
