"""The federation over several machines, on Flower: another transport under the same round loop and the same clients.

launch.py    on the launching side: `main.py --runtime flower` starts the app and brings the results back
server_app.py, client_app.py, pyproject.toml    all that Flower bundles and sends to the sites
server.py    the run, where the ServerApp is: no private training data there
transport.py, post.py    prompts out, uploads in
site.py      one client, where its data, its engine and its key are
wire.py      what travels, and nothing else does
export_shards.py    deals a data set to folders of sites, for trying out
"""
