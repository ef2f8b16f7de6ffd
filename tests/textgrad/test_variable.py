import http.server
import sys
import threading

import numpy
import pytest

import textgrad as tg
from textgrad.engine.base import Text
from textgrad.errors import BrokenSystem, UsageError
from textgrad.variable import Variable


def make(value="Hello", **kwargs):
    return Variable(value, **{"role_description": "a greeting", **kwargs})


def test_a_new_variable_has_no_predecessors_and_no_gradients():
    variable = make()
    assert variable.value == variable.get_value() == "Hello"
    assert variable.requires_grad
    assert variable.get_role_description() == "a greeting"
    assert variable.predecessors == set() and variable.gradients == set()
    assert variable.get_gradient_text() == "" and variable.get_grad_fn() is None


def test_the_role_description_must_be_given_by_name():
    with pytest.raises(TypeError):
        Variable("Hello")
    with pytest.raises(TypeError):
        Variable("Hello", "", None, True, "a greeting")


@pytest.mark.parametrize("value", [4.2, None, ["a"], True, numpy.float64(1.5)])
def test_a_value_of_the_wrong_type_is_rejected_with_its_type(value):
    with pytest.raises(AssertionError, match=type(value).__name__):
        make(value)
    variable = make()
    with pytest.raises(UsageError, match="text"):
        variable.set_value(value)
    assert variable.value == "Hello"


@pytest.mark.parametrize("number", [-3, numpy.int64(-3), numpy.int8(-3)])
def test_integers_become_text(number):
    assert make(number).value == "-3" and type(make(number).value) is str


def test_a_reply_keeps_its_flaw_as_a_value():
    assert make(Text("half an ans", "truncated")).value.flaw == "truncated"


def test_a_variable_without_gradient_rejects_predecessors_with_gradient():
    with pytest.raises(UsageError, match="requires_grad"):
        make(predecessors=[make()], requires_grad=False)
    make(predecessors=[make(requires_grad=False)], requires_grad=False)


def test_adding_variables_joins_their_values_and_roles():
    total = make("Hello ") + make("World", role_description="a planet", requires_grad=False)
    assert total.value == "Hello World"
    assert total.role_description == "a greeting and a planet"
    assert total.requires_grad and len(total.predecessors) == 2
    with pytest.raises(TypeError):
        make() + "World"


def test_feedback_on_a_sum_reaches_only_variables_that_require_it():
    first, second = make(), make("World", requires_grad=False)
    total = first + second
    total.gradients.add(make("be brief"))
    total.gradients.add(make("be kind"))
    total.get_grad_fn()(backward_engine=None)
    assert [text.endswith(end) for text, end in zip([g.value for g in first.gradients], ["be brief", "be kind"])] == [
        True,
        True,
    ]
    assert len(second.gradients) == 0


def test_the_short_value_keeps_both_ends():
    assert make("1 2 3 4 5").get_short_value(n_words_offset=2) == "1 2 (...) 4 5"
    assert make("1 2 3 4").get_short_value(n_words_offset=2) == "1 2 3 4"
    assert "3 bytes" in make(b"abc").get_short_value()


def test_gradients_are_unique_and_ordered():
    variable, gradients = make(), [make("same text") for _ in range(50)]
    for gradient in gradients + gradients[::-1]:
        variable.gradients.add(gradient)
    assert list(variable.gradients) == gradients
    assert variable.gradients == set(gradients)
    assert variable.get_gradient_text() == "\n".join(["same text"] * 50)
    variable.gradients.discard(gradients[0])
    assert gradients[0] not in variable.gradients and len(variable.gradients) == 49


def test_a_plain_set_of_gradients_becomes_ordered():
    variable, gradients = make(), [make(str(number)) for number in range(50)]
    variable.gradients = set()
    variable.gradients |= gradients
    assert variable.get_gradient_text().split() == [str(number) for number in range(50)]


def test_reset_gradients_clears_gradients_and_contexts():
    variable, objective = make(), make()
    variable.add_gradient("too short", of=objective, context={"context": ["a talk"]})
    assert list(variable.gradients_context.values()) == [{"context": ["a talk"]}]
    variable.reset_gradients()
    assert variable.gradients == set() and not variable.gradients_context


def test_an_image_is_read_from_a_file(tmp_path):
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    assert make("", image_path=str(tmp_path / "dot.png")).value == b"\x89PNG"
    with pytest.raises(UsageError, match="none.png"):
        make("", image_path=str(tmp_path / "none.png"))
    with pytest.raises(UsageError, match="not both"):
        make("Hello", image_path=str(tmp_path / "dot.png"))


@pytest.fixture
def address():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/dot.png" else 404)
            self.end_headers()
            self.wfile.write(b"\x89PNG")

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_image_is_read_from_a_url(address):
    assert make("", image_path=f"{address}/dot.png").value == b"\x89PNG"
    with pytest.raises(BrokenSystem, match="404"):
        make("", image_path=f"{address}/other.png")


def test_an_unreachable_url_is_named_in_the_error():
    with pytest.raises(BrokenSystem, match="127.0.0.1:1/"):
        make("", image_path="http://127.0.0.1:1/dot.png")


def test_the_graph_shows_every_variable_and_edge_once():
    pytest.importorskip("graphviz")
    shared = make("shared", role_description="the root")
    total = tg.sum([shared + make("a"), shared + make("b")])
    shared.add_gradient("too plain", of=total)
    source = total.generate_graph(print_gradients=True).source
    assert source.count("label=") == 6 and source.count("->") == 6
    assert source.count("too plain") == 1
    assert "too plain" not in total.generate_graph().source


def test_without_graphviz_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match="^[^\n]*pip install graphviz$"):
        make().generate_graph()
