"""Base of optimizers that work from the examples of the minibatch, with one request per step and no critic."""

from abc import abstractmethod

from textgrad import prompts
from textgrad.engine.calls.ask_again import ask_until
from textgrad.optimizer._base import Example
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.variable import Variable


class FromExamples(TextualGradientDescent):
    """Sends one request per step, in which it shows examples."""

    needs_gradients = False
    system_prompt: str
    hint: str
    within: tuple[str, str] | None = None

    def propose(self, variable: Variable) -> list[str]:
        """Return one rewrite; without wrong answers in the minibatch the present value, without a request.

        Raises:
            BadReply: two replies in a row were unusable.
        """
        value = str(variable.value)
        wrong = [example for example in self.examples if example.wrong]
        if not wrong:
            return [value]
        rewrite = ask_until(
            self.engine,
            self.request(value, wrong),
            lambda reply: self.read(reply, value),
            system_prompt=self.system_prompt,
            hint=self.hint,
            within=self.within,
        )
        return [rewrite]

    @abstractmethod
    def request(self, value: str, wrong: list[Example]) -> str:
        """Return the request.

        Args:
            value: present value of the variable.
            wrong: examples without the full score, at least one.
        """

    def read(self, reply: str, value: str) -> str:
        """Return the new value in a reply, which stands between the tags of rewrites.

        Raises:
            BadReply: there is none, or it is not usable.
        """
        return self._read_rewrite(reply)


def shown(examples: list[Example]) -> list[str]:
    """Return examples as parts of a request, in fences."""
    return [prompts.example_block(each.question, each.answer, each.reply, each.feedback) for each in examples]
