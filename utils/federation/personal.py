"""Personal layer: a prompt of a section that all clients share and a section that stays with its client.

Local steps rewrite the sections in turn, as FedAlt alternates shared and personal parameters (Pillutla et al. 2022,
arXiv 2204.03809). Personal layers are from FedPer (Arivazhagan et al. 2019, arXiv 1912.00818). Without
--personal_layer, the shared section is the whole prompt.
"""

from collections.abc import Callable
from typing import NamedTuple

from textgrad import Variable
from textgrad.optimizer import TextualGradientDescent

PERSONAL, PERSONAL_VALIDATION = "personal", "personal, validation"  # evaluations of all clients' prompts
HEADING = "For the questions of this client:"
PROMPT_ROLE = "system prompt that tells a language model how to work on the questions it is given"
_SHARED_ROLE = f"shared section of a {PROMPT_ROLE}; it must suit the questions of all clients"
_OWN_ROLE = "last section of the same system prompt, for what only the questions of this client need"
_SEPARATOR = f"\n\n{HEADING}\n"


def personal_prompt(shared: str, own: str) -> str:
    """Return the prompt of a client: the shared section, the heading and its own section, if it has one."""
    return f"{shared}{_SEPARATOR}{own}" if own else shared


class Section(NamedTuple):
    """The section of a client's prompt that a local step rewrites.

    Attributes:
        variable: `shared` or `own`.
        optimizer: rewrites the variable.
        shared, own: all sections of the prompt.
    """

    variable: Variable
    optimizer: TextualGradientDescent
    shared: Variable
    own: Variable

    @property
    def text(self) -> str:
        """The present text of the section."""
        return str(self.variable.value)

    def prompt_with(self, text: str) -> str:
        """Return the whole prompt with another text of this section."""
        shared, own = (text if each is self.variable else str(each.value) for each in (self.shared, self.own))
        return personal_prompt(shared, own)

    def prompt(self) -> Variable:
        """Return the whole prompt, with a graph back to this section only."""
        shared, own = str(self.shared.value), str(self.own.value)
        if self.variable is self.own:
            return _fixed(f"{shared}{_SEPARATOR}" if own else shared, _SHARED_ROLE) + self.own
        return self.shared + _fixed(f"{_SEPARATOR}{own}", _OWN_ROLE) if own else self.shared


def sections_of(shared: str, own: str, personal: bool, make_optimizer: Callable) -> list[Section]:
    """Return the sections that local steps rewrite in turn: only the shared one without a personal layer.

    Args:
        shared: the broadcast prompt.
        own: the client's own section; "" before its first accepted rewrite.
        personal: True with --personal_layer.
        make_optimizer: called as `make_optimizer(parameters=[variable])`, once per section.
    """
    shared_section = Variable(shared, role_description=_SHARED_ROLE if personal else PROMPT_ROLE)
    own_section = Variable(own, role_description=_OWN_ROLE)
    return [
        Section(variable, make_optimizer(parameters=[variable]), shared_section, own_section)
        for variable in (shared_section, own_section)[: 1 + personal]
    ]


def _fixed(text: str, role: str) -> Variable:
    return Variable(text, requires_grad=False, role_description=role)
