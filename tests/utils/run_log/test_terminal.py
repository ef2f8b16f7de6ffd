"""Terminal output and run.log."""

from textgrad.text import printable
from utils.run_log.terminal import Terminal


def test_control_characters_are_removed():
    assert printable("a\x1b[2Jb\x07\u202ec\x9b31m") == "a[2Jbc31m"
    assert printable("naïve 中文 \U0001f600\tx\ny") == "naïve 中文 \U0001f600\tx\ny"


def test_lines_go_to_the_terminal_and_to_run_log(tmp_path, capsys):
    terminal = Terminal(tmp_path / "run.log")
    terminal.open()
    terminal.say("round 1 \x1b[31m")
    for _ in range(3):
        terminal.count()
    terminal.close()
    assert "round 1 [31m" in capsys.readouterr().out
    assert (tmp_path / "run.log").read_text().rstrip().endswith("  round 1 [31m")


def test_the_bar_is_readable_in_a_log_file(tmp_path, capsys):
    terminal = Terminal(tmp_path / "run.log")
    terminal.open(total=2)
    terminal.count()
    terminal.count()
    terminal.close()
    errors = capsys.readouterr().err
    assert "\r" not in errors and "2/2" in errors
