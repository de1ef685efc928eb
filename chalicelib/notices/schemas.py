"""What the mini-program asks and sees of messages."""

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Shown
from chalicelib.notices.rules.consents import Choice
from chalicelib.notices.rules.templates import About


class SubscriptionChoice(Asked):
    """What `wx.requestSubscribeMessage` reported of one template."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"template_id": "tmpl-ring", "choice": "accept"}]}
    )

    template_id: Identifier
    choice: Choice


class SubscriptionsAsked(Asked):
    """The answers to one question of WeChat's; it asks for three templates at most."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"choices": [{"template_id": "tmpl-ring", "choice": "accept"}]}]
        }
    )

    choices: list[SubscriptionChoice] = Field(
        min_length=1, max_length=3, examples=[[{"template_id": "tmpl-ring", "choice": "accept"}]]
    )


class SubscriptionReply(Shown):
    """A kind of message: the template to ask WeChat for, and how many may still be sent."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"about": "ring", "template_id": "tmpl-ring", "left": 3}]}
    )

    about: About
    template_id: str
    left: int


class SubscriptionList(Shown):
    """The kinds of message that there are; one without a template is not named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"about": "ring", "template_id": "tmpl-ring", "left": 3}]}]
        }
    )

    items: list[SubscriptionReply]
