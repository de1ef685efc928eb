"""What an operator runs after a restore (docs/restoring.md)."""

import pytest

from chalicelib.core import sealing
from chalicelib.core.sealing import PersonKey
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import deletion
from chalicelib.identity.tables.people import Person
from chalicelib.identity.tables.sessions import Revocation
from tests.identity.residents import resident, settle
from tools import replay_deletions


def test_whom_a_restore_brought_back_is_forgotten_again(cloud, community, capsys):
    settle(community, tie=Tie.FAMILY)
    row, key = Person.find(community, "per_1"), PersonKey.find(community, "per_1")
    assert row is not None
    assert key is not None
    deletion.delete(resident(community))
    for kind, old in ((Person, row), (PersonKey, key)):  # both tables as they were before
        now = kind.find(community, "per_1")
        assert now is not None
        old.version = now.version
        old.save()
    signed_out = len(list(Revocation.query(tenant_key(community, "per_1"))))
    assert sealing.open(community, "per_1", "phone", bytes(row.phone))

    assert replay_deletions.main([]) == 0
    assert f"{community} 1" in capsys.readouterr().out.splitlines()
    with pytest.raises(sealing.Forgotten):
        sealing.open(community, "per_1", "phone", bytes(row.phone))
    left = Person.find(community, "per_1")
    assert left is not None
    assert left.phone is None
    assert len(list(Revocation.query(tenant_key(community, "per_1")))) == signed_out + 1

    replay_deletions.main([])
    assert f"{community} 0" in capsys.readouterr().out.splitlines()
