"""What Python's email package sees in each message of a stream: structure, names, subject.

Reads `<length>\n<octets>` again and again, writes one line of JSON each. Run by tests/differential.rs.
"""

import email
import json
import sys
from email import policy

MESSAGES = ("message/rfc822", "message/global", "message/news")


def children(part):
    """The parts in a part; Python also splits reports, which are leaves to others."""
    holds = part.get_content_maintype() == "multipart" or part.get_content_type() in MESSAGES
    return part.get_payload() if part.is_multipart() and holds else None


def tree(part):
    inner = children(part)
    kind = part.get_content_type()
    return kind if inner is None else kind + "(" + ",".join(map(tree, inner)) + ")"


def leaves(part):
    inner = children(part)
    if inner is None:
        yield part
    else:
        for child in inner:
            yield from leaves(child)


def attempt(read):
    """Python's own failures say nothing about the message."""
    try:
        return {"is": read()}
    except Exception as error:
        return {"failed": type(error).__name__}


def seen(octets):
    message = email.message_from_bytes(octets, policy=policy.default)
    return {
        "tree": attempt(lambda: tree(message)),
        "names": attempt(lambda: [part.get_filename() or None for part in leaves(message)]),
        "subject": attempt(lambda: None if message["subject"] is None else " ".join(str(message["subject"]).split())),
    }


while line := sys.stdin.buffer.readline():
    print(json.dumps(attempt(lambda: seen(sys.stdin.buffer.read(int(line))))), flush=True)
