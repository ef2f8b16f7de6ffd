"""Imitated products for `conformance_server`, after their documentation and bug reports."""

import json
import time

from conformance_server import Fault, Product, body, error, tokens_of


class Ollama(Product):
    """Ollama 0.33: names with tags, missing models, a full queue, model loading, and silently truncated prompts.

    Args:
        models: pulled models with their tags; a name without a tag means ":latest".
        context: context length in tokens; longer prompts are truncated to half of it.
        busy: numbers of the requests that are rejected because the queue is full.
        reload: seconds until the model is loaded, which delay the first request.
    """

    def __init__(self, models=("llama3.1:8b",), context: int = 4096, busy=(), reload: float = 0.0):
        self.models, self.context, self.busy, self.reload = models, context, set(busy), reload

    def page(self, path):
        if path == "/":
            return Fault(200, "Ollama is running")
        if path == "/api/version":
            return Fault(200, {"version": "0.33.0"})
        if path == "/api/tags":
            return Fault(200, {"models": [{"name": name, "model": name, "size": 1} for name in self.models]})
        if path == "/v1/models":
            listed = [{"id": name, "object": "model", "created": 0, "owned_by": "library"} for name in self.models]
            return Fault(200, {"object": "list", "data": listed})
        return None

    def refuse(self, request, headers, number):
        name = request["model"] if ":" in request["model"] else f"{request['model']}:latest"
        if name not in self.models:
            return Fault(404, error(f"model '{request['model']}' not found", type="not_found_error"))
        if number in self.busy:
            return Fault(
                503, error("server busy, please try again.  maximum pending requests exceeded", type="api_error")
            )
        if number == 0 and self.reload:
            time.sleep(self.reload)
        return None

    def answer(self, request, text):
        sent = tokens_of(request)
        return body(request, text, prompt_tokens=sent if sent <= self.context else self.context // 2)


class OpenAIReasoning(Product):
    """OpenAI's reasoning models, which accept fewer parameters and use hidden reasoning tokens.

    Args:
        limited: headers of a response with status 429, by number of the request.
        declined: numbers of the requests with a refusal as reply.
        filtered: numbers of the requests whose reply the content filter removes.
        thoughts: hidden reasoning tokens per reply.
    """

    _ACCEPTED = {"model", "messages", "max_completion_tokens", "seed"}

    def __init__(self, limited=None, declined=(), filtered=(), thoughts: int = 64):
        self.limited, self.declined, self.filtered = limited or {}, set(declined), set(filtered)
        self.thoughts = thoughts
        self._answered = -1

    def refuse(self, request, headers, number):
        if headers.get("authorization", "") != "Bearer sk-conformance":
            return Fault(401, error("Incorrect API key provided.", code="invalid_api_key"))
        if "max_tokens" in request:
            return Fault(
                400,
                error(
                    "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                    "'max_completion_tokens' instead.",
                    type="invalid_request_error",
                    param="max_tokens",
                    code="unsupported_parameter",
                ),
            )
        if request.get("temperature", 1) != 1:
            return Fault(
                400,
                error(
                    f"Unsupported value: 'temperature' does not support {request['temperature']} with "
                    "this model. Only the default (1) value is supported.",
                    type="invalid_request_error",
                    param="temperature",
                    code="unsupported_value",
                ),
            )
        for name in sorted(set(request) - self._ACCEPTED - {"temperature"}):
            return Fault(
                400,
                error(
                    f"Unsupported parameter: '{name}' is not supported with this model.",
                    type="invalid_request_error",
                    param=name,
                    code="unsupported_parameter",
                ),
            )
        return self._scheduled_fault(request)

    def _scheduled_fault(self, request):
        self._answered += 1  # valid requests only
        if self._answered in self.limited:
            return Fault(
                429,
                error("Rate limit reached for requests", type="requests", code="rate_limit_exceeded"),
                self.limited[self._answered],
            )
        if self._answered in self.filtered:
            return Fault(200, body(request, "", "content_filter"))
        if self._answered in self.declined:
            answer = body(request, None)
            answer["choices"][0]["message"]["refusal"] = "I cannot help with that."
            return Fault(200, answer)
        return None

    def answer(self, request, text):
        return body(
            request,
            text,
            completion_tokens=self.thoughts + max(1, len(text) // 4),
            completion_tokens_details={"reasoning_tokens": self.thoughts},
        )


class Azure(Product):
    """Azure OpenAI: deployment in the path, API version in the query, key in the header `api-key`."""

    root = ""

    def refuse(self, request, headers, number):
        path, _, query = headers[":path"].partition("?")
        if headers.get("api-key") != "azure-conformance":
            return Fault(
                401,
                {
                    "error": {
                        "code": "401",
                        "message": "Access denied due to invalid subscription key or wrong API endpoint.",
                    }
                },
            )
        if path != "/openai/deployments/my-deployment/chat/completions":
            return Fault(
                404,
                {
                    "error": {
                        "code": "DeploymentNotFound",
                        "message": "The API deployment for this resource does not exist.",
                    }
                },
            )
        if query != "api-version=2024-10-21":
            return Fault(404, {"error": {"code": "404", "message": "Resource not found"}})
        return None

    def answer(self, request, text):
        safe = {"hate": {"filtered": False, "severity": "safe"}}
        answer = {**body(request, text), "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": safe}]}
        answer["choices"][0]["content_filter_results"] = safe
        return answer


class Router(Product):
    """OpenRouter and Together: keep-alive comments before the response, and forwarded errors of the provider.

    Args:
        inside: numbers of the requests with the provider's error in a response of status 200.
        choice: numbers of the requests with the error in the choice.
        bad_gateway: numbers of the requests with status 502.
    """

    def __init__(self, inside=(), choice=(), bad_gateway=()):
        self.inside, self.choice, self.bad_gateway = set(inside), set(choice), set(bad_gateway)

    def refuse(self, request, headers, number):
        failure = {
            "code": 502,
            "message": "Provider returned error",
            "metadata": {"provider_name": "Nebula", "raw": "upstream connect error"},
        }
        if number in self.inside:
            return Fault(200, {"id": "gen-1", "error": failure, "user_id": "user_1"})
        if number in self.choice:
            answer = body(request, "", "error")
            answer["choices"][0]["error"] = failure
            return Fault(200, answer)
        if number in self.bad_gateway:
            return Fault(502, {"error": failure})
        return None

    def answer(self, request, text):
        return ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" + json.dumps(body(request, text))
