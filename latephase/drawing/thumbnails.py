"""Images that are small enough to be embedded in a page."""

import base64
import io
from pathlib import Path

from PIL import Image

WIDTH = 640
"""Pixels: twice the width of a card in the gallery, for dense screens and for reading a legend."""
TALLEST = 1.1
"""The largest height, relative to the width. What is below is cut off; a click opens the whole
image."""


def thumbnail(picture: Path) -> tuple[str, int, int]:
    """An image as a data URI, and its width and height in pixels.

    Raises OSError if the file cannot be read as an image.
    """
    with Image.open(picture) as image:
        whole = image.convert("RGB")
    small = whole.resize(
        (WIDTH, round(whole.height * WIDTH / whole.width)), Image.Resampling.LANCZOS
    )
    small = small.crop((0, 0, WIDTH, min(small.height, round(TALLEST * WIDTH))))
    written = io.BytesIO()
    small.save(written, "WEBP", quality=80)
    data = base64.b64encode(written.getvalue()).decode("ascii")
    return f"data:image/webp;base64,{data}", *small.size
