"""What the caller and the server share: the classes made of the proto at run time, and how they talk to the tests.

Everything said on standard input and output is one line of JSON. Values of metadata whose keys end in
`-bin` are hexadecimal there.
"""

import json
import os
import sys

PROTO = os.path.join(os.path.dirname(__file__), "..", "..", "..", "proto", "proto")
sys.path.insert(0, os.path.abspath(PROTO))

import grpc  # noqa: E402
from google.protobuf.json_format import MessageToDict  # noqa: E402

messages, services = grpc.protos_and_services("demo/v1/users.proto")

CODES = {code.value[0]: code for code in grpc.StatusCode}


def tell(**event):
    print(json.dumps(event), flush=True)


def as_json(message):
    """Without the fields that have their default; 64-bit numbers are strings."""
    return MessageToDict(message)


def pairs_to_json(metadata):
    return [
        [key, bytes(value).hex() if key.endswith("-bin") else value]
        for key, value in metadata or ()
    ]


def pairs_from_json(pairs):
    return [
        (key, bytes.fromhex(value) if key.endswith("-bin") else value)
        for key, value in pairs
    ]
