"""An estate whose owners decide."""

import pytest

from tests.voting.assembly import Assembly


@pytest.fixture
def assembly(http, sign, community):
    return Assembly(http, sign, community)
