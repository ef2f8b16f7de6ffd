"""Read a judge's verdict: 1 or 0 between <ACCURACY> tags."""

from textgrad.errors import BadReply

TAGS = ("<ACCURACY>", "</ACCURACY>")


def read_verdict(reply: str) -> str:
    """Return the last verdict of a judge's reply, "1" or "0".

    Raises:
        BadReply: the reply holds no verdict. The judge reads the message in the repeated request.
    """
    value = reply.rpartition(TAGS[0])[2].partition(TAGS[1])[0].strip(" \n*.")
    if TAGS[0] not in reply or value not in ("0", "1"):
        raise BadReply("it held no verdict")
    return value


def end_with_verdict(reply: str) -> str:
    """Return the reply with its last verdict in plain form and without the text after it.

    Raises:
        BadReply: the reply holds no verdict.
    """
    value = read_verdict(reply)
    return f"{reply.rpartition(TAGS[0])[0]}{TAGS[0]} {value} {TAGS[1]}"
