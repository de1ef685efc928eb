"""Many simulated devices of one estate at once."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

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


class Fleet:
    """Every device of the estate that takes commands, started together and stopped together."""

    def __init__(self, estate: Estate, conduct: Conduct = CONDUCTS["good"]) -> None:
        """Prepare; nothing is sent."""
        self.devices = {
            device.id: plug_in(estate, device, conduct)
            for device in estate.devices
            if device.kind in MAKERS
        }
        self._running = ExitStack()

    def gate(self, device_id: str) -> Gate:
        """Return one simulated gate."""
        device = self.devices[device_id]
        assert isinstance(device, Gate)
        return device

    def lift(self, device_id: str) -> LiftController:
        """Return one simulated lift controller."""
        device = self.devices[device_id]
        assert isinstance(device, LiftController)
        return device

    def __enter__(self) -> Self:
        """Connect all of them."""
        for device in self.devices.values():
            self._running.enter_context(device)
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect all of them."""
        self._running.close()
