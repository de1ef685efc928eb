"""Which simulated device stands for an entry of the estate, and where it connects."""

from __future__ import annotations

from tools.simulate.conducts import CONDUCTS
from tools.simulate.estate import Device, Estate
from tools.simulate.gate import Gate
from tools.simulate.lift_controller import LiftController
from tools.simulate.mqtt_device import Broker, Conduct, MqttDevice

MAKERS: dict[str, type[MqttDevice]] = {"gate": Gate, "lift_controller": LiftController}


def broker_of(estate: Estate) -> Broker:
    """Return where the estate's devices connect."""
    return Broker(estate.mqtt_host, estate.mqtt_port)


def plug_in(estate: Estate, device: Device, conduct: Conduct = CONDUCTS["good"]) -> MqttDevice:
    """Make the simulated device of this entry; KeyError for a kind that takes no commands."""
    return MAKERS[device.kind](device, broker_of(estate), conduct)
