"""What a page may say on the screen's socket: "run the script again, with these taps", and that it is still there.

Streamlit's protocol knows more (clear a cache, ask for files, for git, for its own operations), which the kiosk's page
never sends.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its types are not published with it
from streamlit.proto.BackMsg_pb2 import BackMsg

ALLOWED = frozenset({"rerun_script", "app_heartbeat"})


def is_a_page_s(data: bytes | None) -> bool:
    """Whether a message is one that the kiosk's page sends; None is one that holds no bytes."""
    if data is None:
        return False
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return False
    if message.WhichOneof("type") == "rerun_script":
        # runs of parts of the script are the script's own affair: the kiosk's has none
        return not message.rerun_script.fragment_id
    return message.WhichOneof("type") in ALLOWED
