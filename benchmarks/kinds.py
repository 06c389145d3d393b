"""The kinds of documents that the commands write: the value of `kind` in each."""

LATENCY = "latency"
DEVICE = "device"
SCREEN = "screen"
PEERS = "peers"
MEASURED = (LATENCY, DEVICE, SCREEN, PEERS)

ACCURACY = "accuracy"
"""Given to an accuracy table of training when it is read; its file is a list."""

RULE = "rule"
"""How pictures end under the clinical rule; for training, and for no page of the benchmarks."""
