"""One access token for all processes: asked for by one of them, never forced, never stomped."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.core import clock
from chalicelib.core import wechat as gateway
from chalicelib.core.config import settings
from chalicelib.core.errors import Unavailable
from chalicelib.core.wechat import AccessToken
from simulators.wechat.state import Fault
from tests.notices.conftest import TOKEN


@pytest.fixture
def world(cloud, wechat):
    """Nobody knows a token, and nobody asks for one."""
    wechat.faults.clear()
    row = AccessToken.find(settings().wechat_app_id)
    if row is not None:
        row.delete()
    gateway._kept.cache_clear()
    return wechat


def row() -> AccessToken:
    found = AccessToken.find(settings().wechat_app_id)
    assert found is not None
    return found


def test_many_processes_ask_wechat_once(world):
    before = world.asked[TOKEN]
    with ThreadPoolExecutor(8) as pool:  # `_shared` is what a process does that knows none
        got = [one.result() for one in [pool.submit(gateway._shared, "") for _ in range(8)]]
    assert len({token for token, _ in got}) == 1
    assert world.asked[TOKEN] == before + 1
    assert row().leased_until is None
    assert got[0][0].encode() not in bytes(row().sealed)


def test_a_stale_token_is_replaced_from_the_row_before_wechat_is_asked(world):
    old = gateway.access_token()
    world.tokens.clear()
    fresh, _ = gateway._shared(old)  # another process has replaced it
    before = world.asked[TOKEN]
    assert gateway.access_token(not_this=old) == fresh
    assert world.asked[TOKEN] == before


def test_while_one_asks_the_others_go_on_with_the_old_one(world):
    old = gateway.access_token()
    soon = int(clock.now().timestamp()) + 200
    lease = AccessToken.leased_until.set(soon)
    row().update([AccessToken.ends.set(soon), lease])
    before = world.asked[TOKEN]
    gateway._kept.cache_clear()
    assert gateway.access_token() == old
    assert world.asked[TOKEN] == before
    row().update([AccessToken.leased_until.set(int(time.time()) - 1)])  # it died
    gateway._kept.cache_clear()
    gateway.access_token()
    assert world.asked[TOKEN] == before + 1


def test_a_wechat_that_fails_costs_nobody_the_old_token_and_frees_the_lease(world):
    old = gateway.access_token()
    row().update([AccessToken.ends.set(int(time.time()) + 200)])
    gateway._kept.cache_clear()
    world.faults[TOKEN] = Fault(cut=True, times=3)
    assert gateway.access_token() == old
    assert row().leased_until is None
    world.faults[TOKEN] = Fault(errcode=-1, times=3)
    with pytest.raises(Unavailable):
        gateway.access_token(not_this=old)
    assert row().leased_until is None
