"""How a message reaches a phone: one file per way.

`send(address, template_id, words, page, until)` sends once and returns what became of it, and
why: `sent`; `no_consent`: the receiver has agreed to none; `later`: not before the next minute;
`refused`: never in this form; `busy`: not now; `late`: its time is over; `lost`: nobody knows
whether it was sent.
"""

from chalicelib.core.plugins import Registry

NAMES = ("wechat_subscribe",)
CHANNELS = Registry(__name__, NAMES)
