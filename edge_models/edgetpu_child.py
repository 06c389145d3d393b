"""The process that holds the Edge TPU: started by `edge_models.edgetpu`, which it talks to over its standard input.

It gets a JSON order and each network's bytes, answers `{}` or `{"error", "what", "remedy"}`, and from then on turns
a picture's batches, a message for each input size, into one message that holds their outputs. It ends when the other
side is gone.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import threading

import numpy as np

from edge_models.engine import Batches, Outputs
from edge_models.errors import EdgeModelError
from edge_models.framing import receive, send
from edge_models.interpreter import Network, load_networks


def main() -> int:
    """Serve until the parent is gone; the exit status is 1 after an error."""
    connection = socket.socket(fileno=os.dup(0))
    threading.Thread(target=_end_with_parent, args=(connection.fileno(),), daemon=True).start()
    order = json.loads(receive(connection))
    members = {name: receive(connection) for name in order["members"]}
    try:
        networks = load_networks(members, order["input_sizes"], order["class_count"], order["library"], order["folded"])
    except EdgeModelError as error:
        answer = {"error": type(error).__name__, "what": error.what, "remedy": error.remedy}
        send(connection, json.dumps(answer).encode())
        return 1
    send(connection, b"{}")
    while True:
        batches = {
            size: np.frombuffer(receive(connection), np.int8).reshape(-1, size, size, 3)
            for size in dict.fromkeys(order["input_sizes"])
        }
        send(connection, _serve(networks, [batches[size] for size in order["input_sizes"]]))


def _serve(networks: list[Network], batches: Batches) -> bytes:
    outputs = Outputs.empty([network.output_shapes for network in networks], len(batches[0]))
    for member, (network, batch) in enumerate(zip(networks, batches, strict=True)):
        for view, picture in enumerate(batch):
            network.run(picture, outputs, (member, view))
    return outputs.to_bytes()


def _end_with_parent(connection: int) -> None:
    """Leave as soon as the parent is gone, even in the midst of a hanging inference."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.poll()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
