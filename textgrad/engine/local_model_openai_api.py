"""An engine for a custom client of the `openai` package, such as one for LM Studio or a proxy."""

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT
from textgrad.engine.openai import ChatOpenAI


class ChatExternalClient(ChatOpenAI):
    """A chat model, called through a custom client.

    Args:
        client: an `openai.OpenAI` or `openai.AzureOpenAI`, or an object with their interface.
        model_string: name of the model at its endpoint.
        system_prompt, **kwargs: as for `ChatOpenAI`.
    """

    def __init__(self, client, model_string: str, system_prompt: str = DEFAULT_SYSTEM_PROMPT, **kwargs):
        super().__init__(model_string, system_prompt, base_url=str(client.base_url), api_key=client.api_key, **kwargs)
        self.client = client.with_options(max_retries=0)  # the limiter retries
