"""HTTP of a vote's evidence: checkpoints, the published log; and the scrutineers' work."""

from chalicelib.core import media, web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging, UploadAsked, UploadReply
from chalicelib.voting.schemas import evidence as schemas
from chalicelib.voting.service import checkpoints, evidence, openings, papers, removals

router = web.Router(__name__)

VOTE = "/resident/votes/{vote_id}"
GROUP = f"{VOTE}/groups/{{group}}"


@router.get(
    f"{VOTE}/checkpoints",
    permission="voting.read",
    reply=schemas.CheckpointPage,
    refuses=(404,),
)
def list_checkpoints(caller: Caller, vote_id: str, query: Paging) -> checkpoints.Witnessed:
    """List the log's signed checkpoints, the newest first."""
    return checkpoints.listed(caller, vote_id, limit=query.limit, after=query.cursor)


@router.get(
    f"{VOTE}/export",
    permission="voting.read",
    reply=schemas.PublishedReply,
    refuses=(404,),
)
def show_export(caller: Caller, vote_id: str) -> evidence.Published:
    """Show where the counted vote's log can be had, to be verified by anybody."""
    return evidence.published(caller, vote_id)


@router.get(
    f"{GROUP}/opening",
    permission="voting.cast",
    reply=schemas.BallotOpenedReply,
    refuses=(403, 404, 422),
)
def show_own_opening(caller: Caller, vote_id: str, group: str) -> openings.Opened:
    """Show, after the close, how one's paper or proxy ballot was entered."""
    return openings.own(caller, vote_id, group)


@router.get(
    f"{VOTE}/openings/{{group}}",
    permission="voting.scrutinise",
    reply=schemas.BallotOpenedReply,
    refuses=(403, 404, 422, 429),
)
def scrutinise_opening(caller: Caller, vote_id: str, group: str) -> openings.Opened:
    """Show a ballot to a scrutineer after the close; the look is on record."""
    return openings.scrutinised(caller, vote_id, group)


@router.post(
    f"{VOTE}/scans",
    permission="voting.cast",
    reply=UploadReply,
    refuses=(404,),
)
def upload_scan(caller: Caller, vote_id: str, body: UploadAsked) -> media.Upload:
    """Get a place for the scan of a document or a paper ballot: kept with the vote."""
    return evidence.upload(caller, vote_id, body.content_type, body.bytes, body.sha256)


@router.get(
    f"{VOTE}/papers",
    permission="voting.scrutinise",
    reply=schemas.SerialPage,
    refuses=(403, 404),
)
def list_serials(caller: Caller, vote_id: str, query: Paging) -> evidence.Serials:
    """List the numbers of the paper ballots, to be printed."""
    return evidence.serials(caller, vote_id, limit=query.limit, after=query.cursor)


@router.get(
    f"{GROUP}/paper",
    permission="voting.scrutinise",
    reply=schemas.PaperReply,
    refuses=(403, 404),
)
def show_paper(caller: Caller, vote_id: str, group: str) -> papers.PaperView:
    """Show how far a paper ballot is."""
    return papers.shown(caller, vote_id, group)


@router.post(
    f"{GROUP}/paper",
    permission="voting.scrutinise",
    reply=schemas.PaperReply,
    once=True,
    refuses=(403, 404, 409, 422),
)
def enter_paper(
    caller: Caller, vote_id: str, group: str, body: schemas.PaperRequest
) -> papers.PaperView:
    """Enter a paper ballot; what two scrutineers enter alike is registered."""
    read = papers.Paper(body.serial, body.scan, body.scan_sha256, body.choice)
    return papers.enter(caller, vote_id, group, read)


@router.post(
    f"{GROUP}/removal",
    permission="voting.scrutinise",
    reply=schemas.RemovalReply,
    once=True,
    refuses=(403, 404, 409),
)
def ask_removal(
    caller: Caller, vote_id: str, group: str, body: schemas.RemovalRequest
) -> removals.Removal:
    """Ask that a ballot be taken out, with the reason."""
    return removals.ask(caller, vote_id, group, body.reason)


@router.post(
    f"{GROUP}/removal/agree",
    permission="voting.scrutinise",
    reply=schemas.RemovalReply,
    once=True,
    refuses=(403, 404, 409),
)
def agree_removal(caller: Caller, vote_id: str, group: str) -> removals.Removal:
    """Agree, as another scrutineer, and take the ballot out."""
    return removals.agree(caller, vote_id, group)
