"""Named conducts: one good device and the ones that a test, a vendor or an attacker may bring."""

from __future__ import annotations

from collections.abc import Mapping

from tools.simulate.fences import NO_FENCES, Fences
from tools.simulate.mqtt_device import Conduct

PERSISTENT = Fences(clean_start=False)

CONDUCTS: Mapping[str, Conduct] = {
    "good": Conduct(),
    "naive": Conduct(fences=NO_FENCES),
    "slow": Conduct(dawdle_s=6.0),
    "silent": Conduct(acks="none"),
    "forged": Conduct(acks="forged"),
    "replayed": Conduct(acks="twice"),
    "persistent": Conduct(fences=PERSISTENT),
    # Each fence alone, with every other one down.
    "only_clean_start": Conduct(fences=Fences(True, False, False, False, False)),
    "only_signature": Conduct(fences=Fences(False, True, False, False, False)),
    "only_clock": Conduct(fences=Fences(False, False, False, True, False)),
    "only_session": Conduct(fences=Fences(False, False, False, False, True)),
    "only_expiry": Conduct(fences=NO_FENCES),  # the broker's, not the device's
}
