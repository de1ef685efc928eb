"""One device's health through time, by the rules alone: no store, no clock."""

from dataclasses import dataclass, field

from chalicelib.devices.rules import complaints, judging
from chalicelib.devices.rules.complaints import Word
from chalicelib.devices.rules.health import SILENCE, Health, HealthState, Turn
from chalicelib.devices.rules.silence import Above, Sight

S = HealthState
MINUTE = 60_000
BORN = 1_800_000_000_000


@dataclass
class Device:
    """A device heard every minute while `alive`, and a look at it every half a minute."""

    health: Health = field(default_factory=lambda: Health(watched_since=BORN))
    at: int = BORN
    seen_at: int = BORN
    every: int = MINUTE
    through: str = ""
    above: Above | None = None
    turns: list[Turn] = field(default_factory=list)
    downs: int = 0
    grouped: int = 0

    def sight(self) -> Sight:
        return Sight(self.at, self.every, self.seen_at, self.through, self.above)

    def look(self) -> S:
        self.take(judging.judged(self.health, self.sight()))
        again = judging.judged(self.health, self.sight())
        assert (again.health, again.turns, again.downs) == (self.health, (), ())
        return self.health.state

    def take(self, judged) -> None:
        self.health = judged.health
        self.turns += judged.turns
        for down in judged.downs:
            self.downs += 0 if down.grouped else down.end - down.start
            self.grouped += down.end - down.start if down.grouped else 0

    def live(self, minutes: int) -> S:
        for _ in range(minutes):
            self.at += MINUTE
            self.seen_at = self.at
            self.look()
        return self.health.state

    def hush(self, minutes: float) -> S:
        """Be silent, looked at whenever that is due."""
        end = self.at + round(minutes * MINUTE)
        while (due := judging.next_look(self.health, self.sight())) is not None and due <= end:
            self.at = due
            self.look()
        self.at = end
        return self.look()

    def say(self, type_: str, sequence: int, *, skew=0, live=True, code="", replayed=False) -> S:
        word = Word(type_, f"{sequence:09}", self.at, skew, live, replayed, code)
        before = complaints.heeded(self.health, word)
        assert complaints.heeded(before, word) == before, "once more changes nothing"
        if not complaints.matters(self.health, word, self.every):
            assert before == self.health
        self.seen_at = self.at
        self.health = before
        return self.look()

    def told(self) -> list[tuple[str, str]]:
        said = [(str(turn.what), turn.course.fault) for turn in self.turns]
        self.turns.clear()
        return said

    def state(self, fault: str = SILENCE) -> S:
        return self.health.course(fault).state

    def by_hand(self, move, fault: str = SILENCE) -> None:
        self.take(move(self.health, self.health.course(fault), self.at))
        self.look()
