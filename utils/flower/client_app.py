"""What Flower starts on a site's machine for each message; PYTHONPATH there names the checkout."""

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

from utils.flower.post import reply
from utils.flower.site import introduce, train

app = ClientApp()


@app.query()
def hello(message: Message, context: Context) -> Message:
    """Who the site is, and how many questions it has."""
    return reply(message, lambda asked: introduce(context.node_config, asked))


@app.train()
def work(message: Message, context: Context) -> Message:
    """One round's local training."""
    return reply(message, lambda asked: train(context.node_config, asked))
