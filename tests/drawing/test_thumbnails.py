"""Pictures made small: their size, their shape, and the same bytes from the same picture."""

import base64
import io

import pytest
from PIL import Image

from latephase.drawing.thumbnails import TALLEST, WIDTH, thumbnail


def picture(folder, width, height):
    path = folder / "figure.png"
    image = Image.new("RGB", (width, height), "white")
    image.paste((200, 0, 0), (0, 0, width // 2, height))
    image.save(path)
    return path


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1280, 640), (WIDTH, WIDTH // 2)),
        ((320, 160), (WIDTH, WIDTH // 2)),
        ((640, 6400), (WIDTH, round(TALLEST * WIDTH))),
    ],
)
def test_it_is_as_wide_as_a_card_and_no_taller_than_fits(tmp_path, size, small):
    uri, width, height = thumbnail(picture(tmp_path, *size))
    assert (width, height) == small
    kind, _, data = uri.partition(",")
    assert kind == "data:image/webp;base64"
    shown = Image.open(io.BytesIO(base64.b64decode(data)))
    assert shown.size == small
    left, right = (shown.convert("RGB").getpixel((x, 5)) for x in (10, WIDTH - 10))
    assert left[0] - left[2] > 150
    assert min(right) > 240


def test_the_same_picture_gives_the_same_bytes(tmp_path):
    path = picture(tmp_path, 900, 500)
    assert thumbnail(path) == thumbnail(path)


def test_what_is_no_picture_is_an_error(tmp_path):
    (tmp_path / "figure.png").write_text("no picture")
    with pytest.raises(OSError, match="cannot identify"):
        thumbnail(tmp_path / "figure.png")
