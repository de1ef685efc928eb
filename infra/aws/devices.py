"""AWS IoT: what a device may do at the broker, by the name on its certificate.

The rules trust `topic(3)` and `topic(4)`: this policy is why they may. A device's thing is
named by the device's id, connects under that name alone, and carries its community as an
attribute; it speaks and listens below its own topic only.
"""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iot as iot
from constructs import Construct

UP = ("ack", "hello", "sos", "evt", "tel", "state")
DOWN = ("cmd", "time")
THING = "${iot:Connection.Thing.ThingName}"
COMMUNITY = "${iot:Connection.Thing.Attributes[community]}"


class Devices(Construct):
    """The policy that is attached to every device's certificate."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        own = f"linli/v1/{COMMUNITY}/{THING}"
        state = [self._arn("topic", f"{own}/state")]
        iot.CfnPolicy(
            self,
            "Policy",
            policy_name="linli-device",
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        **_allow("iot:Connect", [self._arn("client", THING)]),
                        "Condition": {"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}},
                    },
                    _allow("iot:Publish", [self._arn("topic", f"{own}/{leaf}") for leaf in UP]),
                    _allow("iot:RetainPublish", state),
                    _allow(
                        "iot:Subscribe",
                        [self._arn("topicfilter", f"{own}/{leaf}") for leaf in DOWN],
                    ),
                    _allow("iot:Receive", [self._arn("topic", f"{own}/{leaf}") for leaf in DOWN]),
                ],
            },
        )

    def _arn(self, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(service="iot", resource=resource, resource_name=name)


def _allow(action: str, resources: list[str]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resources}
