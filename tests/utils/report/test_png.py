"""Pictures that are drawn once."""

from utils.report.png import write_png


def test_a_picture_is_drawn_again_only_when_what_it_shows_has_changed(tmp_path):
    path, drawn = tmp_path / "a.png", []

    def show(shown):
        write_png(path, shown, lambda figure: drawn.append(figure.text(0.5, 0.5, str(shown))), (2, 1), 50)
        return path.read_bytes()

    first = show([1, 2])
    assert first.startswith(b"\x89PNG") and show([1, 2]) == first and len(drawn) == 1
    assert show([1, 3]) != first and len(drawn) == 2
    path.write_bytes(b"torn")
    assert show([1, 2]) == first and len(drawn) == 3
