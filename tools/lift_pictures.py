"""Draw what a lift camera sees, from a seed: for training, golden images, tests, the simulator.

    python -m tools.lift_pictures two_wheeler 7 frame.jpg

Every picture is drawn, never photographed: no person and no building is in it.
"""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter

KINDS = ("empty", "person", "two_wheeler", "person_two_wheeler", "pram", "wheelchair", "suitcase")
SIZE = (640, 480)

Colour = tuple[int, int, int]


def render(kind: str, seed: int, *, quality: int = 82) -> bytes:
    """Draw one 640×480 JPEG of a lift cabin; the same kind and seed give the same bytes.

    `kind` is one of `KINDS`; anything else is a `ValueError`. (On one version of Pillow: another
    may compress differently.)
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}: one of {', '.join(KINDS)}")
    dice = Random(f"{kind}/{seed}")
    picture = _cabin(dice)
    for thing in _things(kind, dice):
        _put(picture, thing, dice)
    picture = _weather_the_lens(picture, dice)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _things(kind: str, dice: Random) -> list[Image.Image]:
    """The figures standing in the cabin, from the back to the front."""
    people = [_person(dice) for _ in range(dice.choice((1, 1, 2)))]
    beside: dict[str, list[Image.Image]] = {"person": people}
    match kind:
        case "two_wheeler":
            beside[kind] = [_two_wheeler(dice)]
        case "person_two_wheeler":
            beside[kind] = [*people[:1], _two_wheeler(dice)]
        case "pram":
            beside[kind] = [*people[:1], _pram(dice)]
        case "wheelchair":
            beside[kind] = [_wheelchair(dice)]
        case "suitcase":
            beside[kind] = [*people[:1], _suitcase(dice)]
    return beside.get(kind, [])


# The cabin -------------------------------------------------------------------------------


def _cabin(dice: Random) -> Image.Image:
    """Walls, floor, door gap, button panel and a poster or two, seen from above."""
    width, height = SIZE
    wall = _grey(dice, 95, 200, tint=22)
    floor = _grey(dice, 55, 170, tint=18)
    picture = Image.new("RGB", SIZE, wall)
    pen = ImageDraw.Draw(picture)
    horizon = dice.randint(120, 210)
    inset = dice.randint(20, 130)
    pen.polygon(
        [(inset, horizon), (width - inset, horizon), (width, height), (0, height)], fill=floor
    )
    for step in range(dice.choice((0, 5, 8))):
        across = step * width // 8
        pen.line(
            [(inset + across * (width - 2 * inset) // width, horizon), (across, height)],
            fill=_lit(floor, 0.9),
        )
    pen.line([(inset, 0), (inset, horizon), (0, height)], fill=_lit(wall, 0.7), width=4)
    pen.line(
        [(width - inset, 0), (width - inset, horizon), (width, height)],
        fill=_lit(wall, 0.7),
        width=4,
    )
    _wall_furniture(pen, dice, wall, horizon)
    return picture


def _wall_furniture(pen: ImageDraw.ImageDraw, dice: Random, wall: Colour, horizon: int) -> None:
    """What hangs on the walls: a detector must not learn it."""
    left = dice.randint(40, 560)
    pen.rectangle([left, horizon - 110, left + 26, horizon - 10], fill=_lit(wall, 0.55))
    for row in range(5):
        pen.ellipse(
            [left + 8, horizon - 100 + row * 17, left + 18, horizon - 90 + row * 17],
            fill=(240, 235, 210),
        )
    for _ in range(dice.randint(0, 3)):
        x, y = dice.randint(0, 560), dice.randint(0, max(1, horizon - 90))
        pen.rectangle(
            [x, y, x + dice.randint(30, 90), y + dice.randint(30, 80)], fill=_any_colour(dice)
        )
    if dice.random() < 0.5:  # the door's dark gap
        gap = dice.randint(200, 440)
        pen.rectangle([gap, 0, gap + dice.randint(4, 60), horizon], fill=_lit(wall, 0.4))


def _weather_the_lens(picture: Image.Image, dice: Random) -> Image.Image:
    """Lamp level, blur, sensor noise and a mirror flip."""
    level = dice.uniform(0.55, 1.25)
    picture = picture.point([min(255, int(value * level)) for value in range(256)] * 3)
    picture = picture.filter(ImageFilter.BoxBlur(dice.uniform(0.0, 1.4)))
    grain = Image.frombytes("L", (320, 240), dice.randbytes(320 * 240)).resize(SIZE)
    picture = Image.blend(
        picture, Image.merge("RGB", (grain, grain, grain)), dice.uniform(0.01, 0.09)
    )
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if dice.random() < 0.5 else picture


# The figures: each is drawn upright on a clear 360×360 tile ------------------------------


def _tile() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    tile = Image.new("RGBA", (360, 360), (0, 0, 0, 0))
    return tile, ImageDraw.Draw(tile)


def _person(dice: Random) -> Image.Image:
    """Head, trunk, arms and legs, sometimes with a bag."""
    tile, pen = _tile()
    coat, trousers, hair = _any_colour(dice), _any_colour(dice), _grey(dice, 15, 80, tint=15)
    wide = dice.randint(44, 66)
    pen.ellipse([120, 318, 240, 350], fill=(20, 20, 20, 110))
    pen.polygon(
        [(180 - wide // 2, 200), (180 + wide // 2, 200), (196, 335), (164, 335)], fill=trousers
    )
    pen.rounded_rectangle([180 - wide, 95, 180 + wide, 225], 34, fill=coat)
    for side in (-1, 1):
        swing = dice.randint(-14, 26)
        pen.line(
            [(180 + side * wide, 120), (180 + side * (wide + swing), 215)],
            fill=_lit(coat, 0.8),
            width=22,
        )
    pen.ellipse([148, 32, 212, 108], fill=(222, 184, 155))
    pen.pieslice(
        [144, 26, 216, 100], 180 - dice.randint(0, 30), 360 + dice.randint(0, 30), fill=hair
    )
    if dice.random() < 0.4:
        pen.rectangle([180 + wide, 190, 180 + wide + 40, 250], fill=_any_colour(dice))
    return tile


def _wheel(pen: ImageDraw.ImageDraw, x: int, y: int, radius: int, rim: Colour) -> None:
    pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=(22, 22, 24))
    inner = int(radius * 0.66)
    pen.ellipse([x - inner, y - inner, x + inner, y + inner], fill=rim)
    pen.ellipse([x - 6, y - 6, x + 6, y + 6], fill=(60, 60, 60))


def _two_wheeler(dice: Random) -> Image.Image:
    """An e-bike: two equal wheels far apart, a footboard, a saddle, a steering column, a lamp."""
    tile, pen = _tile()
    body, rim = _any_colour(dice), _grey(dice, 90, 210)
    radius, base = dice.randint(40, 56), dice.randint(98, 118)
    rear, front, hub = 180 - base, 180 + base, 285
    pen.ellipse([rear - radius, 318, front + radius, 348], fill=(20, 20, 20, 110))
    _wheel(pen, rear, hub, radius, rim)
    _wheel(pen, front, hub, radius, rim)
    top = dice.randint(100, 140)
    pen.line([(front, hub), (front - 38, top)], fill=_lit(body, 0.8), width=16)
    pen.line([(front - 70, top - 10), (front - 12, top - 4)], fill=(30, 30, 30), width=9)
    pen.polygon([(rear + 6, 205), (190, 205), (175, 280), (rear + 50, 285)], fill=body)
    pen.polygon(
        [
            (165, 262),
            (front - 34, 262),
            (front - 20, 180),
            (front + 2, 185),
            (front - 8, 284),
            (165, 284),
        ],
        fill=body,
    )
    pen.rounded_rectangle([rear + 2, 180, 185, 208], 12, fill=(25, 25, 28))
    pen.ellipse([front - 30, top + 12, front - 6, top + 36], fill=(245, 240, 200))
    if dice.random() < 0.4:
        pen.rectangle([rear - 30, 145, rear + 34, 182], fill=_any_colour(dice))
    return tile


def _pram(dice: Random) -> Image.Image:
    """A pram: small wheels close together under a basket with a hood."""
    tile, pen = _tile()
    cloth = _any_colour(dice)
    pen.ellipse([95, 322, 265, 346], fill=(20, 20, 20, 110))
    for x in (125, 235):
        _wheel(pen, x, 315, dice.randint(15, 24), (160, 160, 160))
    pen.line([(125, 300), (235, 225)], fill=(70, 70, 70), width=7)
    pen.line([(235, 300), (125, 225)], fill=(70, 70, 70), width=7)
    pen.polygon([(95, 175), (265, 175), (240, 240), (120, 240)], fill=cloth)
    pen.pieslice([90, 95, 260, 255], 180, dice.randint(280, 320), fill=_lit(cloth, 0.75))
    pen.line([(265, 175), (305, 115)], fill=(50, 50, 50), width=8)
    return tile


def _wheelchair(dice: Random) -> Image.Image:
    """A wheelchair with its user: one big wheel and one small, side by side with a seat between."""
    tile, pen = _tile()
    rider = _person(dice).crop((60, 20, 300, 240)).resize((200, 185))
    tile.paste(rider, (75, 55), rider)
    pen.rectangle([110, 215, 225, 235], fill=(35, 35, 40))
    pen.rectangle([105, 130, 118, 235], fill=(35, 35, 40))
    pen.ellipse([88, 205, 212, 329], outline=(40, 40, 40), width=9)
    pen.ellipse([140, 257, 160, 277], fill=(90, 90, 90))
    _wheel(pen, 240, 312, dice.randint(14, 20), (120, 120, 120))
    pen.line([(225, 230), (262, 310)], fill=(60, 60, 60), width=8)
    return tile


def _suitcase(dice: Random) -> Image.Image:
    """A suitcase with its handle up."""
    tile, pen = _tile()
    shell = _any_colour(dice)
    pen.rectangle([150, 70, 210, 170], outline=(60, 60, 60), width=6)
    pen.rounded_rectangle([110, 165, 250, 335], 16, fill=shell)
    for y in range(190, 330, 28):
        pen.line([(116, y), (244, y)], fill=_lit(shell, 0.8), width=4)
    for x in (130, 230):
        pen.ellipse([x - 9, 330, x + 9, 348], fill=(25, 25, 25))
    return tile


def _put(picture: Image.Image, thing: Image.Image, dice: Random) -> None:
    """Stand a figure on the floor: turned, scaled and foreshortened by an oblique camera."""
    wide = dice.randint(230, 370)
    tall = int(wide * dice.uniform(0.72, 1.08))
    figure = thing.rotate(dice.uniform(-16, 16), resample=Image.Resampling.BILINEAR)
    if dice.random() < 0.5:
        figure = figure.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    figure = figure.resize((wide, tall))
    x = dice.randint(10, SIZE[0] - wide - 10)
    y = dice.randint(60, max(61, SIZE[1] - tall + 10))
    picture.paste(figure, (x, y), figure)


# Colours ---------------------------------------------------------------------------------


def _grey(dice: Random, low: int, high: int, *, tint: int = 0) -> Colour:
    level = dice.randint(low, high)
    red, green, blue = (max(0, min(255, level + dice.randint(-tint, tint))) for _ in range(3))
    return red, green, blue


def _any_colour(dice: Random) -> Colour:
    hue, depth, level = dice.random() * 2 * math.pi, dice.uniform(0.1, 1.0), dice.uniform(45, 215)
    red, green, blue = (
        max(0, min(255, int(level * (1 + depth * 0.6 * math.cos(hue + turn)))))
        for turn in (0.0, 2.094, 4.189)
    )
    return red, green, blue


def _lit(colour: Colour, by: float) -> Colour:
    red, green, blue = (min(255, int(channel * by)) for channel in colour)
    return red, green, blue


if __name__ == "__main__":
    Path(sys.argv[3]).write_bytes(render(sys.argv[1], int(sys.argv[2])))
