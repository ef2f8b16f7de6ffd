"""The app that Flower starts on a site's machine for each message; PYTHONPATH there names the checkout."""

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

from utils.flower.messenger import reply_to
from utils.flower.site import introduce, score, train

app = ClientApp()


@app.query()
def on_query(message: Message, context: Context) -> Message:
    """Reply with the site's name and its numbers of questions."""
    return reply_to(message, lambda request: introduce(context.node_config, request))


@app.train()
def on_train(message: Message, context: Context) -> Message:
    """Reply with the upload after one round of local training."""
    return reply_to(message, lambda request: train(context.node_config, request))


@app.evaluate()
def on_evaluate(message: Message, context: Context) -> Message:
    """Reply with the counts, or the vote, of the site's validation questions under candidate prompts."""
    return reply_to(message, lambda request: score(context.node_config, request))
