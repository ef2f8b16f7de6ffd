"""Models at Amazon Bedrock, through LiteLLM, which needs boto3 for them."""

from dataclasses import replace

from textgrad.engine.base import DEFAULT_SYSTEM_PROMPT
from textgrad.engine.kind import EngineKind
from textgrad.engine.litellm import ChatLiteLLM
from textgrad.packages import require_package


class ChatBedrock(ChatLiteLLM):
    """A model at Amazon Bedrock. boto3 finds the credentials: environment, profile or role.

    Args:
        model_string: id of the model or inference profile.
        region: AWS region; default: AWS_REGION_NAME or AWS_REGION.
        max_tokens: default length of a reply, >= 1.
        system_prompt, **options: as for `ChatLiteLLM`.
    """

    provider = "bedrock"

    def __init__(
        self,
        model_string: str = "anthropic.claude-3-sonnet-20240229-v1:0",
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        *,
        region: str | None = None,
        max_tokens: int | None = None,
        **options,
    ):
        super().__init__(model_string, system_prompt, **options)
        if region:
            self.request_options["aws_region_name"] = region
        if max_tokens:
            self.sampling = replace(self.sampling, max_tokens=max_tokens)

    def check(self) -> None:
        """Check that LiteLLM and boto3 are installed.

        Raises:
            BrokenSystem: one of them is missing; the message says how to install it.
        """
        super().check()
        require_package("boto3")


ENGINES = (
    EngineKind(
        r"bedrock-(.+)",
        ChatBedrock,
        "bedrock-anthropic.claude-3-sonnet-20240229-v1:0",
        "LiteLLM and boto3, AWS credentials, AWS_REGION",
    ),
)
