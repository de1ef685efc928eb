"""Messages at the handlers that AWS calls: under their own rights, and twice."""

from datetime import timedelta

from chalicelib.core import clock
from chalicelib.core import wechat as gateway
from chalicelib.identity.events import AccountErased
from simulators.wechat.state import Fault
from tests.functions.conftest import delivered, kept, woken
from tests.notices.conftest import SEND, Flat
from tests.notices.conftest import flat as notified  # noqa: F401 -- the fixture of the same town


def test_a_redelivered_ring_rings_once(notified: Flat, nothing_failed):  # noqa: F811 -- the fixture
    gateway._kept.cache_clear()  # as in a new process, which reads the row of the token
    notified.agree("per_1", 2)
    ring = notified.rung("per_1", "per_2")
    assert woken("ring_phones", delivered(ring)) == nothing_failed
    once = kept("notices")
    assert woken("ring_phones", delivered(ring, ring)) == nothing_failed
    assert kept("notices") == once
    assert len(notified.got("per_1")) == 1


def test_the_sweep_sends_what_had_to_wait(notified: Flat):  # noqa: F811 -- the fixture
    notified.agree("per_1")
    notified.wechat.faults[SEND] = Fault(errcode=45009, times=1)
    woken("ring_phones", delivered(notified.rung("per_1", lives_s=600)))
    later = clock.now() + timedelta(seconds=61)
    with clock.using(lambda: later):
        assert woken("retry_notices", {}) >= 1
    assert len(notified.got("per_1")) == 1


def test_who_is_forgotten_leaves_no_message(notified: Flat, nothing_failed):  # noqa: F811 -- the fixture
    notified.agree("per_1", 2)
    woken("ring_phones", delivered(notified.rung("per_1")))
    now = clock.now()
    gone = AccountErased(notified.community, "per_1", (), now, now)
    assert woken("forget_notices", delivered(gone, gone)) == nothing_failed
    assert notified.notices("per_1") == []
