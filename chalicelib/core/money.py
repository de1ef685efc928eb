"""Money as integer fen (分); a rate is a Decimal; each line is rounded once, half up."""

from decimal import ROUND_HALF_UP, Decimal

FEN_PER_YUAN = 100


def fen(yuan: Decimal) -> int:
    """Return an exact amount of yuan as fen, rounded half up to the 分 (LAW.md 2)."""
    return int((yuan * FEN_PER_YUAN).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def yuan(amount: int) -> str:
    """Return fen as yuan with two decimals, `25470` → `254.70`."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), FEN_PER_YUAN)
    return f"{sign}{whole}.{rest:02d}"
