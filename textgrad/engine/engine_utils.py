"""TextGrad's import path of the formats of images."""

from textgrad.engine.protocol.messages import image_kind as get_image_type_from_bytes
from textgrad.engine.protocol.messages import is_jpeg, is_png

__all__ = ["get_image_type_from_bytes", "is_jpeg", "is_png"]
