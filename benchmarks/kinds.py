"""The kinds of documents that the commands write: the value of `kind` in each."""

LATENCY = "latency"
DEVICE = "device"
SCREEN = "screen"
PEERS = "peers"
MEASURED = (LATENCY, DEVICE, SCREEN, PEERS)

RECORDS = "records"
"""What the encrypted store costs; no page shows it yet."""

ACCURACY = "accuracy"
"""Given to an accuracy table of training when it is read; its file is a list."""

RULE = "rule"
"""How pictures end under the clinical rule; for training, and for no page of the benchmarks."""

ENCODING = "encoding"
"""What keeping a picture as a JPEG costs the model; for no page of the benchmarks."""
