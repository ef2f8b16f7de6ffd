"""demos: adds wrong questions of the minibatch to the prompt, with their right answers.

Few-shot examples (Brown et al., 2020, "Language Models are Few-Shot Learners") instead of instructions: a baseline. The
prompt then holds private data, so a federated run needs --share_examples.
"""

from textgrad.errors import BadReply
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.tokens import estimate_tokens
from textgrad.variable import Variable

_HEADING = "Solved examples:"
_MOST = 14


class Demos(TextualGradientDescent):
    """Shows the latest 14 questions that were answered wrongly, as far as the token budget allows. Sends no request."""

    needs_gradients = False

    def propose(self, variable: Variable) -> list[str]:
        """Return the prompt with the wrong questions of the minibatch as examples.

        Raises:
            BadReply: not even one example is within the token budget.
        """
        wrong = [example for example in self.examples if example.wrong]
        instructions, _, block = str(variable.value).partition(f"\n\n{_HEADING}\n")
        old = block.splitlines()
        new = [f"Question: {_on_one_line(each.question)} Answer: {_on_one_line(each.answer)}" for each in wrong]
        examples = list(dict.fromkeys([*old, *new]))[-_MOST:]
        while examples:
            value = f"{instructions}\n\n" + "\n".join([_HEADING, *examples])
            if self.token_budget is None or estimate_tokens(value) <= self.token_budget:
                return [value]
            examples = examples[1:]
        if not wrong:
            return [str(variable.value)]
        raise BadReply("no example is within the token budget", kind="too long")


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


OPTIMIZER = Demos
