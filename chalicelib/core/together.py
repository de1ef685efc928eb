"""What threads of one process want at the same time, done as one call (group commit).

Nobody waits for company: who finds no call under way makes one at once, for itself. Who comes
while one is under way goes with the next, in the order of coming. A Lambda serves one request
at a time, so there every call is made alone; a process with many threads makes one call for
many, where each alone would cost a round trip and, on a disk, a sync.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Wish = TypeVar("Wish")
Gift = TypeVar("Gift")


class Together(Generic[Wish, Gift]):
    """Makes one call for what several threads want; at most `most` wishes in a call.

    `call` takes wishes and returns, in their order, what each is given: a result, or the
    exception that the one who wished it meets. What `call` itself raises, all of them meet.
    """

    def __init__(
        self, call: Callable[[Sequence[Wish]], Sequence[Gift | BaseException]], most: int
    ) -> None:
        self._call = call
        self._most = most
        self._waiting: deque[_Place[Wish, Gift]] = deque()
        self._under_way = False
        self._leader = 0
        self._lock = threading.Lock()

    def __call__(self, wish: Wish) -> Gift:
        """Return what this wish is given, having gone with a call or made one."""
        mine: _Place[Wish, Gift] = _Place(wish)
        if self._leader == threading.get_ident():  # a call that led back here must not wait
            self._serve([mine])
            return mine.gift()
        with self._lock:
            self._waiting.append(mine)
            leads = not self._under_way
            self._under_way = True
        if not leads:
            mine.wait()
        if not mine.is_served:
            self._lead()
        return mine.gift()

    def _lead(self) -> None:
        """Make one call for the first who wait, ourselves among them; then name the next."""
        with self._lock:
            self._leader = threading.get_ident()
            taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        try:
            self._serve(taken)
        finally:
            with self._lock:
                self._leader = 0
                following = list(self._waiting)[:1]
                self._under_way = bool(following)
            for place in (*following, *taken):
                place.call()

    def _serve(self, taken: Sequence["_Place[Wish, Gift]"]) -> None:
        try:
            gifts = self._call([place.wish for place in taken])
        except BaseException as failure:  # noqa: BLE001 -- each of them raises it again
            gifts = [failure] * len(taken)
        for place, gift in zip(taken, gifts, strict=True):
            place.served.append(gift)


class _Place(Generic[Wish, Gift]):
    """One who waits: called when it has been given something, or when it is to lead.

    A lock that is held from the start is the lightest thing to wait for.
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.served: list[Gift | BaseException] = []
        self._called = threading.Lock()
        self._called.acquire()

    @property
    def is_served(self) -> bool:
        """Return whether it has been given something."""
        return bool(self.served)

    def wait(self) -> None:
        """Wait for a call."""
        self._called.acquire()

    def call(self) -> None:
        """Let the one who waits go on; a second call before that changes nothing."""
        if self._called.locked():
            self._called.release()

    def gift(self) -> Gift:
        """Return what it has been given; raises it if it is an exception."""
        (given,) = self.served
        if isinstance(given, BaseException):
            raise given
        return given
