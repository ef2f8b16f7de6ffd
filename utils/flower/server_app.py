"""The app that Flower starts on the server's machine; PYTHONPATH there names the checkout."""

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from utils.flower.server import serve

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Run the federation once."""
    serve(grid, str(context.run_config["run"]))
