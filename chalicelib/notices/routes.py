"""HTTP of messages: which there are, and what a person agreed to."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.notices import schemas
from chalicelib.notices.service import consents

router = web.Router(__name__)


@router.get(
    "/resident/subscriptions", permission="notices.subscribe", reply=schemas.SubscriptionList
)
def list_subscriptions(caller: Caller) -> consents.Subscriptions:
    """List the messages that the caller can be sent, and how many they agreed to."""
    return consents.subscriptions(caller)


@router.post(
    "/resident/subscriptions",
    permission="notices.subscribe",
    reply=schemas.SubscriptionList,
    once=True,
    refuses=(409, 422),
    budget=Budget(burst=20, every_s=10),
)
def answer_subscriptions(
    caller: Caller, body: schemas.SubscriptionsAsked
) -> consents.Subscriptions:
    """Count what the caller answered to `wx.requestSubscribeMessage`."""
    return consents.answer(caller, {one.template_id: one.choice for one in body.choices})
