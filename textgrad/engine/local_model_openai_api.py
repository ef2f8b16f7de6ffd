"""An engine around the caller's own client of the `openai` package: for LM Studio, a proxy, another transport."""

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT
from textgrad.engine.openai import ChatOpenAI


class ChatExternalClient(ChatOpenAI):
    """A chat model behind the caller's client.

    Args:
        client: an `openai.OpenAI`, an `openai.AzureOpenAI`, or a client that behaves like them.
        model_string: the model's name at its endpoint.
        system_prompt, **kwargs: as of `ChatOpenAI`.
    """

    def __init__(self, client, model_string: str, system_prompt: str = DEFAULT_SYSTEM_PROMPT, **kwargs):
        super().__init__(model_string, system_prompt, base_url=str(client.base_url), api_key=client.api_key, **kwargs)
        self.client = client.with_options(max_retries=0)  # the limiter retries
