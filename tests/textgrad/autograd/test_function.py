from scripted import ScriptedEngine

from textgrad.autograd import BackwardContext, Module
from textgrad.autograd.functional import formatted_llm_call, llm_call
from textgrad.variable import Variable


class Twice(Module):
    def __init__(self):
        self.prompt = Variable("Again.", role_description="system prompt")

    def parameters(self):
        return [self.prompt]

    def forward(self, x, mark="!"):
        return f"{x}{x}{mark}"


def test_a_module_is_callable_and_names_its_parameters():
    module = Twice()
    assert module("a", mark="?") == "aa?"
    assert list(module.named_parameters()) == [("system prompt", module.prompt)]


def test_zero_grad_clears_gradients_and_contexts():
    module = Twice()
    module.prompt.add_gradient("no", of=module.prompt, context={"context": ["a talk"]})
    module.zero_grad()
    assert module.prompt.gradients == set() and not module.prompt.gradients_context


def test_a_module_without_parameters_need_not_define_them():
    class Nothing(Module):
        def forward(self):
            return None

    Nothing().zero_grad()
    assert Nothing().parameters() == []


def test_a_backward_context_keeps_arguments_and_is_called_with_the_engine():
    engine = ScriptedEngine()
    context = BackwardContext(lambda *args, **kwargs: (args, kwargs), 1, b=2)
    assert context(backward_engine=engine) == ((1,), {"b": 2, "backward_engine": engine})
    assert "BackwardContext" in repr(context)


def test_function_forms_match_the_operations():
    engine, prompt = ScriptedEngine(lambda text: text), Variable("Be brief.", role_description="system prompt")
    text = Variable("hi", role_description="text")
    assert llm_call(text, engine, system_prompt=prompt).role_description == "response from the language model"
    reply = formatted_llm_call({"a": text}, "echo", engine, "<{a}>", {"a": None}, prompt)
    assert (reply.value, reply.role_description) == ("<hi>", "echo")
    assert [system_prompt for _, system_prompt in engine.calls] == ["Be brief.", "Be brief."]
