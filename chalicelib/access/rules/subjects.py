"""Whom an id that a door reported stands for: the person who answers for the passage."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """Who holds a credential or gave a pass.

    Of a pass `person_id` is the host and `visitor` is true; `unit_id` is the flat that it was
    issued for. `method` is the kind of credential (card, qr, pin, phone, fingerprint, face),
    empty for a pass, which may be shown in more than one way. `card` is the mark of the card
    (`subjects.card_mark`) that it is written on, empty for what is on none.
    """

    person_id: str
    unit_id: str
    visitor: bool = False
    method: str = ""
    card: str = ""
