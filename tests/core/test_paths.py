import pytest

from chalicelib.core import paths


@pytest.mark.parametrize(
    ("path", "above", "is_within"),
    [
        ("a/b", "a", True),
        ("a", "a", True),
        ("ab", "a", False),
        ("a", "a/b", False),
        ("a/b", "", False),
        ("", "", False),
    ],
)
def test_scope_is_whole_segments(path, above, is_within):
    assert paths.within(path, above) is is_within


@pytest.mark.parametrize(
    ("path", "community", "tenant"),
    [
        ("", "", ""),
        ("a", "", "a"),
        ("a/b/c", "", "a"),
        ("a/b/c/d", "d", "d"),
        ("a/b/c/d/e/f", "d", "d"),
    ],
)
def test_the_estate_is_the_fourth(path, community, tenant):
    assert paths.community_in(path) == community
    assert paths.tenant_of(path) == tenant
