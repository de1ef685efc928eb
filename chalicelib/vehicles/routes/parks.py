"""HTTP of car parks."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.vehicles.schemas import parks as schemas
from chalicelib.vehicles.service import parks

router = web.Router(__name__)


@router.get("/resident/car-parks", permission="vehicles.own_plates", reply=schemas.FreeList)
def list_free_spaces(caller: Caller) -> parks.FreeSpaces:
    """List the free spaces of the estate's car parks."""
    return parks.free_spaces(caller)


@router.get("/property/car-parks", permission="vehicles.read", reply=schemas.ParkList)
def list_parks(caller: Caller) -> parks.Parks:
    """List the estate's car parks, and what is inside by kind."""
    return parks.parks(caller)


@router.post(
    "/property/car-parks",
    permission="vehicles.manage",
    reply=schemas.ParkReply,
    once=True,
    refuses=(409, 422),
)
def add_park(caller: Caller, body: schemas.ParkAsked) -> parks.ParkView:
    """Add a car park with its lanes."""
    return parks.add(caller, parks.Park(**dict(body)))


@router.put(
    "/property/car-parks/{park_id}",
    permission="vehicles.manage",
    reply=schemas.ParkReply,
    refuses=(404, 409, 422),
)
def change_park(caller: Caller, park_id: str, body: schemas.ParkAsked) -> parks.ParkView:
    """Change a car park."""
    return parks.change(caller, park_id, parks.Park(**dict(body)))


@router.get("/property/parking-policy", permission="vehicles.read", reply=schemas.PolicyReply)
def show_policy(caller: Caller) -> parks.Policy:
    """Show what the estate decided about registered cars."""
    return parks.policy(caller)


@router.put(
    "/property/parking-policy",
    permission="vehicles.manage",
    reply=schemas.PolicyReply,
    refuses=(409,),
)
def decide_policy(caller: Caller, body: schemas.PolicyAsked) -> parks.Policy:
    """Decide about registered cars anew."""
    return parks.decide_policy(caller, parks.Policy(**dict(body)))
