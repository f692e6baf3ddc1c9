"""Calls a server, as it is told on standard input: `caller.py ADDRESS [SERVICE_CONFIG]`.

With the synchronous client: that of `grpc.aio` sometimes loses the status of a call that the server ends
before all requests are written, and says `INTERNAL` ("Internal error from Core").
"""

import json
import sys
import threading

import grpc
from common import as_json, messages, pairs_from_json, pairs_to_json, services, tell
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2  # noqa: F401 (makes the details of errors known)
from grpc_status import rpc_status

METHODS = messages.DESCRIPTOR.services_by_name["UserService"].methods_by_name


class Caller:
    def __init__(self, channel):
        self.client = services.UserServiceStub(channel)
        self.call = self.following = None
        self.left = threading.Event()

    def start(self, order):
        method = METHODS[order["call"]]
        request_type = GetMessageClass(method.input_type)
        requests = [ParseDict(request, request_type()) for request in order["requests"]]
        left = self.left = threading.Event()

        def stream():
            yield from requests
            if order["hold"]:
                left.wait()

        start = getattr(self.client, method.name)
        self.call = (start if method.server_streaming else start.future)(
            stream() if method.client_streaming else requests[0],
            metadata=pairs_from_json(order["metadata"]),
            timeout=order["timeout"],
        )
        self.following = threading.Thread(
            target=follow, args=(self.call, method.server_streaming)
        )
        self.following.start()

    def cancel(self):
        self.call.cancel()
        self.left.set()
        self.following.join()


def follow(call, is_stream):
    """Tells each message of a response, and then how the call ended."""
    try:
        for message in call if is_stream else [call.result()]:
            tell(message=as_json(message))
    except (grpc.RpcError, grpc.FutureCancelledError):
        pass  # Told below.
    tell(
        code=call.code().value[0],
        text=call.details(),
        initial=pairs_to_json(call.initial_metadata()),
        trailing=pairs_to_json(call.trailing_metadata()),
        details=details(call),
    )


def details(call):
    """What a `google.rpc.Status` holds; nothing where the bytes are none."""
    try:
        status = rpc_status.from_call(call)
    except Exception:
        return None
    return status and [MessageToDict(detail) for detail in status.details]


def main(address, *config):
    options = [("grpc.service_config", text) for text in config]
    with grpc.insecure_channel(address, options=options) as channel:
        caller = Caller(channel)
        for line in sys.stdin:
            order = json.loads(line)
            caller.start(order) if "call" in order else caller.cancel()


main(*sys.argv[1:])
