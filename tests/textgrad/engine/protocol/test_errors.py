"""Error responses of all providers, and their classification."""

import errno
import json

import pytest

from textgrad.engine.protocol.errors import ApiError, NoResponse, RequestContext, connection_error, read_response
from textgrad.errors import BrokenSystem, ContextExceeded, TransientError

ASKED = RequestContext("m", "http://host/v1", "OPENAI_API_KEY", ("the-secret",))
REQUEST = {
    "model": "m",
    "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}],
    "temperature": 0,
    "top_p": 0.99,
    "max_tokens": 2000,
    "seed": 1,
}

TOO_LONG = {
    "OpenAI": {
        "error": {
            "code": "context_length_exceeded",
            "message": "This model's maximum context length is 8192 "
            "tokens. However, your messages resulted in 9001 tokens.",
        }
    },
    "llama.cpp": {
        "error": {
            "code": 400,
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 9031,
            "n_ctx": 2048,
            "message": "request (9031 tokens) exceeds the available context size (2048 tokens)",
        }
    },
    "vLLM": {
        "error": {
            "message": "The decoder prompt (length 3000) is longer than the maximum model length of 2048.",
            "type": "BadRequestError",
            "param": "input_tokens",
            "code": 400,
        }
    },
    "SGLang": {
        "object": "error",
        "type": "BadRequestError",
        "param": None,
        "code": 400,
        "message": "The input (9031 tokens) is longer than the model's context length (2048 tokens).",
    },
    "Anthropic": {"error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000"}},
    "Gemini": [
        {
            "error": {
                "code": 400,
                "status": "INVALID_ARGUMENT",
                "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            }
        }
    ],
    "others": {"detail": "maximum context length exceeded"},
}
REFUSED = {
    "OpenAI": (
        "max_tokens",
        {
            "error": {
                "param": "max_tokens",
                "code": "unsupported_parameter",
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
            }
        },
    ),
    "OpenAI's value": (
        "temperature",
        {
            "error": {
                "param": "temperature",
                "code": "unsupported_value",
                "message": "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) "
                "value is supported.",
            }
        },
    ),
    "Azure": ("seed", {"error": {"message": "Unrecognized request argument supplied: seed", "param": None}}),
    "Gemini": (
        "seed",
        [{"error": {"code": 400, "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'}}],
    ),
    "Anthropic": (
        "top_p",
        {"error": {"message": "`temperature` and `top_p` cannot both be specified for this model."}},
    ),
    "FastAPI": (
        "seed",
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
    ),
    "Moonshot": ("temperature", {"error": {"message": "invalid temperature: only 1 is allowed for this model"}}),
    "Gemma's template": ("system", {"error": {"message": "System role not supported"}}),
    "Gemma at Google": ("system", {"error": {"message": "Developer instruction is not enabled for models/gemma-3"}}),
}
ROOM = {
    "OpenAI": (
        1048,
        "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens (1000 in "
        "the messages, 2000 in the completion).",
    ),
    "vLLM": (
        1948,
        "'max_tokens' is too large: 3000. This model's maximum context length is 2048 tokens and your "
        "request has 100 input tokens (3000 > 2048 - 100).",
    ),
    "SGLang": (
        1148,
        "Requested token count exceeds the model's maximum context length of 2048 tokens. You requested a "
        "total of 2900 tokens: 900 tokens from the input messages and 2000 tokens for the completion.",
    ),
    "OpenAI's replies": (1024, "max_tokens is too large: 2000. This model supports at most 1024 completion tokens."),
    "Anthropic": (1024, "max_tokens: 2000 > 1024, which is the maximum allowed number of output tokens"),
    "DeepSeek": (1024, "Invalid max_tokens value, the valid range of max_tokens is [1, 1024]"),
    "no reply at all": (None, "max_tokens is too large: 2000. This model supports at most 0 completion tokens."),
    "hardly a reply": (None, "Invalid max_tokens value, the valid range of max_tokens is [1, 8]"),
    "no room at all": (
        None,
        "This model's maximum context length is 2048 tokens. However, your request has 2100 input tokens.",
    ),
    "not about length": (None, "Invalid 'temperature': the maximum is 2"),
}


def problem(body, status: int = 400, **headers: str) -> ApiError:
    return read_response(status, headers, body if isinstance(body, str) else json.dumps(body))


@pytest.mark.parametrize("dialect", TOO_LONG)
def test_an_exceeded_context_is_recognized_for_every_provider(dialect):
    found = problem(TOO_LONG[dialect])
    assert isinstance(found.error(ASKED), ContextExceeded)
    assert found.refused_parameter(REQUEST) is None


@pytest.mark.parametrize("dialect", REFUSED)
def test_a_refused_parameter_is_recognized_for_every_provider(dialect):
    name, body = REFUSED[dialect]
    found = problem(body)
    assert found.refused_parameter(REQUEST) == name
    assert isinstance(found.error(ASKED), BrokenSystem)


def test_a_parameter_that_was_not_sent_cannot_be_refused():
    found = problem(REFUSED["OpenAI"][1])
    assert found.refused_parameter({"messages": [], "max_completion_tokens": 5}) == "max_completion_tokens"
    assert found.refused_parameter({"messages": []}) is None


@pytest.mark.parametrize("message", ["Model 'x' not supported", "temperature must be between 0 and 2", "bad request"])
def test_another_bad_request_refuses_no_parameter(message):
    assert problem({"error": {"message": message}}).refused_parameter(REQUEST) is None


@pytest.mark.parametrize("dialect", ROOM)
def test_the_remaining_room_for_the_reply_is_read_from_the_message(dialect):
    room, message = ROOM[dialect]
    assert problem({"error": {"message": message}}).room_for_reply() == room


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, BrokenSystem),
        (401, BrokenSystem),
        (402, BrokenSystem),
        (403, BrokenSystem),
        (404, BrokenSystem),
        (422, BrokenSystem),
        (408, TransientError),
        (409, TransientError),
        (413, ContextExceeded),
        (429, TransientError),
        (499, TransientError),
        (424, TransientError),
        (420, TransientError),
        (460, TransientError),
        (498, TransientError),
        (451, BrokenSystem),
        (500, TransientError),
        (503, TransientError),
        (524, TransientError),
        (529, TransientError),
    ],
)
def test_each_status_has_its_consequence(status, kind):
    assert type(problem({"error": {"message": "no"}}, status).error(ASKED)) is kind


def test_one_request_above_the_limit_per_minute_is_too_long():
    assert isinstance(
        problem({"error": {"message": "Request too large for m: Limit 6000"}}, 429).error(ASKED), ContextExceeded
    )


@pytest.mark.parametrize(
    "code, kind",
    [
        (429, TransientError),
        ("502", TransientError),
        (None, TransientError),
        ("server_error", TransientError),
        (401, BrokenSystem),
        (404, BrokenSystem),
    ],
)
def test_an_error_inside_a_success_has_its_own_code(code, kind):
    body = {"error": {"message": "Provider returned error", "code": code, "metadata": {"raw": "its own words"}}}
    found = problem(body, 200)
    assert type(found.error(ASKED)) is kind and "its own words" in str(found.error(ASKED))
    inside_choice = problem({"choices": [{"message": {}, "finish_reason": "error", **body}]}, 200)
    assert type(inside_choice.error(ASKED)) is kind


def test_a_success_is_its_json_object():
    assert read_response(200, {}, '\n\n {"choices": []}') == {"choices": []}


@pytest.mark.parametrize("text", ["", "<html>hi</html>", "[1]", '"text"', "{"])
def test_a_success_that_is_not_a_json_object_is_malformed(text):
    assert read_response(200, {}, text).error(ASKED).malformed


@pytest.mark.parametrize(
    "body",
    [
        "",
        "plain text",
        "<p>html</p>",
        "null",
        "[]",
        "{}",
        '{"error": "text"}',
        '{"error": []}',
        '{"error": {"message": {"deep": 1}}}',
        '{"detail": "text"}',
    ],
)
def test_every_error_body_becomes_one_line(body):
    assert "\n" not in str(problem(body, 500).error(ASKED))


NO_MONEY = {
    "OpenAI": (
        429,
        {"error": {"message": "You exceeded your current quota, please check your plan and billing details."}},
    ),
    "OpenAI's code": (429, {"error": {"message": "No.", "code": "insufficient_quota"}}),
    "OpenAI, cap": (
        400,
        {"error": {"message": "Billing hard limit has been reached", "code": "billing_hard_limit_reached"}},
    ),
    "MiniMax": (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}, "choices": None}),
    "MiniMax, 429": (429, {"error": {"message": "insufficient balance (1008)"}}),
    "a proxy": (200, {"error": {"message": "quota exceeded", "code": "insufficient_quota"}}),
    "a plain proxy": (200, {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None}),
    "DeepSeek": (402, {"error": {"message": "Insufficient Balance"}}),
    "Moonshot": (429, {"error": {"type": "exceeded_current_quota_error", "message": "Your account is suspended."}}),
    "Zhipu": (429, {"error": {"code": "1113", "message": "您的账户余额不足, 请充值"}}),
    "Anthropic": (400, {"error": {"message": "Your credit balance is too low to access the Anthropic API."}}),
    "xAI": (403, {"error": "Your team has used all available credits or reached its monthly spending limit."}),
    "Fireworks": (412, {"error": {"message": "Account acme is suspended: a payment failed."}}),
    "a gateway": (503, {"detail": "Out of credits"}),
    "Alibaba": (499, {"error": {"code": "Arrearage", "message": "Access denied, pay the overdue bill."}}),
    "plain text": (429, "Your quota has been exhausted."),
    "plain text, 200": (200, "Insufficient balance"),
    "French": (429, {"error": {"message": "Solde insuffisant sur votre compte."}}),
    "French, 503": (503, {"error": {"message": "Vos crédits sont épuisés."}}),
    "German": (429, {"error": {"message": "Ihr Guthaben ist aufgebraucht."}}),
    "Spanish": (429, {"error": {"message": "Saldo insuficiente"}}),
    "Russian": (429, {"error": {"message": "Недостаточно средств на счёте"}}),
    "Japanese": (429, {"error": {"message": "残高が不足しています"}}),
    "Korean": (429, {"error": {"message": "잔액이 부족합니다"}}),
    "LiteLLM": (429, {"message": "litellm.RateLimitError: You exceeded your current quota, please check your plan."}),
}
RATE_LIMITS = {
    "OpenAI": "Rate limit reached for m on tokens per min (TPM): Limit 10000. Please try again in 6ms. You can "
    "increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.",
    "Groq": "Rate limit reached on tokens per day (TPD): Limit 100000. Please try again in 7m12s. Need more tokens? "
    "Upgrade at https://console.groq.com/settings/billing",
    "Gemini": "You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s.",
    "Vertex": "Quota exceeded for generate_content_requests_per_minute_per_project_per_base_model.",
    "Azure": "Requests have exceeded call rate limit of your current pricing tier. Please retry after 7 seconds. "
    "Please go here: https://aka.ms/oai/quotaincrease",
    "OpenRouter": "Rate limit exceeded: free-models-per-min. Add 10 credits to unlock 1000 requests.",
    "Google": "Resource has been exhausted (e.g. check quota).",
    "Zhipu": "您的账户已达到速率限制",
}


@pytest.mark.parametrize("dialect", NO_MONEY)
def test_a_spent_balance_stops_the_run_with_the_words_of_the_server(dialect):
    status, body = NO_MONEY[dialect]
    found = problem(body, status)
    assert type(found.error(ASKED)) is BrokenSystem and found.refused_parameter(REQUEST) is None
    assert found.message in str(found.error(ASKED)) and found.message in json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("dialect", RATE_LIMITS)
def test_a_rate_limit_that_advertises_a_higher_tier_is_not_a_spent_balance(dialect):
    assert problem({"error": {"message": RATE_LIMITS[dialect]}}, 429).error(ASKED).rate_limited


def test_a_page_that_mentions_billing_among_other_things_is_not_a_spent_balance():
    page = "<html><h1>502 Bad Gateway</h1>" + "<p>Home, Status, Documentation</p>" * 50 + "<a>Billing</a></html>"
    assert type(problem(page, 502).error(ASKED)) is TransientError


def test_a_rate_limit_is_recognized_by_its_details():
    body = {"message": "You exceeded your current quota.", "details": [{"retryDelay": "34s"}]}
    assert problem({"error": body}, 429).error(ASKED).rate_limited


FILTERS = {
    "DeepSeek": "Content Exists Risk",
    "Moonshot": "The request was rejected because it was considered high risk",
    "Zhipu": "系统检测到输入或生成内容可能包含不安全或敏感内容",
    "Baidu": "输入内容存在风险，未通过审核",
    "a gateway": "Your prompt contains harmful content.",
}


@pytest.mark.parametrize("dialect", FILTERS)
def test_a_content_filter_is_recognized_and_costs_one_reply(dialect):
    found = problem({"error": {"message": FILTERS[dialect]}}, 400)
    assert found.filtered and found.refused_parameter(REQUEST) is None


@pytest.mark.parametrize("message", ["输入长度超过最大限制", "请求超出模型上下文长度", "prompt tokens 过长"])
def test_a_request_that_is_too_long_is_recognized_in_chinese(message):
    assert type(problem({"error": {"message": message}}, 400).error(ASKED)) is ContextExceeded


@pytest.mark.parametrize("status", [408, 409, 412, 418, 420, 421, 423, 424, 425, 444, 449, 460, 498, 499])
@pytest.mark.parametrize("message", ["", "Vorgang abgebrochen", "操作已取消", "<html>?</html>"])
def test_an_unlisted_status_or_wording_is_transient_and_shows_the_words_of_the_server(status, message):
    found = problem({"error": {"message": message}} if message else "", status).error(ASKED)
    assert type(found) is TransientError and f"HTTP {status}" in str(found)
    assert message in str(found)


NO_SYSTEM = {
    "Mistral's template": (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    "a template": (400, "Only user and assistant roles are supported!"),
    "llama.cpp": (500, "Jinja Exception: Conversation roles must alternate user/assistant/..."),
    "TGI": (422, "Template error: invalid operation: System role not supported"),
    "pydantic": (422, "messages.0.role: Input should be 'user' or 'assistant'"),
    "a validator": (400, "'system' is not one of ['user', 'assistant'] - 'messages.0.role'"),
    "a gateway": (400, "The first message must be from the user."),
    "Anthropic": (400, 'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter.'),
    "o1": (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
    "Chinese": (400, "messages 参数非法: 角色信息不正确"),
    "French": (400, "Le rôle système n'est pas pris en charge."),
    "German": (422, "Systemnachrichten werden nicht unterstützt."),
    "Spanish": (400, "Los mensajes del sistema no están permitidos."),
    "Russian": (400, "Системные сообщения не поддерживаются."),
    "Japanese": (400, "システムメッセージは使用できません。"),
    "a success": (200, "Conversation roles must alternate"),
}


@pytest.mark.parametrize("dialect", NO_SYSTEM)
def test_a_refused_system_role_is_recognized_in_every_wording(dialect):
    status, message = NO_SYSTEM[dialect]
    found = problem({"error": {"message": message}}, status)
    assert found.refused_parameter(REQUEST) == "system"
    assert found.refused_parameter({**REQUEST, "messages": REQUEST["messages"][1:]}) is None


@pytest.mark.parametrize(
    "status, message",
    [
        (503, "The system is overloaded."),
        (401, "Your role lacks access."),
        (429, "System busy."),
        (500, "System error"),
    ],
)
def test_an_error_of_the_server_or_the_account_is_not_about_the_system_role(status, message):
    assert problem({"error": {"message": message}}, status).refused_parameter(REQUEST) is None


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "x", "code": "' + "9" * 5000 + '"}}',
        '{"error": ' * 2000 + "1" + "}" * 2000,
        '{"error": {"message": "maximum context length is ' + "9" * 5000 + ' tokens, max_tokens"}}',
        '{"choices": [], "error": {"code": Infinity}}',
    ],
)
@pytest.mark.parametrize("status", [200, 400, 429, 500])
def test_absurd_bodies_become_errors_without_a_traceback(body, status):
    found = problem(body, status)
    assert found.refused_parameter(REQUEST) is None and found.room_for_reply() is None
    assert "\n" not in str(found.error(ASKED))


def test_an_empty_error_beside_a_reply_is_no_error():
    body = {"choices": [{"message": {"content": "x"}}], "error": {"code": 0, "message": ""}}
    assert problem(body, 200) == body


@pytest.mark.parametrize(
    "text",
    [
        "the-secret",
        "sk-proj-abcdef123456",
        "Bearer abc.def",
        "AIzaSyA1234567890123456789",
        "sk-ab*****yz",
        "x" * 290 + "the-secret",
    ],
)
def test_a_message_contains_no_key(text):
    line = ASKED.line(f"before {text} after")
    assert not any(part in line for part in ("the-secret", "abcdef", "abc.def", "AIza", "sk-ab", "the-s"))
    assert line.startswith("before ")


def test_a_message_is_one_line_of_limited_length_without_control_characters():
    line = ASKED.line("a\r\nb\x1b[31m\t" + "c" * 1000)
    assert line.startswith("a b [31m c") and len(line) == 300 and line.isprintable()


@pytest.mark.parametrize("depth", [101, 5_000])
@pytest.mark.parametrize("status", [200, 500])
def test_a_response_that_is_nested_too_deeply_is_retried(depth, status):
    reported = read_response(status, {}, '{"choices": ' + "[" * depth + "]" * depth + "}")
    assert isinstance(reported, ApiError)
    assert isinstance(reported.error(RequestContext("m", "http://host/v1")), TransientError)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_limit_of_this_machine_is_not_blamed_on_the_server(number):
    failure = NoResponse()
    failure.__cause__ = OSError(number, "Too many open files")
    reason = connection_error(failure, RequestContext("m", "http://host/v1"), 5.0)
    assert isinstance(reason, BrokenSystem) and "--max_concurrency" in str(reason)


@pytest.mark.parametrize("text", ['\ufeff{"choices": []}', '\ufeff: waiting\n\n{"choices": []}'])
def test_a_response_may_begin_with_a_byte_order_mark(text):
    assert read_response(200, {}, text) == {"choices": []}
