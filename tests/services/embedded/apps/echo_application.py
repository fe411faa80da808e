"""The smallest Serve application: gives back what it is sent, so that only Ray itself is under test."""

import os
from typing import Any

from ray import serve
from starlette.requests import Request
from starlette.responses import Response


class Echo:
    """Answers with the request's body, or with its own process id."""

    async def __call__(self, request: Request) -> Response:
        """The body of a POST; for a GET the replica's process id."""
        return Response(await request.body() or str(os.getpid()).encode())


def build(args: dict[str, Any]) -> serve.Application:
    """`replicas` Echo replicas."""
    deployment = serve.deployment(num_replicas=args["replicas"], ray_actor_options={"num_cpus": 0.1})(Echo)
    application: serve.Application = deployment.bind()
    return application
