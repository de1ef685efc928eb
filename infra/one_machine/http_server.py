"""What granian serves: the API behind its one-machine gateway."""

from app import app
from infra.one_machine import rights, storms
from infra.one_machine.front import Front
from infra.one_machine.gateway import Gateway
from infra.one_machine.processes import die_with_parent

die_with_parent()  # granian's workers would outlive a killed granian and hold its port

rights.enforce()

application = Front(Gateway(app), turned_away=storms.turned_away)
