"""The visible texts of a figure and where they are."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text


def drawn_texts(figure):
    """Return each visible text with its extent."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    return {text: text.get_window_extent(renderer) for text in texts}


def assert_readable(figure):
    """Assert that no text leaves the figure or overlaps another text."""
    edge = figure.bbox
    boxes = list(drawn_texts(figure).items())
    assert len(boxes) > 3
    for number, (text, box) in enumerate(boxes):
        inside = edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1
        assert inside, f"{text.get_text()!r} at {box} leaves {edge}"
        for other, its_box in boxes[:number]:
            assert not box.overlaps(its_box), f"{text.get_text()!r} overlaps {other.get_text()!r}"
