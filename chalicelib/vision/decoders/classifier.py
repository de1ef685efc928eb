"""A classifier: one output [1, classes] of scores in 0-1; whatever is seen fills the picture.

Shape of a decoder: `decode(outputs, classes) -> sightings`, in the model's own class names.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib.vision.events import Sighted

WHOLE = (0.0, 0.0, 1.0, 1.0)


def decode(outputs: Sequence[Any], classes: Sequence[str]) -> tuple[Sighted, ...]:
    """Return one sighting per class, however low its score."""
    scores = outputs[0][0].tolist()
    return tuple(
        Sighted(name, round(float(score), 4), WHOLE)
        for name, score in zip(classes, scores, strict=True)
    )
