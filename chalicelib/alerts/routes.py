"""HTTP of alerts: what the property's staff see and judge."""

from chalicelib.alerts import schemas
from chalicelib.alerts.service import review
from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging

router = web.Router(__name__)


@router.get("/property/alerts", permission="alerts.read", reply=schemas.AlertPage)
def list_alerts(caller: Caller, query: Paging) -> review.Alerts:
    """List the community's alerts, the newest first."""
    return review.alerts(caller.community_id, limit=query.limit, after=query.cursor)


@router.get(
    "/property/alerts/{alert_id}",
    permission="alerts.read",
    reply=schemas.AlertReply,
    refuses=(404,),
)
def show_alert(caller: Caller, alert_id: str) -> review.AlertView:
    """Show one alert."""
    return review.alert(caller.community_id, alert_id)


@router.post(
    "/property/alerts/{alert_id}/verdict",
    permission="alerts.judge",
    reply=schemas.AlertReply,
    once=True,
    refuses=(404, 409),
)
def judge_alert(caller: Caller, alert_id: str, body: schemas.VerdictAsked) -> review.AlertView:
    """Say whether an alert was right; a false one ends it and frees the door."""
    return review.judge(caller, alert_id, body.verdict, body.note)


@router.get(
    "/property/notifications", permission="notifications.read", reply=schemas.NotificationPage
)
def list_notifications(caller: Caller, query: Paging) -> review.Notifications:
    """List what the staff were told, the newest first."""
    return review.notifications(caller.community_id, limit=query.limit, after=query.cursor)
