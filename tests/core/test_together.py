import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.core.together import Together


class Line:
    """Calls that take as long as the test wants; it says who went together."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.begun, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.together: Together[int, str] = Together(self.call, most=3)

    def call(self, wishes):
        self.calls.append(list(wishes))
        self.begun.release()
        assert self.go_on.acquire(timeout=5)
        return [ValueError("odd") if wish % 2 else f"{wish}!" for wish in wishes]


@pytest.fixture
def line():
    return Line()


def until(true) -> None:
    for _ in range(500):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("never true")


def test_who_comes_alone_goes_at_once_and_alone():
    together: Together[int, int] = Together(lambda wishes: [2 * wish for wish in wishes], most=9)
    assert [together(wish) for wish in (1, 2, 3)] == [2, 4, 6]


def test_who_comes_meanwhile_goes_with_the_next_call_in_the_order_of_coming(line):
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(line.together, 0)
        assert line.begun.acquire(timeout=5)
        rest = []
        for wish in (2, 4, 6, 8):
            rest.append(pool.submit(line.together, wish))
            until(lambda: len(line.together._waiting) == len(rest))
        for _ in range(3):
            line.go_on.release()
        assert first.result(5) == "0!"
        assert [one.result(5) for one in rest] == ["2!", "4!", "6!", "8!"]
    assert line.calls == [[0], [2, 4, 6], [8]]


def test_one_that_fails_fails_alone(line):
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(line.together, 0)
        assert line.begun.acquire(timeout=5)
        odd, even = pool.submit(line.together, 1), pool.submit(line.together, 2)
        until(lambda: len(line.together._waiting) == 2)
        for _ in range(2):
            line.go_on.release()
        assert first.result(5) == "0!"
        with pytest.raises(ValueError, match="odd"):
            odd.result(5)
        assert even.result(5) == "2!"


class Fatal(BaseException):
    pass


@pytest.mark.parametrize("failure", [RuntimeError, Fatal])
def test_a_call_that_fails_fails_for_all_and_the_next_is_made(failure):
    broken = [True]

    def call(wishes):
        if broken:
            broken.clear()
            raise failure
        return wishes

    together: Together[int, int] = Together(call, most=9)
    with pytest.raises(failure):
        together(1)
    assert together(2) == 2


def test_many_threads_each_get_their_own():
    together: Together[int, int] = Together(lambda wishes: [-wish for wish in wishes], most=5)
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(together, range(2_000))) == [-wish for wish in range(2_000)]
