"""Federated runs over several machines with Flower: another transport for the same round loop and the same clients.

launch.py           on the launching machine: `main.py --runtime flower` starts the run and fetches its results
superlink.py        commands to the SuperLink, by the `flwr` program
run_archive.py      the run folder as an archive
server_app.py, client_app.py, pyproject.toml    the app that Flower bundles and sends to the sites
server.py           the run on the server, which has no training data
held_out.py         the server's validation and test questions
transport.py, site_registry.py, messenger.py    a round: prompts to the sites, uploads back
site.py             one client, on the machine that has its data, engine and key
records.py          content of all messages
export_shards.py    split a data set into one folder per site, for trials
"""
