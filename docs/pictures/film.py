"""Pictures made small: few colours for single ones, an animation with captions for a row of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

_COLOURS = 192
_FRAME = (1000, 625)
_STRIP = 44
_FRAME_MS = 2500
_QUALITY = 70


def keep(picture: bytes, file: Path) -> None:
    """Write a picture with as few colours as one does not miss."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def animate(frames: list[tuple[str, bytes]], file: Path) -> None:
    """Write frames with their captions as an animation that begins anew."""
    images = [_captioned(Image.open(io.BytesIO(picture)).convert("RGB"), said) for said, picture in frames]
    # Each a picture of its own: what is left of the one before would be seen as a shadow.
    options: dict[str, Any] = {"duration": _FRAME_MS, "loop": 0, "quality": _QUALITY, "method": 6, "kmin": 0, "kmax": 1}
    images[0].save(file, save_all=True, append_images=images[1:], **options)


def _captioned(image: Image.Image, caption: str) -> Image.Image:
    whole = Image.new("RGB", (_FRAME[0], _FRAME[1] + _STRIP), "#1f2937")
    whole.paste(image.resize(_FRAME, Image.Resampling.LANCZOS), (0, _STRIP))
    ImageDraw.Draw(whole).text((20, _STRIP / 2), caption, "#ffffff", ImageFont.load_default(20), anchor="lm")
    return whole
