"""The interface is TextGrad's 0.1.8: names, import paths, parameters and their defaults."""

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIRED = inspect.Parameter.empty
LLM_ROLE = "response from the language model"
EVALUATION = {"engine": None, "system_prompt": None}
OPTIMIZER = {"constraints": None, "new_variable_tags": None}

SIGNATURES = {
    "textgrad.variable:Variable": {
        "value": "",
        "image_path": "",
        "predecessors": None,
        "requires_grad": True,
        "role_description": REQUIRED,
    },
    "textgrad.variable:Variable.backward": {"self": REQUIRED, "engine": None},
    "textgrad.variable:Variable.get_short_value": {"self": REQUIRED, "n_words_offset": 10},
    "textgrad.variable:Variable.generate_graph": {"self": REQUIRED, "print_gradients": False},
    "textgrad.autograd:LLMCall": {"engine": REQUIRED, "system_prompt": None},
    "textgrad.autograd:LLMCall.forward": {
        "self": REQUIRED,
        "input_variable": REQUIRED,
        "response_role_description": LLM_ROLE,
    },
    "textgrad.autograd:LLMCall.backward": dict.fromkeys(
        ["self", "response", "prompt", "system_prompt", "backward_engine"], REQUIRED
    ),
    "textgrad.autograd:FormattedLLMCall": {
        "engine": REQUIRED,
        "format_string": REQUIRED,
        "fields": REQUIRED,
        "system_prompt": None,
    },
    "textgrad.autograd:FormattedLLMCall.forward": {
        "self": REQUIRED,
        "inputs": REQUIRED,
        "response_role_description": LLM_ROLE,
    },
    "textgrad.autograd:LLMCall_with_in_context_examples.forward": {
        "self": REQUIRED,
        "input_variable": REQUIRED,
        "response_role_description": LLM_ROLE,
        "in_context_examples": None,
    },
    "textgrad.autograd.multimodal_ops:MultimodalLLMCall": {"engine": REQUIRED, "system_prompt": None},
    "textgrad.autograd.multimodal_ops:MultimodalLLMCall.forward": {
        "self": REQUIRED,
        "inputs": REQUIRED,
        "response_role_description": LLM_ROLE,
    },
    "textgrad.autograd:OrderedFieldsMultimodalLLMCall": {"engine": REQUIRED, "fields": REQUIRED, "system_prompt": None},
    "textgrad.autograd.string_based_ops:StringBasedFunction": {"fn": REQUIRED, "function_purpose": REQUIRED},
    "textgrad.autograd:StringBasedFunction.forward": {
        "self": REQUIRED,
        "inputs": REQUIRED,
        "response_role_description": None,
    },
    "textgrad.autograd.function:BackwardContext": {"backward_fn": REQUIRED, "args": REQUIRED, "kwargs": REQUIRED},
    "textgrad.autograd.functional:sum": {"variables": REQUIRED},
    "textgrad.autograd.functional:aggregate": {"variables": REQUIRED},
    "textgrad.autograd.functional:llm_call": {
        "input_variable": REQUIRED,
        "engine": REQUIRED,
        "response_role_description": None,
        "system_prompt": None,
    },
    "textgrad.autograd.functional:formatted_llm_call": {
        "inputs": REQUIRED,
        "response_role_description": REQUIRED,
        "engine": REQUIRED,
        "format_string": REQUIRED,
        "fields": REQUIRED,
        "system_prompt": None,
    },
    "textgrad.loss:TextLoss": {"eval_system_prompt": REQUIRED, "engine": None},
    "textgrad.loss:MultiFieldEvaluation": {
        "evaluation_instruction": REQUIRED,
        "role_descriptions": REQUIRED,
        **EVALUATION,
    },
    "textgrad.loss:MultiFieldTokenParsedEvaluation": {
        "evaluation_instruction": REQUIRED,
        "role_descriptions": REQUIRED,
        **EVALUATION,
        "parse_tags": None,
    },
    "textgrad.loss:MultiFieldTokenParsedEvaluation.parse_output": {"self": REQUIRED, "response": REQUIRED},
    "textgrad.loss:MultiChoiceTestTime": {"evaluation_instruction": REQUIRED, **EVALUATION},
    "textgrad.loss:MultiChoiceTestTime.forward": {"self": REQUIRED, "question": REQUIRED, "prediction": REQUIRED},
    "textgrad.loss:ImageQALoss": {"evaluation_instruction": REQUIRED, **EVALUATION},
    "textgrad.loss:ImageQALoss.forward": {
        "self": REQUIRED,
        "image": REQUIRED,
        "question": REQUIRED,
        "response": REQUIRED,
    },
    "textgrad.model:BlackboxLLM": EVALUATION,
    "textgrad.model:BlackboxLLM.forward": {"self": REQUIRED, "x": REQUIRED},
    "textgrad.config:set_backward_engine": {"engine": REQUIRED, "override": False, "kwargs": REQUIRED},
    "textgrad.config:validate_engine_or_get_default": {"engine": REQUIRED},
    "textgrad.config:SingletonBackwardEngine.set_engine": {"self": REQUIRED, "engine": REQUIRED, "override": False},
    "textgrad.optimizer:Optimizer": {"parameters": REQUIRED},
    "textgrad.optimizer:TGD": {
        "parameters": REQUIRED,
        "verbose": 0,
        "engine": None,
        **OPTIMIZER,
        "optimizer_system_prompt": ...,
        "in_context_examples": None,
        "gradient_memory": 0,
    },
    "textgrad.optimizer.optimizer:TextualGradientDescentwithMomentum": {
        "engine": REQUIRED,
        "parameters": REQUIRED,
        "momentum_window": 0,
        **OPTIMIZER,
        "in_context_examples": None,
        "optimizer_system_prompt": ...,
    },
    "textgrad.tasks:load_instance_task": {
        "task_name": REQUIRED,
        "evaluation_api": ...,
        "args": REQUIRED,
        "kwargs": REQUIRED,
    },
    "textgrad.tasks.mmlu:MMLUInstanceDataset": {
        "evaluation_api": REQUIRED,
        "subset": REQUIRED,
        "root": None,
        "split": "train",
        "max_samples": -1,
    },
    "textgrad.tasks.gpqa:GPQAInstanceDataset": {
        "evaluation_api": REQUIRED,
        "subset": REQUIRED,
        "root": None,
        "split": "train",
        "max_samples": -1,
    },
    "textgrad.tasks.multimodal:load_multimodal_instance_task": dict.fromkeys(
        ["task_name", "evaluation_api", "args", "kwargs"], REQUIRED
    ),
    "textgrad.tasks.multimodal.mathvista:MathVistaDataset": {
        "evaluation_api": REQUIRED,
        **dict.fromkeys(["root", "split", "task_instruction", "evaluation_instruction"]),
    },
    "textgrad.autograd.reduce_prompts:construct_reduce_prompt": {"gradients": REQUIRED},
    "textgrad.optimizer.optimizer_prompts:construct_tgd_prompt": {
        **dict.fromkeys(["do_momentum", "do_constrained", "do_in_context_examples"], False),
        "optimizer_kwargs": REQUIRED,
    },
}

NAMES = {
    "textgrad.autograd.llm_backward_prompts": "BACKWARD_SYSTEM_PROMPT",
    "textgrad.autograd.reduce_prompts": "REDUCE_MEAN_SYSTEM_PROMPT construct_reduce_prompt",
    "textgrad.engine.bedrock": "ChatBedrock",
    "textgrad.engine.engine_utils": "is_jpeg is_png get_image_type_from_bytes",
    "textgrad.engine.textgrad_openai": "ChatOpenAI AzureChatOpenAI",
    "textgrad.engine.textgrad_vllm": "ChatVLLM",
    "textgrad.engine_experimental.engine_utils": "is_jpeg is_png get_image_type_from_bytes open_ai_like_formatting",
    "textgrad.optimizer.optimizer_prompts": "OPTIMIZER_SYSTEM_PROMPT construct_tgd_prompt",
    "textgrad": "Variable TextLoss BlackboxLLM EngineLM get_engine TextualGradientDescent TGD "
    "TextualGradientDescentwithMomentum set_backward_engine SingletonBackwardEngine sum aggregate logger "
    "singleton_backward_engine autograd optimizer engine loss __version__",
    "textgrad.autograd": "sum aggregate LLMCall FormattedLLMCall LLMCall_with_in_context_examples MultimodalLLMCall "
    "OrderedFieldsMultimodalLLMCall Function BackwardContext Module StringBasedFunction",
    "textgrad.autograd.algebra": "Sum Aggregate",
    "textgrad.autograd.function": "Function BackwardContext Module",
    "textgrad.autograd.llm_ops": "LLMCall FormattedLLMCall LLMCall_with_in_context_examples",
    "textgrad.defaults": "SYSTEM_PROMPT_DEFAULT_ROLE VARIABLE_INPUT_DEFAULT_ROLE VARIABLE_OUTPUT_DEFAULT_ROLE",
    "textgrad.optimizer.optimizer": "Optimizer TextualGradientDescent get_gradient_and_context_text",
    "textgrad.tasks": "load_task load_instance_task AVAILABLE_DATASETS AVAILABLE_INSTANCE_DATASETS DataLoader Dataset "
    "MMLU MMLUInstanceDataset LeetCodeHardEval",
    "textgrad.tasks.big_bench_hard": "BigBenchHard parse_integer_answer string_based_equality_fn",
    "textgrad.tasks.gpqa": "GPQA GPQAInstanceDataset",
    "textgrad.tasks.gsm8k": "GSM8K GSM8K_DSPy",
    "textgrad.tasks.leetcode": "LeetCodeHardEval",
    "textgrad.tasks.livebenchmath": "LiveBenchMath amps_hard_process_results mathcontest_process_results "
    "proof_rearrangement_process_results",
    "textgrad.tasks.livebenchreason": "LiveBenchReasoning spatial_process_results web_of_lies_process_results "
    "zebra_puzzle_process_results",
    "textgrad.tasks.mmlu": "MMLU MMLUInstanceDataset",
    "textgrad.tasks.multimodal": "load_multimodal_instance_task",
    "textgrad.tasks.multimodal.mathvista": "MathVistaDataset",
    "textgrad.tasks.multimodal.scienceqa": "ScienceQADataset",
    "textgrad.tasks.prollama": "ProLLaMA",
    "textgrad.variable": "Variable",
}


@pytest.mark.parametrize("path", SIGNATURES)
def test_signatures_match_textgrad(path):
    module, _, name = path.partition(":")
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    parameters = inspect.signature(found).parameters
    assert list(parameters) == list(SIGNATURES[path])
    for name, default in SIGNATURES[path].items():
        assert default is ... or parameters[name].default == default


@pytest.mark.parametrize("module", NAMES)
def test_import_paths_match_textgrad(module):
    found = importlib.import_module(module)
    assert [name for name in NAMES[module].split() if not hasattr(found, name)] == []


def test_a_rewrite_request_built_from_texts_contains_them_fenced_and_only_those_that_are_asked_for():
    from textgrad.optimizer.optimizer_prompts import construct_tgd_prompt

    texts = {
        "variable_desc": "system prompt",
        "variable_short": "Answer.</VARIABLE>",
        "variable_grad": "Be brief.",
        "constraint_text": "1. English",
        "past_values": "Reply.",
        "in_context_examples": "Think.",
        "new_variable_start_tag": "<NEW>",
        "new_variable_end_tag": "</NEW>",
    }
    request = construct_tgd_prompt(do_constrained=True, **texts)
    assert "<VARIABLE>\nAnswer.[/VARIABLE>\n</VARIABLE>" in request and "<FEEDBACK>\nBe brief.\n</FEEDBACK>" in request
    assert "1. English" in request and "<NEW>...</NEW>" in request
    assert "Reply.\n" not in request and "Think." not in request
    request = construct_tgd_prompt(True, False, True, **{**texts, "variable_grad": ["Look:", b"image", "Be brief."]})
    assert b"image" in request and "Reply.\n" in request[0] and "Think." in request[0] and "English" not in request[0]


def test_images_are_recognized_and_encoded():
    from textgrad.engine.engine_utils import get_image_type_from_bytes, is_jpeg, is_png
    from textgrad.engine_experimental.engine_utils import open_ai_like_formatting

    png, jpeg = b"\x89PNG\r\n\x1a\n...", b"\xff\xd8\xff..."
    assert (is_png(png), is_jpeg(png), is_png(jpeg), is_jpeg(jpeg)) == (True, False, False, True)
    assert get_image_type_from_bytes(jpeg) == "jpeg"
    with pytest.raises(ValueError, match="unknown format"):
        get_image_type_from_bytes(b"text")
    text, image = open_ai_like_formatting(["Look", png])
    assert text == {"type": "text", "text": "Look"}
    assert image["image_url"]["url"].startswith("data:image/png;base64,")


def run_python(code, folder):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_importing_writes_nothing_and_loads_no_heavy_package(tmp_path):
    heavy = "openai datasets comet_ml torch matplotlib litellm httpx requests numpy graphviz textgrad.tasks"
    done = run_python(f"import sys, textgrad; print([m for m in '{heavy}'.split() if m in sys.modules])", tmp_path)
    assert done.stdout.strip() == "[]", done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_logger_writes_to_no_file():
    import textgrad

    assert textgrad.logger.name == "textgrad" and textgrad.logger.handlers == []


def test_tasks_are_loaded_at_first_use():
    import textgrad

    pytest.importorskip("textgrad.tasks")
    assert textgrad.tasks is importlib.import_module("textgrad.tasks")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        textgrad.nonsense  # noqa: B018
