"""Messages that came a moment ago: the same one again gets its first answer and counts nothing.

Whoever stands between a device and us can send what it signed again, as often as it likes, as
long as its timestamp is taken: that must not look like a storm of the device's.
"""

import json
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import clock

REMEMBERED_FOR = timedelta(minutes=15)
"""Longer than a timestamp is taken. This process's own memory: another one reads the row."""

MOST_REMEMBERED = 5_000

Key = tuple[str, str, str]
"""(device, message, digest of the body): what one signature stands for."""

_answers: OrderedDict[Key, tuple[datetime, str]] = OrderedDict()
_remembering = threading.Lock()


def first_answer(key: Key) -> Any:
    """Return what this very message was answered, or None if it is not remembered."""
    with _remembering:
        at, answer = _answers.get(key) or (None, "")
    if at is None or clock.now() - at > REMEMBERED_FOR:
        return None
    return json.loads(answer)


def remember(key: Key, answer: Any) -> None:
    """Remember what a message was answered."""
    text = json.dumps(answer, ensure_ascii=False)
    with _remembering:
        _answers[key] = clock.now(), text
        _answers.move_to_end(key)
        if len(_answers) > MOST_REMEMBERED:
            _answers.popitem(last=False)
