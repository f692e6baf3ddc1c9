"""Serves as the metadata `x-behaviour` of each call says, and tells what happens."""

import asyncio
import sys

import grpc.aio
from common import CODES, as_json, messages, pairs_to_json, services, tell
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

ERROR = "told to fail: 100 % ☃"


class Call:
    def __init__(self, method, context):
        self.method = method
        self.context = context
        self.metadata = dict(context.invocation_metadata())
        self.received = []
        self.attempts = int(self.metadata.get("grpc-previous-rpc-attempts", "0"))
        name, *numbers = self.metadata.get("x-behaviour", "answer 3").split()
        self.name, self.numbers = name, [int(number) for number in numbers]

    async def serve(self, requests, response):
        """Reads all requests, and answers with what `response` makes of a number."""
        tell(
            began=self.method,
            metadata=pairs_to_json(self.context.invocation_metadata()),
            remaining=self.context.time_remaining(),
        )
        cancelled = False
        self.set_trailing()
        try:
            if self.name == "refuse-first" and self.attempts < self.numbers[0]:
                await self.fail(self.numbers[1])
            async for request in requests:
                self.received.append(as_json(request))
            return await self.behave(response)
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            tell(ended=self.method, received=self.received, cancelled=cancelled)

    async def behave(self, response):
        if self.name == "hang":
            await asyncio.Event().wait()
        if self.name == "fail":
            await self.fail(self.numbers[0])
        if self.name == "fail-first" and self.attempts < self.numbers[0]:
            await self.fail(self.numbers[1])
        # Not before: headers would say that the call is being answered.
        await self.context.send_initial_metadata(
            (("x-initial", "first"), ("x-initial-bin", b"\x00\xfe"))
        )
        is_stream = self.method in ("ListUsers", "Chat")
        if is_stream:
            for n in range(3 if self.name.endswith("-first") else self.numbers[0]):
                await self.context.write(response(n))
        if self.name == "hang-after":
            await asyncio.Event().wait()
        if self.name == "fail-after":
            await self.fail(self.numbers[1])
        return None if is_stream else response(0)

    def set_trailing(self, *more):
        pushback = self.metadata.get("x-pushback")
        pushback = [("grpc-retry-pushback-ms", pushback)] if pushback else []
        trailing = [("x-trailing", "last"), ("x-trailing-bin", b"\x00\xff")]
        self.context.set_trailing_metadata((*trailing, *pushback, *more))

    async def fail(self, code):
        status = status_pb2.Status(code=code, message=ERROR)
        retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=5))
        status.details.add().Pack(retry)
        self.set_trailing(("grpc-status-details-bin", status.SerializeToString()))
        await self.context.abort(CODES[code], ERROR, self.context.trailing_metadata())


class Users(services.UserServiceServicer):
    async def Login(self, request, context):
        reply = messages.LoginReply(token=request.password)
        return await Call("Login", context).serve(once(request), lambda _: reply)

    async def GetUser(self, request, context):
        user = messages.User(id=request.id)
        return await Call("GetUser", context).serve(once(request), lambda _: user)

    async def ListUsers(self, request, context):
        call = Call("ListUsers", context)
        name = "x" * int(call.metadata.get("x-size", "0"))
        await call.serve(once(request), lambda n: messages.User(id=n, name=name))

    async def ImportUsers(self, requests, context):
        call = Call("ImportUsers", context)
        return await call.serve(
            requests, lambda _: messages.ImportSummary(imported=len(call.received))
        )

    async def Chat(self, requests, context):
        if "x-echo" in dict(context.invocation_metadata()):
            async for request in requests:
                await context.write(request)
        else:
            call = Call("Chat", context)
            await call.serve(requests, lambda n: messages.ChatMessage(text=str(n)))

    async def Flaky(self, request, context):
        reply = messages.FlakyReply()
        return await Call("Flaky", context).serve(once(request), lambda _: reply)


async def once(request):
    yield request


async def main():
    server = grpc.aio.server()
    services.add_UserServiceServicer_to_server(Users(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    tell(port=port)
    # The test is over when it closes standard input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(None)


asyncio.run(main())
