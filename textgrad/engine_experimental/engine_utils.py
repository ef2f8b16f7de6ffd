"""TextGrad's import path of the formats of images and messages."""

from textgrad.engine.engine_utils import get_image_type_from_bytes, is_jpeg, is_png
from textgrad.engine.protocol.messages import wire_parts as open_ai_like_formatting

__all__ = ["get_image_type_from_bytes", "is_jpeg", "is_png", "open_ai_like_formatting"]
