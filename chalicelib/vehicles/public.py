"""What other domains, and the reactions in `functions/`, may ask of vehicles."""

from chalicelib.vehicles.service.arrivals import hear_desk, lapse_arrivals
from chalicelib.vehicles.service.barriers import hear_barrier
from chalicelib.vehicles.service.hosting import lapse_visits
from chalicelib.vehicles.service.leaving import (
    VehicleSubject,
    end_with_home,
    forget,
    held_of,
    subject_of_plate,
)
from chalicelib.vehicles.service.parks import recount
from chalicelib.vehicles.service.passing import hear_vehicle
from chalicelib.vehicles.service.stays import end_lost

__all__ = [
    "VehicleSubject",
    "end_lost",
    "end_with_home",
    "forget",
    "hear_barrier",
    "hear_desk",
    "hear_vehicle",
    "held_of",
    "lapse_arrivals",
    "lapse_visits",
    "recount",
    "subject_of_plate",
]
